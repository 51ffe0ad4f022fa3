"""First job of the night: tills whose hour has come are closed, their closings are decided, and every sale is accounted for.

Then closings are held against their certificates.
"""

from __future__ import annotations

from worker.services.nightly.certificates import check_certificates
from worker.services.nightly.job import Step, Work
from worker.services.pos_schedule import close_due
from worker.store.nights.sales import account_for_sales, last_counted, undecided_closings


def send_closings(work: Work) -> Step:
    """Send what is due and wait until it is decided; then count what became of the sales that came in since the last night, or stood then,
    and check certificates, as many as fit into a turn.

    Errors: Unavailable.
    """
    close_due(work.tools, work.now, company=work.lane.company_id)
    company, day = work.lane.company_id, work.slot.business_date
    with work.tools.database.transaction() as connection:
        waiting = undecided_closings(connection, company)
    if waiting:
        work.tools.bells.ring([work.lane])
        return Step({}, f"{', '.join(waiting[:5])} wait to be decided", finished=False, waits=True)
    with work.tools.database.transaction() as connection:
        counted = account_for_sales(connection, company, last_counted(connection, company, day))
    checked = check_certificates(work, counted)
    words = (
        f"{counted.received} sales, {'all accounted for' if counted.holds else f'{counted.astray} astray'}; "
        f"{checked.closings} certificates checked, {len(checked.broken)} broken"
    )
    return Step(counted.as_result() | {"certificates": checked.as_result()}, words, finished=checked.done)
