"""The people of the demonstration and their teams. Never made in production.

    Ines Moreau    reviewer, in all teams       Hana Sato      admin
    Tomás Abreu    reviewer, in all teams       Lukas Brandt   auditor

The customer portal is an account nobody can sign in with: it stands for the system whose cases start the sample runs,
so that every reviewer may decide on them.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured

from orchestrator.accounts.models import User
from orchestrator.accounts.roles import ADMINS, AUDITORS, REVIEWERS

PASSWORD = "norrland-demo"  # noqa: S105 (shown to everyone who starts the demonstration)
CLAIMS, CARE = "Claims reviewers", "Customer care"
SALES, LEGAL, INVESTIGATIONS, EDITORS = "Sales", "Legal", "Investigations", "Communications"
TEAMS = (CLAIMS, CARE, SALES, LEGAL, INVESTIGATIONS, EDITORS)


@dataclass(frozen=True)
class Person:
    """One person of the demonstration; `role` is what the start-up message calls them."""

    role: str
    name: str
    email: str
    groups: tuple[str, ...]


CAST = (
    Person("Reviewer", "Ines Moreau", "ines@norrland.example", (REVIEWERS, *TEAMS)),
    Person("Second reviewer", "Tomás Abreu", "tomas@norrland.example", (REVIEWERS, *TEAMS)),
    Person("Admin", "Hana Sato", "hana@norrland.example", (ADMINS,)),
    Person("Auditor", "Lukas Brandt", "lukas@norrland.example", (AUDITORS,)),
)
PORTAL = Person("Customer portal", "Norrland customer portal", "portal@norrland.example", ())


def demo_sign_ins() -> list[tuple[str, str, str]]:
    """Role, e-mail address and password of everyone who can sign in to the demonstration."""
    return [] if settings.PRODUCTION else [(person.role, person.email, PASSWORD) for person in CAST]


def ensure_people() -> None:
    """Make the teams, the people and the portal where they are missing; change nobody who is there.

    Raises ImproperlyConfigured in production, where nobody may have a password that stands in a public file.
    """
    if settings.PRODUCTION:
        raise ImproperlyConfigured("The sample people have published passwords, so production does not have them.")
    new_teams = set(TEAMS) - set(Group.objects.values_list("name", flat=True))
    for person in CAST:
        _ensure(person, PASSWORD, new_teams)
    _ensure(PORTAL, None, new_teams)


def person(role: str) -> User:
    """The user with this role in the demonstration. Raises User.DoesNotExist before `ensure_people`."""
    email = next(one.email for one in (*CAST, PORTAL) if one.role == role)
    return User.objects.get(email=email)


def team(name: str) -> Group:
    """A team by its name."""
    return Group.objects.get(name=name)


def _ensure(person: Person, password: str | None, new_teams: set[str]) -> None:
    """Somebody who is there already only joins the teams that are new, as after an update."""
    user = User.objects.filter(email=person.email).first()
    groups = person.groups if user is None else [name for name in person.groups if name in new_teams]
    user = user or User.objects.create_user(person.email, password, name=person.name)
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in groups))
