"""Foreign text is shown inert, numbers are written one way, and every page can be drawn from what the shell offers."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agents.states import CallState, GrantEffect, NoteState, ToolState
from approvals.states import ReviewState
from orchestrator import text_safety, wording
from orchestrator.accounts.models import User
from orchestrator.context import PLACES, Shell
from orchestrator.errors import bad_request, server_error
from orchestrator.runs.states import RunState, StepState
from orchestrator.state_looks import KINDS, look_of
from orchestrator.templatetags import holdshort
from tests.world import World

TEMPLATES = Path(settings.BASE_DIR) / "templates"
HIDDEN = [c for c in map(chr, range(0x110000)) if text_safety.is_hidden(c)]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> \u202egpj.exe\u2066 a\u200bb \U000e0041 \ufe0f\x00\ud800"
)
HEBREW = "עברית"
MINUS = wording.MINUS
NOTHING = holdshort.NOTHING
NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)


class Tags(HTMLParser):
    """Collects the elements and attributes of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        self.text += data


def draw(source: str, **context: object) -> str:
    return Template("{% load holdshort %}" + source).render(Context(context)).strip()


def a_request(path: str = "/inbox/", user: object = None) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()  # type: ignore[assignment]
    return request


# --- inert text ------------------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from(HIDDEN), min_size=1, max_size=text_safety.HIDDEN_IN_A_ROW))
def test_every_invisible_character_becomes_a_marker_that_names_it(text: str) -> None:
    shown = holdshort.inert(text.replace("\r", "\x01"))
    assert [int(code, 16) for code in re.findall(r">U\+([0-9A-F]{4,6})</span>", shown)] == [
        ord(c) for c in text.replace("\r", "\x01")
    ]
    assert not any(text_safety.is_hidden(c) for c in shown)


@pytest.mark.parametrize("category", ["Cf", "Cc", "Co", "Cn", "Cs"])
def test_no_character_of_an_invisible_category_is_forgotten(category: str) -> None:
    characters = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) == category and c not in "\n\t"]
    assert set(characters) <= set(HIDDEN)


@given(st.text(st.characters(), max_size=300), st.integers(1, 200))
def test_foreign_text_is_never_markup_and_always_encodable(text: str, limit: int) -> None:
    for shown in (holdshort.inert(text, limit), holdshort.inert_line(text, limit), holdshort.inert_pre(text, limit)):
        assert Tags(shown).seen <= {"bdi", "span", "pre", "class", "title", "tabindex"}
        shown.encode()
    holdshort.inert_text(text, limit).encode()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=100))
def test_harmless_text_is_shown_as_it_is(text: str) -> None:
    assert Tags(holdshort.inert(text)).text == text


def test_letters_of_every_script_are_left_alone() -> None:
    text = "Füße, naïve, Ωμέγα, 你好, สวัสดี, 한국어, " + HEBREW
    assert holdshort.inert(text) == f'<bdi class="inert">{text}</bdi>'


def test_hostile_text_is_shown_and_does_nothing() -> None:
    shown = holdshort.inert(HOSTILE)
    assert "<script" not in shown
    assert "<img" not in shown
    for code in ("U+202E", "U+2066", "U+200B", "U+E0041", "U+FE0F", "U+0000", "U+D800"):
        assert code in shown
    assert 'title="RIGHT-TO-LEFT OVERRIDE"' in shown


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("a" + "\n" * 50 + "b", "50 empty lines"),
        ("a" + " \n" * 50 + "b", "50 empty lines"),
        ("a" + " " * 900 + "b", "900 spaces"),
        ("a" + "\u3000" * 900 + "b", "900 spaces"),
        ("e" + "\u0301" * 100, "92 more combining marks"),
        ("\U000e0041" * 500, "488 more hidden characters"),
        ("x" * 97_412, "… 93,412 more characters"),
    ],
)
def test_what_pushes_the_truth_out_of_sight_is_counted_instead(text: str, marker: str) -> None:
    shown = holdshort.inert(text)
    assert marker in shown
    assert len(Tags(shown).text) < 4200


def test_short_blanks_and_line_ends_of_windows_are_kept() -> None:
    assert Tags(holdshort.inert("a\r\n\r\nb   c\td")).text == "a\n\nb   c\td"


