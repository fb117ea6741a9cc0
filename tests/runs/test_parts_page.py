"""The page of a run shows branches, rounds, items and what it waits for, and the table of its parts at any number."""

import time
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from agents import actions
from agents.states import StopMode, StopScope
from audit import text
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState, StepState
from orchestrator.workflows.models import WorkflowVersion
from tests.reading import HOSTILE, Markup, dangers, page, queries_of, signed_in
from tests.runs import stories
from tests.workshop import FAILURES, Workshop, step
from tests.world import World, a_contract

HTMX = {"HX-Request": "true"}
LOOP = """
- id: polish
  kind: loop
  title: Polish
  steps:
    - {id: check, kind: tool, title: Check, agent: hand, tool: shop.say, with: {word: "${input.round}"}}
  until: steps.check.output.word > %s
  max_rounds: 3
"""
EACH = """
- id: each
  kind: tool
  title: Each
  agent: hand
  tool: shop.say
  for_each: {items: "${input.words}", at_once: 5}
  with: {word: "${item}"}
"""
HOLD = (
    "- {id: hold, kind: human, title: Hold, instructions: Wait, needs: [],\n"
    "   form: {type: object, properties: {}, additionalProperties: false}}\n"
)


def words_of(user: User, run: Run, name: str = "run", query: str = "") -> str:
    """The text of a page of a run, on one line."""
    return " ".join(Markup(page(user, run, name, query)).text.split())


def boxes(user: User, run: Run) -> dict[str, str]:
    """The boxes of the graph: their captions by the keys of their steps."""
    shown = signed_in(user).get(reverse("run", args=[run.ref])).context["page"].graph.boxes
    return {box.node.key: box.node.caption for box in shown}


def many_items(run: Run, number: int) -> Step:
    """A step of the run that goes over a list, most of whose items are done."""
    asked = stories.a_told_step(
        run, 900, state=StepState.RESTING, key="each", kind="tool", title="Each", total=number, input={"items": []}
    )
    add_items(asked, range(number))
    return asked


def add_items(of: Step, indices: range) -> None:
    """Items of a step, every tenth failed and the last one still going on."""
    now, run = timezone.now(), of.run
    Run.objects.bulk_create(
        Run(
            workflow_version=run.workflow_version,
            title=f"Item {index}",
            environment=run.environment,
            trigger=Run.Trigger.PART,
            started_by=run.started_by,
            parent=of,
            index=index,
            input={"word": index},
            state=RunState.FAILED if index % 10 == 0 else RunState.SUCCEEDED,
            reason="It broke." if index % 10 == 0 else "",
            wake_at=None,
            finished_at=now,
        )
        for index in indices
    )


# --- What the run page draws and says ---


def test_branches_conditions_and_fallbacks_are_drawn_as_they_are(workshop: Workshop) -> None:
    FAILURES["left"] = 9
    run = workshop.run(
        step("first")
        + step("left", needs="[first]", on_failure="fallback other")
        + step("other")
        + step("right", needs="[first]", when='"1 > 2"')
        + step("meet", needs="[left, right]")
    )
    assert run.state == RunState.SUCCEEDED, run.reason
    graph = signed_in(workshop.world.otto).get(reverse("run", args=[run.ref])).context["page"].graph
    by_key = {box.node.key: box for box in graph.boxes}
    assert by_key["left"].x == by_key["right"].x > by_key["first"].x
    assert by_key["other"].node.role == "fallback"
    assert by_key["meet"].x > by_key["other"].x > by_key["left"].x, "the fallback stands between"
    assert by_key["right"].css.startswith("n-todo")
    assert by_key["left"].css.startswith("n-fail")
    assert "Step 4: skipped." in graph.words
    assert "Its condition does not hold: 1 &gt; 2" in page(workshop.world.otto, run, "run-memory")


