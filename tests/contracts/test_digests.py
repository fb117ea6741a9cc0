"""Digests change with every part they bind, and no kind passes for another (T01, T04)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.contracts import binding_digest, contract_digest
from audit.canonical import NotCanonical

ACTION: dict[str, Any] = {
    "tool": "payments.refund@3",
    "contract_digest": "c" * 64,
    "arguments": b'{"amount":5}',
    "environment": "production",
    "agent_digest": "a" * 64,
    "run": "0193a5f0-0000-7000-8000-000000000000",
}


@pytest.mark.parametrize("field", sorted(ACTION))
def test_t01_every_bound_field_changes_the_digest(field: str) -> None:
    other = ACTION | {field: b'{"amount":50}' if field == "arguments" else "something else"}
    assert binding_digest(**other) != binding_digest(**ACTION)
    assert binding_digest(**ACTION) == binding_digest(**ACTION)


@given(st.binary(), st.binary())
def test_t01_digests_of_different_argument_bytes_differ(one: bytes, two: bytes) -> None:
    digests = [binding_digest(**(ACTION | {"arguments": raw})) for raw in (one, two)]
    assert (digests[0] == digests[1]) == (one == two)


def test_fields_can_not_run_into_each_other() -> None:
    one = binding_digest(**(ACTION | {"tool": "ab", "environment": "c"}))
    assert one != binding_digest(**(ACTION | {"tool": "a", "environment": "bc"}))


def test_t04_every_field_of_a_contract_changes_its_digest() -> None:
    fields = {"name": "refund", "schema": {"type": "object"}, "effect": "write", "timeout": 30}
    seen = {contract_digest(fields)} | {contract_digest({**fields, name: "changed"}) for name in fields}
    assert len(seen) == len(fields) + 1
    assert contract_digest(dict(reversed(fields.items()))) == contract_digest(fields)


def test_a_contract_without_a_single_form_is_refused() -> None:
    with pytest.raises(NotCanonical):
        contract_digest({"name": "\x00"})
