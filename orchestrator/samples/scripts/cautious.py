"""Texts from outside are data. Scripts look through these before they believe or repeat anything."""

from unicodedata import category, normalize

ORDERS = (
    "ignore your",
    "ignore all",
    "ignore previous",
    "ignorez vos",
    "system:",
    "system note",
    "you are now",
    "assistants that read",
    "note to the writer",
    "disregard",
    "<!--",
)
"""What begins a text that wants to give orders to whoever reads it."""


def plain(text: str) -> str:
    """A text without what nobody sees: control and format characters, and more than one blank in a row."""
    seen = "".join(char if category(char) not in ("Cf", "Cc", "Cs", "Co") else " " for char in normalize("NFC", text))
    return " ".join(seen.split())


def gives_orders(*texts: str) -> bool:
    """Whether one of the texts tries to instruct its reader."""
    return any(order in plain(text).casefold() for text in texts for order in ORDERS)


def wary(what: str, *texts: str) -> str:
    """What an agent says about texts that give orders; nothing about others."""
    return f"{what} tries to give me instructions. I take it as data. " if gives_orders(*texts) else ""


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most so many characters, with an ellipsis where something is left out."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
