"""What the CEL runtime says, in sentences for people who write workflows."""

import re

from orchestrator.workflows.wording import nearest, suggestion

FUNCTIONS = frozenset(
    (
        *("all", "exists", "exists_one", "filter", "map", "has", "size", "contains", "startsWith", "endsWith"),
        *("matches", "int", "double", "string", "bool", "timestamp", "duration", "type", "dyn"),
        *("getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds"),
    )
)
TYPES = {
    "int": "a whole number",
    "int64": "a whole number",
    "uint": "a whole number",
    "uint64": "a whole number",
    "double": "a number with decimals",
    "string": "a text",
    "bool": "true or false",
    "null_type": "nothing",
    "map": "a mapping",
    "list": "a list",
    "google.protobuf.Timestamp": "a time",
    "timestamp": "a time",
    "google.protobuf.Duration": "a duration",
    "duration": "a duration",
    "bytes": "bytes",
}
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_WORDY = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}


def compile_sentences(message: str, text: str) -> list[str]:
    """What is wrong with the text of a condition, from the message of the compiler; the first mistake says most."""
    found = [(int(line), int(column), said) for line, column, said in _ERROR.findall(message)]
    if "recursion" in message:
        return ["The condition is nested too deeply. Split it over several steps."]
    if not found:
        return [f"The condition cannot be read: {message.splitlines()[0][:200]}."]
    syntax = [item for item in found if item[2].startswith("Syntax error")]
    return list(dict.fromkeys(_compile_sentence(*item, text) for item in (syntax[:1] or found)))


def operator(function: str) -> str:
    """How an operator or function is written."""
    return "in" if function == "@in" else function.strip("_").replace("_", "") or function


def overload_sentence(message: str) -> str | None:
    """The sentence for two kinds of values that an operator does not take; None for another message."""
    match = re.search(r"[Nn]o matching overloads? (?:found : |for '([^']+)' applied to ')(.*)", message)
    if match is None:
        return None
    name, rest = match[1], match[2].rstrip("'")
    if name is None:
        name, _, rest = rest.partition("(") if not rest.startswith("(") else _method(rest)
    words = [TYPES.get(re.split(r"[(<]", word.strip())[0], word.strip()) for word in rest.strip("() ").split(", ")]
    return combination(operator(name), [word for word in words if word])


def failure_sentence(message: str) -> str:
    """Why a condition could not be decided, from the message of the runtime."""
    overload = overload_sentence(message)
    if overload is not None:
        return overload
    if "budget" in message:
        return "The condition goes over too many items: 10,000 rounds at most, those of loops in loops multiplied."
    key = re.search(r"not found in map : (.*)", message)
    if key is not None:
        return f"A value has no {key[1][:80]} here."
    reason = re.sub(r"^[A-Z_]+: ", "", message).split(" [")[0][:200]
    return f"The condition could not be decided: {reason}."


def combination(written: str, words: list[str]) -> str:
    """The sentence for an operator or function that does not take values of these kinds."""
    if not words:
        return f'"{written}" stands where true or false is needed.'
    return f'"{written}" does not take {" and ".join(words)}.'


def _method(rest: str) -> tuple[str, str, str]:
    """`(null_type).size()` as the name, a bracket, and the types."""
    target, _, call = rest.removeprefix("(").partition(").")
    name, _, more = call.partition("(")
    return name, "(", ", ".join(word for word in (target, more.rstrip(")")) if word)


def _compile_sentence(line: int, column: int, said: str, text: str) -> str:
    place = f"line {line}, character {column}" if "\n" in text else f"character {column}"
    if said.startswith("Syntax error"):
        return f"The condition cannot be read at {place}.{_advice(line, column, text)}"
    name = re.match(r"undeclared reference to '([^']*)'", said)
    if name is not None:
        return _unknown(name[1], text)
    overload = overload_sentence(said)
    return overload or f"{said[:200].capitalize()} (at {place})."


def _advice(line: int, column: int, text: str) -> str:
    for word in re.findall(r"\b[a-zA-Z]+\b", re.sub(r"\"[^\"]*\"|'[^']*'", "", text)):
        if word in _WORDY:
            return f" Write {_WORDY[word]} for {word}."
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return " Write == to compare."
    lines = text.split("\n")
    ended = line == len(lines) and column > len(lines[-1])
    return " Something is missing at the end." if ended else ""


def _unknown(name: str, text: str) -> str:
    first = name.split(".", maxsplit=1)[0]
    if re.search(rf"[A-Za-z0-9_]-{re.escape(first)}\b", text):
        return f'There is no "{first}". A name with a dash stands in brackets, like input["order-id"].'
    if re.search(rf"\b{re.escape(first)}\s*\(", text):
        return f'There is no function "{first}".{suggestion(first, FUNCTIONS)}'
    near = nearest(first, ("input", "steps"))
    advice = f' Did you mean "{near}"?' if near else " A condition reads input.… and steps.….output."
    return f'There is no "{first}".{advice}'
