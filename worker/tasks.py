"""Every task of the worker, by its business name: the worker's table of contents."""

from typing import Any

from celery import shared_task

from worker import routes
from worker.bells import Lane
from worker.services.lanes import post_lane
from worker.services.submission import submit
from worker.services.sweeping import sweep
from worker.store.outcomes import fetch_outcome
from worker.task import PerpetuaTask


@shared_task(base=PerpetuaTask, bind=True, name=routes.DOCUMENTS_SUBMIT)
def submit_documents(task: PerpetuaTask, documents: Any) -> Any:
    """Accept one document, or a list in order, and decide them; returns the outcome or the list of outcomes."""
    outcomes = submit(task.tools, documents if isinstance(documents, list) else [documents])
    return outcomes if isinstance(documents, list) else outcomes[0]


@shared_task(base=PerpetuaTask, bind=True, name=routes.DOCUMENTS_OUTCOME)
def tell_outcome(task: PerpetuaTask, company: str, type_: str, number: str) -> dict[str, Any] | None:
    """Tell what became of a document; None where it was never accepted."""
    with task.tools.database.transaction() as connection:
        return fetch_outcome(connection, company, type_, number)


@shared_task(base=PerpetuaTask, bind=True, name=routes.LANE_POST, ignore_result=True)
def post_company(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Answer a company's doorbell: decide its documents until none waits; returns what happened in words."""
    return post_lane(task.tools, Lane(company_id, company))


@shared_task(base=PerpetuaTask, bind=True, name=routes.LANE_SWEEP, ignore_result=True)
def sweep_lanes(task: PerpetuaTask) -> str:
    """Ring for whatever waits and was forgotten; returns what was found in words."""
    return sweep(task.tools)
