-- What claims need beyond paying them: signs of fraud, papers that were asked for, and investigations.

CREATE TABLE claim_signals (
    claim_id TEXT NOT NULL REFERENCES claims,
    code TEXT NOT NULL,
    points INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (claim_id, code)
) STRICT;

CREATE TABLE document_requests (
    id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims,
    kinds TEXT NOT NULL,
    message TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE investigations (
    id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims,
    reason TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'cleared', 'fraud', 'taken back')),
    note TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX investigations_by_claim ON investigations (claim_id) WHERE state = 'open';
CREATE INDEX requests_by_claim ON document_requests (claim_id)
