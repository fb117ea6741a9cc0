-- Texts that the company publishes: what is wanted, what the rules say, and what stands on the site.

CREATE TABLE briefs (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    market TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('web page', 'newsletter', 'social post')),
    language TEXT NOT NULL,
    audience TEXT NOT NULL,
    headline TEXT NOT NULL,
    points TEXT NOT NULL,
    owner_email TEXT NOT NULL,
    due_on TEXT
) STRICT;

CREATE TABLE content_rules (
    code TEXT PRIMARY KEY,
    area TEXT NOT NULL CHECK (area IN ('brand', 'compliance')),
    applies_to TEXT NOT NULL DEFAULT '',
    demand TEXT NOT NULL CHECK (demand IN ('must say', 'must not say', 'at most')),
    value TEXT NOT NULL,
    instruction TEXT NOT NULL,
    source TEXT NOT NULL
) STRICT;

CREATE TABLE publications (
    id TEXT PRIMARY KEY,
    brief_id TEXT NOT NULL REFERENCES briefs,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'published' CHECK (state IN ('published', 'withdrawn')),
    note TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX publications_by_brief ON publications (brief_id) WHERE state = 'published'
