"""Starting runs in the browser: one by a form, many from a file."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from agents.contracts import BadArguments
from agents.people import SignedInRequest
from agents.schema_forms import Parsed, parse
from orchestrator.runs import exceptions
from orchestrator.runs.access import access_batch, access_upload
from orchestrator.runs.models import Run
from orchestrator.runs.starting import actions
from orchestrator.runs.starting.cases import MAX_BYTES, CaseProblem, Cases, column_names, read_cases, template_of
from orchestrator.runs.starting.pages import BatchPage, StartPage, UploadPage, current
from orchestrator.workflows.access import access_workflow
from orchestrator.workflows.models import Workflow

FORM_KEY = "form:{}"
NO_NAME = "cases.csv"
NO_FILE = Cases(problems=(CaseProblem(0, "", "Choose a file first."),))


@login_required
def run_start(request: SignedInRequest, name: str) -> HttpResponse:
    """The form that starts a run of a workflow."""
    workflow = access_workflow(request.user, name, start=True)
    if request.method != "POST":
        return _form(request, StartPage.of(workflow), 200)
    parsed, key = parse(current(workflow)[1].input, request.POST), _key(request)
    if parsed.value is None:
        return _form(request, StartPage.of(workflow, parsed=parsed, key=key), 422)
    try:
        run, _is_new = _start(request, workflow, parsed.value, key)
    except exceptions.KeyUsed as used:
        return _form(request, StartPage.of(workflow, parsed=parsed, used_by=used.run), 409)
    except BadArguments as error:
        told = Parsed(None, {problem.path: problem.sentence for problem in error.problems}, parsed.raw)
        return _form(request, StartPage.of(workflow, parsed=told, key=key), 422)
    return redirect("run", run.ref)


@login_required
def run_start_file(request: SignedInRequest, name: str) -> HttpResponse:
    """Choose a file with one run a row."""
    workflow = access_workflow(request.user, name, start=True)
    version, definition = current(workflow)
    file, cases = request.FILES.get("file"), Cases()
    if request.method == "POST":
        cases = read_cases(file.read(MAX_BYTES + 1), definition.input) if file else NO_FILE
        if file and not cases.problems:
            upload = actions.keep_upload(version=version, by=request.user, name=file.name or NO_NAME, cases=cases)
            return redirect("run-upload", name, upload.ref)
    columns = column_names(definition.input)
    context = {"workflow": workflow, "definition": definition, "columns": columns, "problems": cases.problems}
    return render(request, "starting/file.html", context, status=422 if cases.problems else 200)


@login_required
@require_safe
def run_start_template(request: SignedInRequest, name: str) -> HttpResponse:
    """An empty file with the right column names."""
    workflow = access_workflow(request.user, name, start=True)
    content = template_of(current(workflow)[1].input)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{workflow.name}.csv"'
    return answer


@login_required
def run_upload(request: SignedInRequest, name: str, ref: UUID) -> HttpResponse:
    """Look at a file that was read, and start its runs."""
    workflow = access_workflow(request.user, name, start=True)
    upload = access_upload(request.user, ref, of=workflow)
    problem, status = "", 200
    if upload.batch is not None:
        return redirect("batch", upload.batch.ref)
    if request.method == "POST":
        try:
            batch = actions.start_upload(ref=ref, by=request.user, good_rows_only="good_rows_only" in request.POST)
            return redirect("batch", batch.ref)
        except exceptions.OtherVersion as refusal:
            problem, status = refusal.message, 409
        except (exceptions.BadRows, exceptions.NoGoodRows, exceptions.VersionWithdrawn) as refusal:
            problem, status = refusal.message, 422
    context = {"page": UploadPage.of(upload), "workflow": workflow, "problem": problem}
    return render(request, "starting/upload.html", context, status=status)


@login_required
@require_safe
def batch(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """How far the runs of a file are."""
    return render(request, "starting/batch.html", {"page": BatchPage.of(access_batch(request.user, ref))})


@login_required
@require_safe
def batch_progress(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The living part of that page."""
    page = BatchPage.of(access_batch(request.user, ref))
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("batch", ref)
    return render(request, "starting/progress.html", {"page": page})


def _start(request: SignedInRequest, workflow: Workflow, values: dict[str, Any], key: UUID | None) -> tuple[Run, bool]:
    return actions.start_once(
        key=FORM_KEY.format(key or uuid4()),
        version=current(workflow)[0],
        by=request.user,
        values=values,
        trigger=Run.Trigger.FORM,
    )


def _form(request: SignedInRequest, page: StartPage, status: int) -> HttpResponse:
    return render(request, "starting/form.html", {"page": page}, status=status)


def _key(request: SignedInRequest) -> UUID | None:
    """The key that the form carries; None, which makes a new one, where somebody sent none or broke it."""
    try:
        return UUID(request.POST.get("request_key", ""))
    except ValueError:
        return None
