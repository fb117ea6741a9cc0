"""Who is asked.

A route that leads to nobody who may decide goes to the admins instead, so that no review lies unseen.
"""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from agents.people import Person
from agents.verdicts import Route
from approvals.access import has_candidate
from approvals.states import ReviewKind
from audit.fixed import AN_ID, Fixed

LAST_RESORT = "Admins"


@dataclass(frozen=True)
class Reviewer:
    """The team or the person that is asked, and a sentence on why it is them. `named` is False for the last resort."""

    team: Group | None
    person: Person | None
    why: str
    named: bool = True


_TEAM = Fixed(lambda pk: Group.objects.filter(pk=pk), AN_ID)
_PERSON = Fixed(lambda pk: get_user_model()._default_manager.filter(pk=pk), AN_ID)


def settle_route(route: Route, *, kind: ReviewKind, started_by: Person | None) -> Reviewer:
    """The reviewer of a route; the admins where the route names nobody who may decide this kind of review."""
    not_by = started_by if kind in (ReviewKind.ACTION, ReviewKind.UNKNOWN) else None
    team = _TEAM.first(route.team_id) if route.team_id else None
    person = _PERSON.first(route.user_id) if route.user_id else None
    if has_candidate(team=team, person=person, not_by=not_by):
        return Reviewer(team, None if team else person, f"{team or person} reviews this kind of action.")
    named = str(team or person or "The named reviewer")
    admins = Group.objects.get(name=LAST_RESORT)
    why = f"{named} cannot decide this one, so the admins were asked."
    if not has_candidate(team=admins, person=None, not_by=not_by):
        why += " No admin can decide it either: somebody else has to become one."
    return Reviewer(admins, None, why, named=False)
