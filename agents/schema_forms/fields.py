"""The fields of a form for a schema and a value."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from agents.contracts.arguments import checker_for
from agents.contracts.pointers import parts, pointer
from agents.schema_forms.hints import hint_of, label_of
from agents.schema_forms.shapes import Shape, Widget, is_group, is_scalar, shape_of, wants_room
from agents.schema_forms.texts import (
    ABSENT,
    choices_of,
    fits_lines,
    has_hidden,
    is_choice,
    json_of,
    line_breaks,
    masked_text,
    text_of,
)

if TYPE_CHECKING:
    from agents.schema_forms.reading import Parsed

MAX_GROUPS = 3  # levels of groups inside groups; deeper ones are edited as JSON
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+", re.ASCII)


@dataclass(frozen=True)
class Field:
    """One field. `value` and `original` are texts as shown; labels, hints and options may be the words of a server."""

    name: str  # in the HTML form
    id: str
    path: str  # JSON pointer into the value
    label: str
    code: str  # the name in the schema
    widget: Widget
    value: str = ""
    original: str | None = None
    edited: bool = False
    required: bool = False
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    error: str = ""
    attrs: Mapping[str, str] = field(default_factory=dict)
    readonly: bool = False
    masked: bool = False
    shape: Shape = field(default_factory=lambda: Shape("", {}, False), repr=False)
    item_kind: str = field(default="", repr=False)  # the JSON type of the items of a list
    given: Any = field(default=ABSENT, repr=False)  # the value it shows; ABSENT when there is none

    @property
    def is_checked(self) -> bool:
        """Whether a checkbox is ticked."""
        return self.value == "true"

    @property
    def has_hidden(self) -> bool:
        """Whether the value holds characters that nobody can see in an input."""
        return has_hidden(self.value)

    @property
    def described_by(self) -> str:
        """The id of what explains the field, for aria-describedby: always there, so that what it says may change."""
        return f"{self.id}-notes"


def fields(
    schema: Mapping[str, Any],
    value: Mapping[str, Any] | None = None,
    original: Mapping[str, Any] | None = None,
    readonly: Collection[str] = (),
    *,
    masked: Collection[str] = (),
    parsed: "Parsed | None" = None,
    prefix: str = "a",
) -> list[Field]:
    """The fields of a form that shows `value`, or the schema's defaults without one.

    `original` is what was proposed: fields that differ are edited. `readonly` and `masked` are JSON pointers, list
    positions left out; a field is covered by one above or below it. `parsed` puts back what was typed, with its errors.
    `prefix` begins names and ids. Raises BadSchema.
    """
    root = checker_for(schema).schema
    found = []
    for number, own in enumerate(_Form(root, prefix, defaults=value is None).fields(root, value or {}, (), sure=True)):
        shown = _protected(replace(own, id=f"{prefix}-{number}"), readonly, masked)
        if original is not None:
            shown = _compared(shown, original)
        found.append(_retyped(shown, parsed) if parsed else shown)
    return found


@dataclass(frozen=True)
class _Form:
    root: dict[str, Any]
    prefix: str
    defaults: bool

    def fields(self, node: Any, value: Mapping[str, Any], path: tuple[str, ...], *, sure: bool) -> Iterator[Field]:
        """The fields of an object, groups inside it flattened. `sure` is false where the object may be left out."""
        shape = shape_of(node, self.root)
        if not is_group(shape):
            yield self._field(node, value, path, certain=sure)
            return
        for name, inner in shape.schema.get("properties", {}).items():
            given, below = value.get(name, ABSENT), (*path, name)
            certain = sure and name in shape.schema.get("required", [])
            group = len(below) <= MAX_GROUPS and is_group(shape_of(inner, self.root))
            if group and (given is ABSENT or isinstance(given, Mapping)):
                yield from self.fields(inner, {} if given is ABSENT else given, below, sure=certain)
            else:
                yield self._field(inner, self._or_default(given, inner), below, certain=certain)

    def _or_default(self, given: Any, node: Any) -> Any:
        if given is ABSENT and self.defaults and isinstance(node, dict) and node.get("default") is not None:
            return node["default"]
        return given

    def _field(self, node: Any, given: Any, path: tuple[str, ...], *, certain: bool) -> Field:
        shape = shape_of(node, self.root)
        item = shape_of(shape.schema.get("items"), self.root)
        listed = shape.kind == "array" and is_scalar(item) and fits_lines(given)
        widget = "list" if listed else _widget(shape, path[-1] if path else "", given, certain=certain)
        first = ("", "Choose" if certain else "Not given")
        return Field(
            name=f"{self.prefix}{pointer(path)}",
            id="",
            path=pointer(path),
            label=label_of(path, shape.schema, self.root),
            code=".".join(path),
            widget=widget,
            value=text_of(given, widget, shape),
            required=certain,
            hint=hint_of(shape, widget),
            options=(first, *_options(shape)) if widget == "select" else (),
            attrs=_attrs(shape, widget),
            shape=shape,
            item_kind=item.kind,
            given=given,
        )


def _widget(shape: Shape, name: str, given: Any, *, certain: bool) -> Widget:
    """The widget for a shape, one that can hold the given value without a browser changing it."""
    schema = shape.schema
    if "enum" in schema or "const" in schema or (shape.kind == "boolean" and not certain):
        return "select" if is_choice(given, shape) else "json"
    if given is not ABSENT and given is not None and not _is(given, shape.kind):
        return "json"
    if shape.kind == "string":
        return _text_widget(schema, name, given if isinstance(given, str) else "")
    if shape.kind in ("integer", "number"):
        return "number"
    return "checkbox" if shape.kind == "boolean" and given is not None else "json"


def _text_widget(schema: dict[str, Any], name: str, text: str) -> Widget:
    if schema.get("format") == "date" and (not text or _DATE.fullmatch(text)):
        return "date"
    if schema.get("format") == "email" and (not text or _EMAIL.fullmatch(text)):
        return "email"
    # An input of one line loses line breaks, so the value decides as much as the schema.
    return "textarea" if len(text) > 80 or re.search(r"[\r\n]", text) or wants_room(name, schema) else "text"


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool}.get(kind, tuple))


def _options(shape: Shape) -> list[tuple[str, str]]:
    words = {"true": "Yes", "false": "No"} if shape.kind == "boolean" else {}
    return [(text, words.get(text, str(choice))) for text, choice in choices_of(shape).items()]


def _attrs(shape: Shape, widget: Widget) -> dict[str, str]:
    longest = shape.schema.get("maxLength", 0)
    attrs: dict[str, str] = {}
    if widget in ("text", "textarea", "email") and 0 < longest < 10_000:
        attrs["maxlength"] = str(longest)
    if widget == "number":
        attrs["inputmode"] = "numeric" if shape.kind == "integer" else "decimal"
    if widget in ("json", "list", "textarea"):
        attrs["rows"] = "4"
    return attrs


def _covers(paths: Collection[str], path: str) -> bool:
    return any(f"{path}/".startswith(f"{one}/") or f"{one}/".startswith(f"{path}/") for one in paths)


def _protected(own: Field, readonly: Collection[str], masked: Collection[str]) -> Field:
    if _covers(masked, own.path):
        hint, hidden = "Masked. It can't be changed here.", masked_text(own.given)
        return replace(own, value=hidden, widget="text", attrs={}, options=(), readonly=True, masked=True, hint=hint)
    if _covers(readonly, own.path):
        return replace(own, readonly=True, hint="Read-only.")
    return own


def _compared(own: Field, original: Mapping[str, Any]) -> Field:
    before = _at(original, parts(own.path))
    if own.masked:
        return replace(own, original=masked_text(before))
    widget: Widget = own.widget
    if (widget == "list" and not fits_lines(before)) or (widget == "select" and not is_choice(before, own.shape)):
        widget = "json"
    edited = (before is ABSENT) != (own.given is ABSENT) or (
        before is not ABSENT and json_of(before) != json_of(own.given)
    )
    return replace(own, original=text_of(before, widget, own.shape), edited=edited)


def _retyped(own: Field, parsed: "Parsed") -> Field:
    typed = own.value if own.readonly else parsed.raw.get(own.name, own.value)
    edited = own.edited or (own.original is not None and not own.readonly and typed != line_breaks(own.original))
    return replace(own, value=typed, edited=edited, error=parsed.errors.get(own.path, ""))


def _at(value: Any, path: list[str]) -> Any:
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return ABSENT
        value = value[step]
    return value
