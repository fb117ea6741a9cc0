"""What casework reads and changes."""

import sqlite3

from orchestrator.samples.company import reads
from orchestrator.samples.company.casework import shapes
from orchestrator.samples.company.clock import now
from orchestrator.samples.company.money import to_cents
from orchestrator.samples.company.rows import Refused, all_rows, next_id, one_row
from orchestrator.samples.company.shapes import ByClaim, Claim


def fraud_indicators(books: sqlite3.Connection, asked: ByClaim) -> shapes.Signals:
    """The signs of fraud that the bureau and our own books have on a claim, with their points."""
    claim = _claim(books, asked.claim_id)
    found = all_rows(
        books,
        "SELECT code, points, detail FROM claim_signals WHERE claim_id = :id ORDER BY points DESC, code",
        {"id": claim.id},
    )
    return shapes.Signals.model_validate({"claim_id": claim.id, "signals": found})


def request_documents(books: sqlite3.Connection, asked: shapes.RequestDocuments) -> shapes.DocumentsRequested:
    """Ask the customer of a claim for papers, by mail and in the portal. The claim waits for them."""
    claim = _claim(books, asked.claim_id)
    if claim.status not in ("reported", "documents missing", "estimate approved"):
        raise Refused(f"Claim {claim.id} is {claim.status}, so no more papers are asked for.")
    request, at = next_id(books, "document_requests", "DR-"), now()
    books.execute(
        "INSERT INTO document_requests (id, claim_id, kinds, message, sent_to, at) VALUES (?, ?, ?, ?, ?, ?)",
        [request, claim.id, "|".join(asked.kinds), asked.message, claim.customer_email, at],
    )
    books.execute("UPDATE claims SET status = 'documents missing' WHERE id = ?", [claim.id])
    return shapes.DocumentsRequested(
        request_id=request, claim_id=claim.id, kinds=asked.kinds, sent_to=claim.customer_email, at=at
    )


def file_documents(books: sqlite3.Connection, asked: shapes.FileDocuments) -> shapes.DocumentsFiled:
    """Put papers that a customer sent on the file of a claim, in the place of those that were missing."""
    claim = _claim(books, asked.claim_id)
    filed = [_file(books, claim.id, paper) for paper in asked.documents]
    if claim.status == "documents missing":
        books.execute("UPDATE claims SET status = 'reported' WHERE id = ?", [claim.id])
    return shapes.DocumentsFiled(claim_id=claim.id, documents=filed)


def hand_to_investigations(books: sqlite3.Connection, asked: shapes.HandToInvestigations) -> shapes.Investigation:
    """Open an investigation of a claim. While it is open, nothing is paid on the claim."""
    claim = _claim(books, asked.claim_id)
    if _open_on(books, claim.id):
        raise Refused(f"Claim {claim.id} is under investigation already.")
    number, at = next_id(books, "investigations", "IN-"), now()
    books.execute(
        "INSERT INTO investigations (id, claim_id, reason, at) VALUES (?, ?, ?, ?)",
        [number, claim.id, asked.reason, at],
    )
    return shapes.Investigation(investigation_id=number, claim_id=claim.id, state="open", at=at)


def close_investigation(books: sqlite3.Connection, asked: shapes.CloseInvestigation) -> shapes.Investigation:
    """Close an investigation: cleared, fraud, or taken back because it should not have been opened."""
    sql = "SELECT id AS investigation_id, claim_id, state, at FROM investigations WHERE id = :id"
    found = shapes.Investigation.model_validate(one_row(books, sql, "investigation", asked.investigation_id))
    if found.state != "open":
        raise Refused(f"Investigation {found.investigation_id} is closed already: {found.state}.")
    books.execute(
        "UPDATE investigations SET state = ?, note = ? WHERE id = ?",
        [asked.finding, asked.note, found.investigation_id],
    )
    return found.model_copy(update={"state": asked.finding})


def refuse_under_investigation(books: sqlite3.Connection, claim_id: str) -> None:
    """Raises Refused while an investigation of the claim is open."""
    if _open_on(books, claim_id):
        raise Refused(f"Claim {claim_id} is under investigation, so nothing is paid on it.")


def _claim(books: sqlite3.Connection, claim_id: str) -> Claim:
    return reads.get_claim(books, ByClaim(claim_id=claim_id))


def _open_on(books: sqlite3.Connection, claim_id: str) -> bool:
    sql = "SELECT 1 FROM investigations WHERE claim_id = ? AND state = 'open'"
    return books.execute(sql, [claim_id]).fetchone() is not None


def _file(books: sqlite3.Connection, claim_id: str, paper: shapes.NewDocument) -> shapes.DocumentFiled:
    cents = to_cents(paper.amount) if paper.amount else None
    wanted = books.execute(
        "SELECT id FROM claim_documents WHERE claim_id = ? AND kind = ? AND state != 'received' ORDER BY id",
        [claim_id, paper.kind],
    ).fetchone()
    number = wanted["id"] if wanted else next_id(books, "claim_documents", "D-1")
    values = [paper.filename, now()[:10], cents, paper.summary, number]
    if wanted is None:
        books.execute(
            "INSERT INTO claim_documents (id, claim_id, kind, filename, state) VALUES (?, ?, ?, '', 'received')",
            [number, claim_id, paper.kind],
        )
    books.execute(
        "UPDATE claim_documents SET state = 'received', filename = ?, received_on = ?, amount_cents = ?, summary = ?"
        " WHERE id = ?",
        values,
    )
    return shapes.DocumentFiled.model_validate({"id": number, "kind": paper.kind, "amount": cents})
