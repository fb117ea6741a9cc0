"""Keeping a connection's secrets out of everything that is stored, shown or told to an agent."""

import re
from collections.abc import Iterable
from typing import Any

from agents.connectors.base import Target

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_SHORTEST = 6  # shorter values occur by chance
HIDDEN = "•••"


def secrets_of(target: Target) -> tuple[str, ...]:
    """The values in a target that nobody may see, longest first: headers, and variables whose name says so."""
    values = {word for value in target.headers.values() for word in (value, value.split(" ")[-1])}
    values |= {value for name, value in target.env.items() if _SECRET_NAME.search(name)}
    return tuple(sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True))


def hide(text: str, secrets: Iterable[str]) -> str:
    """A text with every secret replaced by •••."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def hide_deep(value: Any, secrets: tuple[str, ...]) -> Any:
    """A JSON value with every secret in its texts, keys included, replaced by •••."""
    if not secrets:
        return value
    if isinstance(value, str):
        return hide(value, secrets)
    if isinstance(value, dict):
        return {hide(key, secrets): hide_deep(item, secrets) for key, item in value.items()}
    return [hide_deep(item, secrets) for item in value] if isinstance(value, list) else value
