"""What the sales desk changes."""

import sqlite3
from typing import Any

from orchestrator.samples.company.clock import now
from orchestrator.samples.company.money import to_cents
from orchestrator.samples.company.rows import Refused, next_id, one_row
from orchestrator.samples.company.sales import reads, shapes

MEETING = (
    "SELECT m.id AS meeting_id, lead_id, salesperson_id, p.name AS with_name, starts_at, minutes, state FROM meetings m"
    " JOIN slots s ON s.id = slot_id JOIN salespeople p ON p.id = salesperson_id WHERE m.id = :id"
)


def record_lead(books: sqlite3.Connection, asked: shapes.RecordLead) -> shapes.LeadRecorded:
    """Keep an enquiry as a lead. An address that has written before keeps its lead, which counts the enquiries."""
    email = asked.email.casefold()
    known = books.execute("SELECT id FROM leads WHERE email = ?", [email]).fetchone()
    if known:
        books.execute("UPDATE leads SET enquiries = enquiries + 1, need = ? WHERE id = ?", [asked.need, known["id"]])
        return shapes.LeadRecorded(lead=reads.lead(books, known["id"]), new=False)
    number = next_id(books, "leads", "L-")
    budget = to_cents(asked.budget) if asked.budget else None
    books.execute(
        "INSERT INTO leads (id, email, name, firm, need, budget_cents, currency, recorded_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [number, email, asked.name, asked.firm, asked.need, budget, asked.currency, now()],
    )
    return shapes.LeadRecorded(lead=reads.lead(books, number), new=True)


def book_meeting(books: sqlite3.Connection, asked: shapes.BookMeeting) -> shapes.Meeting:
    """Book a free slot of a salesperson for a lead, who gets an invitation. One meeting a lead."""
    lead = reads.lead(books, asked.lead_id)
    slot = one_row(books, "SELECT * FROM slots WHERE id = :id", "slot", asked.slot_id)
    if lead.meeting_id:
        raise Refused(f"Lead {lead.id} has the meeting {lead.meeting_id} already.")
    if books.execute("SELECT 1 FROM meetings WHERE slot_id = ? AND state = 'booked'", [slot["id"]]).fetchone():
        raise Refused(f"Slot {slot['id']} is taken. Ask for the free slots again.")
    meeting = next_id(books, "meetings", "MT-")
    books.execute(
        "INSERT INTO meetings (id, lead_id, slot_id, subject, at) VALUES (?, ?, ?, ?, ?)",
        [meeting, lead.id, slot["id"], asked.subject, now()],
    )
    _hand_to(books, lead.id, slot["salesperson_id"])
    return _meeting(books, meeting)


def cancel_meeting(books: sqlite3.Connection, asked: shapes.CancelMeeting) -> shapes.Meeting:
    """Cancel a meeting and free its slot. The lead gets a cancellation."""
    meeting = _meeting(books, asked.meeting_id)
    if meeting.state == "cancelled":
        raise Refused(f"Meeting {meeting.meeting_id} is cancelled already.")
    books.execute("UPDATE meetings SET state = 'cancelled', note = ? WHERE id = ?", [asked.reason, meeting.meeting_id])
    return _meeting(books, meeting.meeting_id)


def assign_lead(books: sqlite3.Connection, asked: shapes.AssignLead) -> shapes.LeadAssigned:
    """Give a lead to a salesperson, who looks after it from now on."""
    lead = reads.lead(books, asked.lead_id)
    person: dict[str, Any] = one_row(
        books, "SELECT * FROM salespeople WHERE id = :id", "salesperson", asked.salesperson_id
    )
    _hand_to(books, lead.id, person["id"])
    return shapes.LeadAssigned(
        lead_id=lead.id, salesperson_id=person["id"], salesperson=person["name"], salesperson_email=person["email"]
    )


def start_nurture(books: sqlite3.Connection, asked: shapes.StartNurture) -> shapes.NurtureStarted:
    """Start a series of mails to a lead. Who gets one already keeps that one."""
    lead = reads.lead(books, asked.lead_id)
    if not lead.nurture:
        books.execute("UPDATE leads SET nurture = ? WHERE id = ?", [asked.sequence, lead.id])
    return shapes.NurtureStarted(lead_id=lead.id, sequence=lead.nurture or asked.sequence, already=bool(lead.nurture))


def _hand_to(books: sqlite3.Connection, lead_id: str, salesperson_id: str) -> None:
    books.execute("UPDATE leads SET salesperson_id = ? WHERE id = ?", [salesperson_id, lead_id])


def _meeting(books: sqlite3.Connection, meeting_id: str) -> shapes.Meeting:
    return shapes.Meeting.model_validate(one_row(books, MEETING, "meeting", meeting_id))
