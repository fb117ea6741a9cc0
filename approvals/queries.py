"""What the inbox shows: page models over a constant number of queries, however many reviews there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Literal
from urllib.parse import urlencode

from django.contrib.auth.models import Group
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.utils import timezone

from agents.people import Person
from agents.states import CALL_OPEN, CallState, Reversibility
from approvals.models import Decision, Review
from approvals.states import ReviewKind, ReviewState
from audit import canonical

Scope = Literal["mine", "teams", "all"]
SCOPES: dict[str, str] = {"mine": "Mine", "teams": "My teams", "all": "All"}
RISKS = {1: "Low risk", 2: "Medium risk", 3: "High risk", 4: "Critical risk"}
MOST_ROWS = 200
MOST_DECIDED = 5
SOON = timedelta(minutes=30)
# What a row shows. The rest of a review is large, and two hundred of them are read at once.
SHOWN = (
    *("ref", "kind", "version", "short", "amount", "agent_name", "workflow_name", "risk_level", "due_at"),
    *("person__name", "person__email", "team__name"),
)


@dataclass(frozen=True)
class Filter:
    """What the reader asked to see, from the address."""

    scope: Scope = "teams"
    text: str = ""
    risk: int = 0

    @classmethod
    def of(cls, data: "dict[str, str]") -> "Filter":
        """The filter of a query string; what makes no sense is ignored."""
        scope = data.get("scope", "teams")
        risk = data.get("risk", "")
        return cls(
            scope=scope if scope in SCOPES else "teams",  # type: ignore[arg-type]
            text=data.get("q", "").strip()[:100],
            risk=int(risk) if risk in ("1", "2", "3", "4") else 0,
        )

    def query(self, **changes: object) -> str:
        """The filter as a query string, with changes; empty where it is the usual one."""
        values = {"scope": self.scope, "q": self.text, "risk": self.risk or "", **changes}
        usual = {"scope": "teams", "q": "", "risk": ""}
        return urlencode({key: value for key, value in values.items() if str(value) != usual.get(key)})


@dataclass(frozen=True)
class Row:
    """One review in the list."""

    review: Review
    now: datetime
    reversibility: str = ""

    @property
    def seconds_left(self) -> int:
        """Until it is due; negative once it is overdue."""
        return int((self.review.due_at - self.now).total_seconds())

    @property
    def urgency(self) -> str:
        """The class of the time that is left."""
        if self.seconds_left < 0:
            return "is-crit"
        return "is-high" if self.seconds_left < SOON.total_seconds() / 2 else ""

    @property
    def ticks(self) -> bool:
        """Whether the time left is counted in seconds on the page."""
        return self.seconds_left < 3600

    @property
    def is_today(self) -> bool:
        """Whether it is due today, in the reader's time zone."""
        return timezone.localdate(self.review.due_at) == timezone.localdate(self.now)

    @property
    def tag(self) -> str:
        """In a few words, what it is: how risky, and whether it can be undone; or what kind of question."""
        if self.review.kind != ReviewKind.ACTION:
            return ReviewKind(self.review.kind).label
        final = self.reversibility == Reversibility.IRREVERSIBLE
        return f"{RISKS[self.review.risk_level]}{', irreversible' if final else ''}"

    @property
    def group(self) -> str:
        """The heading it stands under."""
        if self.seconds_left <= SOON.total_seconds():
            return "Due within 30 min"
        if self.is_today:
            return "Today"
        soon = timezone.localdate(self.now) + timedelta(days=6)
        return "This week" if timezone.localdate(self.review.due_at) <= soon else "Later"


@dataclass(frozen=True)
class DoneRow:
    """One of the reader's own decisions of today."""

    decision: Decision

    @property
    def refused(self) -> bool:
        """Whether the reader said no."""
        return self.decision.review.state == ReviewState.REJECTED

    @property
    def pending(self) -> bool:
        """Whether what was approved has yet to happen."""
        call = self.decision.call
        return call is not None and not self.refused and call.state in CALL_OPEN

    @property
    def words(self) -> str:
        """What was decided, and what became of it."""
        said = ReviewState(self.decision.review.state).label
        if self.decision.reason_code:
            said += f": {self.decision.get_reason_code_display()}"
        call = self.decision.call
        if call is None or self.refused or call.state == CallState.HELD:
            return said
        return f"{said}, {CallState(call.state).label.lower()}"


