from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from orchestrator.samples.sets import SETS


class Command(BaseCommand):
    """Set up the sample data that HOLDSHORT_SAMPLES names, and start its first cases."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Load everything; may be repeated."""
        loud = options["verbosity"] > 0
        SETS[settings.HOLDSHORT_SAMPLES].load(lambda stage: self.stdout.write(stage) if loud else None)
