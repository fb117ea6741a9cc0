"""What is wrong and nobody would see: kept at the broker for a while, and shown by /healthz."""

import logging

from redis import RedisError

from orchestrator.celery import broker

log = logging.getLogger(__name__)
STORAGE = "holdshort:storage-fails"
SHOWN_SECONDS = 30


def storage_fails() -> None:
    """Say that the database could not store something just now. Never raises."""
    log.critical("The database cannot store anything: a disk is full, or does not work. Nothing is done until it can.")
    try:
        with broker() as client:
            client.set(STORAGE, 1, ex=SHOWN_SECONDS)
    except RedisError:
        pass  # the log has it


def storage_has_failed() -> bool:
    """Whether that happened in the last half minute. Raises RedisError when the broker does not answer."""
    with broker() as client:
        return bool(client.exists(STORAGE))
