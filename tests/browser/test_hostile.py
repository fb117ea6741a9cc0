"""Whatever agents, tools and customers write is only text, on every page that shows it (P02, T21 to T29).

FIELDS lists everything they can write, with its limit and a page where it must be readable. To add a field, add a line
there and write it in `plant`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from unittest import mock

import pytest
from playwright.sync_api import Dialog, Page, Request, expect

from agents.connectors.base import Reply
from agents.gateway import execute
from agents.models import Agent, Connection, ToolCall
from agents.runtime.scripted import Call, Final, Say, ScriptState
from approvals.actions import comment
from approvals.models import Review
from approvals.states import Verdict
from audit import canonical
from audit.models import Entry
from audit.text import escape
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.workflows.models import Workflow
from tests.browser.barriers import open_all
from tests.browser.desk import settle
from tests.browser.gallery import Gallery, Use, contract_of, decided
from tests.browser.hostile import HIDDEN, SHORT, tag_of, text_for
from tests.browsing import Visitor
from tests.scenes import Company, a_run, a_workflow, drive, open_reviews
from tests.world import World, a_contract, an_agent_version

pytestmark = pytest.mark.django_db(transaction=True)


class Field(NamedTuple):
    """Something that is written by others. `page` is where it must be readable."""

    name: str
    limit: int
    page: str


FIELDS = (
    Field("run input", 20_000, "run"),
    Field("run title", 200, "runs"),
    Field("workflow title", 100, "runs"),
    Field("workflow description", 1_000, "workflow"),
    Field("step title", 100, "run"),
    Field("agent title", 100, "review"),
    Field("agent description", 1_000, "agent"),
    Field("agent instructions", 5_000, "agent"),
    Field("connection title", 100, "connection"),
    Field("tool title", 150, "tool"),
    Field("tool description", 5_000, "tool"),
    Field("undo note", 250, "review"),
    Field("argument title", 100, "review"),
    Field("argument description", 250, "review"),
    Field("argument name", 60, "review"),
    Field("argument in the sentence", 120, "inbox"),
    Field("long argument", 40_000, "review"),
    Field("reasoning", 200_000, "review"),
    Field("tool result", 15_000, "review"),
    Field("name in a tool result", 100, "review"),
    Field("tool error", 5_000, "review"),
    Field("error of a write", 5_000, "run"),
    Field("final output", 20_000, "run"),
    Field("comment", 4_000, "review"),
    Field("reason of a decision", 4_000, "decided"),
)
LIMITS = {field.name: field.limit for field in FIELDS}

WORKFLOW = """
name: hostile
title: Hostile
title_template: "{input.title}"
input:
  type: object
  additionalProperties: false
  properties:
    title: {type: string, maxLength: 250}
    message: {type: string, maxLength: 100000}
  required: [title, message]
risk: {review_from: 100, reviewers: {team: Refund desk}}
steps:
  - id: look
    title: Look into it
    kind: agent
    agent: support
    task: ${input.message}
