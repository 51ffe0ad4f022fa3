"""Last job of the night: what became of it is written down and told."""

from __future__ import annotations

from worker.services.nightly.composing import Ended, compose
from worker.services.nightly.job import Result, Step, Work
from worker.services.notices.filing import file
from worker.services.notices.recipients import Recipients
from worker.store.database import Rows


def write_mail(work: Work) -> Step:
    """Compose the mail; it is filed in the transaction that finishes the slot, so it is written once, whoever dies when.

    Errors: those of PostgreSQL.
    """
    company = work.lane.company_id
    with work.tools.database.transaction() as connection:
        content = compose(connection, Ended(company, work.lane.company, work.slot, work.results, work.now))
        readers = Recipients(connection).of(company, "nightly")

    def write(connection: Rows) -> Result:
        notice = file(connection, work.tools.settings, company, content, readers)
        return {"notice": notice.number, "mails": len(readers), "verdict": content.state}

    return Step({}, f"{content.verdict.replace('_', ' ')}, {len(readers)} mails", write=write)
