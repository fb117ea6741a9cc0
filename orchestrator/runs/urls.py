"""Addresses of the run pages."""

from django.urls import path

from orchestrator.runs import views

urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/table/", views.runs_table, name="runs-table"),
    path("runs/changes/", views.runs_changes, name="runs-changes"),
    path("runs/<uuid:ref>/", views.run, name="run"),
    path("runs/<uuid:ref>/head/", views.run_part, {"part": "head"}, name="run-head"),
    path("runs/<uuid:ref>/graph/", views.run_part, {"part": "graph"}, name="run-graph"),
    path("runs/<uuid:ref>/timeline/", views.run_part, {"part": "timeline"}, name="run-timeline"),
    path("runs/<uuid:ref>/events/", views.run_events, name="run-events"),
    path("runs/<uuid:ref>/events/<int:seq>/", views.run_event, name="run-event"),
    path("runs/<uuid:ref>/record/", views.run_record, name="run-record"),
]
