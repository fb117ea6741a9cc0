"""The audit pages let auditors, and nobody else, read and check the whole record."""

from copy import copy
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit import filters, links, text, verbs, walk
from audit.lines import Words, line_of, lines_of, sentence_of
from audit.log import SYSTEM, Party, party, record
from audit.models import Entry, Stream
from audit.queries import PAGE
from audit.verify import frame_of
from orchestrator.accounts.models import User
from tests.audit.tampering import overwrite, remove
from tests.reading import HOSTILE, Markup, dangers, queries_of, signed_in
from tests.runs import stories
from tests.world import World

HTMX = {"HX-Request": "true"}
ADA = Party("user", "u1", "Ada Byron")
LAMP = Party("review", "r1", "Refund the lamp")


def write(
    verb: str = "review.approved", stream: str = "run:x", *, actor: Party = ADA, subject: Party = LAMP, **data: object
) -> Entry:
    with transaction.atomic():
        return record(verb, actor=actor, subject=subject, stream=stream, data=data)


def write_many(stream: str, count: int) -> None:
    """Go on with a stream by many entries, hashed and chained like all others."""
    entries = [Entry.objects.filter(stream__key=stream).latest("seq")]
    for _ in range(count):
        entry = copy(entries[-1])
        entry.pk, entry.seq, entry.previous = None, entry.seq + 1, entry.hash
        entry.hash = frame_of(entry, stream).hash()
        entries.append(entry)
    Entry.objects.bulk_create(entries[1:])
    Stream.objects.filter(key=stream).update(seq=entries[-1].seq, head=entries[-1].hash)


def log(user: User, query: str = "") -> str:
    answer = signed_in(user).get(f"/audit/{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def shown(user: User, query: str) -> list[int]:
    return [row.line.pk for row in signed_in(user).get(f"/audit/?{query}").context["page"].rows]


# --- Who may read ---


def test_auditors_and_admins_read_the_record_and_nobody_else_learns_that_it_exists(world: World) -> None:
    entry = write()
    reads = ("/audit/", reverse("audit-entry", args=[entry.pk]))
    checks = (reverse("audit-verify"), reverse("audit-verify-stream", args=[entry.pk]))

    for user, status in ((world.lukas, 200), (world.hana, 200), (world.ines, 404), (world.otto, 404)):
        client = signed_in(user)
        assert {client.get(address).status_code for address in reads} == {status}
        assert {client.post(address).status_code for address in checks} == {status}


@pytest.mark.parametrize(
    "address",
    ["/audit/0/", "/audit/999999/", "/audit/" + "9" * 40 + "/", "/audit/?before=x", "/audit/?before=" + "9" * 30],
)
def test_what_is_not_there_is_not_found(world: World, address: str) -> None:
    assert signed_in(world.lukas).get(address).status_code == 404


# --- The list ---


def test_an_entry_is_a_plain_sentence_with_the_names_of_that_moment(world: World) -> None:
    write(actor=party(world.ines))
    world.ines.name = "Ines Married"
    world.ines.save()

    assert "Ines Moreau approved: Refund the lamp." in " ".join(Markup(log(world.lukas)).text.split())


def test_a_verb_that_has_lost_its_sentence_can_still_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verbs.SENTENCES, "moon.landed", "{actor} landed on {subject}.")

    assert sentence_of("moon.landed", "Ada", "it") == (
        Words("Ada", True),
        Words(" landed on ", False),
        Words("it", True),
        Words(".", False),
    )
    assert "“moon.left”" in "".join(words.text for words in sentence_of("moon.left", "Ada", "it"))


def test_a_name_that_looks_like_a_place_in_the_sentence_stays_a_name() -> None:
    assert [words.text for words in sentence_of("review.approved", "{subject}", "{actor}")][::2] == [
        "{subject}",
        "{actor}",
    ]


def test_the_list_takes_as_many_queries_for_a_thousand_entries_as_for_ten(world: World) -> None:
    client = signed_in(world.lukas)
    run = stories.a_told_run(stories.a_version(world.hana), world.otto)
    for number in range(10):
        write(stream=f"run:{run.ref}", number=number)
    few = queries_of(client, "/audit/")
    write_many(f"run:{run.ref}", 1000)

    assert queries_of(client, "/audit/") == few <= 12
    assert "50 entries on this page verified" in log(world.lukas)


def test_older_pages_lead_through_every_entry_exactly_once(world: World) -> None:
    for number in range(2 * PAGE + 3):
        write(stream=f"run:{number % 3}")
    client, address, seen = signed_in(world.lukas), "/audit/?action=review", []
    while address:
        answer = client.get(address)
        seen += [row.line.pk for row in answer.context["page"].rows]
        address = answer.context["older"]

    assert seen == list(Entry.objects.order_by("-pk").values_list("pk", flat=True))


