"""Addresses of the inbox, of reviews, and of their parts."""

from django.urls import path

from approvals.views import deciding, inbox, review

urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/rows/", inbox.rows, name="inbox-rows"),
    path("reviews/<uuid:ref>/", review.review, name="review"),
    path("reviews/<uuid:ref>/bar/", review.bar, name="review-bar"),
    path("reviews/<uuid:ref>/discussion/", review.talk, name="review-talk"),
    path("reviews/<uuid:ref>/arguments/", review.arguments, name="review-arguments"),
    path("reviews/<uuid:ref>/decide/", deciding.decide, name="review-decide"),
    path("reviews/<uuid:ref>/comments/", deciding.comment, name="review-comment"),
    path("decisions/<uuid:ref>/undo/", deciding.undo, name="decision-undo"),
]
