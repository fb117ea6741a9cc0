"""The model server of these tests, and one exchange in few words."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.runtime.exchange import Exchange, ToolSpec, exchange
from tests.runtime.fake_provider import FakeProvider

SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string"}},
    "required": ["summary"],
    "additionalProperties": False,
}
TOOLS = [
    ToolSpec("get_order", "Look an order up.", {"type": "object", "properties": {"order_id": {"type": "string"}}}),
    ToolSpec("refund", "Give money back.", {"type": "object", "properties": {"amount": {"type": "number"}}}),
]

Ask = Callable[..., Exchange]


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    """A model server."""
    with FakeProvider() as server:
        yield server


@pytest.fixture(scope="session")
def ask(provider: FakeProvider) -> Ask:
    """`ask("mode")` is one exchange with the server in that mode; `ask(model=...)` one with any model."""

    def ask(mode: str = "", **changes: Any) -> Exchange:
        given: dict[str, Any] = {
            "model": provider.model(mode),
            "instructions": "You give money back where it is due.",
            "task": "Order W1 is lost.",
            "tools": TOOLS,
            "output_schema": SCHEMA,
            "history": None,
            "answers": [],
            "repair": None,
            "timeout": 20.0,
        }
        return exchange(**{**given, **changes})

    return ask
