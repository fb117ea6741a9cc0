"""Contracts that wait for a review. Each has its own story, and what it says is all that tells it."""

from datetime import date
from random import Random
from typing import Any

from orchestrator.samples.company.seed.legal_words import (
    BENCHMARKS,
    CLAUSES,
    CONTRACTS,
    EVERYDAY_FIRMS,
    RULES,
    Told,
)
from orchestrator.samples.company.seed.pen import SEED, Pen, Row

FIRST_NUMBER, FIRST_EVERYDAY = 4_101, 4_201
EVERYDAY = 12
MOST_CENTS = 99_999_999_999


def legal(today: date) -> dict[str, list[Row]]:
    """The rows of the legal desk."""
    pen = Pen(today)
    for place, told in enumerate(CONTRACTS):
        _contract(pen, FIRST_NUMBER + place, told)
    dice = Random(SEED)  # noqa: S311 (sample data, not a secret)
    for place in range(EVERYDAY):
        _contract(pen, FIRST_EVERYDAY + place, _everyday(dice, place))
    tables: dict[str, list[Row]] = {name: pen.tables[name] for name in ("contracts", "clauses")}
    return tables | {"benchmarks": _benchmarks(pen), "clause_rules": [dict(rule) for rule in RULES]}


def _contract(pen: Pen, number: int, told: Told) -> None:
    terms: dict[str, Any] = {
        "law": "Swedish law",
        "language": "en",
        "currency": "EUR",
        "term_months": 24,
        "notice_days": 90,
        "payment_days": 30,
        "liability_cap_cents": min(2 * (told.yearly or 0), MOST_CENTS),
        "renews_months": None,
        "personal_data": 0,
        "status": "draft",
        "owner_email": "purchasing@norrland.example",
    }
    pen.add(
        "contracts",
        id=f"CT-{number}",
        counterparty=told.counterparty,
        kind=told.kind,
        yearly_cents=told.yearly,
        **terms | dict(told.terms),
        signatory="Margareta Ohlsson",
        signatory_email="margareta.ohlsson@norrland.example",
        received_on=pen.day(number % 9 + 1),
    )
    texts = [*CLAUSES["basic"], *(CLAUSES["personal data"] if told.terms.get("personal_data") else [])]
    texts = [text for text in texts if text[0] not in told.without] + list(told.clauses)
    for place, (heading, text) in enumerate(texts, start=1):
        pen.add("clauses", contract_id=f"CT-{number}", number=str(place), heading=heading, text=text)


def _everyday(dice: Random, place: int) -> Told:
    """A plain contract: one in three has a price or a term that is worth a word."""
    kind, _, low, median, high, _ = dice.choice([row for row in BENCHMARKS if row[1] == "EUR"])
    yearly = dice.randrange(low, high) if place % 3 else high + dice.randrange(median)
    return Told(EVERYDAY_FIRMS[place], kind, yearly, {"payment_days": dice.choice((30, 30, 45, 14))})


def _benchmarks(pen: Pen) -> list[Row]:
    columns = ("kind", "currency", "low_cents", "median_cents", "high_cents", "deals")
    return [dict(zip(columns, row, strict=True)) | {"as_of": pen.day(30)} for row in BENCHMARKS]
