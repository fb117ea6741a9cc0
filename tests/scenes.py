"""Scenes: a company behind its own MCP server, an agent at its desk, a workflow, and runs of it.

Everything here is real but the model, which is a script: the server is a process of its own with its own books.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from guardian.models import GroupObjectPermission

from agents import gateway
from agents.connectors import close_all
from agents.connectors.base import RemoteTool
from agents.models import Agent, Connection, Grant, Tool, ToolCall, ToolVersion
from agents.runtime import scripted
from agents.runtime.scripted import Say, ScriptState
from agents.states import Effect, Environment, GrantEffect, Reversibility, ToolState
from approvals.actions import Answer, decide
from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from audit import canonical
from orchestrator.accounts.models import User
from orchestrator.runs.engine import advancing
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_run
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.reading import definition_digest, read, to_canonical
from tests.world import World, a_connection, an_agent, contract_for

COMPANY = 2_000_000_000
"""The key of the company's connection, far from those that the database gives."""
WRITES = {
    "refund_order": ("Refund {amount} {currency} for order {order_id}", "amount"),
    "pay_claim": ("Pay {amount} for claim {claim_id}", "amount"),
    "send_mail": ("Send a mail to {to}", ""),
    "set_claim_status": ("Set claim {claim_id} to {status}", ""),
}

MAP = """
map:
  trigger: A customer writes.
  input: The number of the order.
  decision_points: ["What is owed: the terms of sale."]
  systems: [The shop]
  owner: Head of customer care
  exceptions: ["The order cannot be found: the customer is asked."]
  approvals: ["Every refund, by the Refund desk"]
  success_metric: Customers have an answer within four hours.
  fallback: Customer care answers by hand.
  risk_class: medium
"""
REFUND = """
name: refund
title: Refund
title_template: "Refund order {input.order_id}"
input:
  type: object
  additionalProperties: false
  properties:
    order_id: {type: string, maxLength: 20}
    amount: {type: string, maxLength: 20}
  required: [order_id]
risk:
  review_from: 100
  reviewers: {team: Refund desk}
steps:
  - id: look
    title: Look into it
    kind: agent
    agent: support
    task: Refund what is owed for order ${input.order_id}.
    output: {type: object, additionalProperties: false, properties: {told: {}}}
    with: {order_id: "${input.order_id}", amount: "${input.amount?}"}
"""


@dataclass
class Company:
    """The sample company as Holdshort knows it, and what its own books say."""

    connection: Connection
    books: Path
    agent: Agent
    desk: Group
    tools: dict[str, Tool] = field(default_factory=dict)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the company itself has on its books: the witness that Holdshort cannot influence."""
        with sqlite3.connect(self.books) as books:
            return books.execute(sql, values).fetchall()

    def effects(self) -> int:
        """How many effects the company has had, by its own log."""
        return int(self.rows("SELECT count(*) FROM effects")[0][0])

    def calls(self) -> int:
        """How many calls have arrived at the company, repetitions included."""
        return int(self.rows("SELECT count(*) FROM calls")[0][0])


@pytest.fixture(scope="session")
def company_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the company keeps its books for this run.

    One process serves all tests, because starting one takes a second.
    """
    os.environ["HOLDSHORT_COMPANY_DB"] = str(tmp_path_factory.mktemp("company") / "company.sqlite")
    yield Path(os.environ.pop("HOLDSHORT_COMPANY_DB"))
    close_all()


@pytest.fixture
def company(world: World, company_books: Path) -> Company:
    """The company with a support agent that may read everything and write only after a review by the Refund desk."""
    os.environ["HOLDSHORT_COMPANY_DB"] = str(company_books)
    company = a_company(world, company_books)
    fresh = company_books.with_suffix(".fresh")
    first = not fresh.exists()
    with sqlite3.connect(company_books) as books, sqlite3.connect(fresh) as copy:
        books.backup(copy) if first else copy.backup(books)
    return company


