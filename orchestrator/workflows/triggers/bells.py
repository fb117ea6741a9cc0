"""The bell of a schedule: a periodic task of Celery beat that tells workers to look at the trigger when it is due.

Only a bell: a worker starts a run when the trigger's own row says that it is due, so that two bells start one run, and
a bell that was missed is made good by the sweep.
"""

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from orchestrator.workflows.models import Trigger
from orchestrator.workflows.triggers.schedules import Schedule

PREFIX = "trigger:"
TASK = "runs.fire_trigger"


def hang(trigger: Trigger) -> None:
    """Let the bell of a schedule ring as the trigger says; a trigger of another kind has none."""
    if trigger.kind == Trigger.Kind.SCHEDULE:
        facts = {"task": TASK, "args": f'["{trigger.ref}"]', "enabled": trigger.enabled}
        times = _times(Schedule.of(trigger.schedule))
        PeriodicTask.objects.update_or_create(name=f"{PREFIX}{trigger.ref}", defaults=facts | times)


def _times(schedule: Schedule) -> dict[str, CrontabSchedule | IntervalSchedule]:
    if not schedule.cron:
        interval, _ = IntervalSchedule.objects.get_or_create(every=schedule.every, period=schedule.unit)
        return {"interval": interval}
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    parts = dict(zip(names, schedule.cron.split(), strict=True))
    crontab, _ = CrontabSchedule.objects.get_or_create(**parts, timezone=schedule.zone)
    return {"crontab": crontab}
