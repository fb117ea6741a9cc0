"""Whatever a program sends, the answer is JSON and never a failure on our side."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.runs.models import Run
from tests.gate.conftest import Program

calm = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
pytestmark = pytest.mark.usefixtures("unlimited")

hostile = st.sampled_from(["\x00", "\ud800", "\u202e", "'; DROP TABLE runs_run", "../", "${input.x}", "\U000e0041", ""])
words = hostile | st.text(max_size=20) | st.sampled_from(["refund", "order_id", "amount", "O-1"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))
bodies = st.fixed_dictionaries(
    {"workflow": st.just("refund") | values},
    optional={"input": st.fixed_dictionaries({"order_id": words | values}, optional={"amount": values}) | values}
    | {"environment": st.sampled_from(["production", "sandbox"]) | values, "x": values},
)


@pytest.fixture
def unlimited(settings: Any) -> None:
    """No limit on how many requests are made in a minute."""
    settings.HOLDSHORT_API_REQUESTS_PER_MINUTE = 10**9


def check(program: Program, method: str, address: str, body: bytes = b"", **headers: str) -> None:
    """Send it, and look at the answer. What it starts is rolled back."""
    before = Run.objects.count()
    with transaction.atomic():
        answer: Any = program.post(address, body, **headers) if method == "POST" else program.get(address)
        started = Run.objects.count() - before
        transaction.set_rollback(True)
    assert answer.status_code < 500, answer.content
    assert answer.headers["Content-Type"].startswith("application/json")
    assert ("error" in json.loads(answer.content)) == (answer.status_code >= 400)
    assert started == (answer.status_code == 201)


@calm
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_bytes(program: Program, raw: bytes) -> None:
    check(program, "POST", "/runs", raw)


@calm
@given(body=bodies | values, indent=st.none() | st.integers(0, 3))
def test_json(program: Program, body: Any, indent: int | None) -> None:
    check(program, "POST", "/runs", json.dumps(body, indent=indent).encode())


@calm
@given(key=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=130))
def test_keys(program: Program, key: str) -> None:
    body = json.dumps({"workflow": "refund", "input": {"order_id": "O-1"}}).encode()
    check(program, "POST", "/runs", body, Idempotency_Key=key)


@calm
@given(query=st.dictionaries(st.sampled_from(["workflow", "state", "before", "limit", "x"]), words, max_size=4))
def test_filters(program: Program, query: dict[str, str]) -> None:
    pairs = (f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in query.items())
    check(program, "GET", f"/runs?{'&'.join(pairs)}")


@calm
@given(path=st.lists(words, max_size=4))
def test_addresses(program: Program, path: list[str]) -> None:
    check(program, "GET", "/" + "/".join(quote(part.encode("utf-8", "surrogatepass"), safe="") for part in path))
