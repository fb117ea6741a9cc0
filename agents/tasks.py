"""What workers do by the clock: look whether servers still offer the tools that were classified."""

import logging
from uuid import UUID

from celery import shared_task

from agents import actions, queries
from agents.exceptions import NotChanged

log = logging.getLogger(__name__)


@shared_task(name="agents.look_at_servers", ignore_result=True)
def look_at_servers() -> None:
    """Have every server looked at whose tools an admin imported before, each by itself, since each may be slow."""
    for ref in queries.imported_connections().values_list("ref", flat=True):
        look_at_server.delay(str(ref))


@shared_task(name="agents.look_at_server", ignore_result=True)
def look_at_server(ref: str) -> None:
    """Import the tools of one server again, as Holdshort itself. One that is gone or cannot be read is no failure."""
    connection = queries.imported_connections().filter(ref=UUID(ref)).first()
    if connection is None:
        return
    try:
        actions.import_tools(connection=connection, by=None)
    except NotChanged as refusal:
        log.warning("%s: %s", connection, refusal.message)