"""


@dataclass
class Planted:
    """What was written, and the pages that show it: who looks, and where."""

    review: Review
    pages: dict[str, tuple[User, str]]


def plant(company: Company, world: World, script: Use, text: Callable[[str], str]) -> Planted:
    """Write the text of every field the way it is really written: through the engine and the actions."""
    _definitions(company, text)
    current = Workflow.objects.get(name="hostile").current
    assert current is not None
    title, message = escape(text("run title")), escape(text("run input"))
    runs = []
    for _ in range(2):
        script(_agent(text))
        run = a_run(current, world.otto, title=title, message=message)
        with mock.patch.object(execute, "_after_reply", _replies(text)):
            runs.append(drive(run))
    over, waiting = runs
    (closed,), (review,) = open_reviews(over), open_reviews(waiting)
    decided(closed, world.ines, Verdict.APPROVE, reason=text("reason of a decision"))
    with mock.patch.object(execute, "_after_reply", _replies(text)):
        drive(over)
    comment(user=world.tomas, ref=review.ref, body=text("comment"))
    return Planted(review, _pages(company, world, over, review, closed))


def _definitions(company: Company, told: Callable[[str], str]) -> None:
    """What admins write, and what servers say about themselves: made storable, as the actions do."""

    def text(name: str) -> str:
        return escape(told(name))

    version = a_workflow(WORKFLOW)
    definition = version.definition
    definition["title"], definition["steps"][0]["title"] = text("workflow title"), text("step title")
    type(version)._base_manager.model.objects.create(
        workflow=version.workflow,
        number=2,
        source=version.source,
        definition=definition,
        digest="1" * 64,
        created_by=version.created_by,
    )
    workflow = version.workflow
    workflow.title, workflow.current = definition["title"], workflow.versions.get(number=2)
    workflow.description = text("workflow description")
    workflow.save()
    agent = company.agent
    Agent.objects.filter(pk=agent.pk).update(title=text("agent title"), description=text("agent description"))
    an_agent_version(agent, instructions=text("agent instructions"))
    Connection.objects.filter(pk=company.connection.pk).update(title=text("connection title"))
    for name in ("get_order", "list_payments"):
        read = company.tools[name]
        a_contract(read, **contract_of(read.current) | {"output_schema": None})
    write = company.tools["refund_order"]
    properties = {
        "order_id": {"type": "string", "maxLength": 200},
        "reason": {
            "type": "string",
            "maxLength": 60_000,
            "title": text("argument title"),
            "description": text("argument description"),
        },
        text("argument name"): {"type": "string", "maxLength": 200},
    }
    changes: dict[str, Any] = {
        "title": text("tool title"),
        "description": text("tool description"),
        "undo_note": text("undo note"),
        "sentence": "Refund order {order_id}",
        "short_sentence": "",
        "amount_argument": "",
        "input_schema": {"type": "object", "properties": properties, "additionalProperties": False},
    }
    a_contract(write, **contract_of(write.current) | changes)


def _agent(text: Callable[[str], str]) -> Callable[[ScriptState], Say]:
    def script(state: ScriptState) -> Say:
        if state.turn == 1:
            return Call("get_order", order_id="88-10301", reasoning=text("reasoning"))
        if state.turn == 2:
            return Call("list_payments", order_id="88-10301")
        if state.turn == 3:
            # NUL and half characters in arguments are refused, so they are proposed as they would be stored.
            written = {"order_id": text("argument in the sentence"), "reason": text("long argument")}
            arguments = {name: escape(value) for name, value in written.items()}
            return Call("refund_order", {**arguments, escape(text("argument name")): "1"})
        return Final(text("final output"))

    return script


def _replies(text: Callable[[str], str]) -> Callable[..., Any]:
    """What the company's server says, if it means harm."""
    real = execute._after_reply

    def hostile(ticket: Any, call: ToolCall, reply: Reply) -> Any:
        if call.tool_name == "company.get_order":
            told = {text("name in a tool result"): 1, "note": text("tool result")}
            return real(ticket, call, replace(reply, ok=True, value=told, error=""))
        error = "tool error" if call.tool_name == "company.list_payments" else "error of a write"
        return real(ticket, call, replace(reply, ok=False, value=None, error=text(error)))

    return hostile


def _pages(company: Company, world: World, run: Run, review: Review, closed: Review) -> dict[str, tuple[User, str]]:
    tool = company.tools["refund_order"]
    entries = Entry.objects.filter(stream__key=f"run:{run.ref}")
    shown = {f"entry {entry.verb}": (world.hana, f"/audit/{entry.pk}/") for entry in entries}
    return {
        "inbox": (world.ines, "/inbox/"),
        "review": (world.ines, f"/reviews/{review.ref}/"),
        "decided": (world.ines, f"/reviews/{closed.ref}/"),
        "runs": (world.hana, "/runs/"),
        "run": (world.hana, f"/runs/{run.ref}/"),
        "record": (world.hana, f"/runs/{run.ref}/record/"),
        "audit": (world.hana, "/audit/"),
        "agents": (world.hana, "/agents/"),
        "agent": (world.hana, f"/agents/{company.agent.ref}/"),
        "connections": (world.hana, "/connections/"),
        "connection": (world.hana, f"/connections/{company.connection.ref}/"),
        "tool": (world.hana, f"/tools/{tool.ref}/"),
        "permissions": (world.hana, "/permissions/?cell=support:company.refund_order"),
        "workflows": (world.hana, "/workflows/"),
        "workflow": (world.hana, "/workflows/hostile/"),
        "start": (world.hana, "/workflows/hostile/start/"),
        **shown,
    }


# --- what must not happen --------------------------------------------------------------------------------------------

FOREIGN = (
    "script:not([src])",
    *("iframe", "object", "embed", "base", "meta[http-equiv]", "style", "[style]", "img", "math", "template"),
    *("[onload]", "[onerror]", "[onfocus]", "[onclick]", "[name=fake]"),
    *('a[href^="javascript:"]', 'a[href^="http"]', "link[href*=pwned]", "[action*=pwned]"),
    *("[hx-get*=pwned]", "[hx-post*=pwned]", "[data-hx-get]", "[hx-ext]", "[hx-vals]"),
    *("bdi :not(.cp, .cut, bdi)", "svg script"),
)
ELEMENTS = f"""() => [...document.querySelectorAll('{", ".join(FOREIGN)}')].map(e => e.outerHTML.slice(0, 200))"""
READ = """() => {
    const typed = [...document.querySelectorAll('input, textarea')].map(e => e.value);
    const offered = [...document.querySelectorAll('option')].map(e => e.textContent);
    return [document.body.innerText, ...typed, ...offered].join('\\n');
}"""
UNMARKED = """hidden => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        if (parentElement.closest('textarea, option') === null && [...hidden].some(c => data.includes(c)))
            found.push(parentElement.outerHTML.slice(0, 160));
    }
    return found;
}"""


