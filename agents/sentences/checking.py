"""Whether a sentence template fits the arguments of its tool: reviewers would see a misspelt name as a dash."""

from difflib import get_close_matches
from typing import Any

from agents.contracts.applying import at, below, here
from agents.contracts.keywords import types
from agents.sentences.grammar import FILTERS, Place, pieces, stray_braces
from agents.sentences.money import is_currency

MAX_TEMPLATE = 500


def check_template(template: str, schema: Any) -> list[str]:
    """Sentences about what is wrong with a template for the arguments of this schema; none when it fits."""
    if len(template) > MAX_TEMPLATE:
        return [f"The sentence has {len(template):,} characters. At most {MAX_TEMPLATE} are allowed."]
    problems = ["A brace stands alone. Enclose names of arguments as {name}, and write {{ or }} for a brace."]
    problems = problems if stray_braces(template) else []
    root = schema if isinstance(schema, dict) else {}
    for piece in pieces(template):
        if isinstance(piece, Place):
            problems += _problems(piece, root)
    return list(dict.fromkeys(problems))


def _problems(place: Place, root: dict[str, Any]) -> list[str]:
    wrong_name = _unknown(place.path, root)
    if wrong_name:
        return [wrong_name]
    if place.filter not in FILTERS:
        return [_no_filter(place)] if place.filter else []
    if len(place.options) > FILTERS[place.filter]:
        return [f"“{place.filter}” has too many options at {{{place.name}}}."]
    kinds = {name for part in _parts(place.path, root) for name in types(part)}
    if place.filter == "money":
        return _money_problems(place, kinds, root)
    if place.filter == "count" and kinds and not kinds & {"array", "object"}:
        return [f"“{place.name}” is not a list, so there is nothing to count."]
    return []


def _money_problems(place: Place, kinds: set[str], root: dict[str, Any]) -> list[str]:
    problems = []
    if kinds and not kinds & {"number", "integer", "string"}:
        problems.append(f"“{place.name}” can't be an amount. It must be a number or a decimal text.")
    if place.other:
        problems += [problem] if (problem := _unknown(place.other, root)) else []
    elif place.options and not is_currency(place.options[0]):
        problems.append(f"“{place.options[0]}” is not a currency. Write three capitals such as EUR, or {{currency}}.")
    if place.options[1:] and place.options[1] != "minor":
        problems.append(f"“{place.options[1]}” is not known after the currency. Only “minor” is, for cents.")
    return problems


def _no_filter(place: Place) -> str:
    near = get_close_matches(place.filter, FILTERS, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else f"There are {', '.join(FILTERS)}."
    return f"“{place.filter}” is not a way to write {{{place.name}}}. {hint}"


def _unknown(path: tuple[str, ...], root: dict[str, Any]) -> str:
    """The problem with a path, if no argument can stand there; nothing below a group that takes any names."""
    parts = here([root], root)
    for depth, step in enumerate(path):
        inner = _step(parts, step)
        if not inner:
            name = ".".join(path[: depth + 1])
            known = list(dict.fromkeys(key for part in parts for key in part.get("properties", {})))
            near = get_close_matches(step, known, n=1)
            if near:
                return f"There is no argument “{name}”. Did you mean “{'.'.join([*path[:depth], near[0]])}”?"
            return f"There is no argument “{name}”. {_listed(known)}"
        parts = here(inner, root)
    return ""


def _parts(path: tuple[str, ...], root: dict[str, Any]) -> list[dict[str, Any]]:
    parts = here([root], root)
    for step in path:
        parts = here(_step(parts, step), root)
    return parts


def _step(parts: list[dict[str, Any]], step: str) -> list[Any]:
    found = [schema for schema in below(parts, step) if schema is not False]
    if step.isascii() and step.isdigit():
        found += [schema for schema in at(parts, int(step)) if schema is not None]
    anything = any(not types(part) and not part.keys() - {"title", "description", "default"} for part in parts)
    free = any("object" in types(part) and not part.keys() & {"properties", "additionalProperties"} for part in parts)
    return found or ([{}] if anything or free else [])


def _listed(known: list[str]) -> str:
    return f"There are {', '.join(known[:20])}." if known else "The tool has no arguments there."
