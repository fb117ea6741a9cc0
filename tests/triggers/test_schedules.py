"""Schedules: when they are due, that each time counts once, and the clock that rings for them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from celery.schedules import schedule as celery_schedule
from django.db import connections
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.beat import Clock
from orchestrator.celery import app
from orchestrator.runs import tasks
from orchestrator.runs.models import Run
from orchestrator.runs.starting import firing
from orchestrator.workflows.models import Delivery, Trigger, WorkflowVersion
from orchestrator.workflows.triggers.actions import switch_trigger
from orchestrator.workflows.triggers.schedules import BadSchedule, Schedule
from tests.triggers.conftest import a_trigger
from tests.world import World

STOCKHOLM = Schedule(cron="0 7 * * *", zone="Europe/Stockholm")


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (STOCKHOLM, "2026-01-10T05:59", "2026-01-10T06:00"),
        (STOCKHOLM, "2026-01-10T06:00", "2026-01-11T06:00"),
        (STOCKHOLM, "2026-07-10T05:00", "2026-07-11T05:00"),
        (STOCKHOLM, "2026-03-28T12:00", "2026-03-29T05:00"),  # the night the clock goes forward
        (Schedule(cron="30 2 * * *", zone="Europe/Stockholm"), "2026-03-28T12:00", "2026-03-29T01:30"),
        (Schedule(cron="30 2 * * *", zone="Europe/Stockholm"), "2026-10-24T12:00", "2026-10-25T00:30"),
        (Schedule(cron="30 2 * * *", zone="Europe/Stockholm"), "2026-10-25T00:30", "2026-10-26T01:30"),
        (Schedule(cron="0 9 * * 1-5", zone="Asia/Tokyo"), "2026-11-20T01:00", "2026-11-23T00:00"),
        (Schedule(cron="0 0 29 2 *"), "2026-01-01T00:00", "2028-02-29T00:00"),
        (Schedule(every=15, unit="minutes"), "2026-01-01T01:00", "2026-01-01T01:15"),
        (Schedule(every=15, unit="minutes"), "2026-01-01T01:14", "2026-01-01T01:15"),
        (Schedule(every=2, unit="days"), "2026-01-01T00:00", "2026-01-03T00:00"),
        (Schedule(every=1, unit="hours"), "2025-12-31T23:00", "2026-01-01T01:00"),
    ],
)
def test_a_schedule_is_due_at_its_next_time(schedule: Schedule, after: str, expected: str) -> None:
    schedule.check()
    assert schedule.next_after(at(after), start=at("2026-01-01T00:00")) == at(expected)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(),
        Schedule(cron="0 7 * * *", every=5),
        Schedule(cron="0 7 * *"),
        Schedule(cron="61 * * * *"),
        Schedule(cron="0 0 31 2 *"),
        Schedule(cron="every day at seven o'clock x"),
        Schedule(cron="* " * 200),
        Schedule(cron="0 7 * * *", zone="Mars/Olympus"),
        Schedule(every=400, unit="days"),
        Schedule(every=-1, unit="hours"),
        Schedule(every=10**30, unit="hours"),
        Schedule(every=1, unit="seconds"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_schedule_is_refused(schedule: Schedule) -> None:
    with pytest.raises(BadSchedule):
        schedule.check()


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(
    MOMENTS,
    st.sampled_from(["0 7 * * *", "*/20 * * * *", "30 2 * * 0", "0 0 1 * *"]),
    st.sampled_from(["UTC", "Europe/Stockholm", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_the_next_time_always_lies_ahead(moment: datetime, cron: str, zone: str) -> None:
    found = Schedule(cron=cron, zone=zone).next_after(moment, start=moment)
    assert moment < found < moment + timedelta(days=33)


@given(MOMENTS, MOMENTS, st.integers(1, 300), st.sampled_from(["minutes", "hours", "days"]))
def test_the_next_time_of_an_interval_is_at_most_one_interval_ahead(
    start: datetime, moment: datetime, every: int, unit: Any
) -> None:
    found = Schedule(every=every, unit=unit).next_after(moment, start=start)
    assert moment < found <= max(moment, start) + timedelta(**{unit: every})


def test_a_schedule_that_is_due_starts_one_run_and_is_due_again_later(daily: Trigger, world: World) -> None:
    assert not firing.fire_due(daily.ref)
    due = timezone.now() - timedelta(minutes=1)
    Trigger.objects.update(due_at=due)
    assert firing.due_triggers() == [daily.ref]
    assert firing.fire_due(daily.ref)
    assert not firing.fire_due(daily.ref)
    run = Run.objects.get()
    assert (run.trigger, run.started_by, run.input) == (Run.Trigger.SCHEDULE, world.tomas, {"order_id": "O-1"})
    daily.refresh_from_db()
    assert daily.due_at is not None
    assert daily.due_at > timezone.now()
    assert Delivery.objects.get().key == f"due:{due.isoformat()}"


def test_however_many_times_were_missed_one_run_is_started(world: World, refund: WorkflowVersion) -> None:
    schedule = Schedule(every=1, unit="minutes")
    trigger = a_trigger(world, Trigger.Kind.SCHEDULE, schedule=schedule, mapping={"order_id": "O-1"})
    long_ago = timezone.now() - timedelta(days=3)
    Trigger.objects.update(due_at=long_ago, created_at=long_ago)
    while firing.fire_due(trigger.ref):
        pass
    assert Run.objects.count() == 1
    trigger.refresh_from_db()
    assert trigger.due_at is not None
    assert timedelta() < trigger.due_at - timezone.now() <= timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_two_bells_at_the_same_moment_start_one_run(daily: Trigger) -> None:
    for number in range(20):
        Trigger.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        barrier = Barrier(2)

        def ring(_: int, barrier: Barrier = barrier) -> bool:
            barrier.wait()
            try:
                return firing.fire_due(daily.ref)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(ring, range(2))) == [False, True]
        assert Run.objects.count() == number + 1


def test_a_schedule_that_cannot_start_says_why_and_is_due_again(daily: Trigger, world: World) -> None:
    world.tomas.is_active = False
    world.tomas.save()
    Trigger.objects.update(due_at=timezone.now())
    assert firing.fire_due(daily.ref)
    assert "may no longer start" in Delivery.objects.get().problems[0]["sentence"]
    assert firing.due_triggers() == []


def test_a_schedule_that_breaks_is_told_of_and_does_not_ring_for_ever(
    daily: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(firing, "start_run", broken)
    Trigger.objects.update(due_at=timezone.now())
    assert firing.fire_due(daily.ref)
    assert Delivery.objects.get().problems == [{"path": "", "sentence": firing.OUR_MISTAKE}]
    assert firing.due_triggers() == []


def test_a_schedule_that_is_off_does_not_start_and_misses_nothing_when_it_is_on_again(
    daily: Trigger, world: World
) -> None:
    Trigger.objects.update(due_at=timezone.now() - timedelta(days=2))
    switch_trigger(workflow="refund", ref=daily.ref, on=False, by=world.hana)
    assert firing.due_triggers() == []
    assert not PeriodicTask.objects.get(name=f"trigger:{daily.ref}").enabled
    assert not firing.fire_due(daily.ref)
    switch_trigger(workflow="refund", ref=daily.ref, on=True, by=world.hana)
    assert firing.due_triggers() == []
    assert PeriodicTask.objects.get(name=f"trigger:{daily.ref}").enabled


def test_the_sweep_finds_what_the_bell_missed(daily: Trigger, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks.fire_trigger, "delay", rung.append)
    monkeypatch.setattr(tasks, "messages_waiting", lambda: 0)  # whatever other tests sent
    Trigger.objects.update(due_at=timezone.now())
    tasks.sweep()
    assert rung == [str(daily.ref)]
    tasks.fire_trigger(rung[0])
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_clock_rings_for_sweeps_and_triggers_and_for_nothing_that_left_the_settings(
    world: World, refund: WorkflowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = Schedule(cron="*/10 * * * *", zone="Europe/Stockholm")
    trigger = a_trigger(world, Trigger.Kind.SCHEDULE, schedule=often, mapping={"order_id": "O-1"})
    monkeypatch.setitem(app.conf.beat_schedule, "old", {"task": "runs.sweep", "schedule": 5.0})
    assert "old" in rings()
    monkeypatch.delitem(app.conf.beat_schedule, "old")
    found = rings()
    assert set(found) == {*app.conf.beat_schedule, f"trigger:{trigger.ref}"}
    assert (found["sweep"].task, found["sweep"].schedule) == ("runs.sweep", celery_schedule(5.0))
    bell = found[f"trigger:{trigger.ref}"]
    assert (bell.task, bell.args) == ("runs.fire_trigger", [str(trigger.ref)])
    assert "Europe/Stockholm" in repr(bell.schedule)


def rings() -> dict[str, Any]:
    """What the clock rings for after a fresh start."""
    clock = Clock(app=app, lazy=True)
    clock.setup_schedule()
    return dict(Clock(app=app, lazy=True).schedule)
