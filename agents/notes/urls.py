"""The addresses of the memory."""

from django.urls import path

from agents.notes import views

urlpatterns = [
    path("memory/", views.notes, name="memory"),
    path("memory/<uuid:ref>/", views.note, name="note"),
    path("memory/<uuid:ref>/accept/", views.note_accept, name="note-accept"),
    path("memory/<uuid:ref>/refuse/", views.note_refuse, name="note-refuse"),
    path("memory/<uuid:ref>/correct/", views.note_correct, name="note-correct"),
    path("memory/<uuid:ref>/delete/", views.note_delete, name="note-delete"),
]