@dataclass
class Watch:
    """A page under watch: every request, every dialog, every call of what payloads call."""

    page: Page
    site: str
    asked: list[str]
    dialogs: list[str]

    def harm(self) -> list[str]:
        """Everything that went wrong since the page was opened."""
        foreign = [url for url in self.asked if not url.split(" ")[1].startswith(self.site) or "pwned" in url]
        posted = [request for request in self.asked if not request.startswith("GET ")]
        called = ["a payload ran"] if self.page.evaluate("window.ran ?? 0") else []
        return foreign + posted + self.dialogs + called + list(self.page.evaluate(ELEMENTS))


def watched(page: Page, site: str) -> Watch:
    """Put a page under watch before it opens anything."""
    watch = Watch(page, site, [], [])

    def note(request: Request) -> None:
        watch.asked.append(f"{request.method} {request.url}")

    def dismiss(dialog: Dialog) -> None:
        watch.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", note)
    page.on("dialog", dismiss)
    page.add_init_script("window.ran = 0; window.pwned = window.alert = () => { window.ran += 1; };")
    return watch


@pytest.mark.parametrize("turn", range(3))
def test_everything_that_others_write_is_only_text(
    company: Company, world: World, script: Use, visitor: Visitor, site: str, turn: int
) -> None:
    width = (1440, 390, 1024)[turn]
    planted = plant(company, world, script, lambda name: text_for(name, LIMITS[name], turn))
    readers: dict[int, Watch] = {}
    read: dict[str, str] = {}
    wrong: list[tuple[str, Any]] = []
    for name, (user, address) in planted.pages.items():
        watch = readers.get(user.pk) or watched(visitor(user, width=width), site)
        readers[user.pk] = watch
        answer = watch.page.goto(address, wait_until="load")
        assert answer is not None
        assert answer.status == 200, (name, address)
        open_all(watch.page)
        settle(watch.page)
        wrong += [(name, harm) for harm in watch.harm()]
        wrong += [(name, f"not marked: {html}") for html in watch.page.evaluate(UNMARKED, HIDDEN)]
        if watch.page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append((name, f"scrolls sideways at {width}"))
        read[name] = watch.page.evaluate(READ)
    wrong += [
        (field.page, f"not shown: {field.name}")
        for field in FIELDS
        if tag_of(field.name) not in read[field.page].lower()
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_payload_is_planted_somewhere() -> None:
    planted = {text_for(field.name, field.limit, turn) for field in FIELDS for turn in range(3)}
    assert all(any(payload in text for text in planted) for payload in SHORT)


def test_every_value_of_the_arguments_stands_on_the_review_page(
    company: Company, world: World, script: Use, visitor: Visitor
) -> None:
    """P02: no leaf is missing, none is cut, and what an input can't show is marked beside it."""
    planted = plant(company, world, script, lambda name: text_for(name, LIMITS[name], 0))
    assert planted.review.call is not None
    page = visitor(world.ines)
    page.goto(f"/reviews/{planted.review.ref}/")
    arguments = canonical.parse(bytes(planted.review.call.arguments))
    assert set(arguments) == {"order_id", "reason", escape(text_for("argument name", LIMITS["argument name"], 0))}
    shown = page.evaluate("[...document.querySelectorAll('#args [name^=\"a/\"]')].map(e => e.value)")
    assert set(arguments.values()) <= set(shown)
    for field in page.locator('#args [name^="a/"]').element_handles():
        assert field.is_visible()
    notes = page.locator("#args .notes", has_text="Holds characters that can't be seen").all_inner_texts()
    for character in "\u202e\u200b\x07\U000e0041":
        assert any(f"U+{ord(character):04X}" in note for note in notes), f"U+{ord(character):04X}"
    page.locator("#s-change details summary").click()
    raw = page.locator("#s-change details pre").inner_text()
    assert "more character" not in raw
    for payload in SHORT[:27]:
        assert canonical.dump(payload).decode()[1:-1] in raw


def test_the_sentence_of_an_action_never_comes_from_the_model(desk: Gallery, world: World, visitor: Visitor) -> None:
    """T30: the headline is the same whatever the agent says about it."""
    headlines = set()
    for words in ("I only read something.", "Approved by the CFO. Nothing will happen.", "x" * 5_000):
        desk.script(_saying(words))
        order = "88-10301"
        run = drive(a_run(_refund(), world.otto, order_id=order, amount="42.00"))
        (review,) = open_reviews(run)
        page = visitor(world.ines)
        page.goto(f"/reviews/{review.ref}/")
        expect(page.locator(".quote").last).to_contain_text(words[:40])
        headlines.add(page.locator(".rv-lead").inner_text().replace(review.code, "").replace(run.code, ""))
    assert len(headlines) == 1


def _refund() -> Any:
    known = Workflow.objects.filter(name="refund").first()
    return known.current if known else a_workflow()


def _saying(words: str) -> Callable[[ScriptState], Say]:
    arguments = {"order_id": "88-10301", "amount": "42.00", "currency": "EUR", "reason": "Parcel lost."}
    return lambda state: Call("refund_order", arguments, reasoning=words) if state.turn == 1 else Final({"told": {}})
