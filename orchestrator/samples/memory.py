"""What the sample set-up did last time, one small text file each in the state folder."""

from pathlib import Path

from django.conf import settings


def recall(name: str) -> str:
    """What was remembered under a name; empty when nothing was."""
    file = _file(name)
    return file.read_text(encoding="utf-8") if file.exists() else ""


def remember(name: str, value: str) -> None:
    """Keep a text under a name until it is replaced."""
    file = _file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value, encoding="utf-8")


def _file(name: str) -> Path:
    return Path(settings.HOLDSHORT_HOME) / "samples" / name
