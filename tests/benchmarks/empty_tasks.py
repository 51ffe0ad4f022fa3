"""A Celery app with one task that does nothing: the pace at which Celery itself runs."""

import os

from celery import Celery

from worker.broker import TRANSPORT_OPTIONS

app = Celery("empty", broker=os.environ["PERPETUA_BROKER_URL"], backend=os.environ["PERPETUA_REDIS_URL"])
app.conf.update(
    broker_transport_options=TRANSPORT_OPTIONS,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task(name="bench.empty", ignore_result=False)
def empty(place: object) -> object:
    """Do nothing."""
    return place
