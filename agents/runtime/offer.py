"""What a model is offered: tools under names that every provider takes, and the tool that ends the conversation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import InstructionPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from agents.runtime.outputs import DESCRIPTION, FINAL, validator
from agents.runtime.values import ModelUnavailable, ToolSpec
from audit.text import escape, escape_deep

LONGEST = 64
"""Characters of a tool's name that every provider takes."""
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Offer:
    """The offer as pydantic-ai wants it, our name of each tool by the name the provider knows, the output's schema."""

    parameters: ModelRequestParameters
    names: dict[str, str]
    schema: Mapping[str, Any] | None


def offer(instructions: str, tools: Sequence[ToolSpec], schema: Mapping[str, Any] | None) -> Offer:
    """Make the offer. Raises ModelUnavailable for tools or a schema that cannot be offered."""
    sent = sent_names([tool.name for tool in tools])
    ends = [] if schema is None else [_definition(FINAL, DESCRIPTION, _checked(schema), "output")]
    parameters = ModelRequestParameters(
        function_tools=[_definition(sent[tool.name], tool.description, tool.parameters, "external") for tool in tools],
        output_mode="text" if schema is None else "tool",
        output_tools=ends,
        allow_text_output=True,
        instruction_parts=[InstructionPart(content=escape(instructions))] if instructions else None,
    )
    return Offer(parameters, {theirs: ours for ours, theirs in sent.items()}, schema)


def sent_names(names: Sequence[str]) -> dict[str, str]:
    """By our name of a tool, the one the provider gets: the same where it can be, else one made from it.

    Tools of other servers may be named `orders.get`, which some providers refuse, or like our own `final_result`.
    """
    if len(set(names)) != len(names):
        raise ModelUnavailable(f"Two tools have the same name: {', '.join(sorted(names))}.", retry=False)
    fine = [name for name in names if name == _OTHER.sub("_", name)[:LONGEST] and name not in ("", FINAL)]
    sent = {name: name for name in fine}
    taken = {*fine, FINAL}
    for name in names:
        if name not in sent:
            sent[name] = _free(_OTHER.sub("_", name) or "tool", taken)
            taken.add(sent[name])
    return sent


def _free(base: str, taken: set[str]) -> str:
    name, number = base[:LONGEST], 2
    while name in taken:
        name, number = f"{base[: LONGEST - 1 - len(str(number))]}_{number}", number + 1
    return name


def _checked(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        validator(schema)
    except ValueError as error:
        raise ModelUnavailable(str(error), retry=False) from error
    return schema


def _definition(name: str, description: str, schema: Mapping[str, Any], kind: Any) -> ToolDefinition:
    shape = escape_deep(dict(schema))
    return ToolDefinition(name=name, parameters_json_schema=shape, description=escape(description), kind=kind)
