"""Briefs for texts, and the rules that texts are held against."""

from datetime import date
from typing import Any

from orchestrator.samples.company.seed.editorial_words import BRIEFS, EVERYDAY, RULES, Told
from orchestrator.samples.company.seed.pen import Pen, Row

FIRST_NUMBER, FIRST_EVERYDAY = 501, 601


def editorial(today: date) -> dict[str, list[Row]]:
    """The rows of the editorial desk."""
    pen = Pen(today)
    numbered = [*enumerate(BRIEFS, FIRST_NUMBER), *enumerate(EVERYDAY, FIRST_EVERYDAY)]
    for number, told in numbered:
        pen.add("briefs", **_brief(pen, number, told))
    return {"briefs": pen.tables["briefs"], "content_rules": [dict(rule) for rule in RULES]}


def _brief(pen: Pen, number: int, told: Told) -> dict[str, Any]:
    return {
        "id": f"BR-{number}",
        "product": told.product,
        "market": told.market,
        "channel": told.channel,
        "language": told.language,
        "audience": told.audience,
        "headline": told.headline,
        "points": "\n".join(told.points),
        "owner_email": told.owner,
        "due_on": pen.day(-(number % 20) - 1) if number % 5 else None,
    }
