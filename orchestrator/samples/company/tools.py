"""The company's tools: name, shapes, the function behind each, and whether it writes."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from orchestrator.samples.company import reads, writes
from orchestrator.samples.company.casework import desk as casework
from orchestrator.samples.company.editorial import desk as editorial
from orchestrator.samples.company.legal import reads as legal_reads
from orchestrator.samples.company.legal import writes as legal_writes
from orchestrator.samples.company.sales import reads as sales_reads
from orchestrator.samples.company.sales import writes as sales_writes


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
        _read(sales_reads.find_lead, "Find a lead"),
        _read(sales_reads.look_up_firm, "Look up a firm"),
        _read(sales_reads.list_salespeople, "List salespeople"),
        _read(sales_reads.list_slots, "List free slots of a salesperson"),
        _write(sales_writes.record_lead, "Record a lead"),
        _write(sales_writes.book_meeting, "Book a meeting"),
        _write(sales_writes.cancel_meeting, "Cancel a meeting"),
        _write(sales_writes.assign_lead, "Assign a lead"),
        _write(sales_writes.start_nurture, "Start a series of mails"),
        _read(legal_reads.get_contract, "Read a contract"),
        _read(legal_reads.price_benchmark, "Look up what others pay"),
        _read(legal_reads.clause_rules, "Read the rules for clauses"),
        _write(legal_writes.store_review_report, "Store a review report"),
        _write(legal_writes.send_to_signatory, "Send a contract to the signatory"),
        _write(legal_writes.recall_from_signatory, "Recall a contract from the signatory"),
        _write(legal_writes.return_contract, "Return a contract"),
        _read(casework.fraud_indicators, "Read the signs of fraud on a claim"),
        _write(casework.request_documents, "Ask a customer for papers"),
        _write(casework.file_documents, "File papers of a customer"),
        _write(casework.hand_to_investigations, "Hand a claim to investigations"),
        _write(casework.close_investigation, "Close an investigation"),
        _read(editorial.get_brief, "Read a brief"),
        _read(editorial.brand_rules, "Read the rules of the brand"),
        _read(editorial.compliance_rules, "Read the rules of compliance"),
        _write(editorial.publish_content, "Publish a text"),
        _write(editorial.withdraw_content, "Withdraw a text"),
    )
}