@dataclass
class Inbox:
    """The list of reviews that wait, for one reader and one filter."""

    user: Person
    filter: Filter
    selected: Review | None = None
    now: datetime = field(default_factory=timezone.now)

    def _scoped(self, scope: str) -> QuerySet[Review]:
        """The open reviews of a scope, by the columns they are indexed by rather than by one right after the other."""
        waiting, asked = Review.objects.filter(state=ReviewState.OPEN), Q(person=self.user)
        if scope == "all" and self.user.has_perm("approvals.view_review"):
            return waiting
        if scope != "mine":
            asked |= Q(team__in=self._teams)
        return waiting.filter(asked | Q(started_by=self.user) if scope == "all" else asked)

    @cached_property
    def _teams(self) -> list[int]:
        """The teams of the reader. Known to the database as numbers, it finds their reviews by an index."""
        return list(self.user.groups.values_list("pk", flat=True))

    @cached_property
    def counts(self) -> list[tuple[str, str, int]]:
        """Every scope with its label and how many reviews wait in it. One query, answered from indexes."""
        mine, teams = waiting_for(self.user, self._teams)
        every = self._scoped("all")
        first, *others = (
            waiting.order_by().annotate(scope=Value(scope)).values("scope").annotate(number=Count("pk"))
            for scope, waiting in (("mine", mine), ("teams", teams), ("all", every))
        )
        found = dict(first.union(*others, all=True).values_list("scope", "number"))
        alone = found.get("mine", 0)
        numbers = {"mine": alone, "teams": alone + found.get("teams", 0), "all": found.get("all", 0)}
        return [(scope, label, numbers[scope]) for scope, label in SCOPES.items()]

    @cached_property
    def total(self) -> int:
        """How many reviews wait in the chosen scope, before any other filter."""
        return next(count for scope, _, count in self.counts if scope == self.filter.scope)

    @property
    def elsewhere(self) -> int:
        """How many more the reader may see than wait in the chosen scope."""
        return self.counts[-1][2] - self.total

    @cached_property
    def rows(self) -> list[Row]:
        """The reviews to show, the most urgent first."""
        found = self._scoped(self.filter.scope)
        if self.filter.risk:
            found = found.filter(risk_level__gte=self.filter.risk)
        if self.filter.text:
            found = found.filter(_matching(self.filter.text))
        found = found.select_related("person", "team").only(*SHOWN).order_by("due_at", "pk")
        found = found.annotate(reversibility=F("call__tool_version__reversibility"))
        return [Row(review, self.now, review.reversibility or "") for review in found[:MOST_ROWS]]

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """The rows under their headings."""
        return [(title, list(rows)) for title, rows in groupby(self.rows, key=lambda row: row.group)]

    @property
    def filtered(self) -> bool:
        """Whether anything but the scope narrows the list."""
        return bool(self.filter.text or self.filter.risk)

    @property
    def due_soon(self) -> int:
        """How many of the shown rows are due within half an hour."""
        return sum(row.seconds_left <= SOON.total_seconds() for row in self.rows)

    @property
    def is_cut(self) -> bool:
        """Whether more wait than are shown."""
        return len(self.rows) >= MOST_ROWS

    @cached_property
    def mark(self) -> str:
        """A digest of everything the list shows, countdowns left out: as long as it is the same, so is the list."""
        shown = [[row.review.pk, row.review.version, row.group] for row in self.rows]
        done = [[row.decision.pk, row.words] for row in self.decided_today]
        counts = [number for _, _, number in self.counts]
        selected = self.selected.pk if self.selected else 0
        return canonical.digest([self.filter.query(), selected, counts, shown, done])[:16]

    def neighbours(self) -> tuple[Review | None, Review | None]:
        """The reviews before and after the selected one in the list."""
        order = [row.review for row in self.rows]
        keys = [review.pk for review in order]
        if self.selected is None or self.selected.pk not in keys:
            return None, order[0] if order else None
        place = keys.index(self.selected.pk)
        return (order[place - 1] if place else None), (order[place + 1] if place + 1 < len(order) else None)

    @cached_property
    def held(self) -> Decision | None:
        """The reader's latest decision that can still be undone."""
        rows = Decision.objects.filter(by=self.user, undone_at=None, held_until__gt=self.now, review__delivered_at=None)
        rows = rows.select_related("review").defer("review__dossier", "review__sentence", "review__form_schema")
        return rows.order_by("-pk").first()

    @property
    def held_seconds(self) -> int:
        """For how many seconds it can be undone."""
        return max(0, int((self.held.held_until - self.now).total_seconds())) if self.held else 0

    @cached_property
    def decided_today(self) -> list[DoneRow]:
        """What the reader decided today, the latest first; the last few only."""
        rows = self._decisions_today().select_related("review", "call").order_by("-pk")
        shown = ("review__ref", "review__run_ref", "review__state", "review__short", "review__amount")
        rows = rows.only("verdict", "reason_code", "at", "call__state", *shown)
        return [DoneRow(decision) for decision in rows[:MOST_DECIDED]]

    @cached_property
    def today(self) -> dict[str, object]:
        """The reader's day in figures."""
        took = ExpressionWrapper(F("at") - F("review__opened_at"), output_field=DurationField())
        late = Count("pk", filter=Q(at__gt=F("review__due_at")))
        return self._decisions_today().aggregate(decided=Count("pk"), mean=Avg(took), late=late)

    def _decisions_today(self) -> QuerySet[Decision]:
        midnight = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        return Decision.objects.filter(by=self.user, at__gte=midnight, undone_at=None)


def waiting_for(user: Person, teams: Iterable[int] | QuerySet[Group]) -> tuple[QuerySet[Review], QuerySet[Review]]:
    """The open reviews that wait for this person, and those that wait for these teams. None is in both."""
    waiting = Review.objects.filter(state=ReviewState.OPEN).order_by()
    return waiting.filter(person=user), waiting.filter(team__in=teams)


def _matching(text: str) -> Q:
    number = text.upper().removeprefix("RV-")
    by_code = Q(pk=int(number)) if number.isdecimal() and len(number) < 16 else Q()
    words = Q(short__icontains=text) | Q(agent_name__icontains=text) | Q(workflow_name__icontains=text)
    return words | by_code if by_code else words
