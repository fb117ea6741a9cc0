"""The example workflows of the sample company, played case by case: real engine, real company, scripted agents.

What is expected of each row of `orchestrator/samples/files/NAME.csv` stands in `NAME.outcomes.json` beside it:

    about     what the case is about
    answer    what people write into the form, where they are asked
    verdicts  what they say to actions and escalations, in order; without, they approve actions and end what failed
    value     what they put in the place of a step's output, where they skip it
    events    what the customer sends, one after the other, while a step waits for it
    state     how the run ends
    output    its output
    effects   what the company's own log says was done, in order
    asked     what people were asked, in order
    reason    why it did not succeed
"""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agents.connectors import ListReport, RemoteTool, close_all
from approvals.actions import Answer, decide
from approvals.models import Review
from approvals.states import ReasonCode, ReviewKind, ReviewState, Verdict
from orchestrator.runs.engine import advancing
from orchestrator.runs.models import Run, Step
from orchestrator.runs.starting.actions import start_run
from orchestrator.runs.starting.cases import read_cases
from orchestrator.runs.starting.events import receive_event
from orchestrator.runs.states import RUN_ENDED, StepState
from orchestrator.samples import norrland, people, setup
from orchestrator.samples.areas import AREAS
from orchestrator.samples.areas.area import Area
from orchestrator.samples.company.database import open_company
from orchestrator.samples.company.tools import TOOLS
from orchestrator.workflows.models import Workflow
from tests.samples.company import TODAY

FILES = Path(norrland.__file__).with_name("files")
MOST_LOOKS = 60
NUMBER = re.compile(r"^[A-Z]{1,2}-7\d{4}$")

Row = dict[str, Any]


@dataclass
class Played:
    """What became of one case."""

    state: str
    reason: str
    output: Row | None
    effects: list[str]
    asked: list[str]


