"""JSON pointers (RFC 6901): made, shown to people, and followed inside a schema."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote


def pointer(parts: Iterable[str | int]) -> str:
    """The JSON pointer of a path: ["items", 2, "a/b"] gives "/items/2/a~1b"."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parts(path: str) -> list[str]:
    """The steps of a JSON pointer, unescaped. The pointer "" has none."""
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def shown(path: str) -> str:
    """A pointer as people write it: "/items/2/price" gives "items[2].price"."""
    text = ""
    for step in parts(path):
        text += f"[{step}]" if step.isdigit() else f".{step}"
    return text.removeprefix(".")


def leaves(value: Any) -> dict[str, Any]:
    """Every leaf of a JSON value by its pointer, in document order. An empty object or list is a leaf too."""
    found: dict[str, Any] = {}
    _collect(value, "", found)
    return found


def resolve(root: Any, ref: str) -> Any:
    """What a local reference ("#" or "#/$defs/Name") points to. Raises LookupError when there is nothing."""
    if ref != "#" and not ref.startswith("#/"):
        raise LookupError(ref)
    node = root
    for step in parts(unquote(ref[1:])):
        node = node[int(step)] if isinstance(node, list) and step.isdigit() else _member(node, step)
    return node


def _member(node: Any, key: str) -> Any:
    if not isinstance(node, dict):
        raise LookupError(key)
    return node[key]


def _collect(value: Any, path: str, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _collect(item, path + pointer([key]), found)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            _collect(item, f"{path}/{index}", found)
    else:
        found[path] = value
