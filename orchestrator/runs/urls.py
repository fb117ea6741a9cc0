"""Addresses of the run pages, and of the pages that start runs."""

from django.urls import path

from orchestrator.runs.pages import step_views, views
from orchestrator.runs.starting import views as starting_views

urlpatterns = [
    path("workflows/<slug:name>/start/", starting_views.run_start, name="run-start"),
    path("workflows/<slug:name>/start/csv/", starting_views.run_start_file, name="run-start-file"),
    path("workflows/<slug:name>/start/template/", starting_views.run_start_template, name="run-start-template"),
    path("workflows/<slug:name>/start/csv/<uuid:ref>/", starting_views.run_upload, name="run-upload"),
    path("batches/<uuid:ref>/", starting_views.batch, name="batch"),
    path("batches/<uuid:ref>/progress/", starting_views.batch_progress, name="batch-progress"),
    path("runs/", views.runs, name="runs"),
    path("runs/table/", views.runs_table, name="runs-table"),
    path("runs/changes/", views.runs_changes, name="runs-changes"),
    path("runs/<uuid:ref>/", views.run, name="run"),
    path("runs/<uuid:ref>/head/", views.run_part, {"part": "head"}, name="run-head"),
    path("runs/<uuid:ref>/graph/", views.run_part, {"part": "graph"}, name="run-graph"),
    path("runs/<uuid:ref>/timeline/", views.run_part, {"part": "timeline"}, name="run-timeline"),
    path("runs/<uuid:ref>/memory/", views.run_part, {"part": "memory"}, name="run-memory"),
    path("runs/<uuid:ref>/steps/<uuid:step>/", step_views.run_step, name="run-step"),
    path("runs/<uuid:ref>/steps/<uuid:step>/parts/", step_views.run_parts, name="run-parts"),
    path("runs/<uuid:ref>/end/", step_views.run_end, name="run-end"),
    path("runs/<uuid:ref>/events/", views.run_events, name="run-events"),
    path("runs/<uuid:ref>/events/<int:seq>/", views.run_event, name="run-event"),
    path("runs/<uuid:ref>/record/", views.run_record, name="run-record"),
]
