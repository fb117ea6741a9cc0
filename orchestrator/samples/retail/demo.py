"""Setting up the retail cases: the third party's server, an agent that replays, and reviewers who hold every write."""

from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import Group

from orchestrator.samples import setup
from orchestrator.samples.people import ensure_people, person
from orchestrator.samples.retail.contracts import CONTRACTS, GRANTS
from orchestrator.samples.retail.recording import NAME, WORKFLOW, retail_cases
from orchestrator.samples.setup import SampleAgent

DEFINITION = Path(__file__).with_name("retail-case.yaml")
TEAM = "Retail desk"
FIRST_RUNS = 12

AGENT = SampleAgent(
    name=NAME,
    title="Retail agent",
    description="Replays what an agent of a third party did for 114 customers of a shop.",
    instructions="Replay the recorded case.",
    model=f"recorded:{NAME}",
    grants=GRANTS,
    max_turns=60,
)


def load(say: Callable[[str], None]) -> None:
    """Set everything up, telling each stage, and start the first cases. May be repeated."""
    set_up(say)
    say("First cases")
    while setup.started([WORKFLOW]) < FIRST_RUNS and start_next():
        pass


def set_up(say: Callable[[str], None]) -> None:
    """Everything but the cases."""
    say("People and the retail desk")
    ensure_people()
    desk, _ = Group.objects.get_or_create(name=TEAM)
    desk.user_set.add(person("Reviewer"), person("Second reviewer"))
    admin = person("Admin")
    say("Connection to the retail server and its tools")
    connection = setup.ensure_tools(NAME, "Retail shop", CONTRACTS, admin)
    say("Agent and workflow")
    setup.ensure_agent(AGENT, desk, connection, admin)
    setup.ensure_workflow(WORKFLOW, DEFINITION.read_bytes(), desk, admin)


def start_next() -> bool:
    """Start the next case in the name of the customer portal; False when all 114 were started."""
    return setup.start_next(retail_cases(), person("Customer portal"))
