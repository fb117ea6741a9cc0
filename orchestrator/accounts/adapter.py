"""How django-allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an admin; nobody signs up, and signing in says nothing that a page has to show later."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No one may make an account for themselves."""
        return False

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Sign-in and sign-out are visible by themselves, so no message is queued."""
