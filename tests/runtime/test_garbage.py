"""Whatever a model says: nothing is raised, nothing is lost, the conversation can be stored and gone on with."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import ModelMessagesTypeAdapter, TextPart, ThinkingPart, ToolCallPart

from agents.runtime.answer import MOST_CALLS
from agents.runtime.exchange import Exchange, ModelUnavailable, ToolAnswer
from agents.runtime.scripted import Raw, ScriptState, scripted
from agents.runtime.storing import HEAD, LARGEST
from audit import canonical
from audit.canonical import NotCanonical
from audit.text import escape
from tests.runtime.conftest import SCHEMA, Ask
from tests.runtime.fake_provider import MODES

UNREADABLE = {"40mb", "no-choices", "no-object", "not-json", "deep-body", "bad-utf8", "plain", "gzip", "no-ids"}
ANYTHING = st.text(st.characters(codec=None, categories=None)) | st.text('{}[]":,\\ud80\x00\ud800␛ ', max_size=40)
SAID: list[Raw] = []


@scripted("garbage")
def _garbage(_: ScriptState) -> Raw:
    return SAID[-1]


def storable(messages: bytes) -> None:
    """The promise about `messages`: text a database takes, and the conversation again when loaded."""
    text = messages.decode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert "\x00" not in json.dumps(json.loads(text), ensure_ascii=False)
    loaded = ModelMessagesTypeAdapter.validate_json(messages)
    assert ModelMessagesTypeAdapter.dump_json(loaded) == messages


def goes_on(ask: Ask, said: Exchange) -> None:
    """The server, asked again with this conversation, answers: nothing in it made the request impossible."""
    answers = [ToolAnswer(request.call_id, request.tool, {"status": "refused"}) for request in said.requests]
    assert ask("final", history=said.messages, answers=answers, repair=said.problem or "Go on.").final


@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["text", "schema"])
@pytest.mark.parametrize("mode", [*MODES, "plain", "gzip"])
def test_no_answer_raises_and_after_each_the_conversation_goes_on(ask: Ask, mode: str, schema: dict[str, str]) -> None:
    said = ask(mode, output_schema=schema)
    storable(said.messages)
    goes_on(ask, said)
    assert len(said.messages) < LARGEST
    assert bool(said.problem) + bool(said.requests) + said.final == 1
    assert said.final or said.output is None
    if mode in UNREADABLE:
        assert said.problem
    elif "usage" not in mode:
        assert (said.usage.input_tokens, said.usage.output_tokens) == (120, 8)


@pytest.mark.parametrize("mode", ["10mb", "10mb-arguments"])
def test_of_an_answer_of_10_megabytes_only_the_head_and_the_digest_are_kept(ask: Ask, mode: str) -> None:
    said = ask(mode)
    assert said.raw_size > 10_000_000
    assert len(said.messages) < HEAD + 4000
    assert (said.requests, said.final) == ((), False)
    assert "SHA-256" in said.text
    assert f"{said.raw_size} bytes" in (said.problem or "")


def test_an_answer_just_small_enough_is_kept_whole_and_one_just_too_large_is_not(ask: Ask) -> None:
    SAID.append(Raw(["x" * (LARGEST - 500)]))
    assert ask(model="scripted:garbage", output_schema=None).final
    SAID.append(Raw(["x" * LARGEST]))
    assert ask(model="scripted:garbage", output_schema=None).problem


def test_what_never_ends_is_not_read_to_its_end(ask: Ask) -> None:
    said = ask("40mb")
    assert said.problem == "The answer was not read: it is larger than 16 MB. Answer briefly."


@pytest.mark.parametrize("mode", ["slow", "drip"])
def test_a_wall_clock_ends_an_exchange_even_while_bytes_arrive(ask: Ask, mode: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.5 seconds") as raised:
        ask(mode, timeout=0.5)
    assert raised.value.retry


def test_of_too_many_calls_at_once_none_is_asked_for(ask: Ask) -> None:
    said = ask("many")
    assert (said.requests, f"at most {MOST_CALLS}" in (said.problem or "")) == ((), True)


@pytest.mark.parametrize("mode", ["same-ids", "empty-ids", "long-id"])
def test_every_call_gets_an_id_of_its_own_and_the_same_one_again(ask: Ask, mode: str) -> None:
    said, again = ask(mode), ask(mode)
    ids = [request.call_id for request in said.requests]
    assert len(set(ids)) == len(ids)
    assert all(0 < len(call_id) <= 64 for call_id in ids)
    assert mode == "empty-ids" or ids == [request.call_id for request in again.requests]


def test_a_model_that_repeats_itself_forever_gets_a_new_id_each_time(ask: Ask) -> None:
    said, ids = ask("one-call"), ["call_a"]
    for _ in range(5):
        said = ask("one-call", history=said.messages, answers=[ToolAnswer(ids[-1], "get_order", {"status": "lost"})])
        ids += [request.call_id for request in said.requests]
    assert len(set(ids)) == 6


def test_an_unknown_tool_and_wrong_arguments_are_handed_on_as_they_were_written(ask: Ask) -> None:
    assert ask("unknown-tool").requests[0].tool == "drop table; --"
    assert ask("broken-arguments").requests[0].written == '{"amount": 5'
    assert ask("nan-arguments").requests[0].written == '{"amount": NaN}'
    assert ask("twice-arguments").requests[0].written == '{"amount": 5, "amount": 5000}'
    assert ask("no-arguments").requests[0].written == "{}"


def test_hostile_characters_are_escaped_and_can_be_had_back(ask: Ask) -> None:
    (request,) = ask("raw-nul").requests
    assert (request.arguments, request.written) == ('␛ {"note": "a␛0000b"}'.encode(), '{"note": "a\x00b"}')
    (request,) = ask("surrogate-arguments").requests
    assert request.written == '{"note": "\ud800"}'
    (request,) = ask("inner-surrogate").requests
    assert request.arguments == rb'{"note": "\ud800"}'


@pytest.mark.parametrize("mode", ["raw-nul", "surrogate-arguments", "nul-arguments", "inner-surrogate"])
def test_arguments_that_cannot_be_stored_are_arguments_to_nobody(ask: Ask, mode: str) -> None:
    (request,) = ask(mode).requests
    with pytest.raises(NotCanonical):
        canonical.dump(canonical.parse(request.arguments))


def test_an_honest_escape_sign_in_arguments_stays_what_it_is(ask: Ask) -> None:
    for honest in ('{"note": "␛0000"}', "␛ {}"):
        (request,) = ask("echo-arguments", task=honest).requests
        assert request.written == honest
    assert ask("echo-arguments", task='{"note": "␛0000"}').requests[0].arguments == '{"note": "␛0000"}'.encode()


def test_no_final_result_holds_what_cannot_be_stored(ask: Ask) -> None:
    for hostile in ("a\x00b", "a\ud800b"):
        SAID.append(Raw([("final_result", json.dumps({"summary": hostile}))]))
        said = ask(model="scripted:garbage")
        assert (said.final, said.output) == (False, None)
        assert "which is not allowed" in (said.problem or "")


@settings(max_examples=60, deadline=None)
@given(arguments=ANYTHING)
def test_any_arguments_come_over_the_wire_as_they_were_written(ask: Ask, arguments: str) -> None:
    said = ask("echo-arguments", task=arguments)
    assert said.requests[0].written == (arguments or "{}")
    storable(said.messages)
    goes_on(ask, said)


@settings(max_examples=40, deadline=None)
@given(words=ANYTHING)
def test_any_words_come_over_the_wire_and_are_stored(ask: Ask, words: str) -> None:
    said = ask("echo-text", task=words, output_schema=None)
    assert said.output == escape(words) if words.strip() else said.problem
    storable(said.messages)
    goes_on(ask, said)


PARTS: st.SearchStrategy[list[Any]] = st.lists(
    st.one_of(
        ANYTHING,
        st.tuples(ANYTHING | st.sampled_from(["refund", "final_result"]), ANYTHING),
        st.builds(ThinkingPart, ANYTHING, signature=ANYTHING, provider_name=st.just("x")),
        st.builds(TextPart, ANYTHING),
        st.builds(
            ToolCallPart,
            ANYTHING,
            st.dictionaries(ANYTHING, st.recursive(st.none() | st.floats() | ANYTHING, st.lists, max_leaves=5)),
            ANYTHING,
        ),
    ),
    max_size=20,
)


@settings(max_examples=80, deadline=None)
@given(parts=PARTS, repair=ANYTHING, instructions=ANYTHING, has_schema=st.booleans())
def test_any_mixture_of_parts_is_judged_stored_and_followed(
    ask: Ask, parts: list[object], repair: str, instructions: str, has_schema: bool
) -> None:
    SAID.append(Raw(parts))
    given = {"model": "scripted:garbage", "instructions": instructions, "output_schema": SCHEMA if has_schema else None}
    said = ask(**given)
    assert bool(said.problem) + bool(said.requests) + said.final == 1
    storable(said.messages)
    answers = [ToolAnswer(request.call_id, request.tool, {"a": repair}) for request in said.requests]
    storable(ask(**given, history=said.messages, answers=answers, repair=repair or "Go on.").messages)
    goes_on(ask, said)
