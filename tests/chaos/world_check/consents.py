"""I7, I10: one standing decision a review, used once, by a person, in time; and none is lost."""

from collections.abc import Iterator

from django.db.models import Count, F, Q

from agents.models import ToolCall
from approvals.models import Decision, Review
from approvals.states import OUTCOME, ReviewState, Verdict
from orchestrator.runs.models import Run
from orchestrator.runs.states import RUN_ENDED

WITHOUT_VERDICT = (ReviewState.OPEN, ReviewState.EXPIRED, ReviewState.WITHDRAWN, ReviewState.SUPERSEDED)


def wrong_consents() -> Iterator[str]:
    """Everything that is wrong with reviews and decisions."""
    standing = Count("decisions", filter=Q(decisions__undone_at=None))
    for review in Review.objects.annotate(standing=standing).prefetch_related("decisions").iterator(chunk_size=500):
        yield from _review(review, review.standing)
    yield from _decisions()
    yield from _delivery()


def _review(review: Review, standing: int) -> Iterator[str]:
    """A review that was decided in time has one standing decision that says what its state says."""
    if review.state in WITHOUT_VERDICT:
        withdrawn_later = review.state == ReviewState.WITHDRAWN
        if standing and not withdrawn_later:
            yield f"I7: {review.code} is {review.state}, and yet a decision on it stands."
    elif standing != 1:
        yield f"I7: {review.code} is {review.state}, and {standing} decisions on it stand."
    else:
        decision = next(each for each in review.decisions.all() if each.undone_at is None)
        if OUTCOME[Verdict(decision.verdict)] != review.state:
            yield f"I7: {review.code} is {review.state}, but the decision on it is {decision.verdict}."
    if review.state == ReviewState.EXPIRED and review.closed_at and review.closed_at < review.expires_at:
        yield f"I13: {review.code} ran out before its time was over."
    if (review.state == ReviewState.OPEN) != (review.closed_at is None):
        yield f"I7: {review.code} is {review.state}, and closed at {review.closed_at}."


def _decisions() -> Iterator[str]:
    late = Decision.objects.filter(at__gte=F("review__expires_at")).select_related("review")
    for decision in late:
        yield f"I13: {decision.review.code} was decided after its time was over."
    for decision in Decision.objects.filter(at__gt=F("held_until")):
        yield f"I13: decision {decision.ref} takes effect before it was made."
    for decision in Decision.objects.filter(by=F("review__started_by")).select_related("review"):
        yield f"I7: {decision.review.code} was decided by the person who started the run."
    used = ToolCall.objects.filter(consent_ref__isnull=False).values("consent_ref").annotate(calls=Count("pk"))
    for row in used.filter(calls__gt=1):
        yield f"I7: decision {row['consent_ref']} was used for {row['calls']} calls."


def _delivery() -> Iterator[str]:
    """Nothing waits any more for a person on behalf of a run that has ended."""
    ended = Run.objects.filter(state__in=RUN_ENDED).values("ref")
    for review in Review.objects.filter(run_ref__in=ended, state=ReviewState.OPEN):
        yield f"I10: {review.code} is still open, and its run has ended."
    for review in Review.objects.filter(run_ref__in=ended, delivered_at=None).exclude(state=ReviewState.OPEN):
        yield f"I10: nobody took up what became of {review.code}, and its run has ended."
