"""`GET /healthz`: whether this Holdshort can do its work, for load balancers and for the supervisor."""

import logging
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from orchestrator.alarms import storage_has_failed
from orchestrator.celery import WORKER_SEEN, broker
from orchestrator.transport import messages_put_aside


class NotHealth(logging.Filter):
    """Passes every log record but those about answers of the health page."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` belongs in the log."""
        return getattr(getattr(record, "request", None), "path", "") != "/healthz"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with `{status, database, broker, worker}` when all of them answer, else 503 with which one does not.

    `put_aside` is there too when the queue had messages that were none: how many. `storage` is there while the database
    answers and can store nothing; pages can still be read then.
    """
    broker_ok, worker_ok, more = _broker_and_worker()
    parts = {"database": _database(), "broker": broker_ok, "worker": worker_ok}
    ok = all(parts.values())
    words = {name: "ok" if answers else "down" for name, answers in parts.items()}
    status = "unavailable" if not ok else "degraded" if "storage" in more else "ok"
    return JsonResponse({"status": status, **words, **more}, status=200 if ok else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_and_worker() -> tuple[bool, bool, dict[str, Any]]:
    try:
        with broker() as client:
            worker_ok, put_aside = bool(client.exists(WORKER_SEEN)), messages_put_aside()
        full = {"storage": "full"} if storage_has_failed() else {}
        return True, worker_ok, full | ({"put_aside": put_aside} if put_aside else {})
    except RedisError:
        return False, False, {}
