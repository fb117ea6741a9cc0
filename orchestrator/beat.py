"""The clock of Celery: rings for the sweeps in the settings, and for the schedules of triggers in the database.

Every task it rings for looks at rows to see whether something is due, so two clocks at once do no harm.
"""

from typing import Any

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from orchestrator.workflows.triggers.bells import PREFIX


class Clock(DatabaseScheduler):
    """django-celery-beat, with one change: what is no longer in the settings no longer rings."""

    def setup_schedule(self) -> None:
        """Put the sweeps of the settings among the schedules, and take away those that the settings had before."""
        ours = PeriodicTask.objects.exclude(name__startswith=PREFIX)
        ours.exclude(name__in=self.app.conf.beat_schedule).delete()
        self.update_from_dict(self.app.conf.beat_schedule)

    def install_default_entries(self, data: Any) -> None:
        """Nothing: no results are kept that would have to be cleared away."""
