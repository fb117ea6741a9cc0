"""From the text of a condition to its compiled program and to the tree that the checker walks.

The official CEL runtime parses and evaluates. It gives its syntax tree only as bytes (cel.expr.CheckedExpr, a protocol
buffer), so the few message types that make up a tree are read here; their field numbers are fixed by the CEL
specification (proto/cel/expr/syntax.proto and checked.proto).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from orchestrator.workflows.conditions.words import compile_sentences

if TYPE_CHECKING:
    from cel_expr_python import cel

LONGEST = 2_000
"""Characters of a condition. The runtime itself bounds nesting (32) and rounds of loops (10,000 in one evaluation)."""

_CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = 3, 4, 5, 6, 7, 8, 9


class BadCondition(ValueError):
    """A condition is not an expression that can be evaluated. `sentences` say why."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class Node:
    """One node of the tree.

    `name` is an identifier, a field or a function; `value` a constant; `parts` are the operand of a selection, the
    arguments of a call (its target first), items of a list, keys and values of a mapping in turn, or, of a loop, its
    range, first result, condition, step and result. `tested` marks has().
    """

    kind: str
    name: str = ""
    value: Any = None
    parts: tuple["Node", ...] = ()
    tested: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """A compiled condition: the runtime's own, its tree, and whether it gives true or false as far as is known."""

    expression: "cel.Expression"
    tree: Node


@lru_cache(maxsize=1)
def _environment() -> "cel.Env":
    """The runtime, loaded when the first condition is met: most processes never need it (30 ms, 3 MB)."""
    from cel_expr_python import cel

    return cel.NewEnv(variables={"input": cel.Type.DYN, "steps": cel.Type.DYN})


@lru_cache(maxsize=4096)
def program(text: str) -> Program:
    """The compiled form of a condition; safe to share between threads. Raises BadCondition."""
    if not text.strip():
        raise BadCondition(["The condition is empty. Write one, like input.amount > 100."])
    if len(text) > LONGEST:
        raise BadCondition([f"The condition is too long. It has at most {LONGEST} characters."])
    try:
        text.encode()
        expression = _environment().compile(text)
        return Program(expression, _tree(expression.serialize()))
    except UnicodeEncodeError as error:
        raise BadCondition(["The condition holds a character that is not a character."]) from error
    except RuntimeError as error:
        raise BadCondition(compile_sentences(str(error), text)) from error


def _tree(serialized: bytes) -> Node:
    """The tree in a CheckedExpr, which the runtime wraps in an Any."""
    return _node(_last(_last(serialized, 2), 4))


def _node(data: bytes) -> Node:
    for number, value in _fields(data):
        if number in _READERS:
            return _READERS[number](value)
    return Node("const")


def _const(data: bytes) -> Node:
    for number, value in _fields(data):
        if number == 2:
            return Node("const", value=bool(value))
        if number == 3:
            return Node("const", value=value - (1 << 64) if value >= 1 << 63 else value)
        if number == 5:
            return Node("const", value=struct.unpack("<d", value)[0])
        if number == 6:
            return Node("const", value=value.decode())
        if number in (4, 7):
            return Node("const", name="other", value=value)
    return Node("const")


def _ident(data: bytes) -> Node:
    return Node("ident", _last(data, 1).decode())


def _select(data: bytes) -> Node:
    fields = dict(_fields(data))
    return Node("select", fields[2].decode(), parts=(_node(fields[1]),), tested=bool(fields.get(3)))


def _call(data: bytes) -> Node:
    fields = list(_fields(data))
    name = next(value.decode() for number, value in fields if number == 2)
    return Node("call", name, parts=tuple(_node(value) for number, value in fields if number in (1, 3)))


def _list(data: bytes) -> Node:
    return Node("list", parts=tuple(_node(value) for number, value in _fields(data) if number == 1))


def _struct(data: bytes) -> Node:
    fields = list(_fields(data))
    name = b"".join(value for number, value in fields if number == 1).decode()
    entries = (_fields(value) for number, value in fields if number == 2)
    parts = (_node(value) for entry in entries for number, value in entry if number in (3, 4))
    return Node("struct", name, parts=tuple(parts))


def _loop(data: bytes) -> Node:
    fields = dict(_fields(data))
    variables = tuple(fields[number].decode() for number in (1, 8, 3) if fields.get(number))
    return Node("loop", parts=tuple(_node(fields[number]) for number in (2, 4, 5, 6, 7)), variables=variables)


_READERS = {
    _CONST: _const,
    _IDENT: _ident,
    _SELECT: _select,
    _CALL: _call,
    _LIST: _list,
    _STRUCT: _struct,
    _LOOP: _loop,
}


def _last(data: bytes, wanted: int) -> bytes:
    """The bytes of one field; empty where it is absent, as protocol buffers leave out what is empty."""
    found = b""
    for number, value in _fields(data):
        if number == wanted:
            found = value
    return found


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of one message: their numbers with an int, or with bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if size is None:
            size, at = _varint(data, at)
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
