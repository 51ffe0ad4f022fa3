"""Alerts: a night that is not over by its deadline is told of by a mail of its own, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import structlog
from prometheus_client import Counter

from worker.mail.content import AlertMail, LateLine
from worker.services.nightly.calendar import all_nights
from worker.services.notices.filing import file
from worker.services.notices.recipients import Recipients
from worker.services.tools import Tools
from worker.store.nights.slots import LateNight, late_nights, note_alert

log = structlog.get_logger()

LATE = Counter("perpetua_nights_late", "Nights that were not over by their deadline.", ["job"])


def raise_alerts(tools: Tools, now: datetime) -> int:
    """Tell of every night that has passed its deadline and was not told of yet; gives of how many. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        late = late_nights(connection, now, untold=True)
        if not late:
            return 0
        recipients = Recipients(connection)
        zones = {one.company_id: one.zone.key for one in all_nights(connection)}
        told = 0
        for company, group in groupby(late, lambda one: one.company_id):
            nights = list(group)
            days = [one.slot.business_date for one in nights]
            if not note_alert(connection, company, days):
                continue  # another tick was quicker
            file(
                connection,
                tools.settings,
                company,
                _alert(nights, zones.get(company, "UTC")),
                recipients.of_alert(company),
            )
            told += len(nights)
    for one in late:
        LATE.labels(one.slot.job).inc()
        log.error(
            "a night is not over", company=one.company, business_date=one.slot.business_date, job=one.slot.job,
            failed=one.slot.result.get("failed"),
        )  # fmt: skip
    return told


def _alert(nights: Sequence[LateNight], time_zone: str) -> AlertMail:
    return AlertMail(
        company=nights[0].company,
        business_date=nights[-1].slot.business_date,
        time_zone=time_zone,
        nights=[
            LateLine(
                business_date=one.slot.business_date, job=one.slot.job, due_at=one.slot.due_at, deadline_at=one.slot.deadline_at,
                claimed_at=one.slot.claimed_at, failed=str(one.slot.result.get("failed", "")),
            )
            for one in nights
        ],
    )  # fmt: skip