@pytest.fixture
def stage(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty desk and a company on its first day; what it gives is the path of the company's books."""
    monkeypatch.setenv("HOLDSHORT_COMPANY_DB", str(tmp_path / "company.sqlite"))
    monkeypatch.setenv("HOLDSHORT_COMPANY_TODAY", TODAY)
    settings.HOLDSHORT_HOME = tmp_path
    settings.HOLDSHORT_MODEL = ""
    settings.HOLDSHORT_HOLD_SECONDS = 0
    yield tmp_path / "company.sqlite"
    close_all()


def differences(workflow: str, books: Path) -> list[str]:
    """Play every case of a workflow, one after the other. Gives a line for everything that was not as expected."""
    found = []
    for place, (values, told) in enumerate(zip(rows_of(workflow), expected(workflow), strict=True), start=2):
        played = play(workflow, values, told, books)
        wanted = Played(told["state"], told.get("reason", ""), told.get("output"), told["effects"], told["asked"])
        if played != wanted:
            found.append(f"Row {place}, {told['about']}:\n  is     {played}\n  wanted {wanted}")
    return found


def cells_of(workflow: str) -> list[str]:
    """Each row of the file to upload as one text."""
    text = (FILES / f"{workflow}.csv").read_text(encoding="utf-8")
    return [" ".join(row) for row in csv.reader(text.splitlines(keepends=True))]


def is_hostile(text: str) -> bool:
    """Whether a text gives orders to whoever reads it."""
    return "ignore your rules" in text.casefold() or "system:" in text.casefold()


def area_of(workflow: str) -> Area:
    """The part of the business that a workflow belongs to."""
    return next(area for area in AREAS if area.workflow == workflow)


def set_up(workflow: str) -> None:
    """The people, tools and agents of one workflow, and the workflow itself."""
    area = area_of(workflow)
    names = {name for agent in area.agents for name in agent.grants}
    listed = tuple(
        RemoteTool(tool.name, tool.title, tool.description, *tool.schemas(), {})
        for tool in TOOLS.values()
        if tool.name in names
    )
    people.ensure_people()
    admin, team = people.person("Admin"), people.team(area.team)
    with patch("agents.gateway.discover", lambda connection: ListReport(listed)):
        connection = setup.ensure_tools("company", "Norrland Group", norrland.CONTRACTS, admin)
    for agent in area.agents:
        setup.ensure_agent(agent, team, connection, admin)
    text = (norrland.DEFINITIONS / f"{workflow}.yaml").read_bytes()
    setup.ensure_workflow(workflow, text, team, admin)


def rows_of(workflow: str) -> list[Row]:
    """The inputs in the file to upload, as the page that reads it understands them."""
    version = Workflow.objects.select_related("current").get(name=workflow).current
    assert version is not None
    read = read_cases((FILES / f"{workflow}.csv").read_bytes(), version.definition["input"])
    assert not read.problems, read.problems
    assert not [case.problems for case in read.cases if case.problems]
    return [case.value for case in read.cases if case.value is not None]


def expected(workflow: str) -> list[Row]:
    """What is expected of each row."""
    outcomes: list[Row] = json.loads((FILES / f"{workflow}.outcomes.json").read_text(encoding="utf-8"))
    return outcomes


def play(workflow: str, values: Row, told: Row, books: Path) -> Played:
    """Start one case and be everybody it needs until it has ended."""
    before = len(_effects(books))
    run = start(workflow, values)
    people_say = _People(told)
    for _ in range(MOST_LOOKS):
        drive()
        run.refresh_from_db()
        if run.state in RUN_ENDED or not people_say.something():
            break
    return Played(run.state, run.reason, _unnumbered(run.output), _effects(books)[before:], people_say.asked)


def _unnumbered(output: Row | None) -> Row | None:
    """An output without the numbers that the company gave: they depend on what was done before."""
    if output is None:
        return None
    return {key: NUMBER.sub("a number", value) if isinstance(value, str) else value for key, value in output.items()}


def start(workflow: str, values: Row) -> Run:
    """A run of this case that has not moved yet."""
    version = Workflow.objects.select_related("current__workflow").get(name=workflow).current
    assert version is not None
    return start_run(version=version, by=people.person("Customer portal"), values=values, trigger=Run.Trigger.CSV)


def drive() -> None:
    """What workers do, until nothing moves any more."""
    seen: Any = None
    while seen != (now := list(Step.objects.order_by("pk").values_list("pk", "state", "attempt"))):
        seen = now
        for ref in Run.objects.exclude(state__in=RUN_ENDED).order_by("-pk").values_list("ref", flat=True):
            advancing.advance(ref)


class _People:
    """Reviewers and the customer, who say what the case wants them to."""

    def __init__(self, told: Row) -> None:
        self.verdicts, self.events = [*told.get("verdicts", [])], [*told.get("events", [])]
        self.answer, self.value = told.get("answer"), told.get("value")
        self.asked: list[str] = []

    def something(self) -> bool:
        """Decide every open review, or send what a step waits for; False when there is nothing to say."""
        reviews = list(Review.objects.filter(state=ReviewState.OPEN).order_by("pk"))
        for review in reviews:
            self._decide(review)
        return bool(reviews) or self._send()

    def _decide(self, review: Review) -> None:
        self.asked.append(f"{review.kind}: {review.short}")
        usual = {ReviewKind.FORM: Verdict.ANSWER, ReviewKind.ACTION: Verdict.APPROVE}.get(
            ReviewKind(review.kind), Verdict.TERMINATE
        )
        said = usual if usual == Verdict.ANSWER or not self.verdicts else Verdict(self.verdicts.pop(0))
        more: Row = {}
        if said == Verdict.ANSWER:
            more = {"form": self.answer}
        elif said == Verdict.SKIP:
            more = {"form": {"value": self.value}, "reason": "Written by hand", "reason_code": ReasonCode.OTHER}
        elif said in (Verdict.REJECT, Verdict.TERMINATE):
            more = {"reason": "Not like this", "reason_code": ReasonCode.OTHER}
        answer = Answer(said, review.digest, review.version, **more)
        decide(user=people.person("Reviewer"), ref=review.ref, answer=answer)

    def _send(self) -> bool:
        waiting = Step.objects.filter(state=StepState.RESTING).exclude(awaited="").first()
        if waiting is None or not self.events:
            return False
        name, _, key = waiting.awaited.partition(" ")
        portal = people.person("Customer portal")
        receive_event(by=portal, sent_id=str(waiting.ref), name=name, key=key, data=self.events.pop(0))
        return True


def _effects(books: Path) -> list[str]:
    """What the company has done so far, by its own log."""
    with closing(open_company(books)) as connection:
        return [row["tool"] for row in connection.execute("SELECT tool FROM effects ORDER BY id")]
