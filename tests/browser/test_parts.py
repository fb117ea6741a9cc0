"""Branches, rounds, items and plans as people see them: axe finds nothing, and what is opened stays open."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from orchestrator.runs.models import Run
from orchestrator.runs.signals import announce_run
from tests.browser.barriers import open_all, problems_in
from tests.browser.desk import live, settle
from tests.browsing import Visitor
from tests.runs.test_patterns import GOOD, PLAN
from tests.scenes import open_reviews
from tests.workflows.test_steps_page import EVERYTHING
from tests.workshop import FAILURES, Workshop, step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

MUCH = (
    step("first")
    + step("left", needs="[first]", on_failure="fallback other")
    + step("other")
    + step("right", needs="[first]", when='"1 > 2"')
    + step("again", needs="[first]", retry="{attempts: 4, first: 5m, on: [failed]}")
    + """
- {id: each, kind: tool, title: Each, agent: hand, tool: shop.say, needs: [first], with: {word: "${item}"},
   for_each: {items: "${input.words}", must_succeed: any}, on_failure: terminate}
- id: polish
  kind: loop
  title: Polish
  needs: [first]
  steps:
    - {id: ask, kind: human, title: Ask, instructions: Is it good,
       form: {type: object, properties: {good: {type: boolean}}, required: [good], additionalProperties: false}}
  until: steps.ask.output.good
- {id: rest, kind: wait, title: Rest, for: 2h, needs: [first]}
- {id: hear, kind: wait, title: Hear, needs: [first], event: {name: papers, key: "claim 7"}}
"""
    + step("meet", needs="[left, right, each, polish, rest, hear, again]")
)


@pytest.fixture
def much(workshop: Workshop) -> Run:
    """A run with everything in it, most of which waits."""
    FAILURES.update({"left": 9, "again": 9, "b": 1})
    return workshop.run(MUCH, words=list("abc"))


def test_axe_finds_nothing_on_the_pages_of_branches_parts_plans_and_failures(
    much: Run, workshop: Workshop, visitor: Visitor
) -> None:
    """With all disclosures open, at 1440 and 390 pixels, light and dark."""
    FAILURES["bad"] = 9
    failed = workshop.run(step("bad", on_failure="fallback good") + step("good"))
    plan = workshop.run(PLAN, words=GOOD)
    (help_wanted,) = open_reviews(workshop.run(step("bad")))
    (proposed,) = open_reviews(plan)
    workshop.workflow(step("inner"), name="inner")
    workshop.workflow(EVERYTHING)
    each, part = much.steps.get(key="each"), Run.objects.filter(parent__run=much).latest("pk")
    addresses = {
        reverse("run", args=[much.ref]): workshop.world.hana,
        reverse("run", args=[part.ref]): workshop.world.hana,
        reverse("run", args=[failed.ref]): workshop.world.hana,
        reverse("run-step", args=[much.ref, each.ref]): workshop.world.hana,
        reverse("review", args=[help_wanted.ref]): workshop.world.ines,
        reverse("review", args=[proposed.ref]): workshop.world.ines,
        reverse("workflow", args=["work"]): workshop.world.hana,
    }
    wrong = {}
    for address, who in addresses.items():
        page: Page = visitor(who)
        page.goto(address)
        open_all(page)
        settle(page)
        wrong[address] = problems_in(page)
        page.context.close()
    assert not any(wrong.values()), wrong


def test_parts_open_under_their_step_and_stay_open_when_something_happens(
    much: Run, workshop: Workshop, visitor: Visitor
) -> None:
    page: Page = visitor(workshop.world.otto)
    page.goto(reverse("run", args=[much.ref]))
    live(page)
    row = page.locator("#memory-list li", has_text="Each")
    row.locator("summary").click()
    expect(row.get_by_role("link", name="Item 2 of 3")).to_be_visible()
    row.get_by_role("link", name="Failed").click()
    expect(row.get_by_role("link", name="Item 1 of 3")).to_have_count(0)
    page.mouse.move(5, 5)
    page.locator("body").evaluate("() => document.activeElement.blur()")
    with page.expect_response(lambda answer: "/memory/" in answer.url):
        announce_run(much)
    expect(row.get_by_role("link", name="Item 1 of 3")).to_be_visible()
    assert row.locator("details").evaluate("each => each.open") is True


def test_without_javascript_the_parts_are_one_link_away(much: Run, workshop: Workshop, visitor: Visitor) -> None:
    page: Page = visitor(workshop.world.otto, javascript=False)
    page.goto(reverse("run", args=[much.ref]))
    row = page.locator("#memory-list li", has_text="Each")
    row.locator("summary").click()
    row.get_by_role("link", name="Show its parts").click()
    expect(page.get_by_role("link", name="Item 3 of 3")).to_be_visible()
    page.get_by_role("link", name="Failed").click()
    expect(page.get_by_role("link", name="Item 3 of 3")).to_have_count(0)
    expect(page.get_by_role("link", name="Item 2 of 3")).to_be_visible()
    page.get_by_role("link", name="Item 2 of 3").click()
    expect(page.locator(".crumbs")).to_contain_text("Item 2 of 3")
    page.locator(".crumbs").get_by_role("link", name=much.code).click()
    expect(page.get_by_role("group", name="Workflow graph of run")).to_be_visible()


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_all_ways_on_are_within_reach_at_any_width(workshop: Workshop, visitor: Visitor, width: int) -> None:
    FAILURES["bad"] = 9
    (review,) = open_reviews(workshop.run(step("bad")))
    review.verdicts = ["retry", "retry_edited", "skip", "fall_back", "terminate"]
    review.save()
    page: Page = visitor(workshop.world.ines, width=width, height=844)
    page.goto(reverse("review", args=[review.ref]))
    for slot in ("approve", "edit", "skip", "other", "reject"):
        button = page.locator(f"#k-{slot}")
        expect(button).to_be_in_viewport(ratio=1)
        assert button.evaluate("each => each.scrollWidth <= each.clientWidth + 1"), slot