def a_company(world: World, books: Path) -> Company:
    """The company, its tools as its server lists them, classified, and an agent for them.

    The connection has the same key in every test, so that all of them have the one server process.
    """
    connection = a_connection("company", pk=COMPANY)
    agent = an_agent("support", owner=world.hana, acts_for=world.refund_desk, title="Support agent")
    company = Company(connection, books, agent, world.refund_desk)
    remotes = gateway.discover(connection).tools
    tools = [Tool(connection=connection, name=remote.name, state=ToolState.READY) for remote in remotes]
    Tool.objects.bulk_create(tools)
    by = User.objects.order_by("pk")[0]
    contracts = [_contract(tool, remote, by) for tool, remote in zip(tools, remotes, strict=True)]
    for tool, contract in zip(tools, ToolVersion.objects.bulk_create(contracts), strict=True):
        tool.current = contract
    Tool.objects.bulk_update(tools, ["current"])
    GroupObjectPermission.objects.bulk_assign_perm("use_tool", agent.acts_for_team, tools)
    Grant.objects.bulk_create(_grant(company, tool) for tool in tools)
    company.tools.update({tool.name: tool for tool in tools})
    return company


def _contract(tool: Tool, remote: RemoteTool, by: User) -> ToolVersion:
    sentence, amount = WRITES.get(remote.name, ("", ""))
    writes = remote.name in WRITES
    return contract_for(
        tool,
        number=1,
        created_by=by,
        description=remote.description,
        input_schema=remote.input_schema,
        output_schema=remote.output_schema,
        server_digest=remote.digest,
        effect=Effect.WRITE if writes else Effect.READ,
        reversibility=Reversibility.COMPENSABLE if writes else Reversibility.REVERSIBLE,
        sentence=sentence,
        short_sentence="",
        amount_argument=amount,
        timeout_seconds=10,
    )


def _grant(company: Company, tool: Tool) -> Grant:
    writes = tool.name in WRITES
    return Grant(
        agent=company.agent,
        tool=tool,
        environment=Environment(company.connection.environment),
        effect=GrantEffect.REVIEW if writes else GrantEffect.ALLOWED,
        review_team=company.desk if writes else None,
        changed_by=company.agent.owner,
    )


@pytest.fixture
def script() -> Iterator[Callable[[Callable[[ScriptState], Say]], None]]:
    """Make a function the script of `scripted:test`, for this test."""

    def use(function: Callable[[ScriptState], Say]) -> None:
        scripted._scripts["test"] = function

    yield use
    scripted._scripts.pop("test", None)


def a_workflow(text: str = REFUND, *, owner: User | None = None) -> WorkflowVersion:
    """A published workflow version."""
    definition = read(text)
    owner = owner or User.objects.get(name="Hana Sato")
    known = {"title": definition.title, "owner": owner}
    workflow, _ = Workflow.objects.get_or_create(name=definition.name, defaults=known)
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=workflow.versions.count() + 1,
        source=text,
        definition=to_canonical(definition),
        digest=definition_digest(definition),
        created_by=owner,
    )
    workflow.current = version
    workflow.save(update_fields=["current"])
    return version


def a_run(version: WorkflowVersion, by: User, **values: Any) -> Run:
    """A run that was just started; nothing has moved yet."""
    return start_run(version=version, by=by, values=values, trigger=Run.Trigger.FORM)


def drive(run: Run) -> Run:
    """Do what a worker would do for this run now."""
    advancing.advance(run.ref)
    run.refresh_from_db()
    return run


def told(run: Run) -> Any:
    """What the agent of the refund workflow says it was told."""
    assert run.output is not None, run.reason
    return run.output["look"]["told"]


def open_reviews(run: Run) -> list[Review]:
    """The reviews of a run that wait for a person, oldest first."""
    return list(Review.objects.filter(run_ref=run.ref, state=ReviewState.OPEN).order_by("pk"))


def say(review: Review, by: User, verdict: Verdict, **more: Any) -> Decision:
    """Decide a review as it stands now."""
    review.refresh_from_db()
    answer = Answer(verdict=verdict, digest=review.digest, version=review.version, **more)
    return decide(user=by, ref=review.ref, answer=answer)


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call as they are stored."""
    value: dict[str, Any] = canonical.parse(bytes(call.arguments))
    return value


def a_paid_order(company: Company) -> tuple[str, str]:
    """An order on the company's books that was paid and never refunded, and the amount paid."""
    order, cents = company.rows(
        "SELECT order_id, sum(amount_cents) FROM payments WHERE state = 'captured' AND order_id NOT IN "
        "(SELECT order_id FROM refunds) GROUP BY order_id ORDER BY order_id LIMIT 1"
    )[0]
    return str(order), f"{cents / 100:.2f}"
