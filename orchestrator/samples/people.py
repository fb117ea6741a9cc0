"""The people of the demonstration and their teams. Never made in production.

    Ines Moreau    reviewer, in both teams       Hana Sato      admin
    Tomás Abreu    reviewer, in both teams       Lukas Brandt   auditor

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


@dataclass(frozen=True)
class Person:
    """One person of the demonstration; `role` is what the start-up message calls them."""

    role: str
    name: str
    email: str
    groups: tuple[str, ...]


CAST = (
    Person("Reviewer", "Ines Moreau", "ines@norrland.example", (REVIEWERS, CLAIMS, CARE)),
    Person("Second reviewer", "Tomás Abreu", "tomas@norrland.example", (REVIEWERS, CLAIMS, CARE)),
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
    for person in CAST:
        _ensure(person, PASSWORD)
    _ensure(PORTAL, None)


def person(role: str) -> User:
    """The user with this role in the demonstration. Raises User.DoesNotExist before `ensure_people`."""
    email = next(one.email for one in (*CAST, PORTAL) if one.role == role)
    return User.objects.get(email=email)


def team(name: str) -> Group:
    """A team by its name."""
    return Group.objects.get(name=name)


def _ensure(person: Person, password: str | None) -> None:
    if User.objects.filter(email=person.email).exists():
        return
    user = User.objects.create_user(person.email, password, name=person.name)
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in person.groups])
