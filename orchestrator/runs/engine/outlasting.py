"""Waiting for a database that is away for a moment, with something that has to be stored."""

import logging
import time
from collections.abc import Callable

from django.db import connection

from audit.outages import is_full, is_outage
from orchestrator.alarms import storage_fails

log = logging.getLogger(__name__)
PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 5.0)
"""Seconds between tries: together about as long as a lease. Who is still waiting then is not waited for any more."""


def outlast(action: Callable[[], None]) -> None:
    """Do something that can be done twice, again and again until the database is there. Raises what is no outage."""
    for pause in (*PAUSES, None):
        try:
            action()
            return
        except Exception as error:
            if pause is None or not is_outage(error):
                raise
            if is_full(error):
                storage_fails()
            connection.close()
            time.sleep(pause)
