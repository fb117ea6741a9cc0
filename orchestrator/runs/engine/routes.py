"""From the names in a definition to the people and teams they mean today."""

from django.contrib.auth.models import Group

from agents.verdicts import Route
from audit.fixed import A_TEXT, Fixed
from orchestrator.accounts.models import User
from orchestrator.workflows.schema import Reviewers

_TEAM = Fixed(lambda name: Group.objects.filter(name=name), A_TEXT)
_PERSON = Fixed(lambda email: User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:1], A_TEXT)


def route_of(reviewers: Reviewers) -> Route:
    """The team or person that a definition names; empty when it names nobody or nobody of that name is left."""
    if reviewers.team is not None:
        team = _TEAM.first(reviewers.team)
        return Route(team_id=team.pk if team else None)
    if reviewers.person is not None:
        person = _PERSON.first(reviewers.person)
        return Route(user_id=person.pk if person else None)
    return Route()
