"""Workflows, starting runs and the account in a real browser: axe, a double click, live progress, and no JavaScript."""

import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Page, expect

from orchestrator.accounts.actions import create_token
from orchestrator.runs.models import Batch, Run, Upload
from orchestrator.runs.starting import actions
from orchestrator.runs.starting.cases import read_cases
from orchestrator.workflows.actions import import_definition
from orchestrator.workflows.models import WorkflowVersion
from tests.browser.barriers import View, open_all, problems_in
from tests.browsing import Visitor
from tests.scenes import MAP
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

VIEWS: tuple[View, ...] = ((1440, False), (390, True))
TEXT = """
name: refund
title: Refund an order
description: A customer wants money back.
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, minLength: 2, maxLength: 20, title: Order}
    amount: {type: number, minimum: 0}
    urgent: {type: boolean}
    note: {type: string, maxLength: 2000}
steps:
  - {id: look, title: Look into it, kind: human, instructions: Look., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
""" + MAP.lstrip()
CSV = b"order_id,amount,note\nO-1,5,Fine\nx,1,<script>alert(1)</script>\nO-3,2,\n"


@pytest.fixture
def refund(world: World) -> WorkflowVersion:
    """A workflow in its second version."""
    import_definition(text=TEXT, by=world.hana)
    return import_definition(text=TEXT.replace("maxLength: 2000", "maxLength: 1000"), by=world.hana)


@pytest.fixture
def addresses(world: World, refund: WorkflowVersion) -> list[str]:
    """Every page, each with something on it."""
    cases = read_cases(CSV, refund.definition["input"])
    kept = actions.keep_upload(version=refund, by=world.hana, name="cases.csv", cases=cases)
    started = actions.keep_upload(version=refund, by=world.hana, name="cases.csv", cases=cases)
    batch = actions.start_upload(ref=started.ref, by=world.hana, good_rows_only=True)
    actions.start_next_of(batch.ref)
    create_token(owner=world.hana, name="Order import")
    own = "/workflows/refund/"
    pages = ["", "versions/2/", "access/", "start/", "start/csv/", f"start/csv/{kept.ref}/"]
    return [
        "/workflows/",
        "/workflows/import/?from=refund",
        "/account/",
        f"/batches/{batch.ref}/",
        *(own + p for p in pages),
    ]


def check(page: Page, views: Iterable[View] = VIEWS) -> None:
    """Nothing for axe to say, and nothing wider than the window, in each of these views."""
    open_all(page)
    problems = problems_in(page, views)
    assert not problems, (page.url, problems)


def choose(page: Page, content: bytes) -> None:
    """Choose a CSV file."""
    page.get_by_label("CSV file").set_input_files({"name": "cases.csv", "mimeType": "text/csv", "buffer": content})


def test_every_page_is_accessible_and_fits(world: World, addresses: list[str], visitor: Visitor) -> None:
    page = visitor(world.hana)
    for address in addresses:
        page.goto(address)
        check(page)


def test_what_was_refused_is_accessible_and_fits_too(world: World, refund: WorkflowVersion, visitor: Visitor) -> None:
    views = [(390, False)]
    page = visitor(world.hana, width=390)
    page.goto("/workflows/refund/start/")
    page.get_by_label("Amount").fill("12,50")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("Write 12.50")).to_be_visible()
    check(page, views)
    page.goto("/workflows/import/")
    page.get_by_label("Definition").fill(TEXT.replace("kind: human", "kind: humn") + "# " + "x" * 500)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert").first).to_contain_text("is not a kind of step")
    check(page, views)
    page.goto("/workflows/refund/start/csv/")
    choose(page, b"oder\n" + b"x" * 300)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("alert").first).to_contain_text("Did you mean")
    check(page, views)


def test_a_double_click_starts_one_run(world: World, refund: WorkflowVersion, visitor: Visitor) -> None:
    page = visitor(world.hana)
    page.goto("/workflows/refund/start/")
    page.get_by_label("Order").fill("O-1")
    page.get_by_role("button", name="Start the run").dblclick()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]+/$"))
    assert Run.objects.count() == 1


def test_progress_moves_without_reloading_and_then_rests(
    world: World, refund: WorkflowVersion, visitor: Visitor
) -> None:
    page = visitor(world.hana)
    page.goto("/workflows/refund/start/csv/")
    choose(page, CSV)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs of Refund an order")
    page.get_by_label("Start the 2 good rows").check()
    page.get_by_role("button", name="Start 2 runs").click()
    expect(page.get_by_text("0 of 2")).to_be_visible()
    page.evaluate("window.same = true")
    batch = Batch.objects.get()
    while actions.start_next_of(batch.ref):
        pass
    expect(page.get_by_text("2 of 2")).to_be_visible()
    expect(page.get_by_text("All runs are started")).to_be_visible()
    assert page.evaluate("window.same") is True
    expect(page.get_by_text("Row 3")).to_be_visible()


def test_everything_works_without_javascript(world: World, refund: WorkflowVersion, visitor: Visitor) -> None:
    page = visitor(world.hana, javascript=False)
    page.goto("/workflows/refund/start/")
    page.get_by_label("Order").fill("O-1")
    page.get_by_role("button", name="Start the run").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]+/$"))
    page.goto("/workflows/import/?from=refund")
    text = page.get_by_label("Definition").input_value()
    page.get_by_label("Definition").fill(text.replace("minimum: 0", "minimum: 1"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("This can be published")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 3 is the current one.")).to_be_visible()
    page.goto("/workflows/refund/start/csv/")
    choose(page, b"order_id\nO-1\n")
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Start 1 run").click()
    expect(page.get_by_text("0 of 1")).to_be_visible()
    assert Upload.objects.get().batch == Batch.objects.get()
    page.goto("/account/")
    page.get_by_label("Time zone").select_option("Europe/Stockholm")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Times are now shown in your time zone.")).to_be_visible()
    page.get_by_label("Name").fill("Import")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#secret")).to_have_text(re.compile(r"^hs_[\w-]{43}$"))
