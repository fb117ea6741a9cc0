"""Setting up Norrland Group: people, the company's tools, agents, workflows, and the first cases."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from audit import canonical
from orchestrator.samples import setup
from orchestrator.samples.agents import AGENTS, TEAM_OF_AGENT
from orchestrator.samples.cases import CLAIM, REFUND, cases
from orchestrator.samples.company.tools import TOOLS
from orchestrator.samples.contracts import CONTRACTS
from orchestrator.samples.memory import remember
from orchestrator.samples.people import CARE, CLAIMS, ensure_people, person, team

CONNECTION = "company"
DEFINITIONS = Path(__file__).with_name("workflows")
TEAM_OF_WORKFLOW = {REFUND: CARE, CLAIM: CLAIMS}
FIRST_RUNS = 6


def load(say: Callable[[str], None]) -> None:
    """Set everything up, telling each stage. May be called as often as one likes."""
    say("People and teams")
    ensure_people()
    admin = person("Admin")
    say("Connection to the company and its tools")
    connection = setup.ensure_tools(CONNECTION, "Norrland Group", CONTRACTS, admin, _offer())
    remember(f"tools-{CONNECTION}", _offer())
    say("Agents and what they may do")
    for agent in AGENTS:
        setup.ensure_agent(agent, team(TEAM_OF_AGENT[agent.name]), connection, admin)
        setup.choose_model(agent, admin)
    remember("model", settings.HOLDSHORT_MODEL)
    say("Workflows")
    for name, members in TEAM_OF_WORKFLOW.items():
        setup.ensure_workflow(name, (DEFINITIONS / f"{name}.yaml").read_bytes(), team(members), admin)
    say("First cases")
    while setup.started(list(TEAM_OF_WORKFLOW)) < FIRST_RUNS and start_next():
        pass


def start_next() -> bool:
    """Start the next case in the name of the customer portal; False when all were started."""
    return setup.start_next(cases(), person("Customer portal"))


def _offer() -> str:
    """A digest of everything the company offers, computed without asking it: a new process takes a second to answer."""
    return canonical.digest([[tool.name, tool.title, tool.description, *tool.schemas()] for tool in TOOLS.values()])
