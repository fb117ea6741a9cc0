"""What the legal desk reads."""

import sqlite3

from orchestrator.samples.company.legal import shapes
from orchestrator.samples.company.rows import all_rows, one_row


def get_contract(books: sqlite3.Connection, asked: shapes.ByContract) -> shapes.Contract:
    """A contract with its commercial terms and all its clauses."""
    contract = one_row(
        books,
        "SELECT id, counterparty, kind, law, language, currency, yearly_cents AS yearly, term_months, notice_days,"
        " payment_days, liability_cap_cents AS liability_cap, renews_months, personal_data, owner_email, signatory,"
        " signatory_email, status, received_on FROM contracts WHERE id = :id",
        "contract",
        asked.contract_id,
    )
    contract["personal_data"] = bool(contract["personal_data"])
    contract["clauses"] = all_rows(
        books, "SELECT number, heading, text FROM clauses WHERE contract_id = :id ORDER BY rowid", contract
    )
    return shapes.Contract.model_validate(contract)


def price_benchmark(books: sqlite3.Connection, asked: shapes.PriceBenchmark) -> shapes.Benchmarks:
    """What others pay in a year for this kind of contract, in the same currency."""
    found = all_rows(
        books,
        "SELECT kind, currency, low_cents AS low, median_cents AS median, high_cents AS high, deals, as_of"
        " FROM benchmarks WHERE kind = :kind AND currency = :currency",
        asked.model_dump(),
    )
    return shapes.Benchmarks.model_validate({"benchmarks": found})


def clause_rules(books: sqlite3.Connection, asked: shapes.ClauseRules) -> shapes.Rules:
    """The rules that the clauses of such a contract are held against: laws, and Norrland's own."""
    found = all_rows(
        books,
        "SELECT code, source, demand, words, severity, explanation FROM clause_rules"
        " WHERE (kinds = '' OR instr(kinds, :kind)) AND personal_data_only <= :personal_data ORDER BY code",
        asked.model_dump(),
    )
    return shapes.Rules.model_validate({"rules": [rule | {"words": rule["words"].split("|")} for rule in found]})
