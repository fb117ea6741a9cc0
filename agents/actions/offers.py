"""From what a server lists to what can be stored: schemas closed, texts storable, what cannot be used named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agents.connectors import RemoteTool
from agents.contracts import BadSchema, close
from audit import canonical

LONGEST_TITLE = 200


@dataclass(frozen=True)
class Offer:
    """A usable tool: its name, the digest of the server's own definition, and the fields of a contract."""

    name: str
    digest: str
    fields: dict[str, Any]


def read_offers(listed: Iterable[RemoteTool]) -> tuple[list[Offer], list[str]]:
    """The usable tools, and a sentence for each one that is not."""
    offers, problems = [], []
    for tool in listed:
        try:
            offers.append(_offer(tool))
        except BadSchema as error:
            problems.append(f"{tool.name} cannot be used: {error}")
    return offers, problems


def _offer(tool: RemoteTool) -> Offer:
    fields = {
        "title": tool.title[:LONGEST_TITLE],
        "description": tool.description,
        "input_schema": _storable(close(tool.input_schema)),
        "output_schema": _storable(tool.output_schema),
        "server_digest": tool.digest,
    }
    return Offer(tool.name, tool.digest, fields)


def _storable(schema: Any) -> Any:
    """The schema, if the database gives back exactly what was put in; BadSchema otherwise.

    PostgreSQL's jsonb turns 1e20 into an integer beyond 2^53, which has no canonical form, so the contract's digest
    could not be computed again.
    """
    try:
        canonical.dump(schema)
        _check_numbers(schema)
    except (canonical.NotCanonical, RecursionError) as error:
        raise BadSchema(f"its schema can be read in more than one way. {error}") from error
    return schema


def _check_numbers(value: Any) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_numbers(item)
    elif isinstance(value, float) and value.is_integer() and abs(value) > canonical.SAFE_INTEGER:
        raise canonical.NotCanonical("A number is beyond 2^53.")
