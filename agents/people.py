"""The type of a person, for annotations. The user model lives in a layer above, so only type checkers see it here."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.http import HttpRequest

if TYPE_CHECKING:
    from orchestrator.accounts.models import User as Person
else:
    from django.contrib.auth.base_user import AbstractBaseUser as Person

__all__ = ["Person", "SignedInRequest", "party_value"]


class SignedInRequest(HttpRequest):
    """A request whose sender is known; what a view behind `login_required` gets."""

    user: Person


def party_value(who: Person | Group | None) -> str:
    """A person or a team as the text that stands for them in a form; empty for nobody."""
    if who is None:
        return ""
    return f"team:{who.pk}" if isinstance(who, Group) else f"person:{who.ref}"