def test_one_line_and_attribute_forms() -> None:
    assert Tags(holdshort.inert_line("a\n\n b\tc")).text == "a b c"
    assert Tags(holdshort.inert_line(" to ")).text == " to "
    assert holdshort.inert_text("a\n\u202eb" + "c" * 300, 5) == "a [U+202E]bc…"
    assert holdshort.inert_text(HEBREW) == f"\u2068{HEBREW}\u2069"
    assert draw('<p title="{{ text|inert_text }}"></p>', text='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(st.characters()), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_can_be_shown_as_json(value: object) -> None:
    assert Tags(holdshort.inert_json(value)).seen <= {"pre", "class", "tabindex", "bdi", "span", "title"}


def test_json_is_pretty_and_bytes_are_read() -> None:
    assert Tags(holdshort.inert_json(b'{"amount":64.2,"to":"\xc3\xa9"}')).text == '{\n  "amount": 64.2,\n  "to": "é"\n}'
    assert "\\xff" in holdshort.inert_json(b"\xff not json")
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert "nested too deeply" in holdshort.inert_json(deep)
    assert "[[[" in holdshort.inert_json(b"[" * 100_000)
    assert "more characters" in holdshort.inert_json({"page": "x" * 100_000})


# --- numbers, times, digests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words", "digits"),
    [
        (0, "0 s", "0:00"),
        (0.32, "320 ms", "0:00"),
        (24, "24 s", "0:24"),
        (70, "1 min 10 s", "1:10"),
        (151, "2 min 31 s", "2:31"),
        (120, "2 min", "2:00"),
        (3723, "1 h 2 min", "1:02:03"),
        (90_000, "1 d 1 h", "25:00:00"),
        (-258, f"{MINUS}4 min 18 s", f"{MINUS}4:18"),
    ],
)
def test_lengths_of_time(seconds: float, words: str, digits: str) -> None:
    assert holdshort.duration(seconds) == words
    assert holdshort.duration(timedelta(seconds=seconds), "digits") == digits


@given(st.floats(-1e9, 1e9))
def test_a_length_of_time_can_always_be_written(seconds: float) -> None:
    assert wording.duration(seconds)
    assert wording.stopwatch(seconds)


def test_moments_are_written_in_the_time_zone_of_the_reader() -> None:
    with timezone.override("Europe/Stockholm"):
        assert wording.clock(NOW, now=NOW) == "10:42"
        assert wording.clock(NOW - timedelta(days=2), now=NOW) == "21 Nov, 10:42"
        assert wording.clock(NOW - timedelta(days=400), now=NOW) == "19 Oct 2025, 11:42"
        assert holdshort.clock(NOW, "full") == "23 Nov 2026, 10:42:00 CET"
        assert 'title="23 Nov 2026, 09:42:00 UTC"' in holdshort.when(NOW)
    assert holdshort.clock(None) == holdshort.when(None) == NOTHING


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "just now"), (59, "59 s ago"), (240, "4 min ago"), (-7200, "in 2 h"), (260_000, "3 d ago")],
)
def test_how_long_ago(seconds: int, text: str) -> None:
    assert wording.ago(NOW - timedelta(seconds=seconds), now=NOW) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("18450"), "EUR", "€18,450.00"),
        ("-6.1", "USD", f"{MINUS}$6.10"),
        (0.0042, "USD", "$0.0042"),
        (1200, "JPY", "¥1,200"),
        (0, "XBT", "XBT 0.00"),
        ("a lot", "EUR", "a lot"),
        ("NaN", "EUR", "NaN"),
        (None, "EUR", NOTHING),
    ],
)
def test_amounts(amount: Decimal | float | str | None, currency: str, text: str) -> None:
    assert holdshort.money(amount, currency) == text


def test_digests_are_cut_to_what_people_compare() -> None:
    assert holdshort.short_hash("sha256:6b95fe20c811d7a0") == "6b95fe20"
    assert holdshort.short_hash(memoryview(bytes.fromhex("6b95fe20c8"))) == "6b95fe20"
    assert holdshort.short_hash(None) == NOTHING


# --- states, people, icons -------------------------------------------------------------------------------------------


