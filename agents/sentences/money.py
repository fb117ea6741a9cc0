"""Writing amounts so that nothing about them can be misread: symbol or code, thousands, at least the usual decimals."""

import re
from decimal import Decimal
from typing import Any

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
MINUS = "\N{MINUS SIGN}"
_DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)  # 27 digits: Decimal keeps 28 without rounding
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)


def is_currency(code: Any) -> bool:
    """Whether this looks like an ISO 4217 code."""
    return isinstance(code, str) and _CODE.fullmatch(code) is not None


def number_of(value: Any) -> Decimal | None:
    """The number of a JSON number or a decimal text such as "18450.00"; None for anything else, however it looks."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def money(value: Any, currency: str, *, minor: bool = False) -> str | None:
    """An amount as people write it: €18,450.00, CHF 12.50, 1,000.00 without a currency. None if it is no number.

    Decimals are never rounded away: 12.345 stays 12.345. `minor` means cents, or what the currency has in their place.
    """
    number = number_of(value)
    if number is None:
        return None
    usual = _DECIMALS.get(currency, 2)
    number = (number.scaleb(-usual) if minor else number).normalize()
    exponent = number.as_tuple().exponent
    decimals = max(usual, -exponent if isinstance(exponent, int) else 0)
    sign = MINUS if number < 0 else ""
    unit = SYMBOLS.get(currency, f"{currency} " if currency else "")
    return f"{sign}{unit}{abs(number):,.{decimals}f}"