def test_filters_leave_what_was_asked_for(world: World) -> None:
    by_person = write()
    by_agent = write(
        "call.executed", actor=Party("agent", "a1", "Refund agent"), subject=Party("call", "c", "company.pay")
    )
    by_system = write("step.finished", actor=SYSTEM, subject=Party("step", "s", "Look"))

    assert shown(world.lukas, "actor=person") == [by_person.pk]
    assert shown(world.lukas, "actor=agent") == [by_agent.pk]
    assert shown(world.lukas, "actor=system&action=step") == [by_system.pk]
    assert shown(world.lukas, "q=byron") == [by_person.pk]
    assert shown(world.lukas, "q=refund+agent+company") == [by_agent.pk]
    assert shown(world.lukas, "period=today") == [by_system.pk, by_agent.pk, by_person.pk]
    assert shown(world.lukas, f"since={timezone.localdate() + timedelta(days=2)}") == []
    assert "No entries match" in log(world.lukas, "?q=nobody")


def test_a_run_is_found_by_the_name_people_say(world: World) -> None:
    run = stories.a_told_run(stories.a_version(world.hana), world.otto)
    entry = stories.tell(run, "run.started")
    write()

    for word in (f"run:{run.code}", f"run:{run.pk}", f"run:{run.ref}", f"run:{run.code.lower()} lamp"):
        assert shown(world.lukas, f"q={word}") == ([] if "lamp" in word else [entry.pk])
    assert shown(world.lukas, "q=run:R-999999") == []
    assert run.code in log(world.lukas)
    assert reverse("run", args=[run.ref]) in log(world.lukas)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("actor=martian", "is not a choice for actor"),
        ("action=moon", "is not a choice for action"),
        ("period=ever", "is not a choice for period"),
        ("since=tomorrow", "Write it like 2026-11-23"),
        ("since=0001-01-01", "Write it like 2026-11-23"),
        ("until=9999-12-31", "Write it like 2026-11-23"),
        ("since=2026-11-02&until=2026-11-01", "so nothing can match"),
    ],
)
def test_a_filter_nobody_understands_is_named(world: World, query: str, sentence: str) -> None:
    assert sentence in log(world.lukas, f"?{query}")


@pytest.mark.parametrize("q", ["\x00", "%", "_", "\\", "'; drop table", "run:", "run:x" * 20, "a " * 100])
def test_no_search_breaks_the_page(world: World, q: str) -> None:
    write()

    assert signed_in(world.lukas).get("/audit/", {"q": q}).status_code == 200


def test_days_are_those_of_the_reader() -> None:
    with timezone.override("Asia/Tokyo"):
        condition = filters.read_filters({"since": "2026-11-23"}).condition()

    assert "2026, 11, 23, 0, 0" in str(condition)
    assert "Asia/Tokyo" in str(condition)


def test_an_empty_record_says_what_will_stand_there(world: World) -> None:
    assert "Nothing is recorded yet" in log(world.lukas)


# --- One entry ---


def test_an_entry_shows_its_data_its_hash_and_what_it_follows(world: World) -> None:
    first, second = write(note="first"), write(note="second")

    html = log(world.lukas, f"{second.pk}/")

    for words in (
        "second",
        bytes(second.hash).hex(),
        bytes(first.hash).hex(),
        second.payload_digest,
        "checked just now",
    ):
        assert words in html


def test_subjects_lead_to_their_pages_where_they_have_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = write()
    monkeypatch.delitem(links.KINDS, "review", raising=False)
    assert 'href="/somewhere/r1"' not in log(world.lukas, f"{entry.pk}/")

    monkeypatch.setitem(links.KINDS, "review", links.Kind("Review", url=lambda ref: f"/somewhere/{ref}"))

    assert 'href="/somewhere/r1"' in log(world.lukas, f"{entry.pk}/")


def test_a_kind_whose_page_does_not_exist_has_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(links.KINDS, "moon", links.Kind("Moon", url=lambda ref: reverse("no-such-page", args=[ref])))

    assert links.url_of("moon", "1") == ""
    assert links.url_of("mars", "1") == ""


def test_hostile_text_is_only_text(world: World) -> None:
    evil = Party("agent", "x", HOSTILE)
    entry = write("call.executed", actor=evil, subject=evil, data={HOSTILE: [HOSTILE]})

    for address in ("", f"{entry.pk}/", "?" + "q=" + "%3Cscript%3E"):
        html = log(world.lukas, address)
        assert not dangers(html), dangers(html)
    assert "window.stolen" in log(world.lukas)


def test_a_hostile_search_is_only_text(world: World) -> None:
    html = (
        signed_in(world.lukas)
        .get("/audit/", {"q": HOSTILE.replace("\ud800", ""), "action": HOSTILE[:40]})
        .content.decode()
    )

    assert not [danger for danger in dangers(html) if not str(danger).startswith("0x")]


