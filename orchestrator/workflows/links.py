"""How the record finds workflows."""

from django.urls import reverse

from audit.links import Kind, register


def register_links() -> None:
    """Make workflows known to the audit pages."""
    register("workflow", Kind("Workflow", url=_url))


def _url(ref: str) -> str:
    return reverse("workflow-by-ref", args=[ref])
