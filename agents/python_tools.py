"""What a module of this installation needs to offer tools of its own: a decorator, and what a tool is told and may say.

The operator names such modules in HOLDSHORT_PYTHON_TOOLS. Their tools are called inside the worker, through the gateway
like any other: contract, grant, policies and record are the same, only the way is shorter.

    @tool("price_of", "The list price of a product.", {"type": "object", "properties": {"sku": {"type": "string"}}})
    def price_of(arguments: dict[str, Any], context: CallContext) -> Any:
        if arguments["sku"] not in PRICES:
            raise ToolRefused("There is no such product.")
        return {"price": PRICES[arguments["sku"]]}
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CallContext:
    """What is known about one call beside its arguments; nothing of it was chosen by a model.

    `idempotency_key` is the same for every attempt at the call. `timeout` is in seconds. `agent` is the agent's name,
    `run_ref` and `step_ref` say where the call was asked for; they are None for a call that belongs to no run. After
    `begin_by`, a moment of `time.monotonic()`, it must not begin any more.
    """

    idempotency_key: str
    timeout: float
    agent: str = ""
    environment: str = ""
    run_ref: UUID | None = None
    step_ref: UUID | None = None
    begin_by: float = math.inf


class ToolRefused(Exception):
    """The tool did not do what it was asked, and nothing happened. The message is told to the agent."""


Function = Callable[[dict[str, Any], CallContext], Any]


@dataclass(frozen=True)
class PythonTool:
    """One tool of a module. The schemas are JSON Schema; `annotations` are those of MCP."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    function: Function
    output_schema: Mapping[str, Any] | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)


def tool(
    name: str,
    description: str,
    input_schema: Mapping[str, Any],
    *,
    output_schema: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> Callable[[Function], Function]:
    """Offer a function as a tool of the module it stands in. Other decorators stand below this one.

    The function gets arguments that fit `input_schema`. It returns a JSON value, or raises ToolRefused when it did not
    do it. Whatever else it raises means that nobody knows what it did, unless an admin classified it as one that only
    reads. It runs on the thread of the worker and cannot be stopped from outside: it must come back within
    `context.timeout` by itself, because after that another worker may take the step over. What it has to do once only,
    it keeps by `context.idempotency_key`.
    """
    try:
        json.dumps([input_schema, output_schema, annotations], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The schemas and annotations of the tool {name} must be JSON: {error}") from error

    def offer(function: Function) -> Function:
        made = PythonTool(name, description, input_schema, function, output_schema, annotations or {})
        function.__dict__["holdshort_tool"] = made
        return function

    return offer


@cache
def tools_of(module: str) -> Mapping[str, PythonTool]:
    """The tools that a module (by its dotted name) offers, by name, in the order in which they stand there.

    Raises ImportError, or whatever the module raises when it is imported; ValueError when two tools share a name.
    """
    found: dict[str, PythonTool] = {}
    for value in vars(import_module(module)).values():
        offered = getattr(value, "__dict__", {}).get("holdshort_tool")
        if not isinstance(offered, PythonTool) or offered.function is not value:
            continue
        if offered.name in found:
            raise ValueError(f"The module {module} offers two tools named {offered.name}.")
        found[offered.name] = offered
    return found
