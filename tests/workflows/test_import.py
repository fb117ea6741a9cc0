"""A definition becomes an immutable version once it fits the database; what means the same makes no second one."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from agents.states import Environment, GrantEffect
from audit.models import Entry
from orchestrator.workflows.actions import check_definition, import_definition
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.queries import world_of
from orchestrator.workflows.reading import DefinitionError, from_canonical, read
from tests.scenes import MAP
from tests.world import World, a_connection, a_grant, a_reading_tool, a_team, a_tool, an_agent

TEXT = """
name: refund
title: Refund an order
owner: Ines@example.com
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties: {order_id: {type: string}}
risk:
  reviewers: {team: Refund desk}
steps:
  - id: look_up
    kind: tool
    title: Look up
    agent: clerk
    tool: company.get_order
    with: {order_id: "${input.order_id}"}
  - {id: refund, kind: agent, title: Refund, agent: clerk, task: "Refund ${steps.look_up.output}"}
""" + MAP.lstrip()

NOBODY = "There is no active person nobody@example.com. Name an admin's e-mail address with --by."


@pytest.fixture
def clerk(world: World) -> Agent:
    """An agent that reads orders on its own and refunds after review."""
    company = a_connection("company")
    agent = an_agent("clerk")
    a_grant(agent, a_reading_tool(connection=company))
    a_grant(agent, a_tool(connection=company), GrantEffect.REVIEW)
    world.refund_desk.user_set.add(world.hana)
    return agent


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        check_definition(text)
    return [str(problem) for problem in caught.value.problems]


def test_importing_publishes_a_version_with_its_text_and_its_record(world: World, clerk: Agent) -> None:
    version = import_definition(text=TEXT, by=world.hana)
    assert (version.number, version.source, version.created_by) == (1, TEXT, world.hana)
    assert from_canonical(version.definition) == read(TEXT)
    workflow = Workflow.objects.get(name="refund")
    assert (workflow.current, workflow.title, workflow.owner) == (version, "Refund an order", world.ines)
    entry = Entry.objects.get(verb="workflow.version_published")
    assert entry.stream.key == f"workflow:{workflow.ref}"
    assert entry.actor_name == "Hana Sato"
    assert version.digest.encode() in entry.payload


def test_a_text_that_means_the_same_makes_no_second_version(world: World, clerk: Agent) -> None:
    first = import_definition(text=TEXT, by=world.hana)
    assert import_definition(text="# A remark\n" + TEXT, by=world.hana) == first
    assert Entry.objects.filter(verb="workflow.version_published").count() == 1


def test_a_text_that_means_something_else_is_the_next_version_and_the_old_one_stays(world: World, clerk: Agent) -> None:
    first = import_definition(text=TEXT, by=world.hana)
    second = import_definition(text=TEXT.replace("title: Refund an", "title: Pay back an"), by=world.hana)
    third = import_definition(text=TEXT, by=world.hana)
    assert [version.number for version in (first, second, third)] == [1, 2, 3]
    assert first.digest == third.digest != second.digest
    workflow = Workflow.objects.get(name="refund")
    assert (workflow.current, workflow.title) == (third, "Refund an order")
    first.refresh_from_db()
    assert first.source == TEXT


def test_a_version_cannot_be_changed_even_behind_the_products_back(world: World, clerk: Agent) -> None:
    version = import_definition(text=TEXT, by=world.hana)
    with pytest.raises(DatabaseError), transaction.atomic():
        WorkflowVersion.objects.filter(pk=version.pk).update(source="something else")


def test_only_admins_publish(world: World, clerk: Agent) -> None:
    with pytest.raises(PermissionDenied):
        import_definition(text=TEXT, by=world.ines)
    import_definition(text=TEXT, by=world.hana)
    with pytest.raises(PermissionDenied):
        import_definition(text=TEXT.replace("Look up", "Find"), by=world.lukas)
    assert WorkflowVersion.objects.count() == 1


def test_the_owner_may_start_the_workflow_and_see_its_runs(world: World, clerk: Agent) -> None:
    workflow = import_definition(text=TEXT, by=world.hana).workflow
    assert world.ines.has_perm("workflows.start_workflow", workflow)
    assert world.ines.has_perm("workflows.view_runs", workflow)
    assert not world.tomas.has_perm("workflows.start_workflow", workflow)


def test_what_the_database_does_not_have_is_told_with_its_line_and_nothing_is_published(
    world: World, clerk: Agent
) -> None:
    text = TEXT.replace("agent: clerk\n    tool", "agent: clark\n    tool").replace("get_order", "get_ordr")
    assert problems(text) == [
        'line 16: There is no agent "clark". Did you mean "clerk"?',
        'line 17: There is no tool company.get_ordr in production. Did you mean "company.get_order"?',
    ]
    with pytest.raises(DefinitionError):
        import_definition(text=text, by=world.hana)
    assert not Workflow.objects.exists()


def test_the_environment_of_the_definition_is_the_one_that_is_checked(world: World, clerk: Agent) -> None:
    said = problems("environment: sandbox\n" + TEXT.lstrip())
    assert said == ["line 17: There is no tool company.get_order in sandbox."]


def test_people_who_left_do_not_count(world: World, clerk: Agent) -> None:
    world.ines.is_active = False
    world.ines.save()
    assert problems(TEXT) == ["line 4: There is no active person Ines@example.com."]
    for person in (world.tomas, world.hana):
        person.is_active = False
        person.save()
    assert problems(TEXT)[1] == 'line 11: The team "Refund desk" has no members. Add people to it first.'


def test_warnings_do_not_keep_a_definition_back(world: World, clerk: Agent) -> None:
    a_team("Alone", world.tomas)
    checked = check_definition(TEXT.replace("Refund desk", "Alone"))
    assert [warning.line for warning in checked.warnings] == [11]


def test_a_bigger_world_costs_no_more_queries(world: World, clerk: Agent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            world_of(Environment.PRODUCTION)
        return len(captured)

    before = queries()
    for number in range(10):
        agent = an_agent(f"more_{number}")
        a_grant(agent, a_reading_tool(connection=a_connection(f"place_{number}")))
    assert queries() == before == 7


@pytest.mark.django_db(transaction=True)
def test_two_people_who_publish_at_once_make_two_versions_in_a_row(world: World, clerk: Agent) -> None:
    for turn in range(20):
        text = TEXT.replace("name: refund", f"name: refund_{turn}")
        barrier = Barrier(2)

        def publish(title: str, text: str = text, barrier: Barrier = barrier) -> int:
            barrier.wait()
            try:
                return import_definition(text=text.replace("Refund an", title), by=world.hana).number
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(publish, ["Return an", "Pay back an"])) == [1, 2]
        workflow = Workflow.objects.get(name=f"refund_{turn}")
        assert workflow.current is not None
        assert workflow.current.number == 2


@pytest.mark.django_db(transaction=True)
def test_two_people_who_publish_the_same_text_at_once_make_one_version(world: World, clerk: Agent) -> None:
    first = import_definition(text=TEXT, by=world.hana)
    for turn in range(20):
        text = TEXT.replace("title: Refund an order", f"title: Refund order {turn}")
        barrier = Barrier(2)

        def publish(_: int, text: str = text, barrier: Barrier = barrier) -> int:
            barrier.wait()
            try:
                return import_definition(text=text, by=world.hana).number
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(publish, range(2))) == [turn + 2, turn + 2]
    assert first.workflow.versions.count() == 21


def run_command(*args: str) -> tuple[str, str, str]:
    """What the command printed, its complaints, and how it failed, if it did."""
    out, err, failed = StringIO(), StringIO(), ""
    try:
        call_command("import_workflow", *args, stdout=out, stderr=err)
    except CommandError as error:
        failed = str(error)
    return out.getvalue(), err.getvalue(), failed


def test_the_command_publishes_files_and_says_so(world: World, clerk: Agent, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    file.write_text(TEXT)
    assert run_command(str(file), "--by", "hana@example.com") == (
        f"{file}: Refund an order, version 1 published\n",
        "",
        "",
    )
    again, _, _ = run_command(str(file), "--by", "hana@example.com")
    assert again == f"{file}: Refund an order, version 1 is as it was\n"


def test_the_command_names_file_and_line_and_still_publishes_the_others(
    world: World, clerk: Agent, tmp_path: Path
) -> None:
    good, bad, absent = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "absent.yaml"
    good.write_text(TEXT)
    bad.write_text(TEXT.replace("kind: tool", "kind: tol"))
    out, err, failed = run_command(str(bad), str(absent), str(good), "--by", "hana@example.com")
    assert err.splitlines() == [
        f'{bad}:14:5: "tol" is not a kind of step. Did you mean "tool"?',
        f"{absent}: The file cannot be read: No such file or directory.",
    ]
    assert failed == "2 of 3 files have problems."
    assert "good.yaml: Refund an order, version 1 published" in out


def test_the_command_can_only_check(world: World, clerk: Agent, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    file.write_text(TEXT)
    assert run_command(str(file), "--check") == (f"{file}: no problems\n", "", "")
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        (
            "nobody@example.com",
            "There is no active person nobody@example.com. Name an admin's e-mail address with --by.",
        ),
        ("ines@example.com", "1 of 1 files has problems."),
    ],
)
def test_the_command_publishes_for_admins_only(
    world: World, clerk: Agent, tmp_path: Path, by: str, sentence: str
) -> None:
    file = tmp_path / "refund.yaml"
    file.write_text(TEXT)
    _, err, failed = run_command(str(file), "--by", by)
    assert failed == sentence
    assert "may not publish" in err or "nobody" in failed
    assert not Workflow.objects.exists()
