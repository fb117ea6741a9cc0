"""The company's tools: name, shapes, the function behind each, and whether it writes."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from orchestrator.samples.company import reads, writes


@dataclass(frozen=True)
class Tool:
    """One tool as it is listed and run. `run` takes the books and the validated arguments."""

    name: str
    title: str
    asks: type[BaseModel]
    answers: type[BaseModel]
    run: Callable[[sqlite3.Connection, Any], BaseModel]
    writes: bool

    @property
    def description(self) -> str:
        """What it does, as the function behind it says."""
        return (self.run.__doc__ or "").strip()

    def schemas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The JSON Schemas of what it takes and what it answers, as published."""
        return self.asks.model_json_schema(), self.answers.model_json_schema(mode="serialization")


def _read(run: Callable[[sqlite3.Connection, Any], BaseModel], title: str) -> Tool:
    return _tool(run, title, writes=False)


def _write(run: Callable[[sqlite3.Connection, Any], BaseModel], title: str) -> Tool:
    return _tool(run, title, writes=True)


def _tool(run: Callable[[sqlite3.Connection, Any], BaseModel], title: str, *, writes: bool) -> Tool:
    types = run.__annotations__
    return Tool(run.__name__, title, types["asked"], types["return"], run, writes)


TOOLS = {
    tool.name: tool
    for tool in (
        _read(reads.find_customer, "Find a customer"),
        _read(reads.get_order, "Read an order"),
        _read(reads.list_payments, "List payments and refunds of an order"),
        _read(reads.sign_in_log, "Read the sign-in log of a customer"),
        _read(reads.get_claim, "Read a claim"),
        _read(reads.get_policy, "Read a policy"),
        _read(reads.list_claim_documents, "List the documents of a claim"),
        _read(reads.list_outbox, "List mail that was sent"),
        _write(writes.refund_order, "Refund an order"),
        _write(writes.pay_claim, "Pay a claim"),
        _write(writes.set_claim_status, "Set the status of a claim"),
        _write(writes.send_mail, "Send a mail"),
    )
}
