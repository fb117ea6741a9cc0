"""Scripted agents: they see the conversation, keep no state, and go the way of a real model."""

from decimal import Decimal
from typing import Any

import pytest

from agents.runtime.exchange import Exchange, ModelUnavailable, ToolAnswer
from agents.runtime.scripted import Call, Calls, Final, Raw, Say, ScriptState, scripted
from tests.runtime.conftest import SCHEMA, Ask

SEEN: list[ScriptState] = []


@scripted("refund-test")
def _refund(state: ScriptState) -> Say:
    SEEN.append(state)
    if state.repair:
        return Final({"summary": f"After all: {state.repair}"})
    if state.turn == 1:
        return Call("get_order", order_id=state.task["order"], reasoning="I look first.")
    if state.turn == 2:
        return Calls([Call("refund", amount=5), Call("refund", {"amount": 6})], reasoning="Two parts.")
    return Final({"summary": f"{len(state.results)} calls, {state.of('refund')}"}, reasoning="Done.")


@scripted("clumsy-test")
def _clumsy(state: ScriptState) -> Say:
    if state.task == "raise":
        raise KeyError("order")
    if state.task == "stop":
        raise StopIteration
    if state.task == "nothing":
        return None  # type: ignore[return-value]
    return Raw(["Hm.", ("refund", "{")])


def answered(given: Exchange, *contents: Any) -> list[ToolAnswer]:
    pairs = zip(given.requests, contents, strict=True)
    return [ToolAnswer(request.call_id, request.tool, content) for request, content in pairs]


def test_a_script_runs_to_its_end_and_knows_all_that_was_said(ask: Ask) -> None:
    case = {"model": "scripted:refund-test", "task": '{"order": "W1"}'}
    first = ask(**case)
    assert (first.text, first.requests[0].arguments) == ("I look first.", b'{"order_id": "W1"}')
    second = ask(**case, history=first.messages, answers=answered(first, {"total": 11}))
    assert [request.arguments for request in second.requests] == [b'{"amount": 5}', b'{"amount": 6}']
    third = ask(**case, history=second.messages, answers=answered(second, "plain text", {"status": "rejected"}))
    assert (third.final, third.output) == (True, {"summary": "3 calls, {'status': 'rejected'}"})
    state = SEEN[-1]
    assert (state.turn, state.tools, state.task) == (3, ("get_order", "refund"), {"order": "W1"})
    assert [(r.tool, r.arguments, r.content) for r in state.results] == [
        ("get_order", {"order_id": "W1"}, {"total": 11}),
        ("refund", {"amount": 5}, "plain text"),
        ("refund", {"amount": 6}, {"status": "rejected"}),
    ]
    assert state.last == state.results[1:]


def test_the_same_conversation_gets_the_same_answer_again(ask: Ask) -> None:
    case = {"model": "scripted:refund-test", "task": '{"order": "W1"}'}
    first, again = ask(**case), ask(**case)
    assert first.requests == again.requests
    later = [ask(**case, history=first.messages, answers=answered(first, 1)).requests for _ in range(2)]
    assert later[0] == later[1]


def test_a_script_is_told_what_was_wrong(ask: Ask) -> None:
    case = {"model": "scripted:refund-test", "task": '{"order": "W1"}'}
    first = ask(**case)
    second = ask(**case, history=first.messages, answers=answered(first, 1), repair="No second look.")
    assert second.output == {"summary": "After all: No second look."}


def test_without_a_schema_the_final_words_are_text(ask: Ask) -> None:
    case = {"model": "scripted:refund-test", "task": '{"order": "W1"}', "output_schema": None}
    first = ask(**case)
    second = ask(**case, history=first.messages, answers=answered(first, 1), repair="Stop.")
    assert second.output == '{"summary": "After all: Stop."}'


def test_a_script_costs_nothing_and_invents_no_tokens(ask: Ask) -> None:
    used = ask(model="scripted:refund-test", task='{"order": "W1"}').usage
    assert (used.input_tokens, used.output_tokens, used.cost) == (0, 0, Decimal(0))


@pytest.mark.parametrize("task", ["raise", "stop", "nothing"])
def test_a_script_with_a_mistake_gives_a_problem_and_no_request(ask: Ask, task: str) -> None:
    given = ask(model="scripted:clumsy-test", task=task, timeout=3)
    assert (given.requests, given.final) == ((), False)
    assert "could not be read" in (given.problem or "")


def test_a_script_can_say_what_a_broken_model_says(ask: Ask) -> None:
    given = ask(model="scripted:clumsy-test", task="other")
    assert [(request.tool, request.written) for request in given.requests] == [("refund", "{")]


def test_a_name_belongs_to_one_script() -> None:
    scripted("refund-test")(_refund)
    with pytest.raises(ValueError, match="already a script"):
        scripted("refund-test")(_clumsy)


def test_a_script_that_does_not_exist_is_not_asked(ask: Ask) -> None:
    with pytest.raises(ModelUnavailable, match="no script named 'nobody'"):
        ask(model="scripted:nobody", output_schema=SCHEMA)
