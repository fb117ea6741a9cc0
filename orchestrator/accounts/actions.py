"""What people change about their own account. Each function is one transaction: lock, guard, save, audit."""

from django.db import transaction
from django.utils import timezone

from audit.log import party, record
from orchestrator.accounts import exceptions
from orchestrator.accounts.access import access_token
from orchestrator.accounts.models import ApiToken, User
from orchestrator.accounts.zones import zone_names

MOST_TOKENS = 20
SHOWN_OF_SECRET = 8


def set_time_zone(*, user: User, time_zone: str) -> User:
    """Choose the time zone in which a person reads times. Raises UnknownTimeZone."""
    if time_zone not in zone_names():
        raise exceptions.UnknownTimeZone
    with transaction.atomic(durable=True):
        user = _locked(user)
        if user.time_zone == time_zone:
            return user
        before, user.time_zone = user.time_zone, time_zone
        user.save(update_fields=["time_zone"])
        data = {"before": before, "after": time_zone}
        record("user.time_zone_set", actor=party(user), subject=party(user), stream=stream(user), data=data)
    return user


def create_token(*, owner: User, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can read again. Raises NoTokenName, TokenNameTaken, TooManyTokens."""
    name = " ".join(name.split())
    if not name:
        raise exceptions.NoTokenName
    with transaction.atomic(durable=True):
        owner = _locked(owner)
        in_force = ApiToken.objects.filter(owner=owner, revoked_at=None)
        if in_force.filter(name__iexact=name).exists():
            raise exceptions.TokenNameTaken
        if in_force.count() >= MOST_TOKENS:
            raise exceptions.TooManyTokens
        secret = ApiToken.new_secret()
        token = ApiToken.objects.create(
            owner=owner, name=name, prefix=secret[:SHOWN_OF_SECRET], digest=ApiToken.digest_of(secret)
        )
        _note("token.created", token)
    return token, secret


def revoke_token(*, owner: User, token: ApiToken) -> ApiToken:
    """Make a token useless from now on. Revoking twice changes nothing."""
    with transaction.atomic(durable=True):
        token = access_token(owner, token.ref, lock=True)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            _note("token.revoked", token)
    return token


def stream(user: User) -> str:
    """The audit stream of a person."""
    return f"user:{user.ref}"


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _note(verb: str, token: ApiToken) -> None:
    data = {"token": str(token.ref), "name": token.name, "begins_with": token.prefix}
    record(
        verb,
        actor=party(token.owner),
        subject=party(token, kind="token"),
        stream=stream(token.owner),
        data=data,
    )
