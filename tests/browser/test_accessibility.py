"""axe finds nothing on any page of the product, in any theme and width, with every disclosure and every dialog open.

Each page is loaded once and looked at in every view of `barriers.VIEWS`.
Every address of the site is named here: as a page of somebody, or among the parts and actions that are no pages. A new
page without a line here fails the last test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Locator, Page, expect

from agents.models import Note
from approvals import noting
from approvals.models import Review
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.middleware import CONTENT_SECURITY_POLICY
from tests.browser.barriers import View, open_all, problems_in
from tests.browser.desk import dialog
from tests.browser.gallery import Gallery, Use, one_of_everything
from tests.browsing import Visitor
from tests.scenes import Company
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

DIALOGS: tuple[View, ...] = ((1440, False), (390, True))
"""Dialogs look the same at every width but for their place, so each theme sees them at one."""
ERRORS = ("400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html")


@dataclass(frozen=True)
class House:
    """The gallery with what else pages need."""

    gallery: Gallery
    upload: str
    batch: str


def a_house(company: Company, world: World, script: Use) -> House:
    """One of everything, a file of cases, and the batch it started."""
    gallery = one_of_everything(company, world, script)
    for ref in noting.missed():
        noting.note_decision(ref)
    client = Client()
    client.force_login(world.hana, backend="django.contrib.auth.backends.ModelBackend")
    cases = SimpleUploadedFile("cases.csv", b"order_id,amount\n88-10301,1.00\n88-10302,2.00\n")
    upload = client.post(reverse("run-start-file", args=["refund"]), {"file": cases}).headers["Location"]
    batch = client.post(upload).headers["Location"]
    return House(gallery, upload, batch)


At = Callable[[House], str]


def at(route: str, query: str = "", /, **parts: Callable[[House], object]) -> At:
    """The address of a route in a house; each part is worked out there."""
    return lambda house: reverse(route, kwargs={key: part(house) for key, part in parts.items()}) + query


def review(name: str) -> At:
    """The page of a review of the gallery."""
    return at("review", ref=lambda house: house.gallery.reviews[name].ref)


def run(name: str, of: str) -> At:
    """A page about a run of the gallery."""
    return at(name, ref=lambda house: house.gallery.runs[of].ref)


def refund(_: House) -> str:
    return "refund"


def note(_: House) -> object:
    return Note.objects.latest("pk").ref


def a_step(house: House) -> object:
    return house.gallery.runs["approved"].steps.latest("pk").ref


def entry(house: House) -> int:
    return Entry.objects.filter(verb="call.proposed").latest("pk").pk


REVIEWERS: dict[str, At] = {
    "inbox": at("inbox"),
    "inbox without hits": at("inbox", "?q=nothing-like-it"),
    "inbox of one": at("inbox", "?scope=mine"),
    "account": at("account"),
    "sign-out": at("sign-out"),
    **{
        f"review {name}": review(name)
        for name in (
            *("action", "payout", "question", "failure", "unknown"),
            *("approved", "edited", "rejected", "expired", "withdrawn"),
        )
    },
}
ADMINS: dict[str, At] = {
    "review of others": review("action"),
    "runs": at("runs"),
    "runs without hits": at("runs", "?q=nothing-like-it"),
    "run waiting": run("run", "action"),
    "run over": run("run", "approved"),
    "run-event": at("run-event", ref=lambda house: house.gallery.runs["action"].ref, seq=lambda _: 1),
    "run-record": run("run-record", "approved"),
    "run-step": at("run-step", ref=lambda house: house.gallery.runs["approved"].ref, step=a_step),
    "run-start": at("run-start", name=refund),
    "run-start-file": at("run-start-file", name=refund),
    "run-upload": lambda house: house.upload,
    "batch": lambda house: house.batch,
    "workflows": at("workflows"),
    "workflow": at("workflow", name=refund),
    "workflow-version": at("workflow-version", name=refund, number=lambda _: 1),
    "workflow-access": at("workflow-access", name=refund),
    "workflow-import": at("workflow-import"),
    "agents": at("agents"),
    "agent": at("agent", ref=lambda house: house.gallery.company.agent.ref),
    "agent-new": at("agent-new"),
    "agent-edit": at("agent-edit", ref=lambda house: house.gallery.company.agent.ref),
    "connections": at("connections"),
    "connection": at("connection", ref=lambda house: house.gallery.company.connection.ref),
    "connection-new": at("connection-new"),
    "connection-edit": at("connection-edit", ref=lambda house: house.gallery.company.connection.ref),
    "tool": at("tool", ref=lambda house: house.gallery.company.tools["refund_order"].ref),
    "permissions": at("permissions"),
    "permissions why": at("permissions", "?cell=support:company.refund_order"),
    "stops": at("stops"),
    "memory": at("memory"),
    "memory without hits": at("memory", "?q=nothing-like-it"),
    "note": at("note", ref=note),
    "audit": at("audit"),
    "audit-entry": at("audit-entry", pk=entry),
}
STRANGERS: dict[str, At] = {"sign-in": at("sign-in")}

# What is fetched into a page, sent from one, or leads elsewhere.
NO_PAGES = {
    *("home", "healthz", "account_login", "account-time-zone", "token-new", "token-revoke"),
    *("run-start-template", "batch-progress", "runs-table", "runs-changes", "run-head", "run-graph", "run-timeline"),
    *("run-memory", "run-parts", "run-end"),
    *("hook", "trigger-switch", "trigger", "trigger-add", "trigger-secret"),  # the pages: in test_triggers
    *("run-events", "workflow-by-ref", "workflow-source", "workflow-right", "workflow-withdraw"),
    *(
        "inbox-rows",
        "review-bar",
        "review-talk",
        "review-arguments",
        "review-decide",
        "review-comment",
        "decision-undo",
    ),
    *("connection-import", "connection-confirm"),
    *("tool-classify", "tool-preview", "tool-use", "grant-set", "stops-line", "stop-set", "stop-release", "stop-keep"),
    *("audit-verify", "audit-verify-stream"),
    *("note-accept", "note-refuse", "note-correct", "note-delete"),
}


def look_at(page: Page, name: str, address: str) -> Iterator[tuple[str, str]]:
    """Everything that is wrong with one page with all disclosures open, and with each of its dialogs, in every view."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, (name, address, answer.status)
    open_all(page)
    yield from ((name, problem) for problem in problems_in(page))
    for button in page.locator("[data-k]").all():
        open_dialog(page, button)
        yield from ((f"{name}, {button.inner_text()}", problem) for problem in problems_in(page, DIALOGS))
        page.keyboard.press("Escape")


