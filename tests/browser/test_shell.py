"""The frame of every page in a real browser: keys, theme, dialogs, timers, doorbells and the guard of open forms.

Each test draws a small page of its own on the real base template and serves it in place of `/stage/`; scripts, styles
and the WebSocket come from the running site.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.template import engines
from django.test import RequestFactory
from playwright.sync_api import Dialog, Page, Route, WebSocketRoute, expect

from audit.ids import new_ref
from orchestrator import live
from orchestrator.accounts.models import User
from orchestrator.middleware import CONTENT_SECURITY_POLICY
from tests.browser.barriers import problems_in
from tests.browsing import Visitor, eventually
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = """
<ul class="rows">
  <li class="row"><a class="row-act" href="#one">One</a></li>
  <li class="row"><a class="row-act" href="#two">Two</a></li>
  <li class="row"><a class="row-act" href="#three">Three</a></li>
</ul>
<p><label>Search <input type="search" data-search></label> <a data-go="h" href="/healthz">Health</a></p>
<p><button type="button" class="btn" data-k="reject" command="show-modal" commandfor="dlg">Reject</button></p>
<dialog class="dlg" id="dlg" aria-label="Reject">
  <form method="post" action="/decided/">
    <label class="option"><input type="radio" name="why" value="data" required autofocus><span>Data</span></label>
    <label class="option"><input type="radio" name="why" value="fraud"><span>Fraud</span></label>
    <footer>
      <button class="btn" type="button" command="close" commandfor="dlg">Cancel</button>
      <button class="btn btn-danger-solid btn-hold" data-hold="400">Hold to reject</button>
    </footer>
  </form>
</dialog>
"""
FORM = """
<p data-fresh="part" hidden>This changed while you were editing. <a href="/stage/">Show</a></p>
<div id="part" hx-get="/part/" hx-trigger="review.changed from:body, poll from:body">
  <form data-guard hx-post="/check/" hx-target="#part">
    <label>Amount <input name="amount" value="1"></label> <button class="btn">Send</button>
  </form>
