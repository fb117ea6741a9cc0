"""Runs as the engine leaves them behind, written by hand: for tests of pages, which must not depend on agents."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from guardian.shortcuts import assign_perm

from agents.models import Agent, ToolCall
from agents.states import CallState, Environment
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState
from audit import canonical
from audit.clock import db_now
from audit.log import SYSTEM, Party, party, record
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run, Step, Turn
from orchestrator.runs.states import RUN_ENDED, RunState, StepState
from orchestrator.workflows.models import Workflow, WorkflowVersion
from tests.world import an_agent

STEPS = [
    {"id": "look", "title": "Look up the order", "kind": "agent"},
    {"id": "ask", "title": "Ask the customer", "kind": "human"},
    {"id": "pay", "title": "Pay it back", "kind": "tool"},
]


def a_version(owner: User, name: str = "refund") -> WorkflowVersion:
    """A workflow with three steps, one of each kind."""
    workflow = Workflow.objects.create(name=name, title=name.capitalize(), owner=owner)
    definition = {"name": name, "title": name.capitalize(), "steps": STEPS}
    version = WorkflowVersion.objects.create(
        workflow=workflow, number=1, source="", definition=definition, digest="0" * 64, created_by=owner
    )
    workflow.current = version
    workflow.save(update_fields=["current"])
    return version


def a_told_run(version: WorkflowVersion, by: User, *, state: RunState = RunState.WAITING, **fields: Any) -> Run:
    """A run without steps or events."""
    now = db_now()
    ended = state in RUN_ENDED
    values: dict[str, Any] = {
        "title": "Refund order O-1042",
        "environment": Environment.PRODUCTION,
        "trigger": Run.Trigger.FORM,
        "input": {"order_id": "O-1042"},
        "created_at": now - timedelta(minutes=30),
        "finished_at": now if ended else None,
        "wake_at": None if ended else now,
    }
    return Run.objects.create(workflow_version=version, started_by=by, state=state, **values | fields)


def a_told_step(run: Run, position: int = 1, *, state: StepState = StepState.SUCCEEDED, **fields: Any) -> Step:
    """A step that took a minute, or is still going on."""
    begun = run.created_at + timedelta(minutes=position)
    values: dict[str, Any] = {
        "key": f"s{position}",
        "title": f"Step number {position}",
        "kind": "agent",
        "started_at": begun,
        "finished_at": begun + timedelta(minutes=1) if state == StepState.SUCCEEDED else None,
    }
    return Step.objects.create(run=run, position=position, state=state, **values | fields)


def a_told_turn(step: Step, number: int = 1, *, start: datetime | None = None, seconds: float = 20) -> Turn:
    """A model's answer of `seconds`, at the beginning of the step unless told when."""
    start = start or step.started_at or step.run.created_at
    return Turn.objects.create(
        step=step,
        attempt=1,
        number=number,
        messages=b"[]",
        model="scripted:test",
        started_at=start,
        ended_at=start + timedelta(seconds=seconds),
    )


def a_told_call(step: Step, agent: Agent | None = None, *, seconds: float = 5, **fields: Any) -> ToolCall:
    """A call that was executed, 30 seconds into its step."""
    begun = (step.started_at or step.run.created_at) + timedelta(seconds=30)
    agent = agent or Agent.objects.first() or an_agent("refund_agent", title="Refund agent")
    values: dict[str, Any] = {
        "tool_name": "company.get_order",
        "arguments": canonical.dump({"order_id": "O-1042"}),
        "digest": "ab" * 32,
        "state": CallState.SUCCEEDED,
        "intent_at": begun,
        "finished_at": begun + timedelta(seconds=seconds),
    }
    return ToolCall.objects.create(
        agent_version=agent.current,
        environment=Environment.PRODUCTION,
        run_ref=step.run.ref,
        step_ref=step.ref,
        call_key=f"k{ToolCall.objects.count()}",
        **values | fields,
    )


def a_told_review(run: Run, step: Step, reviewer: User | Group, **fields: Any) -> Review:
    """A question to a person or team that is open since the step began."""
    now = db_now()
    who = {"team": reviewer} if isinstance(reviewer, Group) else {"person": reviewer}
    values: dict[str, Any] = {
        "kind": ReviewKind.FORM,
        "state": ReviewState.OPEN,
        "digest": "cd" * 32,
        "sentence": [],
        "short": "Refund 84.50 EUR",
        "workflow_name": "Refund",
        "dossier": {},
        "opened_at": step.started_at or now,
        "due_at": now + timedelta(minutes=10),
        "expires_at": now + timedelta(hours=1),
    }
    review = Review.objects.create(
        run_ref=run.ref, step_ref=step.ref, started_by=run.started_by, **who, **values | fields
    )
    assign_perm("decide_review", reviewer, review)
    return review


def tell(run: Run, verb: str, *, actor: Party = SYSTEM, subject: Party | None = None, **data: Any) -> Entry:
    """One event in the run's stream."""
    with transaction.atomic():
        return record(verb, actor=actor, subject=subject or party(run), stream=f"run:{run.ref}", data=data)
