-- Sales: what a bureau knows of firms, the calendar of the salespeople, and what came of each enquiry.

CREATE TABLE firms (
    domain TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    industry TEXT NOT NULL,
    employees INTEGER,
    revenue_millions INTEGER,
    currency TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE salespeople (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    languages TEXT NOT NULL,
    countries TEXT NOT NULL
) STRICT;

CREATE TABLE slots (
    id TEXT PRIMARY KEY,
    salesperson_id TEXT NOT NULL REFERENCES salespeople,
    starts_at TEXT NOT NULL,
    minutes INTEGER NOT NULL
) STRICT;

-- The address of a lead is kept casefolded: one lead for each.
CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    firm TEXT NOT NULL,
    need TEXT NOT NULL,
    budget_cents INTEGER,
    currency TEXT NOT NULL,
    enquiries INTEGER NOT NULL DEFAULT 1,
    salesperson_id TEXT REFERENCES salespeople,
    nurture TEXT NOT NULL DEFAULT '',
    recorded_at TEXT NOT NULL
) STRICT;

CREATE TABLE meetings (
    id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL REFERENCES leads,
    slot_id TEXT NOT NULL REFERENCES slots,
    subject TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'cancelled')),
    note TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX leads_by_email ON leads (email);
CREATE UNIQUE INDEX meetings_by_slot ON meetings (slot_id) WHERE state = 'booked';
CREATE UNIQUE INDEX meetings_by_lead ON meetings (lead_id) WHERE state = 'booked';
CREATE INDEX slots_by_salesperson ON slots (salesperson_id)
