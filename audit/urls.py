"""Addresses of the audit pages."""

from django.urls import path

from audit import views

urlpatterns = [
    path("audit/", views.log, name="audit"),
    path("audit/verify/", views.verify_all, name="audit-verify"),
    path("audit/<int:pk>/", views.log, name="audit-entry"),
    path("audit/<int:pk>/verify/", views.verify_stream, name="audit-verify-stream"),
]
