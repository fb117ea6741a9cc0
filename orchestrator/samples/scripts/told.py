"""What a script was told about its own calls, in a form that is easy to ask."""

from dataclasses import dataclass
from typing import Any

from agents.runtime.scripted import ScriptState


@dataclass(frozen=True)
class Told:
    """The answer to one call: what was asked, what became of it, its result, and what people said about it."""

    asked: dict[str, Any]
    status: str
    result: dict[str, Any]
    words: str
    edited: bool

    @property
    def done(self) -> bool:
        """Whether the call was carried out and something came back."""
        return self.status == "executed" and bool(self.result)

    def value(self, name: str) -> str:
        """A text of the result; where the result lacks it, because a person looked the outcome up, what was asked."""
        return str(self.result.get(name) or self.asked.get(name) or "")


def told(state: ScriptState, tool: str) -> Told | None:
    """The latest answer to a call of this tool; None while it was not called. Never trusts the shape of an answer."""
    latest = next((result for result in reversed(state.results) if result.tool == tool), None)
    if latest is None:
        return None
    content = latest.content
    answer = content if isinstance(content, dict) else {"status": "failed", "error": str(content)}
    result = answer.get("result")
    return Told(
        asked=latest.arguments if isinstance(latest.arguments, dict) else {},
        status=str(answer.get("status", "failed")),
        result=result if isinstance(result, dict) else {},
        words=str(answer.get("reason") or answer.get("error") or answer.get("note") or ""),
        edited=bool(answer.get("edited")),
    )


def said(state: ScriptState, name: str) -> str:
    """A text out of the step's input; empty where it has none."""
    value = state.task.get(name) if isinstance(state.task, dict) else None
    return value.strip() if isinstance(value, str) else ""


def part(state: ScriptState, name: str) -> dict[str, Any]:
    """An object out of the step's input; empty where it has none."""
    value = state.task.get(name) if isinstance(state.task, dict) else None
    return value if isinstance(value, dict) else {}


def sentence(text: str) -> str:
    """A text that ends like a sentence, or nothing."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
