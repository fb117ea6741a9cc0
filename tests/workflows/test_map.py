"""The business map: production needs every question answered, a sandbox is told what is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Agent
from orchestrator.accounts.models import User
from orchestrator.samples.norrland import DEFINITIONS
from orchestrator.workflows.actions import check_definition, import_definition
from orchestrator.workflows.business_map import QUESTIONS, BusinessMap, answers, unanswered
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.problems import DefinitionError
from orchestrator.workflows.reading import from_canonical, read, to_canonical
from tests.scenes import MAP
from tests.workflows.conftest import TEXT
from tests.world import World

As = Callable[[User], Client]
SANDBOX = TEXT.replace("name: refund", "name: refund\nenvironment: sandbox")
SMALL = """
name: small
title: Small
environment: sandbox
steps:
  - {id: call, kind: human, title: Call, instructions: Call., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
"""


def without(text: str, name: str) -> str:
    """The text without one line of the map."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(f"  {name}: ")) + "\n"


def said(text: str) -> list[str]:
    """The problems of a text."""
    with pytest.raises(DefinitionError) as caught:
        check_definition(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", QUESTIONS)
def test_production_is_refused_while_a_question_is_open_and_names_it(world: World, clerk: Agent, name: str) -> None:
    text = without(TEXT, name)
    line = text.splitlines().index("map:") + 1
    assert said(text) == [
        f'line {line}: The map does not answer: {QUESTIONS[name]} Add "{name}:" below "map:"; production needs it.'
    ]
    with pytest.raises(DefinitionError):
        import_definition(text=text, by=world.hana)
    assert not Workflow.objects.exists()


def test_production_without_a_map_is_told_every_question(world: World, clerk: Agent) -> None:
    problems = said(TEXT.replace(MAP.lstrip(), ""))
    assert len(problems) == len(QUESTIONS)
    assert all(question in problem for question, problem in zip(QUESTIONS.values(), problems, strict=True))


def test_a_blank_answer_is_no_answer(world: World, clerk: Agent) -> None:
    owner, systems = "  owner: Head of customer care", "  systems: [The shop]"
    for blank in ("  owner:", '  owner: "  "'):
        assert "Who answers for it?" in said(TEXT.replace(owner, blank))[0]
    for blank in ("  systems: []", '  systems: [" "]', "  systems:"):
        assert "Which systems" in said(TEXT.replace(systems, blank))[0]


def test_a_sandbox_is_published_with_a_warning_that_names_the_open_questions(world: World) -> None:
    (warning,) = check_definition(SMALL).warnings
    assert warning.level == "warning"
    assert all(question in warning.sentence for question in QUESTIONS.values())
    assert import_definition(text=SMALL, by=world.hana).number == 1
    assert check_definition(SMALL + MAP.lstrip()).warnings == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("  triger: x", '"triger" is not a key of "map". Did you mean "trigger"?'),
        ("  systems: x", '"systems" must be a list, each item begun with a dash; here it is a text.'),
        ("  systems: [1]", "Item 1 of systems must be a text; here it is a number. Put it in quotes."),
        ("  risk_class: huge", '"huge" will not do for "risk_class". Write "low", "medium", "high" or "critical".'),
        ('  owner: ""', '"owner" is empty. Fill it in.'),
    ],
)
def test_a_mistake_in_the_map_is_told_with_its_line(line: str, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(f"{SMALL}map:\n{line}\n")
    assert [str(problem) for problem in caught.value.problems] == [f"line {len(SMALL.splitlines()) + 2}: {sentence}"]


def test_the_workflow_page_shows_questions_and_answers(refund: WorkflowVersion, as_: As, world: World) -> None:
    page = as_(world.ines).get("/workflows/refund/").content.decode()
    assert all(question in page for question in QUESTIONS.values())
    assert "Customer care answers by hand." in page
    assert "Nobody has answered this" not in page


def test_the_workflow_page_says_what_is_open(as_: As, world: World) -> None:
    import_definition(text=SMALL + "map:\n  owner: <b>Ada</b>\n", by=world.hana)
    page = as_(world.hana).get("/workflows/small/").content.decode()
    assert page.count("Nobody has answered this") == len(QUESTIONS) - 1
    assert "<b>Ada" not in page


def test_the_import_page_shows_the_map_and_what_is_missing(as_: As, world: World, clerk: Agent) -> None:
    hana = as_(world.hana)
    checked = hana.post("/workflows/import/", {"text": TEXT, "check": "1"}).content.decode()
    assert "Customer care answers by hand." in checked
    refused = hana.post("/workflows/import/", {"text": without(TEXT, "fallback"), "publish": "1"})
    assert refused.status_code == 422
    assert "What happens when it cannot be finished?" in refused.content.decode()


def test_a_definition_without_a_map_keeps_its_digest_and_one_with_a_map_comes_back_equal() -> None:
    assert "map" not in to_canonical(read(SMALL))
    definition = read(SMALL + MAP.lstrip())
    assert from_canonical(to_canonical(definition)) == definition


@pytest.mark.parametrize("file", sorted(DEFINITIONS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_sample_workflow_answers_every_question(file: Path) -> None:
    assert unanswered(read(file.read_text()).map) == []


@given(st.builds(BusinessMap, owner=st.none() | st.text(min_size=1), systems=st.none() | st.lists(st.text(min_size=1))))
def test_a_question_is_open_exactly_while_it_has_no_answer(answered: BusinessMap) -> None:
    assert unanswered(answered) == [name for name in QUESTIONS if not answers(answered, name)]
    assert unanswered(None) == list(QUESTIONS)
