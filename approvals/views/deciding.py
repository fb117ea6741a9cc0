"""Deciding, undoing and commenting: parse, call, answer. What was typed is kept when it is not taken."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from agents.contracts import BadArguments
from agents.people import SignedInRequest
from agents.schema_forms import Parsed
from approvals import actions
from approvals.access import access_review
from approvals.actions import Answer
from approvals.exceptions import CannotUndo, Conflict, EmptyComment, NotDecided, VerdictNotOffered
from approvals.forms import asked_with
from approvals.models import Review
from approvals.pages import Draft, ReviewPage
from approvals.queries import Filter, Inbox
from approvals.states import Verdict
from approvals.views.review import parsed_arguments, show, show_comments


@login_required
@require_POST
def decide(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Take a verdict, then go on to the next review."""
    review = access_review(request.user, ref)
    draft = _draft(request, review)
    if draft.parsed is not None and draft.parsed.errors:
        draft.problem = draft.parsed.errors.get("") or "Some fields need another look."
        return show(request, review, draft, status=422)
    following = _next(request, review)
    try:
        actions.decide(user=request.user, ref=ref, answer=_answer(request, review, draft))
    except Conflict as conflict:
        repeated = _said_before(request, conflict, draft)
        return redirect(following) if repeated else _conflict(request, conflict, draft)
    except (NotDecided, BadArguments) as refused:
        draft.problem = str(refused) or "Some fields need another look."
        return show(request, review, draft, status=422)
    return redirect(following)


@login_required
@require_POST
def undo(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Take a decision back and show its review again."""
    try:
        review = actions.undo(user=request.user, ref=ref)
    except CannotUndo as refused:
        messages.error(request, refused.message)
        return redirect("inbox")
    messages.success(request, "Taken back. Nothing was done.")
    return redirect("review", ref=review.ref)


@login_required
@require_POST
def comment(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Add a remark."""
    try:
        actions.comment(user=request.user, ref=ref, body=request.POST.get("body", ""))
    except EmptyComment as refused:
        messages.error(request, refused.message)
    if request.htmx:  # type: ignore[attr-defined]
        return show_comments(request, ReviewPage(access_review(request.user, ref), request.user))
    return redirect(reverse("review", args=[ref]) + "#s-talk")


def _draft(request: SignedInRequest, review: Review) -> Draft:
    verdict = request.POST.get("verdict", "")
    parsed: Parsed | None = None
    if verdict == Verdict.EDIT and review.call is not None:
        parsed = parsed_arguments(request, review)
    elif form := asked_with(review, verdict):
        parsed = form.parse(request.POST)
    # Without JavaScript the form holds the field of the dialog as well as its own, and one of them is empty.
    reason = next(filter(str.strip, request.POST.getlist("reason")), "")
    return Draft(verdict, request.POST.get("reason_code", ""), reason, "", parsed)


def _form_value(review: Review, draft: Draft) -> dict[str, Any] | None:
    """What was typed into the form that goes with the verdict."""
    form = asked_with(review, draft.verdict)
    return form.value(draft.parsed) if form else None


def _answer(request: SignedInRequest, review: Review, draft: Draft) -> Answer:
    if draft.verdict not in Verdict.values:
        raise VerdictNotOffered
    version = request.POST.get("version", "")
    return Answer(
        verdict=Verdict(draft.verdict),
        digest=request.POST.get("digest", ""),
        version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        reason_code=draft.reason_code[:12],
        reason=draft.reason,
        arguments=draft.parsed.value if draft.parsed and draft.verdict == Verdict.EDIT else None,
        form=_form_value(review, draft),
    )


def _conflict(request: SignedInRequest, conflict: Conflict, draft: Draft) -> HttpResponse:
    """Somebody was faster, or the content changed: say who and what, and keep what was typed."""
    review = access_review(request.user, conflict.review.ref)
    page = ReviewPage(review, request.user, draft)
    inbox = Inbox(request.user, Filter.of(request.GET.dict()), selected=review)
    context = {"inbox": inbox, "page": page, "conflict": conflict, "neighbours": inbox.neighbours()}
    return render(request, "reviews/page.html", context, status=409)


def _said_before(request: SignedInRequest, conflict: Conflict, draft: Draft) -> bool:
    """Whether this is the decision that stands, sent twice: a double click is no conflict with oneself."""
    stands = ReviewPage(conflict.review, request.user).decision
    if stands is None or draft.verdict == Verdict.EDIT:
        return False
    said = (stands.by_id, stands.verdict, stands.reason_code, stands.reason, stands.answer)
    again = (draft.verdict, draft.reason_code, draft.reason.strip(), _form_value(conflict.review, draft))
    return said == (request.user.pk, *again)


def _next(request: SignedInRequest, review: Review) -> str:
    """The review after this one in the list, or the inbox when none is left."""
    inbox = Inbox(request.user, Filter.of(request.GET.dict()), selected=review)
    before, after = inbox.neighbours()
    following = after or before
    query = inbox.filter.query()
    where = reverse("review", args=[following.ref]) if following else reverse("inbox")
    return f"{where}?{query}" if query else where
