"""Reading what an MCP server sends: definitions of tools, and answers. Nothing in it is trusted."""

import hashlib
import json
import re
from typing import Any

from agents.connectors.base import ConnectorError, ListReport, RemoteTool, Reply
from agents.connectors.secrets import hide_deep
from audit.canonical import NotCanonical, dump
from audit.text import escape

MAX_RESULT = 1024 * 1024
MAX_DEFINITION = 256 * 1024
MAX_ERROR = 2_000
MAX_TOOLS = 500
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def tool_from(raw: Any) -> RemoteTool | str:
    """A usable tool, or the sentence that says why its definition can't be used."""
    name = raw.get("name") if isinstance(raw, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        shown = escape(str(name))[:60]
        return f"“{shown}” was left out: names of tools are 1 to 128 of the letters A to Z, digits, “_”, “.” and “-”."
    size = len(json.dumps(raw))
    if size > MAX_DEFINITION:
        return f"“{name}” was left out: its definition is {size:,} bytes long, at most {MAX_DEFINITION:,} are read."
    schema, output = raw.get("inputSchema"), raw.get("outputSchema")
    annotations = raw.get("annotations") or {}
    problem = _unstorable([schema, output, annotations])
    if problem or not isinstance(schema, dict):
        return f"“{name}” was left out: {problem or 'it has no schema of its arguments.'}"
    title = raw.get("title") or annotations.get("title") or ""
    return RemoteTool(
        name=name,
        title=escape(str(title)),
        description=escape(str(raw.get("description") or "")),
        input_schema=schema,
        output_schema=output if isinstance(output, dict) else None,
        annotations=annotations,
    )


def report_of(definitions: list[Any]) -> ListReport:
    """The usable tools among what a server or module lists, each name once, and why the others are left out."""
    tools: dict[str, RemoteTool] = {}
    problems: list[str] = []
    for raw in definitions[:MAX_TOOLS]:
        tool = tool_from(raw)
        if isinstance(tool, str):
            problems.append(tool)
        elif tool.name in tools:
            problems.append(f"“{tool.name}” is there twice; only the first was taken.")
        else:
            tools[tool.name] = tool
    if len(definitions) > MAX_TOOLS:
        problems.append(f"The server offers more than {MAX_TOOLS} tools; only the first {MAX_TOOLS} were read.")
    return ListReport(tuple(tools.values()), tuple(problems))


def reply_from(raw: dict[str, Any], secrets: tuple[str, ...]) -> Reply:
    """The answer to a call. Raises ConnectorError for one that is no result but a question back."""
    if raw.get("resultType", "complete") != "complete":
        raise ConnectorError("The tool asked a question instead of answering, which can't be served here.", sent=None)
    structured = raw.get("structuredContent")
    value = hide_deep(structured if structured is not None else _value(raw.get("content") or []), secrets)
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ok, cut = not raw.get("isError"), len(text) > MAX_RESULT
    error = None if ok else _error(value)
    if cut:
        note = f"\n… (cut here: the whole answer has {len(text):,} bytes)"
        value = text[: MAX_RESULT - 200].decode("utf-8", "ignore") + note
    return Reply(ok=ok, value=value, error=error, raw_size=len(text), truncated=cut)


def _value(blocks: list[Any]) -> Any:
    """One text, read if it is a JSON object or list; several texts joined; with anything else among them, a list."""
    texts = [block.get("text", "") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    if len(texts) != len(blocks):
        return [_described(block) for block in blocks]
    if len(texts) == 1 and texts[0].lstrip()[:1] in ("{", "["):
        try:
            return json.loads(texts[0], parse_constant=_no_json)
        except (ValueError, RecursionError):
            return texts[0]
    return "\n".join(texts)


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")


def _described(block: Any) -> Any:
    """A block of content with binary data replaced by its size and digest."""
    if not isinstance(block, dict) or block.get("type") == "text":
        return block
    resource = block.get("resource")
    plain = {key: value for key, value in block.items() if key not in ("data", "resource")}
    data = block.get("data")
    if isinstance(resource, dict):
        plain["resource"] = {key: value for key, value in resource.items() if key != "blob"}
        data = resource.get("blob")
    if isinstance(data, str):
        plain |= {"base64_length": len(data), "sha256_of_base64": hashlib.sha256(data.encode()).hexdigest()}
    return plain


def _error(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:MAX_ERROR] or "The tool says that it failed, and gives no reason."


def _unstorable(parts: list[Any]) -> str:
    """Why a definition can't be stored as it is; whole numbers beyond 2^53 are no reason, they are dealt with later."""
    for part in parts:
        try:
            dump(_without_numbers(part))
        except NotCanonical as error:
            return str(error)
    return ""


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_numbers(item) for item in value]
    return None if isinstance(value, int | float) else value
