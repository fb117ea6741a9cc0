from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from agents.exceptions import BadModel, NotChanged
from orchestrator.samples.sets import chosen


class Command(BaseCommand):
    """Set up the sample data that HOLDSHORT_SAMPLES names, and start its first cases."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Load everything; may be repeated. Raises CommandError with a sentence when that cannot be."""
        loud = options["verbosity"] > 0
        try:
            chosen().load(lambda stage: self.stdout.write(stage) if loud else None)
        except BadModel as error:
            raise CommandError(f"HOLDSHORT_MODEL cannot be used. {error.message}") from error
        except NotChanged as error:
            raise CommandError(error.message) from error
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
