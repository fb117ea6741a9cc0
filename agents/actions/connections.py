"""Making and changing connections. A changed address is a changed contract for every tool behind it."""

import re
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from agents import exceptions, hooks, signals
from agents.access import access_connection, require
from agents.actions.agents import check_name
from agents.actions.contracts import locked_tools, next_contract
from agents.models import Connection
from agents.people import Person
from agents.states import Environment, ToolState
from agents.values import Address
from audit.log import party, record

_SECRET_NAME = re.compile(r"HOLDSHORT_SECRET_[A-Z0-9_]{1,100}\Z", re.ASCII)


def create_connection(*, by: Person, name: str, title: str, environment: Environment, address: Address) -> Connection:
    """A new connection without tools; `import_tools` reads them.

    Raises NameTaken (names are unique within an environment), BadName, BadProgram, BadModule, BadAddress or
    BadSecretName; PermissionDenied without agents.add_connection.
    """
    require(by, "agents.add_connection")
    check_name(name)
    address = checked(address)
    try:
        with transaction.atomic(durable=True):
            connection = Connection(name=name, title=title or name, environment=environment, **asdict(address))
            connection.save(force_insert=True)
            _note("connection.created", connection, by)
    except IntegrityError as error:
        raise exceptions.NameTaken(f"There is already a connection named {name} in {environment}.") from error
    return connection


def change_connection(*, connection: Connection, by: Person, title: str, address: Address) -> Connection:
    """Change the title or the address. Name and environment stay, because workflows and grants refer to them.

    With another address, nothing that was classified can be relied on: every tool gets a new version and waits, as
    changed, until an admin confirms it; reviews that are open for it are void. Raises BadProgram, BadModule,
    BadAddress or BadSecretName.
    """
    address = checked(address)
    with transaction.atomic(durable=True):
        connection = access_connection(by, connection.ref, change=True, lock=True)
        moved = address_of(connection) != address
        for field, value in {"title": title or connection.name, **asdict(address)}.items():
            setattr(connection, field, value)
        if moved:
            connection.imported_at, connection.problem = None, ""
        connection.save(update_fields=["title", *asdict(address), "imported_at", "problem"])
        _note("connection.changed", connection, by)
        if moved:
            _doubt_tools(connection, by)
    return connection


def stream(connection: Connection) -> str:
    """The audit stream of a connection."""
    return f"connection:{connection.ref}"


def address_of(connection: Connection) -> Address:
    """Where a connection leads, as a value."""
    return Address(**{name: getattr(connection, name) for name in Address.__dataclass_fields__})


def checked(address: Address) -> Address:
    """The address with only the parts its transport uses. Raises BadProgram, BadModule, BadAddress or BadSecretName."""
    if address.transport == Connection.Transport.PYTHON:
        if address.server not in settings.HOLDSHORT_PYTHON_TOOLS:
            raise exceptions.BadModule
        return Address(transport=address.transport, server=address.server, kind=Connection.Kind.PYTHON)
    if address.transport == Connection.Transport.STDIO:
        if address.server not in settings.HOLDSHORT_STDIO_SERVERS:
            raise exceptions.BadProgram
        return Address(transport=address.transport, server=address.server)
    if not _is_web_address(address.url):
        raise exceptions.BadAddress
    if address.credential and not _SECRET_NAME.match(address.credential):
        raise exceptions.BadSecretName
    return Address(transport=address.transport, url=address.url, credential=address.credential)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port != 0
    except ValueError:
        return False
    clean = not any(character.isspace() for character in url) and not parts.username and not parts.password
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_fine and clean and not parts.fragment


def _doubt_tools(connection: Connection, by: Person) -> None:
    tools = locked_tools(connection)
    for tool in tools:
        next_contract(tool)
        if tool.state == ToolState.READY:
            tool.state = ToolState.CHANGED
        tool.save(update_fields=["current", "state"])
        record("tool.changed", actor=party(by), subject=party(tool), stream=f"tool:{tool.ref}", data={"why": "address"})
        signals.announce(signals.contract_changed, tool.ref)
    hooks.contracts_changed(tools)


def _note(verb: str, connection: Connection, by: Person) -> None:
    facts: dict[str, Any] = {name: getattr(connection, name) for name in ("name", "environment", "title")}
    facts |= asdict(address_of(connection))
    record(verb, actor=party(by), subject=party(connection), stream=stream(connection), data=facts)
