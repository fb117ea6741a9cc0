"""Where the record finds stops: all of them on one page."""

from django.urls import reverse

from audit.links import Kind, register


def register_links() -> None:
    """Make stops known to the audit pages."""
    register("stop", Kind("Stop", url=_url))
    register("everything", Kind("Everything", url=_url))


def _url(ref: str) -> str:
    return reverse("stops")
