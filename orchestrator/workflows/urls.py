"""Addresses of the workflow pages."""

from django.urls import path

from orchestrator.workflows import views
from orchestrator.workflows.triggers import views as triggers

urlpatterns = [
    path("workflows/", views.workflows, name="workflows"),
    path("workflows/import/", views.workflow_import, name="workflow-import"),
    path("workflows/<uuid:ref>/", views.workflow_by_ref, name="workflow-by-ref"),
    path("workflows/<slug:name>/", views.workflow, name="workflow"),
    path("workflows/<slug:name>/versions/<int:number>/", views.workflow_version, name="workflow-version"),
    path("workflows/<slug:name>/versions/<int:number>/source/", views.workflow_source, name="workflow-source"),
    path("workflows/<slug:name>/versions/<int:number>/withdraw/", views.workflow_withdraw, name="workflow-withdraw"),
    path("workflows/<slug:name>/triggers/add/", triggers.trigger_add, name="trigger-add"),
    path("workflows/<slug:name>/triggers/<uuid:ref>/", triggers.trigger, name="trigger"),
    path("workflows/<slug:name>/triggers/<uuid:ref>/switch/", triggers.trigger_switch, name="trigger-switch"),
    path("workflows/<slug:name>/triggers/<uuid:ref>/secret/", triggers.trigger_secret, name="trigger-secret"),
    path("workflows/<slug:name>/access/", views.workflow_access, name="workflow-access"),
    path("workflows/<slug:name>/access/set/", views.workflow_right, name="workflow-right"),
]
