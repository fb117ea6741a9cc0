"""Tools of this installation, for tests: good ones, one that refuses, and ones that misbehave."""

from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from agents.python_tools import CallContext, ToolRefused, tool

SKU = {"type": "object", "properties": {"sku": {"type": "string", "maxLength": 20}}, "required": ["sku"]}
ODD: dict[str, Any] = {
    "tuple": (1, "two", {"three": (3,)}),
    "subclass": OrderedDict(a=True),
    "numbers": {1: "one"},
    "set": {1, 2},
    "keys": {(1, 2): 3},
}


@tool("price_of", "The list price of a product.", SKU, annotations={"readOnlyHint": True})
def price_of(arguments: dict[str, Any], context: CallContext) -> Any:
    """A price for one product, and none for others."""
    if arguments["sku"] != "A-1":
        raise ToolRefused(f"There is no product {arguments['sku']}.")
    return {"price": "12.50"}


@tool("echo", "What it was told.", SKU)
def echo(arguments: dict[str, Any], context: CallContext) -> Any:
    """The arguments and the context."""
    return {"arguments": arguments, **{name: str(value) for name, value in asdict(context).items()}}


@tool("fall", "Fails.", SKU)
def fall(arguments: dict[str, Any], context: CallContext) -> Any:
    """An error that the author did not think of, with a text that nobody must see."""
    raise KeyError("hush hush")


@tool("odd", "Answers oddly.", SKU)
def odd(arguments: dict[str, Any], context: CallContext) -> Any:
    """A value that is not made of JSON's types."""
    return ODD[arguments["sku"]]
