"""Customers of the demonstration: who was asked for papers sends them through the portal after a while."""

from datetime import timedelta

from audit.clock import db_now
from orchestrator.runs.models import Step
from orchestrator.runs.starting.events import receive_event
from orchestrator.runs.states import StepState
from orchestrator.samples.company.clock import opening_day
from orchestrator.samples.company.money import to_text
from orchestrator.samples.company.seed.casework import FIRST_EVERYDAY, casework
from orchestrator.samples.people import person

EVENT = "claim-documents"
PATIENCE = timedelta(minutes=2)


def answer_one() -> bool:
    """Let the customer who has waited longest send what an everyday claim lacks; False when nobody is due."""
    waiting = Step.objects.filter(
        state=StepState.RESTING,
        awaited__startswith=f"{EVENT} IC-{FIRST_EVERYDAY // 100}",
        started_at__lt=db_now() - PATIENCE,
    )
    step = waiting.select_related("run").order_by("started_at").first()
    if step is None:
        return False
    claim_id = step.awaited.removeprefix(f"{EVENT} ")
    look = step.run.steps.get(key="look")
    papers = [_paper(kind, claim_id) for kind in (look.output or {}).get("missing", [])]
    receive_event(
        by=person("Customer portal"), sent_id=str(step.ref), name=EVENT, key=claim_id, data={"documents": papers}
    )
    return True


def _paper(kind: str, claim_id: str) -> dict[str, str]:
    """A paper as the customer scans it, with the sum that was claimed."""
    claimed = {row["id"]: to_text(row["claimed_cents"]) for row in casework(opening_day())["claims"]}
    return {"kind": kind, "filename": f"{kind.replace(' ', '-')}.pdf", "amount": claimed[claim_id]}
