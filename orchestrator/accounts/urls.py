"""Addresses of the account page."""

from django.urls import path

from orchestrator.accounts import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/time-zone/", views.time_zone, name="account-time-zone"),
    path("account/tokens/", views.token_new, name="token-new"),
    path("account/tokens/<uuid:ref>/revoke/", views.token_revoke, name="token-revoke"),
]
