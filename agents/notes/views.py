"""The list of notes, one note, and the forms that judge, correct and delete it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents.access import access_note, may
from agents.forms import attempt, see, status_of
from agents.models import Note
from agents.notes import judging
from agents.notes.filters import STATES, read_filters
from agents.notes.forms import CorrectForm, JudgeForm, ReasonedForm
from agents.notes.pages import agents_to_choose, note_page, notes_page
from agents.people import SignedInRequest


@login_required
@require_safe
def notes(request: SignedInRequest) -> HttpResponse:
    """The notes that the person may see, newest first."""
    if not may(request.user, "agents.view_note"):
        raise Http404
    filters = read_filters(request.GET)
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    page = notes_page(request.user, filters, number)
    address = reverse("memory")
    context = {
        "page": page,
        "filters": filters,
        "states": STATES,
        "agents": agents_to_choose(request.user),
        "older": f"{address}?{filters.query(before=page.older)}" if page.older else "",
        "newest": f"{address}?{filters.query()}" if number else "",
    }
    return render(request, "memory/list.html", context)


@login_required
@require_safe
def note(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """One note."""
    return _page(request, access_note(request.user, ref))


@login_required
@require_POST
def note_accept(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Let agents read a proposed note."""
    found, form = access_note(request.user, ref, change=True), JudgeForm(request.POST)
    done = attempt(form, lambda: judging.accept_note(note=found, by=request.user, **form.cleaned_data))
    return redirect("note", ref) if done else _page(request, found, accepting=form)


@login_required
@require_POST
def note_refuse(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Do not let a proposed note be read."""
    found, form = access_note(request.user, ref, change=True), ReasonedForm(request.POST)
    done = attempt(form, lambda: judging.refuse_note(note=found, by=request.user, **form.cleaned_data))
    return redirect("note", ref) if done else _page(request, found, removing=form)


@login_required
@require_POST
def note_correct(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Change what a note says."""
    found, form = access_note(request.user, ref, change=True), CorrectForm(request.POST)
    done = attempt(form, lambda: _correct(found, form, request))
    return redirect("note", ref) if done else _page(request, found, correcting=form)


@login_required
@require_POST
def note_delete(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Take the text of a note away."""
    found, form = access_note(request.user, ref, change=True), ReasonedForm(request.POST)
    done = attempt(form, lambda: judging.delete_note(note=found, by=request.user, **form.cleaned_data))
    return redirect("note", ref) if done else _page(request, found, removing=form)


def _correct(found: Note, form: CorrectForm, request: SignedInRequest) -> Note:
    data = form.cleaned_data
    return judging.correct_note(
        note=found,
        by=request.user,
        seen=data["seen"],
        words=data["text"],
        expires_at=form.expires_at(),
        reason=data["reason"],
    )


def _page(request: SignedInRequest, found: Note, **sent: JudgeForm) -> HttpResponse:
    """The page of a note with a form that was sent and did not do; after a conflict it shows the note as it is now."""
    found = access_note(request.user, found.ref)
    forms: dict[str, JudgeForm] = {
        "accepting": JudgeForm(initial={"seen": found.version}),
        "removing": ReasonedForm(initial={"seen": found.version}),
        "correcting": CorrectForm.of(found),
    }
    for form in sent.values():
        see(form, str(found.version))
    status = max((status_of(form) for form in sent.values()), default=200)
    context = {"page": note_page(request.user, found), "sent": list(sent.values()), **forms, **sent}
    return render(request, "memory/note.html", context, status=status)
