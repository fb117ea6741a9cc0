"""Steps that run another workflow and take its output."""

from django.db.models import F

from agents.contracts import BadArguments, prepare
from orchestrator.runs.engine import parts
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds.each import LOOK_AGAIN
from orchestrator.runs.engine.results import Broke, Done, Park, Result, Stop
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.schema import WorkflowStep


def proceed(place: Place) -> Result:
    """Begin the run of the other workflow, wait for it, and take up what came of it."""
    part = parts.latest(place.step)
    if part is None:
        return _begin(place)
    return ended(part) if parts.is_over(part) else Park(place.board.now + LOOK_AGAIN, person=False)


def ended(part: Run) -> Result:
    """What a part that has ended means for its step."""
    match part.state:
        case RunState.SUCCEEDED:
            return Done(part.output)
        case RunState.STOPPED:
            return Stop(part.reason)
    return Broke(part.reason or f"{part.code} failed.")


def _begin(place: Place) -> Result:
    spec = place.spec
    assert isinstance(spec, WorkflowStep)
    versions = WorkflowVersion.objects.select_related("workflow", "withdrawal")
    version = versions.filter(workflow__name=spec.workflow, workflow__current=F("pk")).first()
    if version is None:
        return Broke(f'There is no workflow "{spec.workflow}".')
    if version.withdrawn:
        return Broke(f'Version {version.number} of "{spec.workflow}" was withdrawn, and there is no newer one.')
    if parts.depth_of(place.run) >= parts.MOST_DEEP:
        return Broke(f"Workflows run each other {parts.MOST_DEEP} deep here; one of them probably runs itself.")
    try:
        values = prepare(place.step.input or {}, version.definition["input"]).value
    except BadArguments as error:
        return Broke(f'The input does not fit "{spec.workflow}". {error}', "garbage")
    parts.make_other(place, 0, version, values)
    return Park(place.board.now + LOOK_AGAIN, person=False)