def test_what_was_made_good_is_drawn_behind_what_it_undoes(workshop: Workshop) -> None:
    FAILURES["last"] = 9
    made = step("one", tool="make", compensate="{tool: shop.unmake, agent: hand, with: {word: one}}")
    run = workshop.run(made + step("last", on_failure="terminate"))
    graph = signed_in(workshop.world.otto).get(reverse("run", args=[run.ref])).context["page"].graph
    undo = next(box for box in graph.boxes if box.node.role == "undo")
    assert (undo.node.key, undo.glyph) == ("undo:one", "undo")
    assert "Makes good" in page(workshop.world.otto, run)


def test_a_loop_shows_its_rounds_and_each_round_leads_back_up(workshop: Workshop) -> None:
    run = workshop.run(LOOP % 1)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert boxes(workshop.world.otto, run)["polish"].startswith("2 rounds")
    html = page(workshop.world.otto, run)
    assert "Round 1: done" in html
    part = Run.objects.get(parent__run=run, index=1)
    up = page(workshop.world.otto, part)
    assert reverse("run", args=[run.ref]) in up
    assert "Round 2" in up
    table = words_of(workshop.world.otto, run, "run-memory")
    assert "2 rounds" in table


def test_a_part_whose_whole_the_reader_may_not_see_leads_nowhere(workshop: Workshop) -> None:
    run = workshop.run(LOOP % 1)
    part = Run.objects.filter(parent__run=run).latest("pk")
    Run.objects.filter(pk=run.pk).update(started_by=workshop.world.hana)
    assert reverse("run", args=[run.ref]) not in page(workshop.world.otto, part)


def test_items_are_counted_with_progress(workshop: Workshop) -> None:
    run = workshop.run(EACH, words=["a", "b"])
    assert boxes(workshop.world.otto, run)["each"].startswith("2 of 2")
    assert '<progress max="2" value="2"' in page(workshop.world.otto, run)


def test_another_workflow_is_a_box_that_leads_to_its_run(workshop: Workshop) -> None:
    workshop.workflow(step("inner"), name="inner")
    run = workshop.run("- {id: call, kind: workflow, title: Call, workflow: inner, with: {}}\n")
    part = Run.objects.get(parent__run=run)
    html = page(workshop.world.otto, run, "run-graph")
    assert f'<a href="{reverse("run", args=[part.ref])}"' in html
    Run.objects.filter(pk=part.pk).update(started_by=workshop.world.hana)
    assert reverse("run", args=[part.ref]) not in page(workshop.world.otto, run, "run-graph")


def test_the_page_names_what_the_run_waits_for(workshop: Workshop) -> None:
    FAILURES["again"] = 1
    run = workshop.run(
        "- {id: rest, kind: wait, title: Rest, for: 2h, needs: []}\n"
        "- {id: until, kind: wait, title: Until, until: '${input.word}', needs: []}\n"
        "- {id: hear, kind: wait, title: Hear, event: {name: papers, key: 'claim 7'}, needs: []}\n"
        + HOLD
        + step("again", needs="[]", retry="{attempts: 4, first: 1m, on: [failed]}"),
        word="2126-03-01T09:00:00Z",
    )
    said = words_of(workshop.world.otto, run, "run-head")
    assert "Rest waits until" in said
    assert "Until waits until 1 Mar 2126" in said
    assert "Hear waits for the event papers about claim 7." in said
    assert "Hold waits for Refund desk to decide" in said
    assert "again" in said.lower()
    assert ", try 2 of 4." in said
    captions = boxes(workshop.world.otto, run)
    assert captions["hear"] == "for papers"
    assert captions["rest"].startswith("until ")


def test_waiting_for_a_time_is_told_apart_from_waiting_for_a_person(workshop: Workshop) -> None:
    run = workshop.run("- {id: rest, kind: wait, title: Rest, for: 2h}\n")
    said = words_of(workshop.world.otto, run, "run-head")
    assert "Waiting, step 1 of 1" in said
    assert "Waiting for a person" not in said


def test_a_run_that_waits_for_its_parts_says_how_they_stand(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto, state=RunState.RESTING)
    each = many_items(run, 30)
    Run.objects.filter(parent=each, index=29).update(state=RunState.WAITING, wake_at=timezone.now())
    said = words_of(world.otto, run, "run-head")
    assert "Each goes over 30 items: 26 done, 3 failed, 1 going on, of which 1 waits for a person." in said


