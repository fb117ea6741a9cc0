"""Money: whole cents in the books, decimal text such as "642.10" everywhere else. Never a float."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

CURRENCY = "EUR"
PATTERN = r"^(0|[1-9][0-9]{0,8})\.[0-9]{2}$"


def to_text(cents: int) -> str:
    """Cents as decimal text with two places: 64210 -> "642.10"."""
    return str(Decimal(cents).scaleb(-2))


def to_cents(text: str) -> int:
    """Decimal text with two places as cents: "642.10" -> 64210."""
    return int(Decimal(text).scaleb(2))


def _shown(value: object) -> object:
    return to_text(value) if isinstance(value, int) else value


Amount = Annotated[
    str, Field(pattern=PATTERN, max_length=12, description="Decimal text with two places.", examples=["642.10"])
]
"""An amount that someone asks for."""

Money = Annotated[str, BeforeValidator(_shown), Field(pattern=PATTERN, description="Decimal text with two places.")]
"""An amount out of the books: cents go in, decimal text comes out."""
