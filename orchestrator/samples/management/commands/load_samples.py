from typing import Any

from django.core.management.base import BaseCommand

from orchestrator.samples import loading


class Command(BaseCommand):
    """Set up the sample company with its people, agents and workflows, and start its first cases."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Load everything; may be repeated."""
        loud = options["verbosity"] > 0
        loading.load(lambda stage: self.stdout.write(stage) if loud else None)
