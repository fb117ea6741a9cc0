"""Signing in and out, on record. Real sign-ins only: what a program does with a token is recorded where it acts."""

from typing import Any

from allauth.account.signals import user_logged_in
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from audit.log import SYSTEM, Party, party, record
from orchestrator.accounts.actions import stream
from orchestrator.accounts.models import User

LONGEST_PROGRAM = 200


@receiver(user_logged_in, dispatch_uid="record_sign_in")
def record_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Somebody has signed in. Without the entry there is no sign-in: what fails here fails the request."""
    _record("user.signed_in", user, request, actor=party(user))


@receiver(user_logged_out, dispatch_uid="record_sign_out")
def record_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Somebody has signed out."""
    if user is not None:
        _record("user.signed_out", user, request, actor=party(user))


@receiver(user_login_failed, dispatch_uid="record_failed_sign_in")
def record_failed_sign_in(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Somebody tried to sign in as a person who exists.

    An address that nobody has is not recorded: people type passwords there by mistake.
    """
    user = User.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
    if user is not None:
        _record("user.sign_in_failed", user, request, actor=SYSTEM)


def _record(verb: str, user: User, request: HttpRequest | None, *, actor: Party) -> None:
    given = request.META if request is not None else {}
    data = {
        "address": given.get("REMOTE_ADDR", ""),
        "program": given.get("HTTP_USER_AGENT", "")[:LONGEST_PROGRAM],
    }
    with transaction.atomic():
        record(verb, actor=actor, subject=party(user), stream=stream(user), data=data)
