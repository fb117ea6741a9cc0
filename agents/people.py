"""The type of a person, for annotations. The user model lives in a layer above this one, so only type checkers see it here."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from orchestrator.accounts.models import User as Person
else:
    from django.contrib.auth.base_user import AbstractBaseUser as Person

__all__ = ["Person", "SignedInRequest"]


class SignedInRequest(HttpRequest):
    """A request whose sender is known; what a view behind `login_required` gets."""

    user: Person
