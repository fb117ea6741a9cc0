"""Reading a server's tools into contracts, and noticing what changed since the last time."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import exceptions, gateway, hooks, signals
from agents.access import access_connection
from agents.actions.connections import address_of
from agents.actions.connections import stream as connection_stream
from agents.actions.contracts import current, locked_tools, next_contract, stream, was_classified
from agents.actions.offers import Offer, read_offers
from agents.models import Connection, Tool
from agents.people import Person
from agents.states import ToolState
from audit.log import SYSTEM, Party, party, record


@dataclass
class ImportReport:
    """What an import found, by names of tools; `problems` are sentences about what could not be used."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_news(self) -> bool:
        """Whether anything is not as it was the last time."""
        return bool(self.new or self.changed or self.missing or self.returned)


def import_tools(*, connection: Connection, by: Person | None) -> ImportReport:
    """Read the tool list of a connection's server, then store what is new in one transaction.

    A new tool is a write, unclassified and granted to nobody. A changed one gets a new version that keeps its
    classification, and waits until an admin confirms it; reviews that are open for it are void. One that is gone, or
    whose definition can no longer be used, is missing. `by` is None when Holdshort itself looks; what it finds as it
    was is then not recorded again.

    Raises CannotImport with the reason when the server cannot be read, SeenOther when the address changed meanwhile.
    """
    if by is not None:
        connection = access_connection(by, connection.ref, change=True)
    actor = party(by) if by else SYSTEM
    try:
        listed = gateway.discover(connection)
    except (gateway.NoTarget, gateway.ConnectorError) as error:
        _note_failure(connection, actor, str(error))
        raise exceptions.CannotImport(f"{error} Nothing was changed.") from error
    offers, problems = read_offers(listed.tools)
    with transaction.atomic(durable=True):
        return _Import(connection, actor, [*listed.problems, *problems]).store(offers)


class _Import:
    """One import under way, its connection and tools locked."""

    def __init__(self, connection: Connection, actor: Party, problems: list[str]) -> None:
        self.connection = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if address_of(self.connection) != address_of(connection):
            raise exceptions.SeenOther
        self.actor = actor
        self.report = ImportReport(problems=problems)
        self.doubtful: list[Tool] = []

    def store(self, offers: list[Offer]) -> ImportReport:
        known = {tool.name: tool for tool in locked_tools(self.connection)}
        for offer in offers:
            tool = known.pop(offer.name, None)
            if tool is None:
                self._find(offer)
            elif current(tool).server_digest != offer.digest:
                self._change(tool, offer)
            else:
                self._keep(tool)
        for tool in known.values():
            self._lose(tool)
        hooks.contracts_changed(self.doubtful)
        self._finish()
        return self.report

    def _find(self, offer: Offer) -> None:
        tool = Tool(connection=self.connection, name=offer.name)
        tool.save(force_insert=True)
        version = next_contract(tool, **offer.fields)
        tool.save(update_fields=["current"])
        self.report.new.append(tool.name)
        self._record("tool.found", tool, digest=version.digest)

    def _change(self, tool: Tool, offer: Offer) -> None:
        before = current(tool)
        version = next_contract(tool, **offer.fields)
        tool.state = ToolState.CHANGED if was_classified(tool) else ToolState.NEW
        tool.save(update_fields=["current", "state"])
        self.report.changed.append(tool.name)
        self._record("tool.changed", tool, before=before.digest, digest=version.digest, why="server")
        self._ring(tool)

    def _keep(self, tool: Tool) -> None:
        if tool.state != ToolState.MISSING:
            self.report.unchanged.append(tool.name)
            return
        tool.state = self._state_of_returned(tool)
        tool.save(update_fields=["state"])
        self.report.returned.append(tool.name)
        self._record("tool.returned", tool)

    def _lose(self, tool: Tool) -> None:
        if tool.state == ToolState.MISSING:
            return
        tool.state = ToolState.MISSING
        tool.save(update_fields=["state"])
        self.report.missing.append(tool.name)
        self._record("tool.lost", tool)
        self._ring(tool)

    @staticmethod
    def _state_of_returned(tool: Tool) -> ToolState:
        """Ready again only when the current contract is one that an admin judged."""
        if current(tool).created_by_id is not None:
            return ToolState.READY
        return ToolState.CHANGED if was_classified(tool) else ToolState.NEW

    def _ring(self, tool: Tool) -> None:
        self.doubtful.append(tool)
        signals.announce(signals.contract_changed, tool.ref)

    def _record(self, verb: str, tool: Tool, **data: Any) -> None:
        record(verb, actor=self.actor, subject=party(tool), stream=stream(tool), data=data)

    def _finish(self) -> None:
        self.connection.imported_at = timezone.now()
        self.connection.problem = " ".join(self.report.problems)
        self.connection.save(update_fields=["imported_at", "problem"])
        if self.actor == SYSTEM and not self.report.is_news:
            return
        record(
            "connection.imported",
            actor=self.actor,
            subject=party(self.connection),
            stream=connection_stream(self.connection),
            data=vars(self.report),
        )


def _note_failure(connection: Connection, actor: Party, problem: str) -> None:
    with transaction.atomic(durable=True):
        known = Connection.objects.filter(pk=connection.pk).exclude(problem=problem).update(problem=problem) == 0
        if known and actor == SYSTEM:
            return
        record(
            "connection.import_failed",
            actor=actor,
            subject=party(connection),
            stream=connection_stream(connection),
            data={"problem": problem},
        )