def test_every_state_has_a_glyph_and_its_own_word() -> None:
    assert set(KINDS.values()) == {RunState, StepState, CallState, ReviewState, GrantEffect, ToolState, NoteState}
    for kind, states in KINDS.items():
        for value, label in states.choices:
            look = look_of(value, kind)
            assert look.word == label
            assert (look.icon != "ring") == (value not in ("pending",) and (kind, value) != ("call", "allowed"))


def test_badges() -> None:
    badge = draw('{% state_badge state "run" %}', state=RunState.WAITING)
    assert 'class="state is-hold"' in badge
    assert "#i-hold" in badge
    assert "Waiting for a person" in badge
    assert 'class="tag is-ok"' in draw('{% state_badge "approved" "review" tag=True word="Done by you" %}')
    assert "Not heard of" in draw('{% state_badge "not_heard_of" "run" %}')


def test_people_and_agents_are_told_apart_by_shape() -> None:
    assert 'class="av" aria-hidden="true">TA</span><bdi class="inert-line">Tomás Abreu</bdi>' in draw(
        "{% person who %}", who="Tomás Abreu"
    )
    assert "System" in draw("{% person who %}", who=None)
    assert 'class="av bot" aria-hidden="true">CA' in draw("{% agent_av name %}", name="Claims agent")
    assert "<script" not in draw("{% agent_av name %}", name="<script>")


def test_risk_has_a_word_and_stays_in_its_scale() -> None:
    assert 'aria-label="Critical risk"' in holdshort.risk(9)
    assert 'class="risk r1"' in holdshort.risk(0)


def test_every_symbol_that_is_used_is_in_the_sprite() -> None:
    known = set(re.findall(r'id="i-([a-z]+)"', (TEMPLATES / "shell/sprite.html").read_text()))
    used = {look_of(value, kind).icon for kind, states in KINDS.items() for value in states.values}
    used |= {place.icon for place in PLACES}
    for file in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r'{% icon "([a-z]+)"', file.read_text())) | set(
            re.findall(r'#i-([a-z]+)"', file.read_text())
        )
    assert used <= known


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"])
def test_every_error_page_says_what_happened_and_whom_to_ask(name: str) -> None:
    page = render_to_string(name, request=a_request())
    assert re.search(r"<h1>.+</h1>", page)
    assert settings.HOLDSHORT_SUPPORT_CONTACT in page


def test_error_pages_need_neither_user_nor_session() -> None:
    bare = RequestFactory().get("/inbox/")
    assert server_error(bare).status_code == 500
    assert bad_request(bare, ValueError()).status_code == 400


def test_the_chosen_theme_is_rendered_and_nothing_else_is() -> None:
    request = a_request()
    request.COOKIES["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in render_to_string("404.html", request=request)
    request.COOKIES["theme"] = '"><script>'
    assert '<html lang="en">' in render_to_string("404.html", request=request)


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_templates_are_short_and_hold_nothing_inline(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 120
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text
    assert "autoescape off" not in text


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_what_a_doorbell_fetches_is_fetched_again_when_it_rings_meanwhile(file: Path) -> None:
    for tag in re.findall(r"<[a-z][^<]*?hx-trigger=\"[^\"]*from:body[^\"]*\"[^<]*", file.read_text()):
        assert 'hx-sync="this:replace"' in tag, tag


def test_styles_and_scripts_stay_small() -> None:
    static = Path(settings.BASE_DIR) / "static"
    scripts = {file.name: len(file.read_text().splitlines()) for file in static.glob("js/*.js")}
    assert len((static / "css/app.css").read_text().splitlines()) <= 900
    assert max(scripts.values()) <= 100
    assert sum(scripts.values()) < 500


@pytest.mark.django_db
def test_the_navigation_shows_each_reader_the_places_they_may_go_to(world: World) -> None:
    def labels(user: User | None) -> list[str]:
        return [link.place.label for link in Shell(a_request("/reviews/x/", user)).nav]

    assert labels(None) == []
    assert not {"Workflows", "Agents", "Audit"} & set(labels(world.otto))
    assert labels(world.ines)[:2] == ["Inbox", "Runs"]
    assert "Agents" in labels(world.ines)
    assert "Audit" not in labels(world.ines)
    assert labels(world.lukas) == labels(world.hana)
    assert "Audit" in labels(world.lukas)
    assert [link.place.label for link in Shell(a_request("/reviews/x/", world.ines)).nav if link.current] == ["Inbox"]