# --- Verifying ---


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("payload", b'{"amount":1}', "its data was changed"),
        ("payload", b"\xff\x00 no json", "its data was changed"),
        ("actor_name", "Eve", "its hash does not match its content"),
        ("verb", "review.rejected", "its hash does not match its content"),
        ("at", "2001-01-01T00:00:00Z", "its hash does not match its content"),
        ("hash", b"\x00" * 32, "its hash does not match its content"),
        ("previous", b"\x01" * 32, "it does not follow the entry before it"),
    ],
)
def test_a_changed_entry_is_named_with_what_is_wrong(world: World, column: str, value: object, problem: str) -> None:
    write(amount=10)
    entry = write(amount=20)
    assert "2 entries on this page verified" in log(world.lukas)

    overwrite(entry.pk, **{column: value})

    assert line_of(entry).problem == problem
    assert f"is not what was written: {problem}" in log(world.lukas)
    assert f"This is not what was written: {problem}" in log(world.lukas, f"{entry.pk}/")
    answer = signed_in(world.lukas).post(reverse("audit-verify-stream", args=[entry.pk]), headers=HTMX).content.decode()
    assert problem in answer
    assert reverse("audit-entry", args=[entry.pk]) in answer


def test_an_entry_after_a_missing_one_says_so(world: World) -> None:
    entries = [write(number=number) for number in range(3)]

    remove(entries[1].pk)

    assert [line.problem for line in lines_of(Entry.objects.order_by("pk"))] == ["", "entry 2 is missing"]
    html = signed_in(world.lukas).post(reverse("audit-verify")).content.decode()
    assert "1 of 1 stream is broken" in html
    assert "entry 2 is missing" in html


def test_verifying_everything_names_the_first_bad_entry_of_each_broken_stream(world: World) -> None:
    entries = [write(stream=f"run:{number % 4}") for number in range(40)]
    for broken in (entries[9], entries[13], entries[10]):  # two in stream 1, one in stream 2
        overwrite(broken.pk, actor_name="Eve")

    html = " ".join(
        Markup(signed_in(world.lukas).post(reverse("audit-verify"), headers=HTMX).content.decode()).text.split()
    )

    assert "2 of 4 streams are broken" in html
    assert "Entry 3 of run:1" in html
    assert "Entry 4 of run:1" not in html
    assert "Entry 3 of run:2" in html


def test_an_intact_record_is_verified_to_the_last_entry(world: World) -> None:
    for number in range(30):
        write(stream=f"run:{number % 5}")

    html = signed_in(world.lukas).post(reverse("audit-verify"), headers=HTMX).content.decode()

    assert "30 entries in 5 streams verified" in html


def test_a_long_check_goes_on_slice_by_slice_and_looks_at_every_stream_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        write(stream=f"run:{number % 4}")
    overwrite(Entry.objects.filter(stream__key="run:2").latest("pk").pk, verb="review.rejected")
    stood, slices = walk.begin(), 0
    while not stood.done:
        stood, slices = walk.advance(walk.resume(stood.token), seconds=0), slices + 1

    assert slices == 5
    assert (stood.streams, stood.entries, stood.broken, stood.total) == (4, 12, 1, 12)
    assert stood.named[0].stream == "run:2"


def test_a_check_that_is_not_done_shows_how_far_it_is_and_goes_on_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "SLICE_SECONDS", 0)
    monkeypatch.setattr(walk.advance, "__kwdefaults__", {"seconds": 0})
    write(stream="run:1")
    write(stream="run:2")
    client = signed_in(world.lukas)

    first = client.post(reverse("audit-verify"), headers=HTMX)
    assert "Verified 1 of 2 entries" in first.content.decode()
    assert 'hx-trigger="load' in first.content.decode()
    second = client.post(reverse("audit-verify"), {"walk": first.context["walk"].token}, headers=HTMX)
    assert "Verified 2 of 2 entries" in second.content.decode()


@pytest.mark.parametrize("token", ["x", "eyJhZnRlciI6OTk5fQ:1:1", text.escape("\x00")])
def test_nobody_can_make_a_check_look_further_than_it_is(world: World, token: str) -> None:
    answer = signed_in(world.lukas).post(reverse("audit-verify"), {"walk": token})

    assert answer.status_code == 400
    assert "Start it again" in answer.content.decode()


def test_reading_the_record_changes_nothing_in_it(world: World) -> None:
    entry = write()
    before = list(Stream.objects.values())

    log(world.lukas)
    log(world.lukas, f"{entry.pk}/")
    signed_in(world.lukas).post(reverse("audit-verify"))

    assert list(Stream.objects.values()) == before
