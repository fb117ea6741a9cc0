-- The books of Norrland Group. Money is in whole cents of EUR, times are UTC in ISO 8601.

CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    customer_since TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE sign_ins (
    id INTEGER PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers,
    at TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('password', 'strong authentication')),
    device TEXT NOT NULL CHECK (device IN ('known', 'new')),
    country TEXT NOT NULL
) STRICT;

CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers,
    status TEXT NOT NULL CHECK (status IN ('paid', 'shipped', 'delivered', 'returned', 'cancelled')),
    placed_on TEXT NOT NULL,
    promised_on TEXT NOT NULL,
    delivered_on TEXT,
    delivery_address TEXT NOT NULL,
    shipping_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE order_lines (
    order_id TEXT NOT NULL REFERENCES orders,
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_cents INTEGER NOT NULL,
    returned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line)
) STRICT;

CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders,
    at TEXT NOT NULL,
    method TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('captured', 'failed'))
) STRICT;

CREATE TABLE refunds (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders,
    at TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL
) STRICT;

CREATE TABLE policies (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers,
    kind TEXT NOT NULL CHECK (kind IN ('motor', 'household', 'travel')),
    object TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    limit_cents INTEGER NOT NULL,
    deductible_cents INTEGER NOT NULL
) STRICT;

CREATE TABLE payout_accounts (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers,
    iban TEXT NOT NULL,
    holder TEXT NOT NULL,
    added_on TEXT NOT NULL,
    replaced_on TEXT,
    added_through TEXT NOT NULL CHECK (added_through IN ('portal', 'branch', 'phone')),
    UNIQUE (customer_id, iban)
) STRICT;

CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    policy_id TEXT NOT NULL REFERENCES policies,
    customer_id TEXT NOT NULL REFERENCES customers,
    status TEXT NOT NULL
        CHECK (status IN ('reported', 'documents missing', 'estimate approved', 'paid', 'declined', 'closed')),
    occurred_on TEXT NOT NULL,
    reported_on TEXT NOT NULL,
    description TEXT NOT NULL,
    claimed_cents INTEGER NOT NULL,
    estimate_cents INTEGER,
    note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE claim_documents (
    id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims,
    kind TEXT NOT NULL,
    filename TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'missing', 'illegible')),
    received_on TEXT,
    amount_cents INTEGER,
    summary TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE payouts (
    id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL REFERENCES claims,
    at TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    payee_account TEXT NOT NULL,
    remittance_text TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Every call that arrived, whatever came of it. Written before the call is handled, so a crash leaves `outcome` empty.
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    idempotency_key TEXT,
    outcome TEXT CHECK (outcome IN ('read', 'effect', 'repeated', 'refused'))
) STRICT;

-- Every effect, with the answer that a repeated key gets again.
CREATE TABLE effects (
    id INTEGER PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    at TEXT NOT NULL,
    result TEXT NOT NULL
) STRICT;

CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE INDEX claims_by_policy ON claims (policy_id);
CREATE INDEX documents_by_claim ON claim_documents (claim_id);
CREATE INDEX payouts_by_claim ON payouts (claim_id);
CREATE INDEX accounts_by_customer ON payout_accounts (customer_id);
CREATE INDEX sign_ins_by_customer ON sign_ins (customer_id);
