"""What a dossier tells: what happened before the question was asked, and which data was read for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_SOURCES = 6
ICONS = {
    "think": "think",
    "data": "data",
    "tool": "tool",
    "person": "user",
    "problem": "warn",
    "output": "agent",
}


@dataclass(frozen=True)
class Event:
    """One line of the story, with everything a template asks for."""

    id: str
    kind: str
    time: datetime
    text: str
    tool: str
    quote_text: str
    input: Any
    output: Any
    failed: bool

    @classmethod
    def of(cls, stored: dict[str, Any], number: int) -> "Event":
        """A stored event of a dossier; `number` is its place in the story."""
        return cls(
            id=f"e-{number}",
            kind=str(stored.get("kind", "")),
            time=datetime.fromisoformat(stored["at"]),
            text=str(stored.get("text", "")),
            tool=str(stored.get("tool", "")),
            quote_text=str(stored.get("quote_text", "")),
            input=stored.get("input"),
            output=stored.get("output"),
            failed=bool(stored.get("failed")),
        )

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        return ICONS.get(self.kind, "info")

    @property
    def has_io(self) -> bool:
        """Whether there is raw data to show."""
        return self.input is not None or self.output is not None


def story_of(dossier: dict[str, Any]) -> list[Event]:
    """What happened, oldest first."""
    return [Event.of(stored, number) for number, stored in enumerate(dossier.get("story", []), 1)]


def sources_of(story: list[Event]) -> list[Event]:
    """What was read, the latest reading of each tool, newest first; the last few only."""
    latest = {event.tool: event for event in story if event.kind == "data"}
    return sorted(latest.values(), key=lambda event: event.time, reverse=True)[:MOST_SOURCES]
