"""Setting up Norrland Group: people, the company's tools, agents, workflows, and the first cases."""

from collections.abc import Callable
from itertools import chain, zip_longest
from pathlib import Path

from django.conf import settings

from agents.notes.setup import ensure_memory
from audit import canonical
from orchestrator.samples import agents, contracts, setup
from orchestrator.samples.areas import AREAS
from orchestrator.samples.cases import CLAIM, REFUND, cases
from orchestrator.samples.company.tools import TOOLS
from orchestrator.samples.memory import remember
from orchestrator.samples.people import CARE, CLAIMS, ensure_people, person, team
from orchestrator.samples.setup import Case

CONNECTION = "company"
DEFINITIONS = Path(__file__).with_name("workflows")
TEAM_OF_WORKFLOW = {REFUND: CARE, CLAIM: CLAIMS} | {area.workflow: area.team for area in AREAS}
AGENTS = [(agent, agents.TEAM_OF_AGENT[agent.name]) for agent in agents.AGENTS] + [
    (agent, area.team) for area in AREAS for agent in area.agents
]
CONTRACTS = contracts.CONTRACTS | dict(chain.from_iterable(area.contracts.items() for area in AREAS))
PICTURED = 6
"""So many cases of the shop come first: those of the pictures in the design."""
FIRST_RUNS = PICTURED + len(AREAS)


def load(say: Callable[[str], None]) -> None:
    """Set everything up, telling each stage. May be called as often as one likes."""
    say("People and teams")
    ensure_people()
    admin = person("Admin")
    say("Connection to the company and its tools")
    connection = setup.ensure_tools(CONNECTION, "Norrland Group", CONTRACTS, admin, _offer())
    remember(f"tools-{CONNECTION}", _offer())
    ensure_memory(admin)
    say("Agents and what they may do")
    for agent, members in AGENTS:
        setup.ensure_agent(agent, team(members), connection, admin)
        setup.choose_model(agent, admin)
    remember("model", settings.HOLDSHORT_MODEL)
    say("Workflows")
    for name, members in TEAM_OF_WORKFLOW.items():
        setup.ensure_workflow(name, (DEFINITIONS / f"{name}.yaml").read_bytes(), team(members), admin)
    say("First cases")
    while setup.started(list(TEAM_OF_WORKFLOW)) < FIRST_RUNS and start_next():
        pass


def stream() -> tuple[Case, ...]:
    """All cases in the order in which they come in: the pictured ones, then one of each workflow in turn."""
    shop = cases()
    turns = zip_longest(*(area.cases for area in AREAS), shop[PICTURED::2], shop[PICTURED + 1 :: 2])
    return shop[:PICTURED] + tuple(case for turn in turns for case in turn if case)


def start_next() -> bool:
    """Start the next case in the name of the customer portal; False when all were started."""
    return setup.start_next(stream(), person("Customer portal"))


def _offer() -> str:
    """A digest of everything the company offers, computed without asking it: a new process takes a second to answer."""
    return canonical.digest([[tool.name, tool.title, tool.description, *tool.schemas()] for tool in TOOLS.values()])
