"""From a connection's row to where its system really is.

Secrets are read here, at the last moment, and kept nowhere.
"""

import os

from django.conf import settings

from agents.connectors import ListReport, Target, connector_for
from agents.models import Connection
from audit import canonical

SECRET_PREFIX = "HOLDSHORT_SECRET_"  # noqa: S105 - the beginning of names, not a secret
DISCOVER_SECONDS = 30.0


class NoTarget(LookupError):
    """A connection leads nowhere, as this installation is set up."""


class UnknownProgram(NoTarget):
    """The operator has not allowed this program; it must stand in HOLDSHORT_STDIO_SERVERS."""


class UnknownModule(NoTarget):
    """The operator has not allowed this module; it must stand in HOLDSHORT_PYTHON_TOOLS."""


class MissingSecret(NoTarget):
    """The secret that this connection names is not set in the environment."""


def target_of(connection: Connection, *, timeout: float = DISCOVER_SECONDS) -> Target:
    """Where calls of this connection go; `timeout` is in seconds.

    Raises UnknownProgram, UnknownModule or MissingSecret.
    """
    if connection.kind == Connection.Kind.PYTHON:
        return _module_of(connection)
    command: tuple[str, ...] = ()
    if connection.transport == Connection.Transport.STDIO:
        command = tuple(settings.HOLDSHORT_STDIO_SERVERS.get(connection.server, ()))
        if not command:
            raise UnknownProgram(
                f"The program {connection.server!r} is not in HOLDSHORT_STDIO_SERVERS; ask the operator to add it."
            )
    secret = _secret(connection)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    env = _environment()
    where = [connection.kind, connection.environment, connection.transport, *command, connection.url, secret, env]
    return Target(
        kind=connection.kind,
        environment=connection.environment,
        transport=connection.transport,
        command=command,
        env=env,
        url=connection.url,
        headers=headers,
        timeout=timeout,
        key=f"{connection.pk}:{canonical.digest(where)}",
    )


def _module_of(connection: Connection) -> Target:
    module = settings.HOLDSHORT_PYTHON_TOOLS.get(connection.server, "")
    if not module:
        raise UnknownModule(
            f"The module {connection.server!r} is not in HOLDSHORT_PYTHON_TOOLS; ask the operator to add it."
        )
    return Target("python", connection.environment, "python", module=module, timeout=0.0)


def discover(connection: Connection) -> ListReport:
    """The tools that the system offers now. Raises ConnectorError when it cannot be reached."""
    return connector_for(connection.kind).list_tools(target_of(connection))


def _secret(connection: Connection) -> str:
    if not connection.credential:
        return ""
    value = os.environ.get(connection.credential, "") if connection.credential.startswith(SECRET_PREFIX) else ""
    if not value:
        raise MissingSecret(f"Set {connection.credential} in the environment of the workers.")
    return value


def _environment() -> dict[str, str]:
    """What a program on this machine is told: where state lives, and nothing secret."""
    passed = {key: value for key, value in os.environ.items() if key.startswith(("HOLDSHORT_COMPANY_", "TAU2_"))}
    return {"HOLDSHORT_HOME": str(settings.HOLDSHORT_HOME), **passed}
