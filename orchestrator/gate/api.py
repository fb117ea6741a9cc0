"""The HTTP API, version 1. Whoever has a token may see and start what its owner may see and start in the browser."""

from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Header, NinjaAPI, Query, Status
from pydantic import BaseModel

from agents.contracts import Problem
from approvals.models import Review
from approvals.states import ReviewState
from orchestrator.gate import errors
from orchestrator.gate.auth import ByToken, owner_of
from orchestrator.gate.bodies import StrictParser
from orchestrator.gate.rate import PerMinute
from orchestrator.gate.schemas import (
    EventTold,
    Key,
    Refused,
    RunDetail,
    Runs,
    RunSummary,
    RunsWanted,
    StartRun,
    TellEvent,
    WorkflowDescribed,
    Workflows,
)
from orchestrator.runs.access import access_run, runs_for
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_once, start_run
from orchestrator.runs.starting.events import receive_event, runs_started_by
from orchestrator.workflows.access import access_workflow, startable, workflows_for
from orchestrator.workflows.models import WorkflowVersion

KeyHeader = Annotated[Key | None, Header(alias="Idempotency-Key")]
HEAVY = ("input", "output", "workflow_version__source", "workflow_version__definition")
SAID_NO: dict[Any, type[Refused]] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429), Refused)

api = NinjaAPI(
    title="Holdshort",
    version="1",
    urls_namespace="api",
    auth=ByToken(),
    parser=StrictParser(),
    throttle=[PerMinute()],
    docs_url=None,
    openapi_url=None,
)
errors.install(api)


@api.post("/runs", response={200: RunSummary, 201: RunSummary, **SAID_NO}, summary="Start a run")
def start(
    request: HttpRequest, response: HttpResponse, body: StartRun, idempotency_key: KeyHeader = None
) -> Status[RunSummary]:
    """Starts a run and answers 201. With an `Idempotency-Key`, sending the same again answers 200 with the same run."""
    owner = owner_of(request)
    workflow = access_workflow(owner, body.workflow, start=True)
    assert workflow.current is not None
    _check_environment(body, workflow.current)
    facts: dict[str, Any] = {"version": workflow.current, "by": owner, "values": body.input, "trigger": Run.Trigger.API}
    if idempotency_key is None:
        run, is_new = start_run(**facts), True
    else:
        run, is_new = start_once(key=f"api:{idempotency_key}", **facts)
    response.headers["Location"] = f"{request.path}/{run.ref}"
    return Status(201 if is_new else 200, RunSummary.of(run))


@api.post("/events", response={200: EventTold, 201: EventTold, **SAID_NO}, summary="Tell of an event")
def tell(request: HttpRequest, body: TellEvent) -> Status[EventTold]:
    """Runs that wait for the event go on, and triggers start runs. Telling it again does nothing."""
    owner = owner_of(request)
    event, is_new = receive_event(by=owner, sent_id=body.id, name=body.name, key=body.key, data=body.data)
    started = runs_for(owner).filter(ref__in=runs_started_by(event)).order_by("pk").values_list("ref", flat=True)
    return Status(201 if is_new else 200, EventTold.of(event, list(started)))


@api.get("/runs", response={200: Runs, **SAID_NO}, summary="List runs")
def runs(request: HttpRequest, wanted: Query[RunsWanted]) -> Runs:
    """The runs that the owner of the token may see, the newest first."""
    _check_names(request, RunsWanted)
    found = runs_for(owner_of(request))
    if wanted.before is not None:
        found = found.filter(pk__lt=_place(request, wanted.before))
    if wanted.workflow is not None:
        found = found.filter(workflow_version__workflow__name=wanted.workflow)
    if wanted.state is not None:
        found = found.filter(state=wanted.state)
    rows = found.select_related("workflow_version__workflow").defer(*HEAVY).order_by("-pk")[: wanted.limit + 1]
    listed = [RunSummary.of(run) for run in rows]
    shown = listed[: wanted.limit]
    return Runs(runs=shown, next=shown[-1].ref if len(listed) > wanted.limit else None)


@api.get("/runs/{uuid:ref}", response={200: RunDetail, **SAID_NO}, summary="Read a run")
def run(request: HttpRequest, ref: UUID) -> RunDetail:
    """One run: its state, its output or why there is none, its steps, and the questions that wait for people."""
    found = access_run(owner_of(request), ref)
    asked = Review.objects.filter(run_ref=ref, state=ReviewState.OPEN).select_related("person", "team").order_by("pk")
    return RunDetail.of_parts(found, list(found.steps.order_by("position")), list(asked))


@api.get("/workflows", response={200: Workflows, **SAID_NO}, summary="List workflows")
def workflows(request: HttpRequest) -> Workflows:
    """The workflows that the owner of the token may see, with the schema of their input."""
    owner = owner_of(request)
    may_start = set(startable(owner).values_list("pk", flat=True))
    found = workflows_for(owner).select_related("current").defer("current__source").order_by("name")
    return Workflows(workflows=[WorkflowDescribed.of(each, may_start=each.pk in may_start) for each in found])


@api.get("/openapi.json", include_in_schema=False)
def description(request: HttpRequest) -> dict[str, Any]:
    """The description of this API in the form of OpenAPI."""
    return dict(api.get_openapi_schema())


def _check_environment(body: StartRun, version: WorkflowVersion) -> None:
    """A program that expects another environment than the workflow has is refused before anything happens."""
    environment = version.definition["environment"]
    if body.environment not in (None, environment):
        sentence = f"This workflow runs in {environment}. Leave “environment” out, or send {environment}."
        raise errors.unfit(Problem("/environment", sentence))


def _check_names(request: HttpRequest, known: type[BaseModel]) -> None:
    """A misspelt filter is refused, because ninja would leave it out and list everything."""
    unknown = [name for name in request.GET if name not in known.model_fields]
    if unknown:
        raise errors.unfit(*(Problem(f"/{name[:60]}", "There is no such filter. Leave it out.") for name in unknown))


def _place(request: HttpRequest, ref: UUID) -> int:
    """Where the page begins that comes after a run."""
    try:
        return access_run(owner_of(request), ref).pk
    except Http404:
        raise errors.unfit(Problem("/before", "There is no such run. Send “next” of the last answer.")) from None
