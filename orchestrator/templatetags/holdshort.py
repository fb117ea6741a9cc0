"""Tags and filters of the pages. Each is a thin door to a pure function; docs/front-end.md lists how to use them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.states import StopScope
from agents.stop_pages import control_for
from orchestrator import text_safety, wording
from orchestrator.state_looks import Look, look_of

register = template.Library()

NOTHING = "\N{EN DASH}"
RISKS = {1: "Low risk", 2: "Medium risk", 3: "High risk", 4: "Critical risk"}


@register.filter
def inert(value: object, limit: int = 4000) -> SafeString:
    """Foreign text, harmless and complete up to `limit` characters; line breaks are kept."""
    return format_html('<bdi class="inert">{}</bdi>', text_safety.marked(_text(value), limit))


@register.filter
def inert_line(value: object, limit: int = 160) -> SafeString:
    """Foreign text on one line, for rows and table cells."""
    line = text_safety.one_line(_text(value))
    return format_html('<bdi class="inert-line">{}</bdi>', text_safety.marked(line, limit))


@register.filter
def inert_text(value: object, limit: int = 160) -> str:
    """Foreign text without markup, for titles and attributes."""
    return text_safety.flat(_text(value), limit)


@register.filter
def inert_pre(value: object, limit: int = 20_000) -> SafeString:
    """Foreign text as it is, in a box that scrolls."""
    return format_html('<pre class="code" tabindex="0"><bdi>{}</bdi></pre>', text_safety.marked(_text(value), limit))


@register.filter
def inert_json(value: Any, limit: int = 20_000) -> SafeString:
    """A value, or the bytes of one, as indented JSON in a box that scrolls."""
    return inert_pre(text_safety.pretty(value), limit)


@register.filter
def duration(value: timedelta | float | None, style: str = "words") -> str:
    """Seconds or a timedelta as `2 min 31 s`; `duration:"digits"` gives `2:31`."""
    seconds = wording.seconds_of(value)
    if seconds is None:
        return NOTHING
    return wording.stopwatch(seconds) if style == "digits" else wording.duration(seconds)


@register.filter
def clock(value: datetime | None, style: str = "") -> str:
    """A moment in the reader's time zone, as text; `clock:"s"` with seconds, `clock:"full"` with day and zone."""
    if value is None:
        return NOTHING
    return wording.day_and_time(value) if style == "full" else wording.clock(value, seconds=style == "s")


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago a moment is, as text."""
    return wording.ago(value) if value else NOTHING


@register.simple_tag
def when(value: datetime | None, style: str = "") -> str:
    """A moment as a `time` element with UTC on hover; `style` as for `clock`, or `"ago"`."""
    if value is None:
        return NOTHING
    text = wording.ago(value) if style == "ago" else clock(value, style)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), wording.in_utc(value), text)


@register.filter
def money(value: Decimal | float | str | None, currency: str = "EUR") -> str:
    """An amount of major units; a value that is no number is shown as it came."""
    if value is None or value == "":
        return NOTHING
    try:
        return wording.money(value, currency)
    except ValueError:
        return text_safety.flat(str(value), 60)


@register.filter
def short_hash(value: str | bytes | memoryview | None) -> str:
    """The first eight digits of a digest."""
    return wording.short_hash(value) if value else NOTHING


@register.simple_tag
def icon(name: str, cls: str = "", label: str = "") -> SafeString:
    """A symbol of the sprite. With `label` it is read aloud, without it is decoration."""
    css = f"i {cls}".strip()
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="#i-{}"/></svg>', css, label, name)
    return format_html('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', css, name)


@register.simple_tag
def risk(level: int) -> SafeString:
    """Four bars for a risk level from 1 (low) to 4 (critical)."""
    level = min(4, max(1, int(level or 1)))
    html = '<svg class="risk r{}" role="img" aria-label="{}"><use href="#r-{}"/></svg>'
    return format_html(html, level, RISKS[level], level)


@register.inclusion_tag("shell/state.html")
def state_badge(state: str, kind: str = "run", word: str = "", tag: bool = False) -> dict[str, object]:
    """Glyph and word of a state of a run, step, call, review, grant or tool. `word` replaces the usual one."""
    look: Look = look_of(str(state), kind)
    return {"look": look, "word": word or look.word, "base": "tag" if tag else "state"}


@register.inclusion_tag("shell/person.html", takes_context=True)
def person(context: Context, user: Any, you: bool = False) -> dict[str, object]:
    """A person with a round avatar. With `you`, the reader is called You."""
    request = context.get("request")
    mine = user is not None and getattr(getattr(request, "user", None), "pk", None) == getattr(user, "pk", object())
    return {"name": "You" if mine and you else str(user or "System"), "initials": _initials(user), "me": mine}


@register.inclusion_tag("shell/agent.html")
def agent_av(name: object) -> dict[str, object]:
    """An agent with a square avatar."""
    return {"name": str(name), "initials": _initials(name)}


@register.inclusion_tag("stops/control.html", takes_context=True)
def stop_control(context: Context, row: Any) -> dict[str, object]:
    """What says that an agent, tool, connection, workflow or run is stopped, or the form that stops it."""
    return {"control": control_for(context["request"].user, StopScope(row._meta.model_name), row.ref)}


def _initials(who: object) -> str:
    words = [word for word in str(who or "System").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def _text(value: object) -> str:
    return "" if value is None else str(value)
