"""The beat table, against the worker that it rings."""

from datetime import timedelta

from celery import Celery
from celery.beat import Scheduler
from freezegun import freeze_time

from scheduler.app import beat_schedule
from scheduler.schedule import rings
from worker import routes


def test_every_ring_names_a_task_and_its_queue() -> None:
    for ring in rings():
        assert routes.TASK_ROUTES[ring.task] == {"queue": ring.queue} or ring.task == routes.CANARY


def test_a_canary_goes_through_every_queue() -> None:
    assert [ring.queue for ring in rings() if ring.task == routes.CANARY] == list(routes.QUEUES)


def test_every_ring_says_why() -> None:
    for ring in rings():
        assert len(ring.reason) > 40
        assert ring.reason.endswith(".")


def test_rings_expire_so_that_few_wait_and_a_busy_worker_hears_them() -> None:
    for entry in beat_schedule(rings(sweep_seconds=1)).values():
        patience = timedelta(seconds=entry["options"]["expires"])
        assert timedelta(seconds=30) <= patience <= max(entry["schedule"], timedelta(seconds=30))


def test_the_sweep_follows_its_setting() -> None:
    (sweep,) = (row for row in beat_schedule(rings(sweep_seconds=2)).values() if row["task"] == routes.LANE_SWEEP)
    assert sweep["schedule"] == timedelta(seconds=2)


def test_rings_do_not_skip_when_clocks_change() -> None:
    """Berlin's clocks go back on 25 October 2026 at 01:00 UTC; an hour around it holds as many rings as any other."""
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.update(beat_schedule=beat_schedule(rings(sweep_seconds=60)), timezone="UTC", enable_utc=True)
    with freeze_time("2026-10-25 00:30:00") as clock:
        beat = Scheduler(app)
        rung = 0
        for _ in range(3600):
            clock.tick(1)
            due, _ = beat.schedule["sweep the lanes"].is_due()
            if due:
                rung += 1
                beat.reserve(beat.schedule["sweep the lanes"])
    assert rung == 60
