"""Where the record finds stops, all of them on one page, and notes."""

from django.urls import reverse

from audit.links import Kind, register


def register_links() -> None:
    """Make stops and notes known to the audit pages."""
    register("stop", Kind("Stop", url=_url))
    register("everything", Kind("Everything", url=_url))
    register("note", Kind("Note", url=_note_url))


def _url(ref: str) -> str:
    return reverse("stops")


def _note_url(ref: str) -> str:
    return reverse("note", args=[ref])
