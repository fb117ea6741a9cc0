-- Contracts under review, what others pay, and the rules that clauses are held against.

CREATE TABLE contracts (
    id TEXT PRIMARY KEY,
    counterparty TEXT NOT NULL,
    kind TEXT NOT NULL,
    law TEXT NOT NULL,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    yearly_cents INTEGER,
    term_months INTEGER,
    notice_days INTEGER,
    payment_days INTEGER,
    liability_cap_cents INTEGER,
    renews_months INTEGER,
    personal_data INTEGER NOT NULL CHECK (personal_data IN (0, 1)),
    owner_email TEXT NOT NULL,
    signatory TEXT NOT NULL,
    signatory_email TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'with signatory', 'returned', 'signed')),
    received_on TEXT NOT NULL
) STRICT;

CREATE TABLE clauses (
    contract_id TEXT NOT NULL REFERENCES contracts,
    number TEXT NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (contract_id, number)
) STRICT;

CREATE TABLE benchmarks (
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    low_cents INTEGER NOT NULL,
    median_cents INTEGER NOT NULL,
    high_cents INTEGER NOT NULL,
    deals INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    PRIMARY KEY (kind, currency)
) STRICT;

CREATE TABLE clause_rules (
    code TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    kinds TEXT NOT NULL DEFAULT '',
    personal_data_only INTEGER NOT NULL DEFAULT 0,
    demand TEXT NOT NULL CHECK (demand IN ('must have', 'must not have')),
    words TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('major', 'minor')),
    explanation TEXT NOT NULL
) STRICT;

CREATE TABLE review_reports (
    id TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL REFERENCES contracts,
    verdict TEXT NOT NULL CHECK (verdict IN ('clean', 'minor issues', 'major issues')),
    summary TEXT NOT NULL,
    issues TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE sendings (
    id TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL REFERENCES contracts,
    report_id TEXT NOT NULL REFERENCES review_reports,
    sent_to TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'recalled')),
    note TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX sendings_by_contract ON sendings (contract_id) WHERE state = 'sent';
CREATE INDEX reports_by_contract ON review_reports (contract_id)
