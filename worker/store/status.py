"""How the lanes stand: what waits, how long, and how far each lane is behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.store.database import Rows


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One company's lane. `waiting`: accepted and not decided; `oldest_waiting`: when the first of them was received."""

    company: str
    posted: int
    rejected: int
    parked: int
    waiting: int
    oldest_waiting: datetime | None
    untold_batches: int


def lane_statuses(connection: Rows) -> list[LaneStatus]:
    """The status of every lane, by company name. Reads the lanes' own counters; only refusals and what waits are counted."""
    found = connection.execute(
        "SELECT c.name, l.decided_sequence - o.rejected - o.parked - o.released, o.rejected, o.parked, "
        "  i.last_sequence - l.decided_sequence + o.released, least(next.received_at, o.released_since), l.batch_no - l.published_batch "
        "FROM lane l JOIN company c USING (company_id) JOIN intake_counter i USING (company_id) "
        "CROSS JOIN LATERAL ("
        "  SELECT count(*) FILTER (WHERE status = 'rejected' AND moment IS NULL) AS rejected, "
        "    count(*) FILTER (WHERE status = 'parked' AND moment IS NULL) AS parked, "
        "    count(*) FILTER (WHERE moment IS NOT NULL) AS released, min(released_at) FILTER (WHERE moment IS NOT NULL) AS released_since "
        "  FROM outcome o WHERE o.company_id = l.company_id AND o.sequence <= l.decided_sequence) o "
        "LEFT JOIN LATERAL (SELECT received_at FROM document d WHERE d.company_id = l.company_id "
        "  AND d.sequence > l.decided_sequence ORDER BY sequence LIMIT 1) next ON true ORDER BY c.name"
    )
    return [LaneStatus(*row) for row in found]
