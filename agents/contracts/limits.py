"""How large and how deep a JSON text may be, decided before anything parses it."""

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16

# A string is consumed whole, an unterminated one to the end of the text, so that no byte is looked at twice.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{\]}]', re.DOTALL)
_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def depth(raw: bytes) -> int:
    """How deeply brackets are nested in a JSON text, brackets inside strings left out. A flat object has depth 1."""
    return max(accumulate((_STEP.get(token[0], 0) for token in _TOKEN.finditer(raw)), initial=0))


def is_deeper(raw: bytes, most: int) -> bool:
    """Whether brackets are nested more than `most` deep. No text is deeper than it has brackets."""
    return raw.count(b"{") + raw.count(b"[") > most and depth(raw) > most


def oversized(value: Any, *, max_bytes: int = MAX_BYTES) -> str | None:
    """The sentence for a value whose JSON text is surely longer than allowed, told without writing it; else None."""
    size, waiting = 0, [dict(value) if isinstance(value, Mapping) else value]
    while waiting:
        item = waiting.pop()
        size += len(item) if isinstance(item, str) else 1
        if isinstance(item, dict):
            waiting += item.keys()
            waiting += item.values()
        elif isinstance(item, list | tuple):
            waiting += item
        if size > max_bytes:
            return f"The arguments are longer than {max_bytes:,} bytes. Send less."
    return None


def excess(raw: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> str | None:
    """The sentence that says which limit a JSON text breaks, or None."""
    if len(raw) > max_bytes:
        return (
            f"The arguments are {len(raw):,} bytes long; at most {max_bytes:,} are allowed. Send less, or a reference."
        )
    if is_deeper(raw, max_depth):
        nested = f"{depth(raw):,} levels deep; at most {max_depth} are allowed"
        return f"The arguments are nested {nested}. Send a flatter value."
    return None
