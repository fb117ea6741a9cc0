"""What a reader of the record asked to see: taken from the address, understood or refused with a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from audit import links, text, verbs
from audit.models import Stream

ACTORS = {
    "": "Any actor",
    "person": "People",
    "agent": "Agents",
    "program": "Programs",
    "system": "Holdshort itself",
}
ACTOR_KINDS = {
    "person": ("user", "person"),
    "agent": ("agent", "agentversion"),
    "program": ("apitoken", "token", "program"),
    "system": ("system",),
}
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9999, 1, 1)
MOST_WORDS = 8
PERIODS = {"": "Any time", "today": "Today", "7": "Last 7 days", "30": "Last 30 days", "dates": "From … to …"}


def actions() -> dict[str, str]:
    """The groups of verbs by the word before the dot."""
    groups = sorted({verb.partition(".")[0] for verb in verbs.SENTENCES})
    return {"": "Any action"} | {group: links.word_for(group) for group in groups}


@dataclass(frozen=True)
class Filters:
    """The chosen filters. `problems` says what could not be understood and was left out."""

    q: str = ""
    actor: str = ""
    action: str = ""
    period: str = ""
    since: date | None = None
    until: date | None = None
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Filters()

    def condition(self) -> Q:
        """What entries have to fulfil."""
        wanted = Q()
        if self.actor:
            wanted &= Q(actor_kind__in=ACTOR_KINDS[self.actor])
        if self.action:
            wanted &= Q(verb__in=[verb for verb in verbs.SENTENCES if verb.partition(".")[0] == self.action])
        for condition in (*self._words(), *self._times()):
            wanted &= condition
        return wanted

    def _words(self) -> Iterator[Q]:
        for word in self.q.split()[:MOST_WORDS]:
            kind, colon, code = word.partition(":")
            if colon and kind in links.KINDS:
                yield _about(kind, links.find(kind, code))
            else:
                yield Q(actor_name__icontains=word) | Q(subject_name__icontains=word)

    def _times(self) -> Iterator[Q]:
        if self.period == "today":
            yield Q(at__gte=_midnight(timezone.localdate()))
        elif self.period in ("7", "30"):
            yield Q(at__gte=timezone.now() - timedelta(days=int(self.period)))
        elif self.period == "dates":
            if self.since:
                yield Q(at__gte=_midnight(self.since))
            if self.until:
                yield Q(at__lt=_midnight(self.until + timedelta(days=1)))


def read_filters(query: Mapping[str, Any]) -> Filters:
    """The filters of a query string. What cannot be understood is left out and named in `problems`."""
    problems: list[str] = []

    def choice(name: str, choices: Mapping[str, str]) -> str:
        value = str(query.get(name, ""))
        if value not in choices:
            problems.append(f"“{value[:40]}” is not a choice for {name}. It was left out.")
        return value if value in choices else ""

    def day(name: str) -> date | None:
        value = str(query.get(name, "")).strip()
        try:
            found = date.fromisoformat(value) if value else None
        except ValueError:
            found = date.min
        if found is None or FIRST_DAY <= found <= LAST_DAY:
            return found
        problems.append(f"“{value[:40]}” is not a date that can be searched. Write it like 2026-11-23.")
        return None

    since, until = day("since"), day("until")
    if since and until and since > until:
        problems.append("The first day lies after the last day, so nothing can match.")
    return Filters(
        q=text.escape(str(query.get("q", "")))[:200].strip(),
        actor=choice("actor", ACTORS),
        action=choice("action", actions()),
        period=choice("period", PERIODS) or ("dates" if since or until else ""),
        since=since,
        until=until,
        problems=tuple(problems),
    )


def _about(kind: str, ref: str | None) -> Q:
    """Entries in the stream of a thing, or about it. The stream is looked up first, so that both sides use an index."""
    if ref is None:
        return Q(pk=None)
    stream = Stream.objects.filter(key=f"{kind}:{ref}").values_list("pk", flat=True).first()
    return Q(stream_id=stream) | Q(subject_ref=ref) if stream else Q(subject_ref=ref)


def _midnight(day: date) -> datetime:
    """The first moment of a day in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
