"""Recorded agents: each case is replayed turn by turn, whatever the answers are, and ends."""

import json

import pytest

from agents.runtime.exchange import ModelUnavailable, ToolAnswer
from agents.runtime.recorded import Recording, names, register_recording
from tests.runtime.conftest import Ask

LOADED: list[str] = []


def _load() -> Recording:
    LOADED.append("once")
    return {
        "7": [
            [{"name": "get_order", "arguments": {"order_id": "#W1"}}],
            [
                {"name": "refund", "arguments": {"amount": 5, "reasoning": "r", "tool": "t"}},
                {"name": "gone", "arguments": {}},
            ],
        ],
        "8": [{"output": {"summary": "Nothing to do."}}],
        "9": [],
    }


register_recording("replay-test", _load)


def play(ask: Ask, case: object, answer: object) -> tuple[list[tuple[str, object]], object]:
    """All calls of a case, each answered alike, and its output."""
    calls, given = [], ask(model="recorded:replay-test", task=json.dumps({"case": case}))
    while not given.final:
        calls += [(request.tool, json.loads(request.arguments)) for request in given.requests]
        answers = [ToolAnswer(request.call_id, request.tool, answer) for request in given.requests]
        task = json.dumps({"case": case})
        given = ask(model="recorded:replay-test", task=task, history=given.messages, answers=answers)
    return calls, given.output


@pytest.mark.parametrize("answer", [{"status": "done"}, {"status": "rejected", "reason": "no"}, "Error: no such order"])
@pytest.mark.parametrize("case", ["7", 7])
def test_a_case_is_replayed_whatever_its_calls_are_answered(ask: Ask, case: object, answer: object) -> None:
    calls, output = play(ask, case, answer)
    assert calls == [
        ("get_order", {"order_id": "#W1"}),
        ("refund", {"amount": 5, "reasoning": "r", "tool": "t"}),
        ("gone", {}),
    ]
    assert output == {"summary": "Replayed all 3 recorded calls of case 7."}


def test_a_recorded_end_is_the_end(ask: Ask) -> None:
    assert play(ask, "8", None) == ([], {"summary": "Nothing to do."})
    assert play(ask, "9", None) == ([], {"summary": "Replayed all 0 recorded calls of case 9."})


def test_a_recording_is_loaded_once_and_only_when_needed(ask: Ask) -> None:
    assert "replay-test" in names()
    play(ask, "9", None)
    play(ask, "9", None)
    assert len(LOADED) == 1


@pytest.mark.parametrize("task", ['{"case": "unknown"}', "{}", "[]", "no JSON", '{"case": null}', '{"case": {}}'])
def test_a_case_that_was_not_recorded_is_refused(ask: Ask, task: str) -> None:
    with pytest.raises(ModelUnavailable, match="'replay-test' has no case") as raised:
        ask(model="recorded:replay-test", task=task)
    assert not raised.value.retry


def test_a_name_belongs_to_one_recording() -> None:
    with pytest.raises(ValueError, match="already a recording"):
        register_recording("replay-test", dict)
