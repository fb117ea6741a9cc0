"""What the sales desk reads."""

import sqlite3

from orchestrator.samples.company.rows import all_rows, one_row
from orchestrator.samples.company.sales import shapes

FOUND_AT_MOST = 5
SLOTS_AT_MOST = 10

LEAD = (
    "SELECT leads.id, email, name, firm, need, budget_cents AS budget, currency, enquiries, salesperson_id, nurture,"
    " (SELECT id FROM meetings WHERE lead_id = leads.id AND state = 'booked') AS meeting_id, recorded_at FROM leads"
)


def find_lead(books: sqlite3.Connection, asked: shapes.FindLead) -> shapes.Leads:
    """The lead of an e-mail address, if it has written before."""
    found = all_rows(books, f"{LEAD} WHERE email = :email", {"email": asked.email.casefold()})
    return shapes.Leads.model_validate({"leads": found})


def lead(books: sqlite3.Connection, lead_id: str) -> shapes.Lead:
    """One lead. Raises Refused when there is none."""
    return shapes.Lead.model_validate(one_row(books, f"{LEAD} WHERE leads.id = :id", "lead", lead_id))


def look_up_firm(books: sqlite3.Connection, asked: shapes.LookUpFirm) -> shapes.Firms:
    """What a bureau knows of a firm: country, industry, people, revenue. By domain, else by a part of its name."""
    name = asked.name.strip()
    values = {"domain": asked.domain.strip().casefold(), "name": name, "most": FOUND_AT_MOST}
    found = all_rows(books, "SELECT * FROM firms WHERE domain = :domain", values)
    if not found and len(name) > 2:
        found = all_rows(
            books, "SELECT * FROM firms WHERE instr(fold(name), fold(:name)) ORDER BY name LIMIT :most", values
        )
    return shapes.Firms.model_validate({"firms": found})


def list_salespeople(books: sqlite3.Connection, asked: shapes.ListSalespeople) -> shapes.Salespeople:
    """The salespeople, with the languages they speak and the countries they look after."""
    found = all_rows(
        books,
        "SELECT * FROM salespeople WHERE :country = '' OR instr(countries, upper(:country)) ORDER BY id",
        asked.model_dump(),
    )
    return shapes.Salespeople.model_validate({"salespeople": found})


def list_slots(books: sqlite3.Connection, asked: shapes.ListSlots) -> shapes.Slots:
    """The free slots in the calendar of a salesperson, the earliest first."""
    person = one_row(books, "SELECT id FROM salespeople WHERE id = :id", "salesperson", asked.salesperson_id)
    free = all_rows(
        books,
        "SELECT id, starts_at, minutes FROM slots WHERE salesperson_id = :id AND id NOT IN"
        " (SELECT slot_id FROM meetings WHERE state = 'booked') ORDER BY starts_at LIMIT :most",
        {**person, "most": SLOTS_AT_MOST},
    )
    return shapes.Slots.model_validate({"salesperson_id": person["id"], "slots": free})
