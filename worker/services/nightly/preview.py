"""The mail about a night as it would be now, for whoever wants to look before it is sent; nothing is kept."""

from __future__ import annotations

from datetime import date, datetime

from scheduler.nights import MAIL, RECONCILIATION, day_of
from worker.mail.content import NightMail
from worker.services.nightly.calendar import nights_of
from worker.services.nightly.composing import Ended, compose
from worker.store.database import Rows
from worker.store.names.companies import all_settings
from worker.store.nights.sales import account_for_sales, last_counted
from worker.store.nights.slots import NightSlot
from worker.store.reconciliation.verdicts import latest, of_night


def preview_night(connection: Rows, company: int, day: date | None, now: datetime) -> NightMail | None:
    """The mail of a business date (the one under way where none is named) from the last look at the books; None before the master."""
    settings = next((one for one in all_settings(connection) if one.company_id == company), None)
    if settings is None:
        return None
    hours = nights_of(settings)
    asked = day or day_of(hours.hours, hours.zone, now)
    night = hours.night_of(asked)
    slot = NightSlot(MAIL, asked, night.due_at, night.deadline_at, None, None, 0, {})
    seen = of_night(connection, company, asked) if day else latest(connection, company)
    counted = account_for_sales(connection, company, last_counted(connection, company, asked))
    results = {"closings": counted.as_result(), RECONCILIATION: {"number": seen.number} if seen else {}}
    return compose(connection, Ended(company, settings.name, slot, results, min(now, night.deadline_at)))
