"""What of accounts a person may reach: their own, and nobody else's."""

from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404

from orchestrator.accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's tokens, those in force first, then the newest first."""
    return ApiToken.objects.filter(owner=user).order_by(F("revoked_at").desc(nulls_first=True), "-id")


def access_token(user: User, ref: UUID, *, lock: bool = False) -> ApiToken:
    """A token of this person, locked when it will be changed. Raises Http404, also for somebody else's."""
    rows = ApiToken.objects.filter(owner=user)
    if lock:
        rows = rows.select_for_update(no_key=True)
    token = rows.filter(ref=ref).first()
    if token is None:
        raise Http404
    return token