def test_a_step_that_a_stop_holds_back_says_so(workshop: Workshop) -> None:
    actions.stop(by=workshop.world.hana, scope=StopScope.EVERYTHING, ref=None, mode=StopMode.NOW, reason="A drill.")
    run = workshop.run(step("first", tool="make"))
    said = words_of(workshop.world.otto, run, "run-head")
    assert "First is held back." in said
    assert "A drill." in said


def test_who_passed_a_task_on_stands_on_the_page_of_the_step(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    hand = {"from": "Clerk", "to": HOSTILE.replace("\x00", "").replace("\ud800", ""), "reason": "Law.", "turn": 1}
    passed = stories.a_told_step(run, hands=[hand])
    html = signed_in(world.otto).get(reverse("run-step", args=[run.ref, passed.ref])).content.decode()
    assert "Clerk" in html
    assert "Law." in html
    assert not dangers(html)


# --- The memory of a run ---


def test_the_memory_shows_what_every_step_was_given_and_gave_back(workshop: Workshop) -> None:
    run = workshop.run(step("first", "hello") + step("after", "${steps.first.output.word} again"))
    html = page(workshop.world.otto, run, "run-memory")
    assert html.count("hello again") == 2
    assert html.count("<summary>") == 2
    assert len(dangers(html)) == 0


def test_the_memory_masks_what_a_contract_calls_sensitive(workshop: Workshop) -> None:
    tool = workshop.tools["say"]
    assert tool.current is not None
    kept = {field.name: getattr(tool.current, field.name) for field in tool.current._meta.concrete_fields}
    for name in ("id", "tool", "number", "digest", "created_by", "created_at"):
        del kept[name]
    a_contract(tool, **kept | {"sensitive": ["/word"]})
    run = workshop.run(step("first", "SE1821664660771790924471"))
    first = run.steps.get(key="first")
    for address in (reverse("run-memory", args=[run.ref]), reverse("run-step", args=[run.ref, first.ref])):
        html = signed_in(workshop.world.otto).get(address).content.decode()
        assert "SE182166" not in html
        assert "4471" in html


def test_a_large_value_is_on_the_page_of_its_step(workshop: Workshop) -> None:
    run = workshop.run(
        step("first", "${input.word}"), word=HOSTILE.replace("\x00", "").replace("\ud800", "") + "x" * 9000
    )
    first = run.steps.get(key="first")
    address = reverse("run-step", args=[run.ref, first.ref])
    listed = page(workshop.world.otto, run, "run-memory")
    assert address in listed
    assert len(listed) < 20_000
    whole = signed_in(workshop.world.otto).get(address).content.decode()
    assert "x" * 9000 in whole
    assert not dangers(whole)
    assert signed_in(workshop.world.tomas).get(address).status_code == 404


# --- The table of parts ---


def test_every_part_is_found_exactly_once(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    each = many_items(run, 120)
    client, query, seen = signed_in(world.otto), "", []
    while True:
        parts = client.get(reverse("run-parts", args=[run.ref, each.ref]) + query, headers=HTMX).context["parts"]
        seen += [row.run.index for row in parts.rows]
        if parts.later is None:
            break
        query = f"?after={parts.later}"
    assert seen == list(range(120))
    failed = client.get(reverse("run-parts", args=[run.ref, each.ref]) + "?state=failed", headers=HTMX).context["parts"]
    assert [row.run.index for row in failed.rows] == list(range(0, 120, 10))
    assert client.get(reverse("run-parts", args=[run.ref, each.ref]) + "?after=x", headers=HTMX).status_code == 404


def test_without_htmx_the_parts_are_on_the_page_of_their_step(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    each = many_items(run, 3)
    answer = signed_in(world.otto).get(reverse("run-parts", args=[run.ref, each.ref]) + "?state=failed", follow=True)
    assert answer.status_code == 200
    assert "Item 1 of 3" in answer.content.decode()
    assert "Item 2 of 3" not in answer.content.decode()
    other = stories.a_told_run(version, world.otto)
    assert signed_in(world.otto).get(reverse("run-parts", args=[other.ref, each.ref]), headers=HTMX).status_code == 404


def test_parts_and_steps_are_kept_from_strangers(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    each = many_items(run, 3)
    Run.objects.filter(parent=each, index=1).update(started_by=world.hana)
    for name in ("run-parts", "run-step"):
        address = reverse(name, args=[run.ref, each.ref])
        assert signed_in(world.tomas).get(address, headers=HTMX).status_code == 404
        assert signed_in(world.otto).get(address, headers=HTMX).context["parts"].total == 2


def test_two_thousand_parts_take_as_many_queries_as_two_and_open_at_once(
    world: World, version: WorkflowVersion
) -> None:
    run = stories.a_told_run(version, world.otto)
    for number in range(1, 201):
        stories.a_told_step(run, number, input={"n": number}, output={"n": number})
    each = many_items(run, 2)
    client = signed_in(world.otto)
    addresses = [
        reverse("run", args=[run.ref]),
        *(reverse(name, args=[run.ref]) for name in ("run-head", "run-graph", "run-timeline", "run-memory")),
        reverse("run-step", args=[run.ref, each.ref]),
        reverse("run-parts", args=[run.ref, each.ref]),
    ]
    few = [queries_of(client, address, headers=HTMX) for address in addresses]
    Step.objects.filter(pk=each.pk).update(total=2000)
    add_items(each, range(2, 2000))
    assert [queries_of(client, address, headers=HTMX) for address in addresses] == few
    assert max(few) <= 30, few
    spent = []
    for address in addresses:
        began = time.process_time()
        assert client.get(address, headers=HTMX).status_code == 200
        spent.append(time.process_time() - began)
    assert max(spent) < 1, spent


# --- The list of runs ---


def test_parts_are_left_out_of_the_list_unless_asked_for_or_named(workshop: Workshop) -> None:
    run = workshop.run(LOOP % 1)
    client = signed_in(workshop.world.otto)
    part = Run.objects.filter(parent__run=run).latest("pk")

    def listed(query: str) -> set[int]:
        return {row.run.pk for row in client.get("/runs/" + query).context["page"].rows}

    assert listed("") == {run.pk}
    assert listed("?parts=1") == {run.pk, *Run.objects.filter(parent__run=run).values_list("pk", flat=True)}
    assert listed(f"?q={part.code}") == {part.pk}
    assert listed("?q=Work") == {run.pk}
    assert f"R-{run.pk}" in client.get("/runs/?parts=1").content.decode()


def test_hostile_text_is_only_text_in_what_is_waited_for_and_in_parts(world: World, version: WorkflowVersion) -> None:
    evil = text.escape(HOSTILE)
    run = stories.a_told_run(version, world.otto, ending={"reason": evil, "state": "stopped", "now": False})
    stories.a_told_step(run, 1, state=StepState.RESTING, kind="wait", awaited=f"papers {evil}"[:400], title=evil[:160])
    failed = stories.a_told_step(run, 2, reason=evil, input={evil: evil}, output={evil: [evil]}, title=evil[:160])
    assert failed.started_at is not None
    failed.attempts.create(
        number=1, started_at=failed.started_at, ended_at=failed.started_at + timedelta(1), reason=evil
    )
    each = many_items(run, 3)
    Run.objects.filter(parent=each).update(reason=evil, input={evil: evil}, title=evil)
    part = Run.objects.filter(parent=each).latest("pk")
    Step.objects.filter(pk=each.pk).update(title=evil[:160])
    for address in (
        reverse("run", args=[run.ref]),
        reverse("run", args=[part.ref]),
        reverse("run-step", args=[run.ref, failed.ref]),
        reverse("run-step", args=[run.ref, each.ref]),
        "/runs/?parts=1",
    ):
        html = signed_in(world.otto).get(address).content.decode()
        assert not dangers(html), (address, dangers(html))
        assert "window.stolen" in html
