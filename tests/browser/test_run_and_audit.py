"""The run page is live without disturbing its reader; it and the audit log need no JavaScript and hold no barriers."""

import pytest
from playwright.sync_api import Route, expect

from audit.log import party
from orchestrator.live import ring, run_group
from orchestrator.runs.models import Run
from orchestrator.runs.states import StepState
from tests.browser.barriers import open_all, problems_in
from tests.browsing import Visitor, eventually
from tests.reading import HOSTILE
from tests.runs import stories
from tests.world import World, a_world

RING = "document.body.dispatchEvent(new CustomEvent('poll', {detail: {doorbell: true}}))"


@pytest.fixture
def cast(transactional_db: None) -> World:
    return a_world()


def a_waiting_run(cast: World) -> Run:
    run = stories.a_told_run(stories.a_version(cast.hana), cast.otto)
    step = stories.a_told_step(run)
    stories.a_told_turn(step)
    stories.a_told_call(step)
    stories.a_told_review(run, stories.a_told_step(run, 2, state=StepState.WAITING, kind="human"), cast.ines)
    stories.tell(run, "run.started", actor=party(cast.otto), input={"order_id": "O-1042"})
    stories.tell(
        run, "turn.recorded", subject=party(step), step_title=step.title, reasoning=HOSTILE, result={"total": 40}
    )
    return run


def test_new_events_appear_and_an_opened_one_stays_open(visitor: Visitor, cast: World) -> None:
    run = a_waiting_run(cast)
    page = visitor(cast.otto)
    page.goto(f"/runs/{run.ref}/")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.locator("#e2 summary").click()

    stories.tell(run, "step.finished", note="just now")
    ring("run.changed", run.ref, 2, groups=[run_group(run.ref)])

    expect(page.locator("#e3")).to_be_visible()
    expect(page.locator("#e2 details")).to_have_attribute("open", "")
    expect(page.locator("#e2 summary")).to_be_focused()
    expect(page.locator("#run-record")).to_contain_text("3 of 3 events verified")
    expect(page.locator("#chip-all")).to_contain_text("3")


def test_the_list_of_runs_follows_what_happens(visitor: Visitor, cast: World) -> None:
    run = a_waiting_run(cast)
    page = visitor(cast.lukas)
    page.goto("/runs/")
    expect(page.get_by_text("Waiting for a person", exact=True)).to_have_count(2)

    Run.objects.filter(pk=run.pk).update(state="failed", wake_at=None, finished_at=run.created_at, version=9)
    page.evaluate(RING)

    expect(page.locator("table.runs")).to_contain_text("Failed")


def test_a_ring_during_an_answer_is_not_lost(visitor: Visitor, cast: World) -> None:
    """The answer on its way was made before the change: the ring asks again and the old answer is not shown."""
    run = a_waiting_run(cast)
    page = visitor(cast.lukas)
    page.goto("/runs/")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.wait_for_load_state("networkidle")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/runs/table/**", hold, times=1)
    page.evaluate(RING)
    eventually(page, lambda: held, "the first request")
    old = held[0].fetch()
    Run.objects.filter(pk=run.pk).update(state="failed", wake_at=None, finished_at=run.created_at, version=9)
    page.evaluate(RING)
    held[0].fulfill(response=old)

    expect(page.locator("table.runs")).to_contain_text("Failed")


def test_run_and_audit_pages_have_no_barriers(visitor: Visitor, cast: World) -> None:
    """With all disclosures open, at 1440, 1024 and 390 pixels, light and dark."""
    run = a_waiting_run(cast)
    page = visitor(cast.lukas)
    for address in ("/runs/", f"/runs/{run.ref}/", "/audit/", "/audit/?q=nobody"):
        page.goto(address)
        open_all(page)
        found = problems_in(page, [(width, dark) for width in (1440, 1024, 390) for dark in (False, True)])
        assert found == [], address


def test_an_entry_opens_beside_the_list_and_its_stream_can_be_verified(visitor: Visitor, cast: World) -> None:
    a_waiting_run(cast)
    page = visitor(cast.lukas)
    page.goto("/audit/")

    page.locator("table.log .t-main").last.click()
    expect(page.locator("#entry")).to_contain_text("checked just now")
    address = page.locator("tr.is-selected .t-main").get_attribute("hx-get") or ""
    assert page.url.endswith(address.rstrip("?"))
    page.get_by_role("button", name="Verify this stream").click()
    expect(page.locator("#stream-check")).to_contain_text("All 2 entries of this stream verified")
    page.get_by_role("button", name="Verify all").click()
    expect(page.locator("#chain")).to_contain_text("2 entries in 1 stream verified")


def test_without_javascript_everything_can_be_read_and_verified(visitor: Visitor, cast: World) -> None:
    run = a_waiting_run(cast)
    page = visitor(cast.lukas, javascript=False)
    page.goto("/runs/")
    page.get_by_role("link", name="Refund order O-1042").click()
    page.locator("#e1 summary").click()
    expect(page.locator("#e1")).to_contain_text('"O-1042"')
    page.get_by_role("link", name="Real time").click()
    expect(page.get_by_role("link", name="Real time")).to_have_attribute("aria-current", "true")
    page.locator("#e1 summary").click()
    page.locator("#e1").get_by_role("link", name="Show in the audit log").click()
    expect(page.locator("#entry")).to_contain_text(run.title)
    page.get_by_role("button", name="Verify all").click()
    while page.get_by_role("button", name="Go on").count():
        page.get_by_role("button", name="Go on").click()
    expect(page.locator("#chain")).to_contain_text("2 entries in 1 stream verified")
