"""The trivial step of the benchmarks: a tool of this process that says that it ran and gives back forty bytes."""

from typing import Any

from agents.python_tools import CallContext, tool
from bench.protocol import mark

ARGUMENTS = {
    "type": "object",
    "properties": {"wf": {"type": "integer"}, "step": {"type": "integer"}},
    "required": ["wf", "step"],
    "additionalProperties": False,
}


@tool("body", "Does next to nothing.", ARGUMENTS, annotations={"readOnlyHint": True})
def body(arguments: dict[str, Any], context: CallContext) -> Any:
    """The value that every engine in the comparison stores for a step."""
    run, step = arguments["wf"], arguments["step"]
    if step == 3:
        mark("R", run, 2)  # the step before is committed, else this one would not have begun
    mark("E", run, step)
    return {"wf": run, "step": step, "ok": True}