def open_dialog(page: Page, button: Locator) -> None:
    """Press a button until its dialog is open: one that sends what was changed wants a change first."""
    button.click()
    form = button.get_attribute("data-form")
    if form and not dialog(page).count():
        page.locator(f"#{form} :is(input, textarea):visible").first.fill("1.50")
        if form == "args":
            expect(page.locator("#args .diff")).to_be_visible()
        button.click()
    expect(dialog(page)).to_be_visible()


@pytest.mark.parametrize("who", ["reviewer", "admin", "stranger"])
def test_axe_finds_nothing_on_any_page(company: Company, world: World, script: Use, visitor: Visitor, who: str) -> None:
    """All rules at 1440 and 390 pixels in light, those about colours in dark, and both for the dialogs."""
    house = a_house(company, world, script)
    readers: dict[str, tuple[User | None, dict[str, At]]] = {
        "reviewer": (world.ines, REVIEWERS),
        "admin": (world.hana, ADMINS),
        "stranger": (None, STRANGERS),
    }
    user, pages = readers[who]
    page = visitor(user)
    wrong = [problem for name, address in pages.items() for problem in look_at(page, name, address(house))]
    assert not wrong, "\n".join(map(str, wrong))


def test_axe_finds_nothing_on_error_pages_conflicts_refusals_and_the_list_of_keys(
    desk: Gallery, world: World, visitor: Visitor
) -> None:
    """All rules at 1440 and 390 pixels in light, those about colours in dark."""
    page = visitor(world.ines)
    page.context.grant_permissions(["local-network-access"])
    wrong: list[tuple[str, str]] = []
    for template in ERRORS:
        show(page, render_to_string(template, request=RequestFactory().get("/stage/")))
        wrong += [(template, problem) for problem in problems_in(page)]
    page.goto("/inbox/")
    page.keyboard.press("?")
    wrong += [("keys", problem) for problem in problems_in(page)]
    waiting = desk.refund("first")
    for name, answer in (("refused", {"verdict": "reject"}), ("conflict", {"verdict": "approve", "version": "99"})):
        show(page, decided_wrongly(world.ines, waiting, answer))
        wrong += [(name, problem) for problem in problems_in(page)]
    assert not wrong, "\n".join(map(str, wrong))


def show(page: Page, html: str) -> None:
    """Put a page that no address leads to before the browser."""
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": CONTENT_SECURITY_POLICY}
    page.unroute("**/stage/")
    page.route("**/stage/", lambda route: route.fulfill(body=html, headers=headers))
    page.goto("/stage/")


def decided_wrongly(user: User, waiting: Review, answer: dict[str, str]) -> str:
    """What the server says to an answer that it does not take."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    seen = {"digest": waiting.digest, "version": str(waiting.version)}
    response = client.post(reverse("review-decide", args=[waiting.ref]), {**seen, **answer})
    assert response.status_code in (409, 422)
    return response.content.decode()


def route_names(resolver: URLResolver | None = None) -> Iterator[str]:
    """The names of all addresses of the site, the HTTP API left out."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver) and not str(one.pattern).startswith("api/"):
            yield from route_names(one)
        elif isinstance(one, URLPattern) and one.name:
            yield one.name


def test_every_page_of_the_product_is_looked_at() -> None:
    looked_at = {name.split(" ")[0] for pages in (REVIEWERS, ADMINS, STRANGERS) for name in pages}
    forgotten = set(route_names()) - looked_at - NO_PAGES
    assert not forgotten, forgotten
    assert not looked_at & NO_PAGES
