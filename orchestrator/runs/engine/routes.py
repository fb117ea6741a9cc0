"""From the names in a definition to the people and teams they mean today."""

from django.contrib.auth.models import Group

from agents.verdicts import Route
from orchestrator.accounts.models import User
from orchestrator.workflows.schema import Reviewers


def route_of(reviewers: Reviewers) -> Route:
    """The team or person that a definition names; empty when it names nobody or nobody of that name is left."""
    if reviewers.team is not None:
        team = Group.objects.filter(name=reviewers.team).values_list("pk", flat=True).first()
        return Route(team_id=team)
    if reviewers.person is not None:
        person = (
            User.objects.filter(email__iexact=reviewers.person, is_active=True).values_list("pk", flat=True).first()
        )
        return Route(user_id=person)
    return Route()
