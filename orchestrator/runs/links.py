"""How the record finds runs: their addresses, and the short names people say."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from audit.links import Kind, register
from orchestrator.runs.models import Run
from orchestrator.runs.pages.filters import CODE


def register_links() -> None:
    """Make runs and batches known to the audit pages."""
    register("run", Kind("Run", url=_url, codes=_codes, find=_find))
    register("batch", Kind("Batch", url=_batch_url))


def _url(ref: str) -> str:
    return reverse("run", args=[ref])


def _batch_url(ref: str) -> str:
    return reverse("batch", args=[ref])


def _codes(refs: Collection[str]) -> dict[str, str]:
    rows = Run.objects.filter(ref__in=[ref for ref in refs if _is_ref(ref)]).values_list("ref", "pk")
    return {str(ref): f"R-{pk}" for ref, pk in rows}


def _find(code: str) -> str | None:
    """The ref of a code such as R-12 or 12, or of a ref."""
    if _is_ref(code):
        return code
    match = CODE.fullmatch(code) or CODE.fullmatch(f"R-{code}")
    ref = Run.objects.filter(pk=int(match[1])).values_list("ref", flat=True).first() if match else None
    return str(ref) if ref else None


def _is_ref(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
