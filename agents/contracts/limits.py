"""How large and how deep a JSON text may be, decided before anything parses it."""

import re
from itertools import accumulate

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16

# A string is consumed whole, an unterminated one to the end of the text, so that no byte is looked at twice.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{\]}]', re.DOTALL)
_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def depth(raw: bytes) -> int:
    """How deeply brackets are nested in a JSON text, brackets inside strings left out. A flat object has depth 1."""
    return max(accumulate((_STEP.get(token[0], 0) for token in _TOKEN.finditer(raw)), initial=0))


def excess(raw: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> str | None:
    """The sentence that says which limit a JSON text breaks, or None."""
    if len(raw) > max_bytes:
        return (
            f"The arguments are {len(raw):,} bytes long; at most {max_bytes:,} are allowed. Send less, or a reference."
        )
    nested = depth(raw)
    if nested > max_depth:
        return (
            f"The arguments are nested {nested:,} levels deep; at most {max_depth} are allowed. Send a flatter value."
        )
    return None
