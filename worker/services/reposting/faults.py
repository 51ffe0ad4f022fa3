"""A run that can't go on: what stood in its way is set aside and said, and the rest goes on without it."""

from __future__ import annotations

import structlog

from domain.errors import PerpetuaError
from domain.reposting import RepostFault
from worker.store.books.vouchers import voucher_names
from worker.store.database import Database
from worker.store.names.companies import company_name
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names
from worker.store.posting.lanes import wait_for_lane
from worker.store.reposts.requests import begin_run, fail_run, give_back, open_runs, pending_requests

log = structlog.get_logger()


def set_aside(database: Database, company: int, fault: RepostFault, number: int) -> None:
    """End the run of this number (0: one that failed at once, and so did its beginning): the requests of the document that it failed on
    stay with it, all others wait for the next run."""
    cause = fault.__cause__
    movement = fault.movement
    with database.transaction() as connection:
        lane = wait_for_lane(connection, company)
        opened = open_runs(connection, company)
        if opened is None:
            return  # another worker has it, and will come to the same place
        run = next((one for one in opened if one.number == number), None)
        if run is None:
            if number:
                return  # another worker came to the same place before
            pending = pending_requests(connection, company, Spelling(connection, Names(company)))
            run = begin_run(connection, company, pending.numbers, lane.now)
        named = voucher_names(connection, company, [movement.voucher, fault.document])
        voucher, document = named.get(movement.voucher, "?"), named.get(fault.document, "?")
        reason = cause.message if isinstance(cause, PerpetuaError) else f"{type(cause).__name__}: {cause}"
        fail_run(
            connection,
            company,
            run.number,
            {
                "code": cause.code if isinstance(cause, PerpetuaError) else "InternalFault",
                "message": f"{voucher} ({movement.chain.item} in {movement.chain.warehouse}) could not be valued again after {document} "
                f"was posted into the past: {reason} Everything else is reposted without it. Cure that, then run: perpetua repost run "
                f"--retry.",
                "voucher": voucher,
                "document": document,
                "item": movement.chain.item,
                "warehouse": movement.chain.warehouse,
                "batch": movement.chain.part,
            },
        )
        give_back(connection, company, run.number, but_documents=[fault.document])
        name = company_name(connection, company)
    log.error("a repost run failed", company=name, run=run.number, reason=reason, voucher=voucher, document=document)
