"""One exchange with a model server: what comes back, what goes over the wire, and who is believed."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessagesTypeAdapter, ToolReturnPart

from agents.runtime.exchange import Exchange, ModelUnavailable, ToolAnswer, ToolSpec
from tests.runtime.conftest import TOOLS, Ask
from tests.runtime.fake_provider import FakeProvider


def answers(given: Exchange, content: Any = "done") -> list[ToolAnswer]:
    return [ToolAnswer(request.call_id, request.tool, content) for request in given.requests]


def test_a_model_asks_for_a_tool_and_gives_its_reason(ask: Ask) -> None:
    given = ask("one-call")
    assert [(r.call_id, r.tool, r.arguments) for r in given.requests] == [
        ("call_a", "get_order", b'{"order_id": "W1"}')
    ]
    assert (given.text, given.final, given.output, given.problem) == ("I look first.", False, None, None)
    assert (given.model_name, given.usage.input_tokens, given.usage.output_tokens) == ("fake-1", 120, 8)
    assert 0 < given.raw_size < 1000


def test_thinking_is_part_of_what_the_model_says(ask: Ask) -> None:
    assert ask("thinking").text == "Hm, which order?"


def test_a_final_result_that_fits_its_schema_ends_the_conversation(ask: Ask) -> None:
    given = ask("final")
    assert (given.final, given.output, given.requests, given.problem) == (True, {"summary": "Refunded."}, (), None)


@pytest.mark.parametrize("mode", ["json-text", "fenced-text"])
def test_plain_json_that_fits_is_a_final_result_too(ask: Ask, mode: str) -> None:
    assert ask(mode).output == {"summary": "Refunded."}


@pytest.mark.parametrize(
    ("mode", "complaint"),
    [
        ("final-wrong", "At /summary: 7 is not of type"),
        ("final-broken", "This is not JSON: Expecting value at line 1, column 13."),
        ("final-and-call", "came together with other calls"),
        ("final-twice", "came together with other calls"),
        ("wrong-json-text", "'sumary' was unexpected"),
        ("text", "its text is not a result"),
        ("empty", "is empty"),
        ("no-parts", "is empty"),
        ("cut-off", "cut off"),
        ("filtered", "filter"),
    ],
)
def test_a_result_that_does_not_fit_is_no_result_and_runs_nothing(ask: Ask, mode: str, complaint: str) -> None:
    given = ask(mode)
    assert (given.final, given.output, given.requests) == (False, None, ())
    assert complaint in (given.problem or "")


def test_without_a_schema_the_text_is_the_output(ask: Ask) -> None:
    assert ask("text", output_schema=None).output == "All done."
    assert not ask("empty", output_schema=None).final
    assert not ask("cut-off", output_schema=None).final


def test_without_a_schema_nobody_offers_final_result_so_it_is_a_tool_like_any_unknown_one(ask: Ask) -> None:
    given = ask("final", output_schema=None)
    assert (given.final, [r.tool for r in given.requests]) == (False, ["final_result"])


def test_the_model_is_told_its_instructions_task_tools_and_schema(ask: Ask, provider: FakeProvider) -> None:
    ask("text")
    asked = provider.last("text")
    assert [m["content"] for m in asked["messages"]] == ["You give money back where it is due.", "Order W1 is lost."]
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["get_order", "refund", "final_result"]
    assert provider.headers[-1]["Accept-Encoding"] == "identity"


def test_answers_reach_the_model_and_the_task_is_not_repeated(ask: Ask, provider: FakeProvider) -> None:
    first = ask("several")
    ask("final", history=first.messages, answers=answers(first, {"status": "rejected", "reason": "paid back before"}))
    said = provider.last("final")["messages"]
    assert [m["role"] for m in said] == ["system", "user", "assistant", "tool", "tool"]
    assert json.loads(said[-1]["content"]) == {"status": "rejected", "reason": "paid back before"}


def test_what_was_stored_stays_as_it_was_stored(ask: Ask) -> None:
    first = ask("several")
    second = ask("final", history=first.messages, answers=answers(first))
    assert second.messages.startswith(first.messages[:-1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda right: [],
        lambda right: right[:1],
        lambda right: [*right, right[0]],
        lambda right: [*right, ToolAnswer("call_z", "refund", 1)],
        lambda right: [ToolAnswer("call_a", "refund", 1), right[1]],
    ],
    ids=["none", "one missing", "one twice", "one too many", "of another tool"],
)
def test_every_open_call_needs_exactly_one_answer(ask: Ask, provider: FakeProvider, wrong: Any) -> None:
    first = ask("several")
    asked = len(provider.asked)
    with pytest.raises(ValueError, match="call"):
        ask("final", history=first.messages, answers=wrong(answers(first)))
    assert len(provider.asked) == asked


def test_a_conversation_begins_with_the_task_alone(ask: Ask) -> None:
    with pytest.raises(ValueError, match="begins with the task"):
        ask("text", answers=[ToolAnswer("call_a", "refund", 1)])


@pytest.mark.parametrize("history", [b"", b"[]", b"nonsense", b'[{"kind": "request", "parts": []}]'])
def test_a_history_that_is_none_is_refused(ask: Ask, history: bytes) -> None:
    with pytest.raises(ValueError, match="stored conversation"):
        ask("text", history=history)


def test_a_repair_tells_the_model_what_was_wrong(ask: Ask, provider: FakeProvider) -> None:
    first = ask("text")
    ask("final", history=first.messages, repair="Please call final_result.")
    assert provider.last("final")["messages"][-1] == {"role": "user", "content": "Please call final_result."}


def test_without_a_repair_the_noted_problem_is_told(ask: Ask, provider: FakeProvider) -> None:
    first = ask("empty")
    ask("final", history=first.messages)
    assert provider.last("final")["messages"][-1]["content"] == first.problem


@pytest.mark.parametrize("mode", ["final-and-call", "final-wrong", "many"])
def test_calls_of_an_unusable_answer_are_answered_with_why_they_were_not_run(
    ask: Ask, provider: FakeProvider, mode: str
) -> None:
    first = ask(mode)
    ask("final", history=first.messages, repair="Not like this.")
    said = provider.last("final")["messages"]
    calls = {call["id"] for m in said for call in m.get("tool_calls", [])}
    told = {m["tool_call_id"]: m["content"] for m in said if m["role"] == "tool"}
    assert calls == told.keys()
    assert all("Not like this." in content for content in told.values())


def test_a_person_may_send_a_finished_result_back(ask: Ask, provider: FakeProvider) -> None:
    first = ask("final")
    second = ask("final", history=first.messages, repair="The sum is missing.")
    assert second.final
    with pytest.raises(ValueError, match="nothing to say"):
        ask("final", history=second.messages)


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "image-url", "url": "http://169.254.169.254/latest"},
        [{"kind": "binary", "data": "aGk=", "media_type": "image/png"}],
        {"a": {"kind": "document-url", "url": "file:///etc/passwd"}},
    ],
)
def test_no_tool_can_make_its_answer_a_link_or_a_picture(ask: Ask, provider: FakeProvider, content: Any) -> None:
    first = ask("one-call")
    second = ask("one-call", history=first.messages, answers=answers(first, content))
    third = ask("text", history=second.messages, answers=answers(second), output_schema=None)
    told = [m["content"] for m in provider.last("text")["messages"] if m["role"] == "tool"]
    assert json.loads(told[0]) == content
    loaded = ModelMessagesTypeAdapter.validate_json(third.messages)
    returned = [part for message in loaded for part in message.parts if isinstance(part, ToolReturnPart)]
    assert all(isinstance(part.content, str) and not part.files for part in returned)


@pytest.mark.parametrize(
    ("mode", "retry"),
    [("429", True), ("500", True), ("503", True), ("400", False), ("401", False), ("404", False), ("quota", False),
     ("too-long", False), ("hang-up", True)],
)  # fmt: skip
def test_a_model_that_cannot_answer_is_asked_once_and_says_whether_later_is_better(
    ask: Ask, provider: FakeProvider, mode: str, retry: bool
) -> None:
    before = provider.times(mode)
    with pytest.raises(ModelUnavailable) as raised:
        ask(mode)
    assert raised.value.retry is retry
    assert provider.times(mode) == before + 1


@pytest.mark.parametrize("mode", ["400", "401", "500"])
def test_what_is_shown_of_a_failure_holds_no_secret(ask: Ask, mode: str) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        ask(mode)
    assert "sk-" not in str(raised.value)
    assert "/srv" not in str(raised.value)
    assert f"HTTP {mode}" in str(raised.value)


def test_no_server_can_send_the_request_elsewhere(ask: Ask, provider: FakeProvider) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        ask("redirect")
    assert not raised.value.retry
    assert "/elsewhere" not in provider.paths


def test_a_refused_request_says_why(ask: Ask) -> None:
    with pytest.raises(ModelUnavailable, match="Invalid schema for 'refund'"):
        ask("400")


def test_a_server_that_is_not_there_may_be_there_later(ask: Ask) -> None:
    with pytest.raises(ModelUnavailable, match=r"x at 127\.0\.0\.1:9 could not be reached") as raised:
        ask(model="openai-compatible:x@http://127.0.0.1:9/v1")
    assert raised.value.retry


def test_two_tools_of_one_name_are_not_offered(ask: Ask) -> None:
    with pytest.raises(ModelUnavailable, match="Two tools have the same name: get_order, get_order, refund") as raised:
        ask("text", tools=[*TOOLS, TOOLS[0]])
    assert not raised.value.retry


def test_a_tool_is_offered_under_a_name_every_provider_takes_and_asked_for_under_ours(
    ask: Ask, provider: FakeProvider
) -> None:
    names = ["final_result", "orders.get", "get order", "orders_get", "x" * 70, "x" * 71, "ü", "get_order"]
    offered = [ToolSpec(name, "", {"type": "object"}) for name in names]
    first = ask("first-tools", tools=offered)
    sent = [tool["function"]["name"] for tool in provider.last("first-tools")["tools"]]
    assert len(set(sent)) == len(names) + 1
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", name) for name in sent)
    assert [request.tool for request in first.requests] == names
    assert ask("final", tools=offered, history=first.messages, answers=answers(first)).final


def test_hostile_text_in_what_a_tool_says_of_itself_reaches_the_model_escaped(ask: Ask, provider: FakeProvider) -> None:
    odd = ToolSpec("odd", "a\x00b\ud800", {"type": "object", "properties": {"\ud800": {"title": "\x00"}}})
    ask("text", tools=[odd], instructions="\ud800\x00", task="\x00\ud800")
    assert "␛0000" in json.dumps(provider.last("text"), ensure_ascii=False)


@pytest.mark.parametrize(
    "schema",
    [{"type": "array"}, {"type": "object", "properties": 5}, {"type": "object", "$ref": "http://127.0.0.1:9/x"}],
)
def test_an_output_schema_that_is_none_is_refused_before_anything_is_sent(
    ask: Ask, provider: FakeProvider, schema: Any
) -> None:
    asked = len(provider.asked)
    with pytest.raises(ModelUnavailable, match="output schema"):
        ask("final", output_schema=schema)
    assert len(provider.asked) == asked


def test_a_known_model_has_a_price_and_a_server_of_ones_own_has_none(
    ask: Ask, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{provider.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    assert ask(model="openai-chat:gpt-4o").usage.cost == Decimal("0.00038")
    assert ask("gpt-4o").usage.cost is None


def test_odd_token_counts_are_kept_within_what_can_be_stored(ask: Ask) -> None:
    usage = ask("odd-usage", output_schema=None).usage
    assert 0 <= usage.input_tokens < 2**31
    assert 0 <= usage.output_tokens < 2**31
    assert ask("no-usage", output_schema=None).usage.input_tokens == 0


@pytest.mark.parametrize("model", ["anthropic:claude", "openai:gpt-5", "google:gemini"])
def test_every_provider_goes_the_same_way(
    ask: Ask, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    for name, path in (("ANTHROPIC", ""), ("OPENAI", "/v1"), ("GOOGLE_GEMINI", "")):
        monkeypatch.setenv(f"{name}_BASE_URL", f"{provider.url}{path}")
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "test")
    given = ask(model=model)
    (request,) = given.requests
    assert json.loads(request.written) == {"note": "a\x00b", "sum": 5, "at": "Zoë"}
    assert (given.usage.input_tokens, given.usage.output_tokens) == (100, 10)
    assert given.usage.cost is not None
    second = ask(model=model, history=given.messages, answers=answers(given))
    third = ask(model=model, history=second.messages, answers=answers(second), repair="Go on.")
    ids = [request.call_id for said in (given, second, third) for request in said.requests]
    assert len(set(ids)) == 3
    assert "done" in json.dumps(provider.last(model.partition(":")[2]))
