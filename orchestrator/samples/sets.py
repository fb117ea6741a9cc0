"""The sample data there is to choose from with HOLDSHORT_SAMPLES."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from orchestrator.samples import norrland, portal
from orchestrator.samples.retail import demo


@dataclass(frozen=True)
class SampleSet:
    """How to set one up, telling each stage, and how to start its next case (False when none is left).

    `answer_one` lets a customer who was asked for something answer; False when none has to.
    """

    load: Callable[[Callable[[str], None]], None]
    start_next: Callable[[], bool]
    answer_one: Callable[[], bool] = lambda: False


SETS = {
    "norrland": SampleSet(norrland.load, norrland.start_next, portal.answer_one),
    "retail": SampleSet(demo.load, demo.start_next),
}


def chosen() -> SampleSet:
    """The set that HOLDSHORT_SAMPLES names. Raises ImproperlyConfigured for a name that there is not."""
    name = settings.HOLDSHORT_SAMPLES
    if name not in SETS:
        raise ImproperlyConfigured(f"HOLDSHORT_SAMPLES is {name!r}. Set it to one of: {', '.join(SETS)}.")
    return SETS[name]
