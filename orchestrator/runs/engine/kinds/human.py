"""Steps in which a person answers a form."""

from approvals.actions import open_review
from approvals.states import ReviewState
from orchestrator.runs.engine import asking
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.results import Broke, Done, Park, Result


def proceed(place: Place) -> Result:
    """Ask, wait, and take the answer up."""
    review = place.step.review
    if review is None:
        review = place.step.review = open_review(asking.about_form(place))
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    decision = review.closed_by()
    if decision is None:
        return Broke("Nobody answered in time.")
    return Done(decision.answer)
