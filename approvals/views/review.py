"""Reading a review. Everything shown is stored data; opening a page changes nothing."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from agents.people import SignedInRequest
from agents.schema_forms import Parsed, parse
from approvals.access import access_review
from approvals.models import Review
from approvals.pages import Draft, ReviewPage
from approvals.queries import Filter, Inbox
from approvals.states import Verdict


@login_required
@require_GET
def review(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The review beside the list."""
    return show(request, access_review(request.user, ref))


@login_required
@require_GET
def bar(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The decision bar alone: it changes when somebody else was faster. Nothing when the reader has it already."""
    page = ReviewPage(access_review(request.user, ref), request.user)
    if request.GET.get("have") == page.mark:
        return HttpResponse(status=204)
    return render(request, "reviews/bar.html", {"page": page})


@login_required
@require_GET
def talk(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The comments alone. Nothing when the reader has as many already; none is ever taken away."""
    page = ReviewPage(access_review(request.user, ref), request.user)
    if request.GET.get("have") == str(len(page.comments)):
        return HttpResponse(status=204)
    return show_comments(request, page)


@login_required
@require_POST
def arguments(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """What the arguments as the reader is editing them lead to: errors and differences. Nothing is stored."""
    found = access_review(request.user, ref)
    page = ReviewPage(found, request.user, Draft(verdict=Verdict.EDIT, parsed=parsed_arguments(request, found)))
    return render(request, "reviews/arguments.html", {"page": page})


def show_comments(request: SignedInRequest, page: ReviewPage) -> HttpResponse:
    """The comments as a part of the page."""
    return render(request, "reviews/comments.html", {"page": page})


def parsed_arguments(request: SignedInRequest, review: Review) -> Parsed:
    """The arguments the reader typed, against the contract and on top of what was proposed."""
    page = ReviewPage(review, request.user)
    schema = review.call.tool_version.input_schema if review.call and review.call.tool_version else {}
    return parse(schema, request.POST, base=page.proposed)


def show(request: SignedInRequest, review: Review, draft: Draft | None = None, status: int = 200) -> HttpResponse:
    """The whole page of a review, with what the reader typed where it was not taken."""
    inbox = Inbox(request.user, Filter.of(request.GET.dict()), selected=review)
    page = ReviewPage(review, request.user, draft or Draft())
    context = {"inbox": inbox, "page": page, "neighbours": inbox.neighbours()}
    return render(request, "reviews/page.html", context, status=status)
