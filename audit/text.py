"""Hostile text made storable without losing anything.

PostgreSQL refuses NUL in text and jsonb, and UTF-8 refuses lone surrogates. Dropping them would let an attacker make a
record fail or differ from what was received, so both are written as an escape that can be turned back.
"""

import hashlib
import re
from typing import Any

MARK = "\u241b"  # SYMBOL FOR ESCAPE; rare in real text, doubled when it occurs
_UNSTORABLE = re.compile(f"[\x00\ud800-\udfff{MARK}]")
_ESCAPED = re.compile(f"{MARK}({MARK}|[0-9A-F]{{4}})")


def escape(text: str) -> str:
    """Text as PostgreSQL can store it; `unescape` gives back exactly what went in."""
    return _UNSTORABLE.sub(lambda m: MARK * 2 if m[0] == MARK else f"{MARK}{ord(m[0]):04X}", text)


def unescape(text: str) -> str:
    """The original of a text made by `escape`."""
    return _ESCAPED.sub(lambda m: MARK if m[1] == MARK else chr(int(m[1], 16)), text)


def shorten(text: str, most: int) -> str:
    """A storable text of at most `most` characters as it is; the beginning of a longer one, with the digest of all."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text):,} characters in all, SHA-256 {hashlib.sha256(text.encode()).hexdigest()})"


def escape_deep(value: Any) -> Any:
    """A JSON-like value with every string in it, keys included, escaped."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {escape(str(key)): escape_deep(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [escape_deep(item) for item in value]
    return value
