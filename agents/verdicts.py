"""What the gateway says about a call, and why. Pure: the strictest reason wins, and every reason stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agents.states import Effect, GrantEffect, Reversibility


class Outcome(StrEnum):
    """What may happen with a call, from the mildest to the strictest."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


class Stage(StrEnum):
    """The checks in the order in which they are made. Limits, policies and sampling have their places kept."""

    SWITCHES = "switches"
    GRANT = "grant"
    REPRESENTED = "represented person"
    CONTRACT = "contract"
    LIMITS = "limits"
    POLICIES = "policies"
    RISK = "risk"
    SAMPLING = "sampling"


_STRICTNESS = list(Outcome)


@dataclass(frozen=True)
class Reason:
    """What one check found, in a sentence for people."""

    stage: Stage
    outcome: Outcome
    text: str


@dataclass(frozen=True)
class Risk:
    """0 to 100, the level 1 (low) to 4 (critical) it falls in, and what it is made of."""

    score: int
    level: int
    factors: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, Any]:
        """The risk as it is stored with a call."""
        return {"score": self.score, "level": self.level, "factors": [list(factor) for factor in self.factors]}


@dataclass(frozen=True)
class Route:
    """Who is asked when a call needs a review: a team or a person, by primary key."""

    team_id: int | None = None
    user_id: int | None = None

    def __bool__(self) -> bool:
        return self.team_id is not None or self.user_id is not None


@dataclass(frozen=True)
class Verdict:
    """The strictest outcome of all checks, with the whole trace, the risk, and who would review."""

    reasons: tuple[Reason, ...]
    risk: Risk
    route: Route

    @property
    def outcome(self) -> Outcome:
        """Deny over review over allow. Without a single reason: deny, because nothing was checked."""
        return strictest([reason.outcome for reason in self.reasons])

    @property
    def decisive(self) -> str:
        """The sentences of the reasons that made the outcome."""
        return " ".join(reason.text for reason in self.reasons if reason.outcome == self.outcome)

    def trace(self) -> list[dict[str, str]]:
        """The reasons as they are stored with the call."""
        return [{"stage": r.stage.value, "outcome": r.outcome.value, "text": r.text} for r in self.reasons]


def strictest(outcomes: Sequence[Outcome]) -> Outcome:
    """The strictest of several outcomes; deny when there is none."""
    return max(outcomes, key=_STRICTNESS.index, default=Outcome.DENY)


@dataclass(frozen=True)
class Facts:
    """Everything the checks look at, read from the database beforehand."""

    tool: str
    agent: str
    represented: str
    switches: tuple[str, ...] = ()
    grant: GrantEffect | None = None
    represented_may: bool = False
    problems: tuple[str, ...] = ()
    effect: Effect = Effect.WRITE
    review_from: int = 0
    risk: Risk = field(default_factory=lambda: Risk(100, 4, ()))
    route: Route = field(default_factory=Route)


def judge(facts: Facts) -> Verdict:
    """Every check over the facts, in the order of `Stage`."""
    reasons = [
        *(Reason(Stage.SWITCHES, Outcome.DENY, text) for text in facts.switches),
        _grant(facts),
        _represented(facts),
        *(Reason(Stage.CONTRACT, Outcome.DENY, text) for text in facts.problems),
        _risk(facts),
    ]
    return Verdict(tuple(reasons), facts.risk, facts.route)


def _grant(facts: Facts) -> Reason:
    match facts.grant:
        case GrantEffect.ALLOWED:
            return Reason(Stage.GRANT, Outcome.ALLOW, f"{facts.agent} may use {facts.tool}.")
        case GrantEffect.REVIEW:
            return Reason(Stage.GRANT, Outcome.REVIEW, f"{facts.agent} may use {facts.tool} only after a review.")
        case GrantEffect.FORBIDDEN:
            return Reason(Stage.GRANT, Outcome.DENY, f"{facts.agent} is forbidden to use {facts.tool}.")
        case _:
            return Reason(Stage.GRANT, Outcome.DENY, f"{facts.agent} has no grant for {facts.tool}.")


def _represented(facts: Facts) -> Reason:
    if facts.represented_may:
        return Reason(Stage.REPRESENTED, Outcome.ALLOW, f"{facts.represented}, for whom it acts, may use {facts.tool}.")
    return Reason(Stage.REPRESENTED, Outcome.DENY, f"{facts.represented}, for whom it acts, may not use {facts.tool}.")


def _risk(facts: Facts) -> Reason:
    score = facts.risk.score
    if facts.effect == Effect.READ or score < facts.review_from:
        return Reason(Stage.RISK, Outcome.ALLOW, f"Risk {score} of 100; reviews start at {facts.review_from}.")
    return Reason(Stage.RISK, Outcome.REVIEW, f"Risk {score} of 100, and reviews start at {facts.review_from}.")


_REVERSIBILITY: dict[Reversibility, tuple[str, int]] = {
    Reversibility.REVERSIBLE: ("Can be undone", 0),
    Reversibility.COMPENSABLE: ("Can only be made good", 8),
    Reversibility.IRREVERSIBLE: ("Cannot be undone", 20),
    Reversibility.UNKNOWN: ("Not known whether it can be undone", 15),
}
_AMOUNTS = ((10_000, 30), (5_000, 25), (1_000, 15), (500, 10), (100, 5))
_LEVELS = ((75, 4), (55, 3), (30, 2))


def score(*, effect: Effect, reversibility: Reversibility, production: bool, repeatable: bool, amount: Any) -> Risk:
    """The risk of one call from its contract and its amount (a number or a decimal text; None when it has none)."""
    if effect == Effect.READ:
        return Risk(0, 1, (("Reads only", 0),))
    factors = [("Changes data", 20), _REVERSIBILITY[reversibility]]
    if production:
        factors.append(("In production", 10))
    if not repeatable:
        factors.append(("A lost answer cannot be repeated safely", 5))
    points = _amount_points(amount)
    if points:
        factors.append((f"Amount {amount}", points))
    total = min(100, sum(value for _, value in factors))
    return Risk(total, next((level for limit, level in _LEVELS if total >= limit), 1), tuple(factors))


def _amount_points(amount: Any) -> int:
    if isinstance(amount, bool) or amount is None:
        return 0
    try:
        number = abs(float(amount))
    except (TypeError, ValueError):
        return 0
    return next((points for limit, points in _AMOUNTS if number >= limit), 0)
