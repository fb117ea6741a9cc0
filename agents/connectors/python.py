"""The connector for modules of this installation: a call is a call of a function, on the thread that asks for it.

No process, no thread and no bytes between: what the gateway checked is what the function gets. There is no time-out
either, because nothing can stop a function from outside; `tool` in `agents.python_tools` says what that asks of it.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from agents.connectors.base import ConnectorError, ListReport, Reply, Target, TooLate
from agents.connectors.reading import MAX_ERROR, report_of
from agents.python_tools import CallContext, PythonTool, ToolRefused, tools_of
from audit.text import escape

logger = logging.getLogger(__name__)

_PLAIN = (str, int, float, bool, type(None))


class PythonConnector:
    """Lists and calls the tools of a module. It has no state: the module is imported once in a process."""

    def list_tools(self, target: Target) -> ListReport:
        """Every tool the module offers. Raises ConnectorError when it cannot be imported."""
        return report_of([_definition(tool) for tool in _tools(target).values()])

    def call(self, target: Target, tool: str, arguments: dict[str, Any], context: CallContext) -> Reply:
        """Call one tool once and wait for it, however long it takes. Raises ConnectorError."""
        found = _tools(target).get(tool)
        if found is None:
            raise ConnectorError(f"The module {target.module} no longer offers {tool}.", sent=False)
        if time.monotonic() > context.begin_by:
            raise TooLate
        try:
            value = found.function(arguments, context)
        except ToolRefused as refusal:
            return Reply(ok=False, value=None, error=escape(str(refusal))[:MAX_ERROR])
        except Exception as error:
            logger.exception("The tool %s of %s failed.", tool, target.module)
            raise ConnectorError(f"The tool stopped with {type(error).__name__}.", sent=None) from error
        return Reply(ok=True, value=_as_json(value))


def _tools(target: Target) -> Mapping[str, PythonTool]:
    try:
        return tools_of(target.module)
    except Exception as error:
        logger.exception("The module %s cannot be used.", target.module)
        why = str(error) if isinstance(error, ImportError | ValueError) else type(error).__name__
        raise ConnectorError(
            f"The module {target.module} cannot be used: {why[:300].rstrip('.')}.", sent=False
        ) from error


def _definition(tool: PythonTool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": dict(tool.input_schema),
        "outputSchema": tool.output_schema and dict(tool.output_schema),
        "annotations": dict(tool.annotations),
    }


def _as_json(value: Any) -> Any:
    """The value as JSON has it: tuples are lists, names of fields are texts. The gateway says so of what is not JSON.

    A value that is made of nothing else already, as nearly all are, is handed on as it is.
    """
    try:
        return value if _is_plain(value) else json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return value


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return kind in _PLAIN
