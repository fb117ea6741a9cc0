"""Setting up the demonstration: complete, repeatable, respectful of what people changed, and never in production."""

import csv
import sqlite3
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from agents import actions, gateway
from agents.connectors import ListReport, RemoteTool, close_all
from agents.contracts import prepare
from agents.models import Agent, Grant, Stop, Tool
from agents.states import GrantEffect, StopMode, StopScope, ToolState
from approvals.actions import Answer, decide
from approvals.models import Decision, Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.runs.engine import advancing
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.samples import contracts, norrland, people, tasks
from orchestrator.samples.areas import AREAS
from orchestrator.samples.cases import CLAIM, REFUND, as_csv, cases
from orchestrator.samples.company.tools import TOOLS
from orchestrator.samples.company.tools import Tool as CompanyTool
from orchestrator.workflows.models import Workflow
from tests.samples.company import TODAY

FILES = Path(norrland.__file__).with_name("files")


@pytest.fixture
def stage(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty desk and a company nobody has asked for anything; what it gives is the path of the company's books."""
    monkeypatch.setenv("HOLDSHORT_COMPANY_DB", str(tmp_path / "company.sqlite"))
    monkeypatch.setenv("HOLDSHORT_COMPANY_TODAY", TODAY)
    settings.HOLDSHORT_HOME = tmp_path
    settings.HOLDSHORT_MODEL = ""
    settings.HOLDSHORT_HOLD_SECONDS = 0
    yield tmp_path / "company.sqlite"
    close_all()


@pytest.fixture
def books(stage: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop and the claims of Norrland Group, without the other parts of the business, set up.

    The tool list is made here: starting a company for each test takes a second.
    """
    monkeypatch.setattr(norrland, "TEAM_OF_WORKFLOW", {REFUND: people.CARE, CLAIM: people.CLAIMS})
    monkeypatch.setattr(norrland, "AGENTS", [pair for pair in norrland.AGENTS if pair[0].name in ("support", "claims")])
    monkeypatch.setattr(norrland, "FIRST_RUNS", norrland.PICTURED)
    monkeypatch.setattr(norrland, "stream", cases)
    listed = tuple(as_listed(TOOLS[name]) for name in contracts.CONTRACTS)
    ask = gateway.discover
    with monkeypatch.context() as patch:
        patch.setattr(
            gateway, "discover", lambda one: ListReport(listed) if one.name == norrland.CONNECTION else ask(one)
        )
        again()
    return stage


def as_listed(tool: CompanyTool) -> RemoteTool:
    """A tool as the company's server lists it."""
    takes, answers = tool.schemas()
    return RemoteTool(tool.name, tool.title, tool.description, takes, answers, {})


def again() -> None:
    norrland.load(lambda stage: None)


def drive() -> None:
    """What workers do when the bell rings."""
    for ref in Run.objects.exclude(wake_at=None).order_by("pk").values_list("ref", flat=True):
        advancing.advance(ref)


def approve(review: Review, by: User, **form: Any) -> Decision:
    verdict = Verdict.ANSWER if form else Verdict.APPROVE
    answer = Answer(verdict, review.digest, review.version, form=form or None)
    return decide(user=by, ref=review.ref, answer=answer)


def rows(books: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(books) as connection:
        return connection.execute(sql).fetchall()


def test_everything_is_there_after_the_first_load(stage: Path) -> None:
    again()
    assert {email for _, email, _ in people.demo_sign_ins()} < set(User.objects.values_list("email", flat=True))
    assert {tool.name for tool in Tool.objects.filter(state=ToolState.READY)} >= {"refund_order", "pay_claim"}
    assert not Tool.objects.exclude(state=ToolState.READY).exists()
    assert set(Workflow.objects.values_list("name", flat=True)) == set(norrland.TEAM_OF_WORKFLOW)
    assert Run.objects.count() == norrland.FIRST_RUNS
    reviewed = Grant.objects.filter(effect=GrantEffect.REVIEW).values_list("tool__name", flat=True)
    assert set(reviewed) == {"refund_order", "pay_claim", "send_mail", "publish_content"}


def test_the_parts_of_the_business_take_turns_after_the_pictured_cases() -> None:
    stream = norrland.stream()
    assert stream[: norrland.PICTURED] == cases()[: norrland.PICTURED]
    assert {case.workflow for case in stream[norrland.PICTURED :][:6]} == set(norrland.TEAM_OF_WORKFLOW)
    assert len(stream) == len(cases()) + sum(len(area.cases) for area in AREAS)


def test_everyday_cases_are_none_of_the_files_to_upload() -> None:
    """So that starting a file in the browser meets a company on which nothing was done yet."""
    for area in AREAS:
        text = (FILES / f"{area.workflow}.csv").read_text(encoding="utf-8")
        first = [row[0] for row in csv.reader(text.splitlines(keepends=True))]
        assert not {next(iter(case.input.values())) for case in area.cases} & set(first)


def test_loading_again_changes_nothing(books: Path) -> None:
    entries = Entry.objects.count()
    again()
    assert Entry.objects.count() == entries
    assert Run.objects.count() == norrland.FIRST_RUNS


def test_what_an_admin_changed_stays_changed(books: Path) -> None:
    hana = people.person("Admin")
    agent, tool = Agent.objects.get(name="support"), Tool.objects.get(name="send_mail")
    actions.set_grant(agent=agent, tool=tool, effect=None, by=hana)
    actions.stop(by=hana, scope=StopScope.AGENT, ref=agent.ref, mode=StopMode.NOW, reason="It pays twice.")
    again()
    assert Stop.objects.get(thing=agent.ref).is_open
    assert not Grant.objects.filter(agent=agent, tool=tool).exists()


def test_everybody_can_sign_in_but_the_portal(books: Path) -> None:
    for _, email, password in people.demo_sign_ins():
        assert User.objects.get(email=email).check_password(password)
    assert not people.person("Customer portal").has_usable_password()


def test_production_gets_no_sample_people(db: None, settings: Any) -> None:
    settings.PRODUCTION = True
    assert people.demo_sign_ins() == []
    with pytest.raises(ImproperlyConfigured, match="published passwords"):
        again()
    assert not User.objects.exists()


def test_one_variable_switches_the_agents_to_a_real_model_and_back(books: Path, settings: Any) -> None:
    agent = Agent.objects.get(name="claims")

    def model() -> str:
        agent.refresh_from_db()
        assert agent.current
        return agent.current.model

    assert model() == "scripted:claims-payout"
    settings.HOLDSHORT_MODEL = "openai-compatible:qwen@http://127.0.0.1:9/v1"
    again()
    assert model() == settings.HOLDSHORT_MODEL
    settings.HOLDSHORT_MODEL = ""
    again()
    assert model() == "scripted:claims-payout"
    assert agent.versions.count() == 3


def test_the_first_cases_wait_for_the_right_teams(books: Path) -> None:
    drive()
    routes = {(review.workflow_name, str(review.team)) for review in Review.objects.filter(state=ReviewState.OPEN)}
    assert routes == {("Customer refund", people.CARE), ("Claim payout", people.CLAIMS)}
    pay = Review.objects.get(short="Pay Oskar Lindqvist, claim MC-20417")
    assert "€18,450.00" in "".join(part["text"] for part in pay.sentence)
    assert pay.amount == "€18,450.00"


def test_a_refund_happens_once_it_is_approved_and_the_customer_is_told(books: Path) -> None:
    drive()
    assert rows(books, "SELECT count(*) FROM effects") == [(0,)]
    approve(Review.objects.get(short="Refund order 88-10392"), people.person("Reviewer"))
    drive()
    run = Run.objects.get(input__order_id="88-10392")
    assert run.state == RunState.SUCCEEDED, run.reason
    assert run.output is not None
    assert run.output["refunded"] == "642.10"
    assert rows(books, "SELECT tool FROM effects ORDER BY id") == [("refund_order",), ("send_mail",)]
    assert "642.10 EUR" in rows(books, "SELECT body FROM outbox")[0][0]


def test_a_claim_goes_all_the_way(books: Path) -> None:
    ines, tomas = people.person("Reviewer"), people.person("Second reviewer")
    drive()
    approve(Review.objects.get(short="Pay Glasverk Uppsala AB, claim MC-20433"), ines)
    drive()
    run = Run.objects.get(input__claim_id="MC-20433")
    approve(Review.objects.get(run_ref=run.ref, kind=ReviewKind.FORM), tomas, recourse="other driver")
    drive()
    letter = Review.objects.get(run_ref=run.ref, kind=ReviewKind.ACTION, state=ReviewState.OPEN)
    approve(letter, ines)
    drive()
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.reason
    assert run.output == {
        "outcome": "paid",
        "paid": "2310.00",
        "summary": "Paid 2310.00 EUR.",
        "recourse": "other driver",
    }
    assert rows(books, "SELECT status FROM claims WHERE id = 'MC-20433'") == [("paid",)]


def test_cases_trickle_in_until_enough_wait(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drive()
    before = Run.objects.count()
    tasks.trickle()
    assert Run.objects.count() == before + 1
    monkeypatch.setattr(tasks, "OPEN_REVIEWS", 5)
    tasks.trickle()
    assert Run.objects.count() == before + 1


def test_every_case_is_started_once_and_then_there_are_no_more(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = cases()[: norrland.FIRST_RUNS + 2]
    monkeypatch.setattr(norrland, "stream", lambda: few)
    assert [norrland.start_next() for _ in range(4)] == [True, True, False, False]
    assert list(Run.objects.order_by("pk").values_list("input", flat=True)) == [case.input for case in few]


def test_the_command_tells_what_it_does_or_why_it_cannot(stage: Path, settings: Any) -> None:
    settings.HOLDSHORT_SAMPLES = "nordland"
    with pytest.raises(CommandError, match="Set it to one of: norrland, retail"):
        call_command("load_samples")
    settings.HOLDSHORT_SAMPLES = "norrland"
    settings.HOLDSHORT_MODEL = "gpt"
    with pytest.raises(CommandError, match=r"HOLDSHORT_MODEL cannot be used\. 'gpt' is not a model"):
        call_command("load_samples", verbosity=0)
    settings.HOLDSHORT_MODEL = ""
    out = StringIO()
    call_command("load_samples", stdout=out)
    assert out.getvalue().splitlines()[-1] == "First cases"
    assert Run.objects.count() == norrland.FIRST_RUNS


@pytest.mark.parametrize("workflow", [REFUND, CLAIM])
def test_the_files_to_upload_have_twenty_cases_that_fit(books: Path, workflow: str) -> None:
    text = (FILES / f"{workflow}.csv").read_bytes().decode()
    assert text == as_csv(workflow), "Write the file anew from as_csv"
    version = Workflow.objects.get(name=workflow).current
    assert version is not None
    read = list(csv.DictReader(text.splitlines(keepends=True)))
    assert len(read) == 20
    for row in read:
        prepare(row, version.definition["input"])
