"""How many requests a token or a webhook may make in a minute.

Counted in the broker; while that is down nobody is counted.
"""

import logging
import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import BaseThrottle
from redis import Redis
from redis.exceptions import RedisError

from orchestrator.accounts.models import ApiToken

log = logging.getLogger(__name__)
MINUTE = 60
PATIENCE = 0.3  # seconds; a broker that is slower counts as down


class PerMinute(BaseThrottle):
    """Allows each token `HOLDSHORT_API_REQUESTS_PER_MINUTE` requests in every minute of the clock."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether this request is within the limit; it counts itself."""
        token: ApiToken = request.auth  # type: ignore[attr-defined]  # set by ninja
        return within(f"api:{token.pk}", settings.HOLDSHORT_API_REQUESTS_PER_MINUTE)

    def wait(self) -> float | None:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE


def within(name: str, limit: int) -> bool:
    """Whether this minute has room for one more request of this name, which is counted by asking."""
    key = f"holdshort:{name}:{int(time.time()) // MINUTE}"
    try:
        counting = _broker().pipeline()
        counting.incr(key)
        counting.expire(key, 2 * MINUTE)
        count: int = counting.execute()[0]
    except RedisError as problem:
        log.warning("Requests of programs are not counted: %r", problem)
        return True
    return count <= limit


@cache
def _broker() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
