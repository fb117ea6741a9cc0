"""Workflows and their published versions, which never change: a run keeps the version it began with."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.ids import new_ref


class Workflow(models.Model):
    """A business process that agents, tools and people carry out together."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    name = models.CharField(max_length=63, unique=True)
    title = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="workflows")
    current = models.ForeignKey("WorkflowVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("title",)
        permissions = (
            ("start_workflow", "May start runs of this workflow"),
            ("view_runs", "May see the runs of this workflow"),
        )

    def __str__(self) -> str:
        return self.title


class WorkflowVersion(models.Model):
    """One published definition: the text as it was written, and its canonical form with digest."""

    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("workflow", "-number")
        constraints = (models.UniqueConstraint(fields=("workflow", "number"), name="workflow_version_number"),)

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"
