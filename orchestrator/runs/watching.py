"""Noticing a run that ends every process which drives it.

Work outside leaves a lease behind, and a worker that did not come back from it is counted with the step. But what ends
a process in the middle of a transition (by its memory, or in a library) is rolled back without a trace, and the sweep
would ring for the run again and again. So a run that the sweep rings for is noted at the broker while it is driven: by
which thread, and which version of its row that thread found. A note of a dead thread at the version that the row still
has means that driving the run from there has ended a process. Notes that are lost cost another try.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from redis import RedisError

from orchestrator.celery import broker
from orchestrator.runs.engine import liveness
from orchestrator.runs.models import Run

log = logging.getLogger(__name__)
KEPT = timedelta(hours=1)


@contextmanager
def watched(ref: UUID) -> Iterator[int]:
    """Note that this thread drives a run; how many have died in a row of what it is about to do."""
    version = Run.objects.filter(ref=ref).values_list("version", flat=True).first() or 0
    key, own = f"holdshort:driven:{ref}", str(liveness.owner())
    try:
        yield _deaths(key, own, version)
    finally:
        _forget(key, own)


def _deaths(key: str, own: str, version: int) -> int:
    try:
        with broker() as client, client.pipeline() as all_at_once:
            all_at_once.hgetall(key)
            all_at_once.hset(key, own, version)
            all_at_once.expire(key, KEPT)
            notes: dict[bytes, bytes] = all_at_once.execute()[0]
    except RedisError:
        return 0
    return len(liveness.gone([int(owner) for owner, seen in notes.items() if int(seen) == version]))


def _forget(key: str, own: str) -> None:
    try:
        with broker() as client:
            client.hdel(key, own)
    except RedisError:
        log.warning("%s keeps a note of a thread that lives.", key)
