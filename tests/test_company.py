"""The sample company keeps its promises: one effect per key, no over-refund, books that every process sees alike."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from jsonschema_rs import validator_for
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Tool

from orchestrator.samples.company.seed import CHAPTERS
from orchestrator.samples.company.seed import books as seeded
from orchestrator.samples.company.seed.pen import Row
from orchestrator.samples.company.tools import TOOLS
from tests.samples.company import ROOT, TODAY, Ask, calls, effects, meta, rows, said, visit

GRETA = "88-10392"
OSKAR = "MC-20417"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "company.sqlite"


def refund(amount: str, key: str | None = None) -> Ask:
    return Ask("refund_order", {"order_id": GRETA, "amount": amount, "currency": "EUR", "reason": "Unused"}, key)


def pay(amount: str, account: str, name: str = "Oskar Lindqvist") -> Ask:
    payee = {"payee_name": name, "payee_account": account}
    return Ask("pay_claim", {"claim_id": OSKAR, "amount": amount, "remittance_text": f"Claim {OSKAR}"} | payee)


def test_it_starts_without_django() -> None:
    code = "import sys, orchestrator.samples.company.server; sys.exit('django.apps' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_tool_publishes_closed_schemas_and_its_answers_fit_them(books: Path) -> None:
    asked = {
        "find_customer": {"query": "lindqvist"},
        "get_order": {"order_id": GRETA},
        "list_payments": {"order_id": GRETA},
        "sign_in_log": {"customer_id": "KM-778120"},
        "get_claim": {"claim_id": OSKAR},
        "get_policy": {"policy_id": "P-20417-M"},
        "list_claim_documents": {"claim_id": OSKAR},
        "refund_order": {"order_id": GRETA, "amount": "10.00", "currency": "EUR", "reason": "Goodwill"},
        "send_mail": {"to": "greta@post.se.example", "subject": "Refund", "body": "On its way."},
        "set_claim_status": {"claim_id": OSKAR, "status": "documents missing"},
        "list_outbox": {},
    }

    async def talk(client: Client) -> tuple[list[Tool], dict[str, CallToolResult]]:
        tools = (await client.list_tools()).tools
        return tools, {name: await client.call_tool(name, arguments) for name, arguments in asked.items()}

    tools, results = visit(books, talk)
    writes = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint is False}
    assert writes >= {"refund_order", "pay_claim", "set_claim_status", "send_mail"}
    assert {tool.name for tool in tools if tool.name in TOOLS and TOOLS[tool.name].writes} == writes
    for tool in tools:
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert "idempotency_key" not in tool.input_schema["properties"]
        assert tool.output_schema
        assert tool.output_schema["additionalProperties"] is False
        if tool.name in results:
            assert not results[tool.name].is_error, said(results[tool.name])
            validator_for(tool.output_schema).validate(results[tool.name].structured_content)


def everybody() -> list[Row]:
    """The customers of all chapters of the books."""
    return [row for rows_of in CHAPTERS.values() for row in rows_of(date.fromisoformat(TODAY)).get("customers", [])]


def test_a_repeated_key_gets_the_first_answer_and_no_second_effect(books: Path) -> None:
    first, again, other = calls(books, refund("42.10", "k-1"), refund("42.10", "k-1"), refund("42.10", "k-2"))
    assert first.structured_content == again.structured_content
    assert first.structured_content != other.structured_content
    assert effects(books, "k-1") == 1
    assert effects(books) == 2
    assert rows(books, "SELECT outcome FROM calls ORDER BY id") == [("effect",), ("repeated",), ("effect",)]
    assert rows(books, "SELECT sum(amount_cents) FROM refunds WHERE order_id = ?", GRETA) == [(8420,)]


def test_a_key_that_comes_back_with_another_call_is_refused(books: Path) -> None:
    _, other = calls(books, refund("42.10", "k-1"), refund("43.10", "k-1"))
    assert other.is_error
    assert "k-1" in said(other)
    assert effects(books) == 1


def test_the_same_key_at_the_same_instant_from_many_processes_has_one_effect(books: Path) -> None:
    with ThreadPoolExecutor(5) as pool:
        results = [one for many in pool.map(lambda _: calls(books, refund("42.10", "k-1")), range(5)) for one in many]
    assert len({str(result.structured_content) for result in results}) == 1
    assert effects(books) == 1
    assert rows(books, "SELECT count(*) FROM calls") == [(5,)]
    assert rows(books, "SELECT count(*) FROM customers") == [(len(everybody()),)]


def test_never_more_is_refunded_than_was_paid(books: Path) -> None:
    most, too_much, rest = calls(books, refund("600.00"), refund("42.11"), refund("42.10"))
    assert not most.is_error
    assert too_much.is_error
    assert said(too_much) == (
        "Order 88-10392 was paid 642.10 EUR and 600.00 EUR of it is refunded, so at most 42.10 EUR can be refunded;"
        " 42.11 EUR was asked for."
    )
    assert not rest.is_error
    assert effects(books) == 2


def test_what_it_does_not_do_it_refuses_in_a_sentence(books: Path) -> None:
    order = {"order_id": GRETA, "currency": "EUR"}
    refused = {
        "There is no order 88-1.": Ask("get_order", {"order_id": "88-1"}),
        "get_order was not done. verbose: Extra inputs": Ask("get_order", {"order_id": GRETA, "verbose": True}),
        "more than 0.00": refund("0.00"),
        "amount: Input should be a valid string": Ask("refund_order", order | {"amount": 5.5, "reason": "none"}),
        "amount: String should match": refund("5.5"),
        "was paid in EUR": Ask("refund_order", order | {"amount": "5.50", "currency": "USD", "reason": "none"}),
        f"Nothing has been paid on claim {OSKAR}": Ask("set_claim_status", {"claim_id": OSKAR, "status": "paid"}),
        "is closed and stays": Ask("set_claim_status", {"claim_id": "MC-20371", "status": "reported"}),
        "There is no tool drop_tables.": Ask("drop_tables"),
    }
    for sentence, result in zip(refused, calls(books, *refused.values()), strict=True):
        assert result.is_error
        assert sentence in said(result)
    assert effects(books) == 0


def test_a_claim_is_paid_only_to_a_registered_account_and_within_the_policy(books: Path) -> None:
    (claim,) = calls(books, Ask("get_claim", {"claim_id": OSKAR}))
    iban = claim.structured_content["accounts"][0]["iban"]
    assert iban.endswith("4471")
    stranger, misnamed, above, paid, above_rest, closed, late = calls(
        books,
        pay("18450.00", "DE89370400440532013000"),
        pay("18450.00", iban, "Oscar Lindqvist"),
        pay("25000.01", iban),
        pay("18450.00", iban),
        pay("6550.01", iban),
        Ask("set_claim_status", {"claim_id": OSKAR, "status": "paid"}),
        pay("1.00", iban),
    )
    assert "is not registered for Oskar Lindqvist" in said(stranger)
    assert "is held by Oskar Lindqvist, not by Oscar Lindqvist" in said(misnamed)
    assert "at most 25000.00 EUR can be paid" in said(above)
    assert not paid.is_error
    assert "at most 6550.00 EUR can be paid" in said(above_rest)
    assert not closed.is_error
    assert "is paid, so nothing more is paid on it" in said(late)


def test_mail_lands_in_the_outbox_as_it_was_written(books: Path) -> None:
    body = "Guten Tag Zoë,\n<b>\u202eevil</b> 'quoted' \U0001f642"
    mail = {"to": "zoe@post.ie.example", "subject": "O'Brien", "body": body}
    _, outbox = calls(books, Ask("send_mail", mail), Ask("list_outbox", {"to": "ZOE@post.ie.example"}))
    assert [(mail["subject"], mail["body"]) for mail in outbox.structured_content["mails"]] == [("O'Brien", body)]


def test_an_answer_can_be_lost_after_the_effect_and_asked_for_again(books: Path) -> None:
    """The window a killed worker falls into: the effect stands, nobody heard of it."""
    ask = refund("5.00", "k-9")

    async def talk(client: Client) -> None:
        with pytest.raises(MCPError, match=r"(?i)timed out"):
            await client.call_tool(ask.tool, ask.arguments, meta=meta(ask.key), read_timeout_seconds=1.5)

    visit(books, talk, HOLDSHORT_COMPANY_PAUSE_AFTER_EFFECT_MS="60000")
    assert effects(books, "k-9") == 1
    (again,) = calls(books, ask)
    assert again.structured_content["amount"] == "5.00"
    assert effects(books, "k-9") == 1


def test_the_books_are_the_same_for_the_same_day_and_large_and_awkward_enough() -> None:
    today = date.fromisoformat(TODAY)
    tables = seeded(today)
    assert tables == seeded(today)
    assert len(tables["customers"]) >= 60
    assert len(tables["orders"]) >= 120
    assert len(tables["claims"]) >= 60
    names = " ".join(str(row["name"]) for row in tables["customers"])
    for mark in ("O'Brien", "Ö", "é", "<script>", "الصالح", "\u200b"):
        assert mark in names
    assert max(len(str(row["name"])) for row in tables["customers"]) > 70
    assert {"received", "missing", "illegible"} == {row["state"] for row in tables["claim_documents"]}
    changed = [row for row in tables["payout_accounts"] if row["replaced_on"]]
    assert len(changed) >= 10


def test_every_account_in_the_books_has_a_true_check_digit() -> None:
    for account in seeded(date.fromisoformat(TODAY))["payout_accounts"]:
        iban = str(account["iban"])
        assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
