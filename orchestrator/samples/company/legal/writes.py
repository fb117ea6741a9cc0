"""What the legal desk changes."""

import json
import sqlite3

from orchestrator.samples.company.clock import now
from orchestrator.samples.company.legal import reads, shapes
from orchestrator.samples.company.rows import Refused, next_id, one_row


def store_review_report(books: sqlite3.Connection, asked: shapes.StoreReviewReport) -> shapes.ReportStored:
    """Keep the report of a review with its contract. A later report replaces an earlier one, which stays on file."""
    contract = reads.get_contract(books, shapes.ByContract(contract_id=asked.contract_id))
    if asked.verdict == "clean" and asked.issues:
        raise Refused(
            f"A report with {len(asked.issues)} issues is not clean. Name its verdict after the worst of them."
        )
    report, at = next_id(books, "review_reports", "RR-"), now()
    issues = json.dumps([issue.model_dump() for issue in asked.issues], ensure_ascii=False)
    books.execute(
        "INSERT INTO review_reports (id, contract_id, verdict, summary, issues, at) VALUES (?, ?, ?, ?, ?, ?)",
        [report, contract.id, asked.verdict, asked.summary, issues, at],
    )
    return shapes.ReportStored(report_id=report, contract_id=contract.id, verdict=asked.verdict, at=at)


def send_to_signatory(books: sqlite3.Connection, asked: shapes.SendToSignatory) -> shapes.ContractSent:
    """Send a contract to the person who signs for Norrland. Only a draft, and only with its latest report."""
    contract = reads.get_contract(books, shapes.ByContract(contract_id=asked.contract_id))
    if contract.status != "draft":
        raise Refused(f"Contract {contract.id} is {contract.status}, and only a draft is sent for signature.")
    latest = books.execute(
        "SELECT id FROM review_reports WHERE contract_id = ? ORDER BY rowid DESC LIMIT 1", [contract.id]
    ).fetchone()
    if latest is None or latest["id"] != asked.report_id:
        raise Refused(f"{asked.report_id} is not the latest report on contract {contract.id}.")
    sending, at = next_id(books, "sendings", "SG-"), now()
    books.execute(
        "INSERT INTO sendings (id, contract_id, report_id, sent_to, note, at) VALUES (?, ?, ?, ?, ?, ?)",
        [sending, contract.id, asked.report_id, contract.signatory_email, asked.note, at],
    )
    _set_status(books, contract.id, "with signatory")
    return shapes.ContractSent(
        sending_id=sending,
        contract_id=contract.id,
        report_id=asked.report_id,
        signatory=contract.signatory,
        sent_to=contract.signatory_email,
        at=at,
    )


def recall_from_signatory(books: sqlite3.Connection, asked: shapes.RecallFromSignatory) -> shapes.ContractRecalled:
    """Take a contract back from the signatory before it is signed. It is a draft again."""
    sending = one_row(books, "SELECT * FROM sendings WHERE id = :id", "sending", asked.sending_id)
    if sending["state"] == "recalled":
        raise Refused(f"Sending {sending['id']} is recalled already.")
    books.execute("UPDATE sendings SET state = 'recalled', note = ? WHERE id = ?", [asked.reason, sending["id"]])
    _set_status(books, sending["contract_id"], "draft")
    return shapes.ContractRecalled(sending_id=sending["id"], contract_id=sending["contract_id"], status="draft")


def return_contract(books: sqlite3.Connection, asked: shapes.ReturnContract) -> shapes.ContractReturned:
    """Return a draft to the other side with what has to change."""
    contract = reads.get_contract(books, shapes.ByContract(contract_id=asked.contract_id))
    if contract.status != "draft":
        raise Refused(f"Contract {contract.id} is {contract.status}, and only a draft is returned.")
    _set_status(books, contract.id, "returned")
    return shapes.ContractReturned(contract_id=contract.id, status="returned", counterparty=contract.counterparty)


def _set_status(books: sqlite3.Connection, contract_id: str, status: str) -> None:
    books.execute("UPDATE contracts SET status = ? WHERE id = ?", [status, contract_id])
