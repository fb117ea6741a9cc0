"""Calls that need nobody and change nothing: what is the same for each of them is worked out once.

A read that its grant allows is judged on facts that seldom change. A passage holds them, together with the number that
the database counts with every change of such facts (`agents.models.Rules`). Whoever stores what a passage read compares
the number in the same statement: if anything has changed since, nothing of it is stored, and the call is proposed again
in the ordinary way. So a passage saves work, and never a check.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F

from agents.connectors import CallContext, ConnectorError, Target, connector_for
from agents.contracts import (
    BadArguments,
    BadSchema,
    Checker,
    Prepared,
    Promise,
    binding_digest,
    check_result,
    checker_for,
    prepare,
    promise_of,
)
from agents.digests import agent_digest, contract_digest
from agents.gateway.execute import LATEST_BEGIN, MAX_RESULT
from agents.gateway.facts import facts_of
from agents.gateway.propose import find_tool
from agents.gateway.targets import MissingSecret, UnknownProgram, target_of
from agents.gateway.trail import masked
from agents.models import AgentVersion, Connection, Stop, ToolVersion
from agents.states import CallState, Effect
from agents.stopping import holding
from agents.verdicts import Outcome, Route, judge
from audit import canonical, text
from audit.ids import new_ref
from audit.log import Party, party


@dataclass(frozen=True)
class Asked:
    """Which call: for which step of which run, with what, and when it was asked for."""

    run_ref: UUID
    step_ref: UUID
    within: tuple[UUID, ...]
    key: str
    arguments: Mapping[str, Any]
    at: datetime
    begin_by: float


@dataclass(frozen=True)
class Read:
    """A call that was made: the columns of its ToolCall, its result or why it failed, and what the record says.

    A column may hold its text, in bytes.
    """

    columns: dict[str, Any]
    result: Any
    error: str
    told: dict[str, Any]


@dataclass(frozen=True)
class Passage:
    """Leave to read with one tool for one agent, while the rules are at `revision`."""

    revision: int
    version: AgentVersion
    contract: ToolVersion
    tool_name: str
    environment: str
    target: Target
    trace: list[dict[str, str]]
    risk: dict[str, Any]
    review_from: int
    stops: tuple[Stop, ...] = field(repr=False)

    @cached_property
    def actor(self) -> Party:
        """Who acts, as the record names them."""
        return party(self.version.agent)

    @cached_property
    def _checker(self) -> Checker:
        return checker_for(self.contract.input_schema)

    @cached_property
    def _promised(self) -> dict[str, Any] | Promise | None:
        schema = self.contract.output_schema
        try:
            return promise_of(schema) if schema else schema
        except BadSchema:
            return schema  # whoever checks a result says so

    @cached_property
    def _same(self) -> dict[str, bytes]:
        """The columns that are the same for every call, as texts: by whom, with what, and why it may be made."""
        return {
            "agent_version_id": b"%d" % self.version.pk,
            "tool_version_id": b"%d" % self.contract.pk,
            "tool_name": self.tool_name.encode(),
            "environment": self.environment.encode(),
            "review_from": b"%d" % self.review_from,
            "trace": json.dumps(self.trace).encode(),
            "risk": json.dumps(self.risk).encode(),
        }

    @cached_property
    def _refs(self) -> frozenset[UUID]:
        tool = self.contract.tool
        return frozenset({self.version.agent.ref, tool.ref, tool.connection.ref})

    def is_stopped(self, around: Iterable[UUID], began_at: datetime | None) -> bool:
        """Whether an open stop holds back a call in what has these refs."""
        return _is_stopped(self.stops, self._refs.union(around), began_at)

    def read(self, asked: Asked) -> Read | None:
        """Make the call. None when its arguments will not do, and nothing was asked: then it goes the ordinary way."""
        try:
            prepared = prepare(asked.arguments, self._checker)
        except (BadArguments, BadSchema):
            return None
        ref, contract = str(new_ref()), self.contract
        context = CallContext(
            idempotency_key=ref,
            timeout=float(contract.timeout_seconds),
            agent=self.version.agent.name,
            environment=self.environment,
            run_ref=asked.run_ref,
            step_ref=asked.step_ref,
            begin_by=asked.begin_by + LATEST_BEGIN,
        )
        value, error = self._call(prepared.value, context)
        return self._as_row(ref, asked, prepared, text.escape_deep(value), text.escape(error))

    def _call(self, arguments: dict[str, Any], context: CallContext) -> tuple[Any, str]:
        """What the tool answered, and why it failed if it did."""
        try:
            reply = connector_for(self.target.kind).call(self.target, self.contract.tool.name, arguments, context)
        except ConnectorError as error:
            return None, str(error)
        if not reply.ok:
            return None, reply.error or "The tool refused."
        value, problem = check_result(reply.value, self._promised, MAX_RESULT)
        return (None, problem) if problem else (value, "")

    def _as_row(self, ref: str, asked: Asked, prepared: Prepared, result: Any, error: str) -> Read:
        run = str(asked.run_ref)
        digest = binding_digest(
            tool=self.tool_name,
            contract_digest=self.contract.digest,
            arguments=prepared.canonical,
            environment=self.environment,
            agent_digest=self.version.digest,
            run=run,
        )
        columns = {
            **self._same,
            "ref": ref.encode(),
            "run_ref": run.encode(),
            "step_ref": asked.step_ref,
            "within": list(asked.within),
            "step_began_at": asked.at,
            "call_key": asked.key,
            "arguments": prepared.canonical,
            "digest": digest,
            "proposed_at": asked.at,
            "state": CallState.FAILED.value if error else CallState.SUCCEEDED.value,
            "result": result,
            "error": error,
        }
        sensitive = self.contract.sensitive
        told = {
            "call": ref,
            "tool": self.tool_name,
            "digest": digest,
            "arguments": masked(prepared.value, sensitive),
            "result": masked(result, sensitive),
            "error": error,
        }
        return Read(columns, result, error, told)


@dataclass(frozen=True)
class _Page:
    """What was worked out at one revision of the rules."""

    revision: int
    stops: tuple[Stop, ...]
    known: dict[tuple[str, str, str, int], Passage | None] = field(default_factory=dict)


class Book:
    """The passages that this process has worked out, all at one revision of the rules. Threads may share it."""

    def __init__(self) -> None:
        self._page = _Page(0, ())

    def passage(
        self, revision: int | None, *, agent: str, tool: str, environment: str, review_from: int
    ) -> Passage | None:
        """Leave for an agent to read with a tool, both by name; None where there is none."""
        if revision is None:
            return None
        page, key = self._page_at(revision), (agent, tool, environment, review_from)
        if key not in page.known:
            page.known[key] = self._work_out(page, *key)
        return page.known[key]

    def is_stopped(self, revision: int, refs: Iterable[UUID], began_at: datetime | None) -> bool:
        """Whether an open stop holds back what has these refs."""
        return _is_stopped(self._page_at(revision).stops, frozenset(refs), began_at)

    def _page_at(self, revision: int) -> _Page:
        page = self._page  # another thread may turn it
        if page.revision != revision:
            open_stops = Stop.objects.filter(released_at=None).select_related("set_by").order_by("pk")
            page = self._page = _Page(revision, tuple(open_stops))
        return page

    @staticmethod
    def _work_out(page: _Page, agent: str, tool_name: str, environment: str, review_from: int) -> Passage | None:
        versions = AgentVersion.objects.select_related("agent__acts_for_user", "agent__acts_for_team", "agent__owner")
        version = versions.filter(agent__name=agent, pk=F("agent__current")).first()
        tool, contract = find_tool(tool_name, environment)
        if version is None or tool is None or contract is None:
            return None
        contract.tool = tool
        if not _qualifies(contract, version):
            return None
        facts = facts_of(
            agent_version=version,
            tool=tool,
            tool_name=tool_name,
            contract=contract,
            environment=environment,
            arguments={},
            problems=(),
            review_from=review_from,
            fallback=Route(),
        )
        verdict = judge(facts)
        if verdict.outcome != Outcome.ALLOW:
            return None
        try:
            target = target_of(tool.connection, timeout=float(contract.timeout_seconds))
        except (UnknownProgram, MissingSecret):
            return None
        return Passage(
            revision=page.revision,
            version=version,
            contract=contract,
            tool_name=tool_name,
            environment=environment,
            target=target,
            trace=verdict.trace(),
            risk=verdict.risk.as_json(),
            review_from=review_from,
            stops=page.stops,
        )


def _is_stopped(stops: Iterable[Stop], refs: frozenset[UUID], began_at: datetime | None) -> bool:
    return bool(holding([stop for stop in stops if stop.of_everything or stop.thing in refs], began_at))


def _qualifies(contract: ToolVersion, version: AgentVersion) -> bool:
    """Whether this is an untampered contract of a tool in this very process that only reads."""
    if contract.effect != Effect.READ or contract.tool.connection.kind != Connection.Kind.PYTHON:
        return False
    try:
        return contract_digest(contract) == contract.digest and agent_digest(version) == version.digest
    except canonical.NotCanonical:
        return False