</div>
<p><button type="button" class="btn" hx-get="/part/" hx-target="#part">Another</button></p>
"""


@dataclass
class Stage:
    """One page of the test, and what was asked of the server by it."""

    page: Page
    asked: list[str] = field(default_factory=list)

    def answers(self, path: str, body: str, status: int = 200, **headers: str) -> None:
        """What the server says to a request for `path` from now on."""

        def fulfil(route: Route) -> None:
            self.asked.append(f"{route.request.method} {path} {route.request.headers.get('x-csrftoken', '')}".strip())
            headers.setdefault("content-security-policy", CONTENT_SECURITY_POLICY)
            route.fulfill(status=status, body=body, headers={"content-type": "text/html; charset=utf-8", **headers})

        self.page.unroute(f"**{path}")
        self.page.route(f"**{path}", fulfil)

    def opens(self, content: str, user: User) -> None:
        request = RequestFactory().get("/stage/")
        request.user = user
        request.resolver_match = None
        source = '{% extends "base.html" %}{% block title %}Stage{% endblock %}{% block content %}<h1>Stage</h1>'
        template = engines["django"].from_string(source + content + "{% endblock %}")
        self.answers("/stage/", template.render({"user": user}, request))
        self.page.goto("/stage/")


@pytest.fixture
def stage(visitor: Visitor, world: World) -> Callable[..., Stage]:
    """Opens a stage for Ines with some content between navigation and foot."""

    def open_stage(content: str, prepare: Callable[[Page], object] = lambda page: None, **options: object) -> Stage:
        here = Stage(visitor(world.ines, **options))
        # Chromium takes a page that a test answers for a public one, and asks before it talks to this machine.
        here.page.context.grant_permissions(["local-network-access"])
        prepare(here.page)
        here.opens(content, world.ines)
        return here

    return open_stage


@pytest.fixture
def form(stage: Callable[..., Stage]) -> Stage:
    """The stage with the form, after the page has asked once for what rang before its socket was open."""
    first: list[str] = []

    def keep(route: Route) -> None:
        first.append(route.request.url)
        route.fulfill(status=204)

    here = stage(FORM, lambda page: page.route("**/part/", keep))
    eventually(here.page, lambda: first, "the first poll")
    here.page.unroute("**/part/")
    return here


# --- keys ------------------------------------------------------------------------------------------------------------


def test_j_and_k_walk_through_the_rows_and_enter_opens(stage: Callable[..., Stage]) -> None:
    page = stage(ROWS).page
    for key, row in (("j", "One"), ("j", "Two"), ("j", "Three"), ("j", "Three"), ("k", "Two")):
        page.keyboard.press(key)
        expect(page.locator(".row-act", has_text=row)).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#two")


def test_a_key_only_opens_a_dialog_and_digits_pick_in_it(stage: Callable[..., Stage]) -> None:
    here = stage(ROWS)
    page = here.page
    here.answers("/decided/", "decided")
    page.keyboard.press("r")
    expect(page.locator("#dlg")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator("[value=fraud]")).to_be_checked()
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(page.locator("#dlg")).to_be_hidden()
    assert not [request for request in here.asked if "decided" in request]


def test_keys_do_nothing_in_fields_or_with_a_modifier(stage: Callable[..., Stage]) -> None:
    page = stage(ROWS).page
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("rj?")
    expect(page.locator("[data-search]")).to_have_value("rj?")
    page.locator("h1").click()
    page.keyboard.press("Alt+j")
    assert page.locator(".row-act:focus").count() == 0
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_g_and_a_letter_go_to_a_place(stage: Callable[..., Stage]) -> None:
    page = stage(ROWS).page
    page.keyboard.press("h")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/healthz")


def test_keys_can_be_turned_off_and_stay_off(stage: Callable[..., Stage]) -> None:
    page = stage(ROWS).page
    page.keyboard.press("?")
    page.locator("[data-keys-toggle]").uncheck()
    page.get_by_role("button", name="Done").click()
    page.reload()
    page.keyboard.press("r")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)


# --- dialogs, holding, theme -----------------------------------------------------------------------------------------


def test_dialogs_open_in_browsers_that_do_not_know_commands(stage: Callable[..., Stage]) -> None:
    old = "delete HTMLButtonElement.prototype.commandForElement; delete HTMLButtonElement.prototype.command;"
    page = stage(ROWS, lambda page: page.add_init_script(old)).page
    page.evaluate("document.addEventListener('command', (event) => event.preventDefault(), true)")
    page.locator("[data-k=reject]").click()
    expect(page.locator("#dlg")).to_be_visible()


def test_a_dialog_the_server_sends_open_becomes_modal(stage: Callable[..., Stage]) -> None:
    page = stage('<dialog class="dlg" open data-modal aria-label="Refused"><p>Refused</p></dialog>').page
    expect(page.locator("dialog:modal")).to_have_count(1)


def test_holding_must_last(stage: Callable[..., Stage]) -> None:
    here = stage(ROWS)
    page = here.page
    here.answers("/decided/", "decided")
    page.keyboard.press("r")
    page.keyboard.press("1")
    page.locator("[data-hold]").click()
    page.locator("[data-hold]").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    assert not [request for request in here.asked if "decided" in request]
    page.locator("[data-hold]").click(delay=600)
    eventually(page, lambda: "POST /decided/" in here.asked, "the decision")


def test_the_theme_is_kept_and_rendered_by_the_server(visitor: Visitor) -> None:
    page = visitor()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/sign-in/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("fetch('/sign-in/').then((answer) => answer.text())").count('data-theme="dark"') == 1


# --- timers ----------------------------------------------------------------------------------------------------------


def test_countdowns_tick_from_what_the_server_said(stage: Callable[..., Stage]) -> None:
    content = (
        '<p><time data-left="3661">1:01:01 <span class="vh">left</span></time></p>'
        '<p><time data-left="1">0:01</time></p>'
        '<div class="toast"><b data-undo="2">2 s</b></div>'
    )
    page = stage(content).page
    expect(page.locator("[data-left]").first).to_have_text("1:00:59 left", timeout=5000)
    expect(page.locator("[data-left]").last).to_have_class("is-crit", timeout=5000)
    expect(page.locator(".toast:not(#trouble)")).to_be_hidden(timeout=5000)


# --- doorbells -------------------------------------------------------------------------------------------------------


def test_a_doorbell_makes_the_part_ask_again(stage: Callable[..., Stage], world: World) -> None:
    ref = str(new_ref())
    here = stage(f'<p id="part" hx-get="/part/" hx-trigger="review.changed:{ref} from:body">Old</p>')
    here.answers("/part/", "New")
    expect(here.page.locator("html")).to_have_attribute("data-live", "on")
    for name in (str(new_ref()), ref):
        with transaction.atomic():
            live.ring("review.changed", name, 2, groups=[live.user_group(world.ines.pk)])
    expect(here.page.locator("#part")).to_have_text("New")
    assert [request.split()[1] for request in here.asked] == ["/stage/", "/part/"]


def test_without_a_socket_the_page_says_so_and_asks_by_itself_when_it_is_back(stage: Callable[..., Stage]) -> None:
    sockets: list[WebSocketRoute] = []
    heard: list[str] = []

    def serve(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.on_message(lambda message: heard.append(str(message)))

    content = '<p id="part" data-watch="run:abc" hx-get="/part/" hx-trigger="poll from:body">Old</p>'
    here = stage(content, lambda page: page.route_web_socket("**/ws/", serve))
    here.answers("/part/", "New")
    page = here.page
    eventually(page, lambda: heard, "the wish to watch the run")
    assert json.loads(heard[0]) == {"watch": "run:abc"}
    expect(page.locator("[data-live-line]")).to_be_hidden()
    sockets[0].close(code=1011)
    expect(page.locator("[data-live-line]")).to_contain_text("Not live since")
    eventually(page, lambda: len(sockets) == 2, "another try")
    expect(page.locator("#part")).to_have_text("New")
    expect(page.locator("[data-live-line]")).to_be_hidden()


# --- the guard -------------------------------------------------------------------------------------------------------


def ring_in(page: Page) -> None:
    """A doorbell as live.js announces it."""
    ring = "new CustomEvent('review.changed', {detail: {ref: 'x', version: 1, doorbell: true}})"
    page.evaluate(f"document.body.dispatchEvent({ring})")


def test_a_form_being_edited_is_never_swapped_by_a_doorbell(form: Stage) -> None:
    page = form.page
    form.answers("/part/", "Swapped")
    page.locator("[name=amount]").fill("642.10")
    page.locator("h1").click()
    ring_in(page)
    expect(page.locator("[data-fresh=part]")).to_be_visible()
    expect(page.locator("[name=amount]")).to_have_value("642.10")


def test_an_untouched_form_is_kept_up_to_date(form: Stage) -> None:
    form.answers("/part/", "Swapped")
    ring_in(form.page)
    expect(form.page.locator("#part")).to_have_text("Swapped")


def test_leaving_an_edited_form_asks_first(form: Stage) -> None:
    page = form.page
    questions: list[str] = []

    def refuse(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", refuse)
    page.locator("[name=amount]").fill("642.10")
    page.get_by_role("button", name="Another").click()
    eventually(page, lambda: questions, "the question")
    expect(page.locator("[name=amount]")).to_have_value("642.10")
    form.answers("/part/", "Swapped")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Another").click()
    expect(page.locator("#part")).to_have_text("Swapped")


def test_a_list_under_the_pointer_does_not_move(stage: Callable[..., Stage]) -> None:
    content = (
        '<p data-fresh="part" hidden><a href="/stage/">New reviews, show</a></p>'
        '<div data-calm><div id="part" hx-get="/part/" hx-trigger="review.changed from:body">Old</div></div>'
    )
    here = stage(content)
    page = here.page
    here.answers("/part/", "New")
    page.locator("#part").hover()
    ring_in(page)
    expect(page.locator("[data-fresh=part]")).to_be_visible()
    expect(page.locator("#part")).to_have_text("Old")
    page.mouse.move(5, 5)
    ring_in(page)
    expect(page.locator("#part")).to_have_text("New")
    expect(page.locator("[data-fresh=part]")).to_be_hidden()


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 409, 422])
def test_answers_with_something_to_show_are_shown_and_requests_carry_the_token(form: Stage, status: int) -> None:
    form.answers("/check/", f"Answer {status}", status)
    form.page.get_by_role("button", name="Send").click()
    expect(form.page.locator("#part")).to_have_text(f"Answer {status}")
    assert len(form.asked[-1].removeprefix("POST /check/ ")) >= 32


@pytest.mark.parametrize(("status", "words"), [(500, "did not confirm"), (403, "may not"), (404, "no longer here")])
def test_failures_are_said_and_the_form_stays(form: Stage, status: int, words: str) -> None:
    form.answers("/check/", "broken", status)
    form.page.locator("[name=amount]").fill("7")
    form.page.get_by_role("button", name="Send").click()
    expect(form.page.get_by_role("alert")).to_contain_text(words)
    expect(form.page.locator("[name=amount]")).to_have_value("7")


def test_a_lost_session_leads_to_the_sign_in_page(stage: Callable[..., Stage]) -> None:
    here = stage('<p><button type="button" class="btn" hx-get="/sign-in/" hx-target="h1">Anything</button></p>')
    here.page.context.clear_cookies()
    here.page.get_by_role("button", name="Anything").click()
    here.page.wait_for_url("**/sign-in/?next=%2Fstage%2F")


# --- access ----------------------------------------------------------------------------------------------------------


def test_the_frame_is_accessible_and_never_scrolls_sideways(stage: Callable[..., Stage]) -> None:
    """With the list of keys and without it, at four widths, light and dark."""
    views = [(width, dark) for width in (1440, 1024, 390, 320) for dark in (False, True)]
    page = stage(ROWS).page
    page.keyboard.press("?")
    expect(page.locator("dialog:modal")).to_be_visible()
    found = problems_in(page, views)
    page.keyboard.press("Escape")
    expect(page.locator("dialog:modal")).to_have_count(0)
    assert [*found, *problems_in(page, views)] == []


def test_the_frame_works_without_javascript(stage: Callable[..., Stage]) -> None:
    page = stage(ROWS, javascript=False).page
    expect(page.get_by_role("button", name="Theme")).to_be_hidden()
    page.get_by_title("Ines Moreau, signed in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("[data-k=reject]").click()
    expect(page.locator("#dlg")).to_be_visible()
