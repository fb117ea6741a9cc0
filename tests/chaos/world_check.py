"""The invariants that hold after any fault (THREATS 3.1), checked over the database and the company's own books."""

from agents.models import ToolCall
from agents.states import CallState
from approvals.models import Decision, Review
from approvals.states import ReviewState
from audit.models import Entry
from audit.verify import verify_all
from orchestrator.runs.models import Run
from orchestrator.runs.states import RUN_ENDED
from tests.scenes import Company


def verify_world(company: Company) -> None:
    """I1 one effect a key, I2 intent before effect, I3 nothing stuck, I5 chains hold, I7 one consent used once."""
    effects = dict(company.rows("SELECT idempotency_key, count(*) FROM effects GROUP BY idempotency_key"))
    assert all(count == 1 for count in effects.values()), effects
    for call in ToolCall.objects.select_related("tool_version"):
        happened = effects.get(call.idempotency_key, 0)
        writes = call.tool_version is not None and call.tool_version.effect == "write"
        if call.state == CallState.SUCCEEDED and writes:
            assert happened == 1, call
        if happened:
            assert call.intent_at is not None, call
            assert Entry.objects.filter(verb="call.intended", subject_ref=str(call.ref)).exists(), call
            assert call.consent_ref is not None, call
    for run in Run.objects.exclude(state__in=RUN_ENDED):
        assert run.wake_at is not None, run
    for review in Review.objects.exclude(state__in=(ReviewState.OPEN, ReviewState.EXPIRED, ReviewState.WITHDRAWN)):
        assert Decision.objects.filter(review=review, undone_at=None).count() == 1, review
    assert [broken for _, broken in verify_all() if broken] == []
