"""Labels and hints in plain words."""

from typing import Any

from agents.contracts.pointers import resolve
from agents.schema_forms.shapes import Shape, Widget

MAX_DESCRIPTION = 300
MAX_EXAMPLE = 80
_UNBOUNDED = 10_000  # the limit that closing puts where there was none; nobody needs to read it


def label_of(path: tuple[str, ...], schema: dict[str, Any], root: dict[str, Any]) -> str:
    """What a field is called: its title or its name in words, after the names of the groups it is in."""
    if not path:
        return "Value"
    words = [_words(step) for step in path[:-1]]
    title = schema.get("title")
    own = title if isinstance(title, str) and title and not _is_of_definition(schema, root) else _words(path[-1])
    return ": ".join([*words, own])


def hint_of(shape: Shape, widget: Widget) -> str:
    """The description, then the limits and an example: "0.01 to 25,000", "at most 140 characters", "like 642.10"."""
    schema = shape.schema
    description = schema.get("description")
    said = description.strip()[:MAX_DESCRIPTION].rstrip(".") if isinstance(description, str) else ""
    parts = [said, _how(widget), *_limits(schema, widget), _example(schema, widget)]
    text = ". ".join(part[:1].upper() + part[1:] for part in parts if part)
    return f"{text}." if text else ""


def number_in_words(value: Any) -> str:
    """A limit with thousands separated."""
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _limits(schema: dict[str, Any], widget: Widget) -> list[str]:
    if widget == "number":
        return [
            _range(schema),
            f"in steps of {number_in_words(schema['multipleOf'])}" if "multipleOf" in schema else "",
        ]
    if widget == "list":
        return [_counted(schema, "minItems", "maxItems", "items", 1_000)]
    if widget in ("text", "textarea", "email"):
        return [_counted(schema, "minLength", "maxLength", "characters", _UNBOUNDED)]
    return []


def _example(schema: dict[str, Any], widget: Widget) -> str:
    """How a value looks: the first example of the schema. A pattern is for machines and is never shown."""
    examples = schema.get("examples")
    first = examples[0] if isinstance(examples, list) and examples else None
    if widget not in ("text", "textarea", "email", "number") or not isinstance(first, str | int | float):
        return ""
    return f"like {str(first)[:MAX_EXAMPLE]}"


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{number_in_words(low)} to {number_in_words(high)}"
    words = (
        ("minimum", "{} or more"),
        ("exclusiveMinimum", "more than {}"),
        ("maximum", "{} or less"),
        ("exclusiveMaximum", "less than {}"),
    )
    return ", ".join(text.format(number_in_words(schema[key])) for key, text in words if key in schema)


def _counted(schema: dict[str, Any], least: str, most: str, unit: str, unbounded: int) -> str:
    low, high = schema.get(least) or 0, schema.get(most, unbounded)
    upper = f"at most {high:,} {unit}" if high < unbounded else ""
    if not low or low == 1:
        return upper
    return f"{low:,} to {high:,} {unit}" if upper else f"at least {low:,} {unit}"


def _how(widget: Widget) -> str:
    return {"list": "one per line", "json": "as JSON"}.get(widget, "")


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip() or name
    return words[:1].upper() + words[1:]


def _is_of_definition(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a title is that of a shared definition ("Address"), which says nothing about the field."""
    definitions = resolve(root, "#").get("$defs", {})
    return any(isinstance(one, dict) and one.get("title") == schema.get("title") for one in definitions.values())
