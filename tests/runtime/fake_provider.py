"""A model server for tests, standard library only: speaks the wire format of chat completions, well or badly.

The mode of an answer is the name of the model that was asked for, so one server serves all tests at once. What was
asked is kept in `asked`, so that a test can see what reached the wire.
"""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from audit.text import unescape

USAGE = {"prompt_tokens": 120, "completion_tokens": 8, "total_tokens": 128}
COUNTED = {"input_tokens": 100, "output_tokens": 10}
GIVEN = {"note": "a\x00b", "sum": 5, "at": "Zoë"}
MEGABYTE = 2**20


def call(name: str, arguments: str, call_id: str | None = "call_a") -> dict[str, Any]:
    """One tool call on the wire; `arguments` is text, as models write it."""
    made = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return made if call_id is None else {"id": call_id, **made}


def completion(*calls: dict[str, Any], content: str | None = None, finish: str = "stop", **message: Any) -> bytes:
    """A complete answer of the server."""
    said = {"role": "assistant", "content": content, **message}
    if calls:
        said["tool_calls"] = list(calls)
    choice = {"index": 0, "finish_reason": "tool_calls" if calls else finish, "message": said}
    answer = {"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "fake-1", "choices": [choice]}
    return json.dumps({**answer, "usage": USAGE}).encode()


def _raw(content: str) -> bytes:
    """An answer whose content is this piece of JSON text, escapes and all."""
    return completion(content="@@").replace(b'"@@"', content.encode())


MODES: dict[str, Callable[[], bytes]] = {
    "text": lambda: completion(content="All done."),
    "empty": lambda: completion(content=""),
    "no-parts": lambda: completion(content=None),
    "cut-off": lambda: completion(content="All do", finish="length"),
    "filtered": lambda: completion(content="", finish="content_filter"),
    "one-call": lambda: completion(call("get_order", '{"order_id": "W1"}'), content="I look first."),
    "thinking": lambda: completion(call("get_order", "{}"), reasoning_content="Hm, which order?"),
    "several": lambda: completion(call("get_order", "{}", "call_a"), call("refund", '{"amount": 5}', "call_b")),
    "same-ids": lambda: completion(call("get_order", "{}"), call("get_order", "{}"), call("refund", "{}")),
    "no-ids": lambda: completion(call("get_order", "{}", None)),
    "empty-ids": lambda: completion(call("get_order", "{}", ""), call("refund", "{}", "")),
    "long-id": lambda: completion(call("get_order", "{}", "x" * 5000)),
    "many": lambda: completion(*(call("refund", "{}", f"c{n}") for n in range(500))),
    "unknown-tool": lambda: completion(call("drop table; --", "{}")),
    "long-name": lambda: completion(call("x" * 10_000, "{}")),
    "broken-arguments": lambda: completion(call("refund", '{"amount": 5')),
    "nan-arguments": lambda: completion(call("refund", '{"amount": NaN}')),
    "twice-arguments": lambda: completion(call("refund", '{"amount": 5, "amount": 5000}')),
    "no-arguments": lambda: completion(call("get_order", "")),
    "list-arguments": lambda: completion(call("refund", "[1, 2]")),
    "deep-arguments": lambda: completion(call("refund", '{"a":' * 10_000 + "1" + "}" * 10_000)),
    "nul-arguments": lambda: completion(call("refund", '{"note": "a\\u0000b"}')),
    "raw-nul": lambda: completion(call("refund\x00", '{"note": "a\x00b"}'), content="a\x00b"),
    "surrogate": lambda: _raw('"lone \\ud800 here"'),
    "surrogate-arguments": lambda: completion(call("refund", '{"note": "\ud800"}')),
    "inner-surrogate": lambda: completion(call("refund", '{"note": "\\ud800"}')),
    "final": lambda: completion(call("final_result", '{"summary": "Refunded."}')),
    "final-wrong": lambda: completion(call("final_result", '{"summary": 7}')),
    "final-broken": lambda: completion(call("final_result", '{"summary": ')),
    "final-and-call": lambda: completion(call("final_result", '{"summary": "x"}'), call("refund", "{}", "call_b")),
    "final-twice": lambda: completion(
        call("final_result", '{"summary": "x"}'), call("final_result", '{"summary": "y"}', "call_b")
    ),
    "json-text": lambda: completion(content='{"summary": "Refunded."}'),
    "fenced-text": lambda: completion(content='```json\n{"summary": "Refunded."}\n```'),
    "wrong-json-text": lambda: completion(content='{"sumary": "Refunded."}'),
    "10mb": lambda: completion(content="lots " * (2 * MEGABYTE)),
    "10mb-arguments": lambda: completion(call("refund", json.dumps({"note": "x" * 10 * MEGABYTE}))),
    "40mb": lambda: completion(content="x" * 40 * MEGABYTE),
    "no-choices": lambda: b'{"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}',
    "no-object": lambda: b"[1, 2, 3]",
    "not-json": lambda: b"<html>Welcome to the proxy</html>",
    "deep-body": lambda: b'{"a":' * 100_000,
    "bad-utf8": lambda: completion(content="@").replace(b"@", b"\xff\xfe"),
    "no-usage": lambda: completion(content="ok").replace(b'"usage"', b'"used"'),
    "odd-usage": lambda: completion(content="ok").replace(b"120", b"-120").replace(b": 8,", b": 99999999999999,"),
    "gpt-4o": lambda: completion(content="I am not OpenAI's.").replace(b"fake-1", b"gpt-4o"),
}
"""Mode: body of an answer with status 200."""

STATUS: dict[str, tuple[int, dict[str, Any]]] = {
    "400": (400, {"message": "Invalid schema for 'refund'. Key sk-abcdefghijklmnop1234567890 was used.", "code": None}),
    "401": (401, {"message": "Incorrect API key provided: sk-secret-secret-secret-123", "code": "invalid_api_key"}),
    "404": (404, {"message": "no such model", "code": "model_not_found"}),
    "429": (429, {"message": "slow down", "code": "rate_limit_exceeded"}),
    "quota": (429, {"message": "pay first", "code": "insufficient_quota"}),
    "500": (500, {"message": "oops at /srv/secret/path.py", "code": None}),
    "503": (503, {"message": "overloaded", "code": None}),
    "too-long": (400, {"message": "maximum context length is 8192", "code": "context_length_exceeded"}),
}


class FakeProvider(ThreadingHTTPServer):
    """The server, on a free port of this machine, from `with` to its end."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def model(self, mode: str) -> str:
        """The model string that is answered in this mode."""
        return f"openai-compatible:{mode}@{self.url}/v1"

    def times(self, mode: str) -> int:
        """How often this mode was asked for."""
        return sum(asked["model"] == mode for asked in self.asked)

    def last(self, mode: str) -> dict[str, Any]:
        """What was asked last in this mode."""
        return [asked for asked in self.asked if asked["model"] == mode][-1]

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection to the server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FakeProvider

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer in the mode that the model's name is."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked.setdefault("model", self.path.rpartition("/")[2].partition(":")[0])
        self.server.asked.append(asked)
        self.server.headers.append(dict(self.headers))
        self.server.paths.append(self.path)
        mode = asked["model"]
        misbehave = getattr(self, "answer_" + mode.replace("-", "_"), None)
        try:
            if misbehave:
                misbehave(asked)
            elif mode in STATUS:
                status, error = STATUS[mode]
                self.send(json.dumps({"error": error}).encode(), status=status)
            else:
                self.send(MODES[mode]())
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer_echo_arguments(self, asked: dict[str, Any]) -> None:
        """Call a tool with the task as arguments, character for character."""
        self.send(completion(call("refund", unescape(asked["messages"][-1]["content"]))))

    def answer_echo_text(self, asked: dict[str, Any]) -> None:
        """Say what was said, character for character."""
        self.send(completion(content=unescape(asked["messages"][-1]["content"])))

    def answer_first_tools(self, asked: dict[str, Any]) -> None:
        """Call every tool on offer once, but for the last, which is the one that ends."""
        names = [tool["function"]["name"] for tool in asked["tools"]]
        self.send(completion(*(call(name, "{}", f"c{n}") for n, name in enumerate(names[:-1]))))

    def answer_redirect(self, _: dict[str, Any]) -> None:
        """Send the asker elsewhere."""
        self.start(307, f"text/plain\r\nlocation: {self.server.url}/elsewhere", 0)

    def answer_slow(self, _: dict[str, Any]) -> None:
        """Answer, but late."""
        time.sleep(1.5)
        self.send(MODES["text"]())

    def answer_hang_up(self, _: dict[str, Any]) -> None:
        """Break off in the middle of the body."""
        self.send(MODES["text"](), promise=1000)

    def answer_plain(self, _: dict[str, Any]) -> None:
        """Answer like a proxy that is not ready."""
        self.send(b"I am a proxy.", content_type="text/plain")

    def answer_gzip(self, _: dict[str, Any]) -> None:
        """Compress what was asked for uncompressed."""
        self.send(b"\x1f\x8b nonsense", content_type="application/json\r\ncontent-encoding: gzip")

    def answer_drip(self, _: dict[str, Any]) -> None:
        """One byte at a time: every read succeeds, so only a wall clock ends it."""
        self.start(200, "application/json", 1000)
        for _byte in range(60):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True

    def answer_claude(self, _: dict[str, Any]) -> None:
        """Answer like Anthropic, which gives arguments as an object."""
        use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": GIVEN}
        answer: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5"}
        answer |= {"content": [use], "stop_reason": "tool_use", "usage": COUNTED}
        self.send(json.dumps(answer).encode())

    def answer_gpt_5(self, _: dict[str, Any]) -> None:
        """Answer like OpenAI's Responses."""
        reason = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]}
        use = {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "refund", "status": "completed"}
        answer: dict[str, Any] = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5"}
        answer |= {"status": "completed", "output": [reason, {**use, "arguments": json.dumps(GIVEN)}]}
        answer |= {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.send(json.dumps({**answer, "usage": {**COUNTED, "total_tokens": 110, **details}}).encode())

    def answer_gemini(self, _: dict[str, Any]) -> None:
        """Answer like Google, which gives arguments as an object and calls no id."""
        parts = [{"functionCall": {"name": "refund", "args": GIVEN}, "thoughtSignature": "aGk="}]
        answer: dict[str, Any] = {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]
        }
        answer |= {"usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}}
        self.send(json.dumps({**answer, "modelVersion": "gemini-2.5-pro", "responseId": "r1"}).encode())

    def send(self, body: bytes, *, status: int = 200, content_type: str = "application/json", promise: int = 0) -> None:
        """Send an answer; with `promise`, announce that many bytes more than come."""
        self.start(status, content_type, len(body) + promise)
        self.wfile.write(body)
        self.close_connection = bool(promise)

    def start(self, status: int, content_type: str, length: int) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(length))
        self.end_headers()
