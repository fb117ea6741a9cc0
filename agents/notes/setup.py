"""The built-in connection `memory`, made and classified as Holdshort knows it."""

from agents import actions
from agents.models import Connection
from agents.people import Person
from agents.states import Effect, Environment, Idempotency, Reversibility, ToolState
from agents.values import Address, Classification

NAME = "memory"
CLASSIFIED = {
    "recall": Classification(
        effect=Effect.READ,
        reversibility=Reversibility.REVERSIBLE,
        idempotency=Idempotency.BY_KEY,
        sentence="Read what was noted about {subject}",
        short_sentence="Recall {subject}",
        timeout_seconds=10,
    ),
    "remember": Classification(
        effect=Effect.WRITE,
        reversibility=Reversibility.REVERSIBLE,
        undo_note="An admin deletes the note on the memory page.",
        idempotency=Idempotency.BY_KEY,
        sentence="Remember about {subject}: {text|quoted}",
        short_sentence="Remember about {subject}",
        timeout_seconds=10,
    ),
}


def ensure_memory(by: Person, environment: Environment = Environment.PRODUCTION) -> Connection:
    """The connection to the memory of one environment, its tools classified; what people changed stays changed.

    Tools whose definition changed with an update of Holdshort, as the look at servers found, are classified anew.
    """
    connection = Connection.objects.filter(name=NAME, environment=environment).first()
    connection = connection or actions.create_connection(
        by=by,
        name=NAME,
        title="Memory",
        environment=environment,
        address=Address(transport=Connection.Transport.PYTHON, server=NAME),
    )
    if connection.imported_at is None:
        actions.import_tools(connection=connection, by=by)
    unjudged = connection.tools.filter(state__in=(ToolState.NEW, ToolState.CHANGED), name__in=CLASSIFIED)
    for tool in unjudged.select_related("current"):
        seen = tool.current.digest if tool.current else ""
        actions.classify_tool(tool=tool, by=by, classification=CLASSIFIED[tool.name], seen=seen)
    return connection
