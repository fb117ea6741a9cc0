"""One document, one byte string, one digest.

Canonical JSON after RFC 8785, from a parser that is stricter than `json.loads`: duplicate keys, NaN, infinities,
integers beyond 2^53, NUL and lone surrogates are refused, because two readers could understand them differently.
"""

import hashlib
import json
import re
from typing import Any

import rfc8785

SAFE_INTEGER = 2**53 - 1
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode
_ODD = re.compile(  # a number with a fraction, an exponent or many digits; a key that may have been no text
    r'[:,\[{](?<!\d:)(?:-?\d+(?:[.eE]|(?<=\d{16}))|(?<!:)"(?:-?[\dIN]|true"|false"|null"))'
)
_HIGH = re.compile("[\ud800-\U0010ffff]")


class NotCanonical(ValueError):
    """This JSON can be read in more than one way."""


def parse(raw: bytes | str) -> Any:
    """The value of a JSON text.

    Raises NotCanonical, with a sentence that names the problem, for anything two readers could understand differently.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except UnicodeDecodeError as error:
        raise NotCanonical(f"Byte {error.start} is not valid UTF-8.") from error
    except json.JSONDecodeError as error:
        raise NotCanonical(f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise NotCanonical("This JSON is nested too deeply.") from error


def dump(value: Any) -> bytes:
    """The canonical bytes of a JSON value (RFC 8785). Raises NotCanonical where there is no single form."""
    try:
        written = _written(value)
        return written.encode() if _is_canonical(written) else _dump_exactly(value)
    except (TypeError, ValueError):
        return _dump_exactly(value)
    except RecursionError as error:
        raise NotCanonical("This value is nested too deeply.") from error


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes of a value, as 64 hex digits."""
    return digest_bytes(dump(value))


def digest_bytes(raw: bytes) -> str:
    """SHA-256 of bytes, as 64 hex digits."""
    return hashlib.sha256(raw).hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise NotCanonical(f"The key {double!r} occurs twice in one object.")
    return result


def _constant(name: str) -> Any:
    raise NotCanonical(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > SAFE_INTEGER:
        raise NotCanonical("An integer is beyond 2^53; send it as a string.")
    return int(digits)


def _float(digits: str) -> float | int:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise NotCanonical("A number is too large; send it as a string.")
    return int(number) if number.is_integer() and abs(number) <= SAFE_INTEGER else number


def _is_canonical(written: str) -> bool:
    """Whether json has surely written a value as RFC 8785, sections 3.2.2 and 3.2.3, wants it.

    It writes texts, short whole numbers and keys below U+D800 so. A text that only looks like something else makes this
    False, and costs time, but no correctness.
    """
    if written[0] not in '{["' or "\\u0000" in written or _ODD.search(written):
        return False
    return written.isascii() or _HIGH.search(written) is None


def _dump_exactly(value: Any) -> bytes:
    try:
        _check(value)
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(f"No canonical form: {error}.") from error
    except RecursionError as error:
        raise NotCanonical("This value is nested too deeply.") from error


def _check(value: Any) -> None:
    """Raise NotCanonical for a character that may not be in a text, wherever in a value."""
    if isinstance(value, str):
        bad = _FORBIDDEN.search(value)
        if bad is not None:
            raise NotCanonical(f"A text contains the character U+{ord(bad[0]):04X}, which is not allowed.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key)
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
