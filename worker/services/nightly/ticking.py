"""The tick: what beat rings for. It finds what is due and wakes who does it; it does nothing that takes long itself."""

from __future__ import annotations

from datetime import UTC, datetime

from worker.bells import Lane
from worker.services.nightly.alerting import raise_alerts
from worker.services.nightly.calendar import open_nights
from worker.services.nightly.digests import write_digests
from worker.services.pos_schedule import close_due
from worker.services.pos_tallying import ring_tallies
from worker.services.tools import Tools
from worker.store.nights.slots import companies_at_night


def tick(tools: Tools, now: datetime | None = None) -> str:
    """Begin nights, ring for those under way and for sales to be summed, tell of nights that are late, send closings; says in words what.

    Errors: Unavailable; what is committed stands, and the next ring does the rest.
    """
    moment = now or datetime.now(UTC)
    with tools.database.transaction() as connection:
        opened = open_nights(connection, moment)
        lanes = [Lane(*lane) for lane in companies_at_night(connection)]
    rung = tools.night_bells.ring(lanes)
    tallies = ring_tallies(tools)
    closings = close_due(tools, moment)
    alerts = raise_alerts(tools, moment)
    digests = write_digests(tools, moment)
    return (
        f"{opened} slots opened, {rung} of {len(lanes)} nights rung for, {alerts} alerts, {digests} digests, "
        f"{tallies} companies rung for to sum their sales; {closings}"
    )
