"""The page of stops, the control on the pages of what can be stopped, and the line above every page."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from agents import actions
from agents.models import Stop
from agents.states import StopMode, StopScope
from orchestrator.accounts.models import User
from orchestrator.accounts.roles import ADMINS
from tests.reading import HOSTILE, dangers, queries_of, signed_in
from tests.scenes import a_workflow
from tests.world import World, a_person, a_tool, an_agent

EVERYTHING = {"scope": "everything", "mode": "now", "reason": "It pays twice."}


@pytest.fixture
def second(world: World) -> User:
    """Another admin."""
    return a_person("Maja Lind", *world.hana.groups.filter(name=ADMINS))


def stop_of(by: User, thing: Any = None, reason: str = "It pays twice.") -> Stop:
    scope = StopScope(thing._meta.model_name) if thing else StopScope.EVERYTHING
    return actions.stop(by=by, scope=scope, ref=thing and thing.ref, mode=StopMode.NOW, reason=reason)


def sent(client: Client, address: str, data: dict[str, Any] | None = None, status: int = 302) -> str:
    answer = client.post(address, data or {})
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def read(user: User, address: str) -> str:
    answer = signed_in(user).get(address)
    assert answer.status_code == 200
    html: str = answer.content.decode()
    assert html.count('method="post"') == html.count('name="csrfmiddlewaretoken"')
    return html


def test_an_admin_stops_everything_and_two_release_it(world: World, second: User) -> None:
    first, other = signed_in(world.hana), signed_in(second)
    sent(first, "/stops/set/", EVERYTHING)
    stop = Stop.objects.get()
    assert "Everything is stopped" in read(world.ines, "/stops/")
    sent(first, f"/stops/{stop.ref}/release/", {"reason": "It is repaired."})
    refused = sent(first, f"/stops/{stop.ref}/release/", {"reason": "Please."}, 409)
    assert "Another person who may stop everything has to confirm it." in refused
    assert "Confirm the release" not in read(world.hana, "/stops/")
    assert "Hana Sato asks to release it" in read(second, "/stops/")
    sent(other, f"/stops/{stop.ref}/release/")
    stop.refresh_from_db()
    assert not stop.is_open
    assert "Hana Sato and Maja Lind" in read(world.ines, "/stops/")


def test_a_request_to_release_is_turned_down(world: World, second: User) -> None:
    stop = stop_of(world.hana)
    sent(signed_in(world.hana), f"/stops/{stop.ref}/release/", {"reason": "It is repaired."})
    sent(signed_in(second), f"/stops/{stop.ref}/keep/")
    stop.refresh_from_db()
    assert stop.release_asked_by is None


def test_what_was_typed_is_kept_when_it_is_refused(world: World) -> None:
    agent = an_agent("payer", owner=world.ines)
    data = {"scope": "agent", "thing": agent.ref, "mode": "finish", "reason": ""}
    html = sent(signed_in(world.ines), "/stops/set/", data, 422)
    assert 'value="finish" id="stop_mode_1" checked' in html.replace("required ", "").replace(
        ' aria-describedby="stop_reason_helptext"', ""
    )
    stop_of(world.hana, agent)
    html = sent(signed_in(world.ines), "/stops/set/", data | {"reason": "It pays twice."}, 409)
    assert "Somebody stopped this before you." in html


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"scope": "everything"}, 422),
        ({"scope": "everything", "mode": "never", "reason": "Why"}, 422),
        ({"scope": "nothing", "mode": "now", "reason": "Why"}, 404),
        ({"scope": "agent", "mode": "now", "reason": "Why"}, 404),
        ({"scope": "agent", "thing": "x", "mode": "now", "reason": "Why"}, 404),
        ({"scope": "run", "thing": str(uuid4()), "mode": "now", "reason": "Why"}, 404),
        ({}, 404),
    ],
)
def test_nonsense_stops_nothing(data: dict[str, str], status: int, world: World) -> None:
    sent(signed_in(world.hana), "/stops/set/", data, status)
    assert not Stop.objects.exists()


def test_who_may_not_stop_finds_no_form_and_is_refused(world: World) -> None:
    assert "/stops/set/" not in read(world.ines, "/stops/")
    sent(signed_in(world.ines), "/stops/set/", EVERYTHING, 403)
    stop = stop_of(world.hana)
    assert f"/stops/{stop.ref}/release/" not in read(world.ines, "/stops/")
    sent(signed_in(world.ines), f"/stops/{stop.ref}/release/", {"reason": "Why"}, 403)
    sent(signed_in(world.ines), f"/stops/{stop.ref}/keep/", status=403)
    sent(signed_in(world.hana), f"/stops/{uuid4()}/release/", {"reason": "Why"}, 404)


def test_every_page_of_a_thing_stops_and_releases_it(world: World) -> None:
    tool, agent = a_tool(), an_agent("payer")
    workflow = a_workflow(owner=world.hana).workflow
    pages: dict[Any, str] = {tool: "tools", agent: "agents", tool.connection: "connections"}
    addresses: dict[Any, str] = {thing: f"/{folder}/{thing.ref}/" for thing, folder in pages.items()}
    addresses[workflow] = f"/workflows/{workflow.name}/"
    for thing, address in addresses.items():
        assert "/stops/set/" in read(world.hana, address)
        assert "/stops/set/" not in read(world.tomas, address)
        data = {"scope": thing._meta.model_name, "thing": thing.ref, "mode": "now", "reason": "It pays twice."}
        sent(signed_in(world.hana), "/stops/set/", data)
        stop = Stop.objects.get(thing=thing.ref)
        assert f"/stops/{stop.ref}/release/" in read(world.hana, address)
        assert "It pays twice." in read(world.tomas, address)
        sent(signed_in(world.hana), f"/stops/{stop.ref}/release/", {"reason": "It is repaired."})
        assert f"/stops/{stop.ref}/release/" not in read(world.hana, address)


def test_the_line_stands_above_every_page_while_something_is_stopped(world: World) -> None:
    for address in ("/inbox/", "/runs/", "/agents/", "/account/"):
        assert "is stopped" not in read(world.ines, address)
    agent = an_agent("payer", title="Payer")
    stop_of(world.hana, agent)
    for address in ("/inbox/", "/runs/", "/agents/", "/account/", "/stops/line/"):
        html = read(world.ines, address)
        assert "Agent" in html
        assert "is stopped" in html
    assert "is stopped" not in read(world.otto, "/account/")
    stop_of(world.hana)
    html = read(world.otto, "/account/")
    assert "Everything is stopped." in html
    assert "more" not in html.partition("Everything is stopped.")[2].partition("</p>")[0]
    assert "And 1 more." in read(world.ines, "/account/")


def test_a_stop_of_what_one_may_not_see_does_not_exist(world: World) -> None:
    stop = stop_of(world.hana, an_agent("payer", title="Payer"))
    assert "Payer" not in read(world.otto, "/stops/")
    sent(signed_in(world.otto), f"/stops/{stop.ref}/release/", {"reason": "Why"}, 404)


def test_hostile_text_is_shown_inert(world: World) -> None:
    agent = an_agent("payer", title="Payer")
    stop = stop_of(world.hana, agent, HOSTILE)
    other = stop_of(world.hana, reason=HOSTILE)
    for address in ("/stops/", f"/agents/{agent.ref}/", "/inbox/"):
        assert dangers(read(world.hana, address)) == []
    Stop.objects.filter(pk=other.pk).delete()
    actions.release(by=world.hana, ref=stop.ref, reason=HOSTILE)
    assert dangers(read(world.hana, "/stops/")) == []


def test_the_past_is_read_page_by_page(world: World, second: User) -> None:
    for number in range(60):
        stop = stop_of(world.hana, an_agent(f"many-{number}"), f"Reason {number}.")
        actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    html = read(world.hana, "/stops/")
    assert html.count("Reason ") == 50
    older = html.partition("/stops/?before=")[2].partition('"')[0]
    assert read(world.hana, f"/stops/?before={older}").count("Reason ") == 10
    for wrong in ("x", "-1", "9" * 30, "1e3"):
        assert signed_in(world.hana).get("/stops/", {"before": wrong}).status_code == 404


@pytest.mark.parametrize("who", ["hana", "ines"])
def test_pages_ask_as_often_with_many_stops_as_with_few(who: str, world: World) -> None:
    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            agent, tool = an_agent(f"many-{number}", owner=world.ines), a_tool()
            stop_of(world.ines, agent)
            stop_of(world.hana, tool)
            gone = stop_of(world.hana, a_workflow(owner=world.hana).workflow)
            actions.release(by=world.hana, ref=gone.ref, reason="It is repaired.")

    client = signed_in(getattr(world, who))
    addresses = ("/stops/", "/agents/", "/inbox/", "/runs/")
    before = {address: queries_of(client, address) for address in addresses}
    grow(0, 2)
    few = {address: queries_of(client, address) for address in addresses}
    grow(2, 12)
    assert {address: queries_of(client, address) for address in addresses} == few
    assert all(few[address] <= before[address] + 4 for address in addresses)
