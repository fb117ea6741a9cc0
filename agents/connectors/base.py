"""What every connector is: a way to list the tools of a real system and to call one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from agents.python_tools import CallContext
from audit.canonical import SAFE_INTEGER, digest


@dataclass(frozen=True)
class Target:
    """Where a system really is. Secrets are resolved already, so nothing of this shows when it is printed."""

    kind: str
    environment: str
    transport: Literal["stdio", "http", "python"] | str
    command: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    module: str = ""  # the dotted name of a module of this installation
    timeout: float = 30.0  # seconds to connect and to list tools
    key: str = ""  # sessions are shared by equal keys; another configuration needs another key


@dataclass(frozen=True)
class RemoteTool:
    """A tool as its server defines it. The texts are the server's own, made storable by `audit.text.escape`."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole definition, as 64 hex digits: any change on the server gives another one."""
        return digest(
            _exact(
                {
                    "name": self.name,
                    "title": self.title,
                    "description": self.description,
                    "inputSchema": self.input_schema,
                    "outputSchema": self.output_schema,
                    "annotations": self.annotations,
                }
            )
        )


@dataclass(frozen=True)
class ListReport:
    """The tools a server offers, and a sentence for each one that can't be used."""

    tools: tuple[RemoteTool, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a system answered to one call. With `ok` false it says that it did not do it, and `error` says why."""

    ok: bool
    value: Any
    error: str | None = None
    raw_size: int = 0  # bytes of the answer as JSON
    truncated: bool = False


class ConnectorError(Exception):
    """The system could not be reached, or nobody knows what it did.

    `sent` is False when the request surely had no effect: repeating it is safe. None means that the request may have
    been received: the outcome is unknown.
    """

    def __init__(self, message: str, *, sent: Literal[False] | None) -> None:
        super().__init__(message)
        self.sent = sent


class TooLate(ConnectorError):
    """The system was reached only after the moment by which the call had to begin. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__("The system was reached too late for this call to begin. Nothing was sent.", sent=False)


SLACK = 20.0  # seconds for finding out that a shared session is dead, and making another


def longest_call(target: Target, timeout: float) -> float:
    """After how many seconds a call is given up at the latest, connecting included: nothing is sent after that."""
    return target.timeout + timeout + SLACK


class Connector(Protocol):
    """One kind of connection. Both methods block, and may be called from any thread."""

    def list_tools(self, target: Target) -> ListReport:
        """Every tool the system offers now. Raises ConnectorError."""
        ...

    def call(self, target: Target, tool: str, arguments: dict[str, Any], context: CallContext) -> Reply:
        """Call one tool once. Raises ConnectorError, after `longest_call` where it can give up.

        Raises TooLate instead of sending anything after `context.begin_by`.
        """
        ...


def _exact(value: Any) -> Any:
    """A copy with integers beyond 2^53 as marked texts: canonical JSON has no form for them."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return f"integer:{value}"
    return value
