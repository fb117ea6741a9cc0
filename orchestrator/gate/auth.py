"""Who asks: the owner of the token in the Authorization header. Nothing else counts, least of all a session cookie."""

import hmac
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from orchestrator.accounts.models import ApiToken, User

USE_IS_NOTED_EVERY = timedelta(minutes=1)
LONGEST_SECRET = 200


class ByToken(HttpBearer):
    """Authentication by API token."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token with its owner, when it is in force and the owner is active."""
        if not token.isascii() or len(token) > LONGEST_SECRET:
            return None
        digest = ApiToken.digest_of(token)
        found = ApiToken.objects.select_related("owner").filter(digest=digest).first()
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        if found.revoked_at is not None or not found.owner.is_active:
            return None
        _note_use(found)
        return found


def owner_of(request: HttpRequest) -> User:
    """The person in whose name a request is made."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # set by ninja
    return token.owner


def _note_use(token: ApiToken) -> None:
    """Keep when a token was last used, to the minute, so that not every request has to write."""
    now = timezone.now()
    old = now - USE_IS_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < old:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=old)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
