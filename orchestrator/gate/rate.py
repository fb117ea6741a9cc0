"""How many requests a token may make in a minute. Counted in the broker; while that is down nobody is counted."""

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
        key = f"holdshort:api:{token.pk}:{int(time.time()) // MINUTE}"
        try:
            counting = _broker().pipeline()
            counting.incr(key)
            counting.expire(key, 2 * MINUTE)
            count: int = counting.execute()[0]
        except RedisError as problem:
            log.warning("Requests to the API are not counted: %r", problem)
            return True
        limit: int = settings.HOLDSHORT_API_REQUESTS_PER_MINUTE
        return count <= limit

    def wait(self) -> float | None:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE


@cache
def _broker() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
