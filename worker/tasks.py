"""Every task of the worker, by its business name: the worker's table of contents."""

from datetime import date
from typing import Any

from celery import shared_task

from worker import routes
from worker.bells import Lane
from worker.services.lanes import post_lane
from worker.services.migration import Choice, apply_for, plan_for
from worker.services.nightly import stands_in_words, tick, work
from worker.services.notices import send_waiting
from worker.services.pos_reservations import confirm, release, reserve
from worker.services.pos_tallying import as_progress, tally_company, tally_in_words
from worker.services.previewing import answer_previews
from worker.services.probing import answer_queue
from worker.services.publishers import admit
from worker.services.reposting import progress_in_words, repost_company, ring_reposts
from worker.services.submission import submit
from worker.services.sweeping import sweep
from worker.store.posting.outcomes import fetch_outcome
from worker.task import PerpetuaTask
from worker.telemetry.spans import HEADER, read_trace


@shared_task(base=PerpetuaTask, bind=True, name=routes.DOCUMENTS_SUBMIT)
def submit_documents(task: PerpetuaTask, documents: Any) -> Any:
    """Accept one document, or a list in order, and decide them; returns the outcome or the list of outcomes."""
    trace = read_trace(task.request.get(HEADER))
    outcomes = submit(task.tools, documents if isinstance(documents, list) else [documents], trace, door=admit)
    return outcomes if isinstance(documents, list) else outcomes[0]


@shared_task(base=PerpetuaTask, bind=True, name=routes.DOCUMENTS_OUTCOME)
def tell_outcome(task: PerpetuaTask, company: str, type_: str, number: str) -> dict[str, Any] | None:
    """Tell what became of a document; None where it was never accepted."""
    with task.tools.database.transaction() as connection:
        return fetch_outcome(connection, company, type_, number)


@shared_task(base=PerpetuaTask, bind=True, name=routes.DOCUMENTS_PREVIEW, ignore_result=True)
def preview_documents(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Tell what a company's documents would change that are only asked about; returns in words how many."""
    return answer_previews(task.tools, Lane(company_id, company))


@shared_task(base=PerpetuaTask, bind=True, name=routes.LANE_POST, ignore_result=True)
def post_company(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Answer a company's doorbell: decide its documents until none waits; returns what happened in words."""
    return post_lane(
        task.tools,
        Lane(company_id, company),
        lambda stands: task.tell_progress(as_progress(stands), tally_in_words(stands)),
    )


@shared_task(base=PerpetuaTask, bind=True, name=routes.LANE_SWEEP, ignore_result=True)
def sweep_lanes(task: PerpetuaTask) -> str:
    """Ring for whatever waits and was forgotten; returns what was found in words."""
    return sweep(task.tools)


@shared_task(base=PerpetuaTask, bind=True, name=routes.REPOST_RUN)
def repost_one(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Repost what a company waits for, for one turn; returns what happened in words."""
    return repost_company(
        task.tools,
        Lane(company_id, company),
        lambda progress: task.tell_progress(progress, progress_in_words(progress)),
    )


@shared_task(base=PerpetuaTask, bind=True, name=routes.REPOST_RING, ignore_result=True)
def ring_for_reposts(task: PerpetuaTask) -> str:
    """Ring for every company whose reposts may run now; returns in words which."""
    return ring_reposts(task.tools)


@shared_task(base=PerpetuaTask, bind=True, name=routes.POS_RESERVE)
def reserve_at_till(
    task: PerpetuaTask, company: str, hold: str, lines: list[dict[str, Any]], seconds: int = 300
) -> Any:
    """Hold goods for a till before it sells them; tells whether they are held, or what is short."""
    return reserve(task.tools, company, hold, lines, seconds)


@shared_task(base=PerpetuaTask, bind=True, name=routes.POS_CONFIRM)
def confirm_at_till(task: PerpetuaTask, company: str, hold: str) -> bool:
    """Keep what is held until the sale arrives; False where it is held no more."""
    return confirm(task.tools, company, hold)


@shared_task(base=PerpetuaTask, bind=True, name=routes.POS_RELEASE)
def release_at_till(task: PerpetuaTask, company: str, hold: str) -> bool:
    """Give back what is held; False where nothing is."""
    return release(task.tools, company, hold)


@shared_task(base=PerpetuaTask, bind=True, name=routes.POS_TALLY)
def tally_at_tills(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Sum a company's open sales ahead of their closing, for one turn; returns in words what was done."""
    return tally_company(
        task.tools,
        Lane(company_id, company),
        lambda stands: task.tell_progress(as_progress(stands), tally_in_words(stands)),
    )


@shared_task(base=PerpetuaTask, bind=True, name=routes.CANARY)
def answer_probe(task: PerpetuaTask) -> float:
    """Prove that the queue through which this came is served, down to PostgreSQL and Redis; returns the time."""
    # One that was called by hand came through no queue.
    return answer_queue(task.tools, str((task.request.delivery_info or {}).get("routing_key", "")))


@shared_task(base=PerpetuaTask, bind=True, name=routes.SLOTS_TICK, ignore_result=True)
def tick_slots(task: PerpetuaTask) -> str:
    """Send the closings of tills and begin the nights whose hour has come; returns in words which."""
    return tick(task.tools)


@shared_task(base=PerpetuaTask, bind=True, name=routes.NIGHT_WORK)
def work_at_night(task: PerpetuaTask, company_id: int, company: str) -> str:
    """Do what is due in a company's night, for one turn; returns what happened in words."""
    return work(
        task.tools,
        Lane(company_id, company),
        tell=lambda progress: task.tell_progress(progress, stands_in_words(progress)),
    )


@shared_task(base=PerpetuaTask, bind=True, name=routes.MAIL_SEND, ignore_result=True)
def send_mail(task: PerpetuaTask) -> str:
    """Hand the mails that wait to the mail server; returns in words how many."""
    return send_waiting(task.tools)


@shared_task(base=PerpetuaTask, bind=True, name=routes.MIGRATION_PLAN)
def plan_migration(
    task: PerpetuaTask, company: str, as_of: str, expense_account: str | None = None, equity_account: str | None = None
) -> dict[str, Any]:
    """Plan a company's way to perpetual inventory; returns what `perpetua migrate plan` shows, with the plan's number."""
    choice = Choice(date.fromisoformat(as_of), expense_account, equity_account)
    return plan_for(
        task.tools,
        company,
        choice,
        lambda done, total: task.tell_progress({"movements": done, "of": total}, f"{done} of {total} movements"),
    )


@shared_task(base=PerpetuaTask, bind=True, name=routes.MIGRATION_APPLY)
def apply_migration(task: PerpetuaTask, company: str, plan: int) -> str:
    """Apply a plan; returns the number of its opening entry."""
    return apply_for(task.tools, company, plan)
