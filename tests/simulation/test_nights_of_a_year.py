"""A year of nights: 200 companies in 10 zones, with beats that ring twice, late or for days not at all, and workers that die at work.

First the table of slots is a dictionary, with the rules of the real one: a row is opened once, held by a lease, finished by its holder.
Then it is the real one, opened by two beats and worked off by two workers at the same moment.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.nights import NIGHT, Hours, day_of, next_job, nights
from tests.scheduler.test_slots import ZONES
from tests.support.lanes import Json, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.services.nightly.calendar import all_nights, open_nights
from worker.store.database import Database, Rows
from worker.store.nights.claims import Claim, ClaimLostError, claim, finish
from worker.store.nights.slots import NIGHT_JOBS, unfinished_night

BEGIN, END = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2027, 1, 2, 12, tzinfo=UTC)
LEASE = timedelta(minutes=2)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Company:
    number: int
    zone: ZoneInfo
    hours: Hours
    last: date
    open: dict[date, dict[str, datetime]] = field(default_factory=dict)


@dataclass
class Year:
    """The companies, what was done how often, and in which order."""

    choice: random.Random
    companies: list[Company]
    done: Counter[tuple[int, str, date]] = field(default_factory=Counter)
    early: int = 0

    def tick(self, now: datetime) -> None:
        """Open what is due, as the worker does; then let a worker come to each company that has an open night."""
        for company in self.companies:
            for night in nights(company.hours, company.zone, now=now, since=company.last):
                self.early += night.due_at > now
                assert night.business_date not in company.open
                company.open[night.business_date] = {}
                company.last = night.business_date
            if company.open:
                self.work(company, now)

    def work(self, company: Company, now: datetime) -> None:
        """The jobs of the oldest night in their order; now and then the worker dies before, or just after, it has finished one."""
        while company.open:
            day = min(company.open)
            ended = company.open[day]
            job = next_job([name for name, until in ended.items() if until == NEVER])
            if job is None:
                del company.open[day]
                continue
            if ended.get(job, BEGIN) > now:
                return
            fate = self.choice.random()
            ended[job] = now + LEASE
            if fate < 0.02:
                return
            self.done[company.number, job, day] += 1
            ended[job] = NEVER
            if fate > 0.98:
                return


def test_each_job_of_each_company_is_done_once_for_every_night_of_a_year() -> None:
    choice = random.Random(20260101)
    companies = []
    for number in range(200):
        zone = ZoneInfo(ZONES[number % len(ZONES)])
        hours = Hours(choice.choice([time(0, 30), time(1), time(2, 30), time(22)]), time(6))
        companies.append(Company(number, zone, hours, day_of(hours, zone, BEGIN) - timedelta(days=1)))
    firsts = {company.number: company.last + timedelta(days=1) for company in companies}
    year, now = Year(choice, companies), BEGIN
    while now < END:
        for _ in range(choice.choice((1, 1, 1, 2))):  # two beats ring the same moment
            year.tick(now)
        if choice.random() < 0.01:
            moved = choice.choice(companies)
            moved.zone = ZoneInfo(choice.choice(ZONES))
        silent = choice.random() < 0.003
        now += timedelta(days=choice.randint(1, 4)) if silent else timedelta(minutes=choice.randint(120, 720))
    for _ in range(50):  # whatever a dying worker left is taken up
        now += timedelta(minutes=3)
        year.tick(now)
    assert set(year.done.values()) == {1}
    assert year.early == 0
    assert not any(company.open for company in companies)
    days: defaultdict[tuple[int, str], set[date]] = defaultdict(set)
    for number, job, day in year.done:
        days[number, job].add(day)
    for company in companies:
        whole = (company.last - firsts[company.number]).days + 1
        assert 365 <= whole <= 369
        expected = {firsts[company.number] + timedelta(days=n) for n in range(whole)}
        assert all(days[company.number, job.name] == expected for job in NIGHT)
    assert len(days) == len(companies) * len(NIGHT)


@pytest.mark.parametrize(("companies", "days"), [(4, 60), pytest.param(200, 366, marks=pytest.mark.drill)])
def test_the_real_table_has_each_job_of_each_company_and_night_once(
    database: FreshDatabase, companies: int, days: int
) -> None:
    """Two beats ring and two workers take up at the same moment, or nobody does for days; workers die; companies move to another zone."""
    choice = random.Random(20261122)
    names = [f"Shop {number}" for number in range(companies)]
    with opened(database) as books, opened(database) as other, ThreadPoolExecutor(1) as second:
        publish(books, [shop(name, ZONES[place % len(ZONES)], choice) for place, name in enumerate(names)])
        with books.transaction() as connection:
            begin = max(company.created_at for company in all_nights(connection))
        workers = Worker(books, random.Random(1)), Worker(other, random.Random(2))
        now, told = begin, 0
        while now < begin + timedelta(days=days):
            twice = choice.random() < 0.3
            there = second.submit(ring, other, now) if twice else None
            told += ring(books, now) + (there.result() if there else 0)
            at_once = second.submit(workers[1].take_up) if twice else None
            workers[0].take_up()
            if at_once:
                at_once.result()
            if choice.random() < 0.01:
                publish(books, [shop(choice.choice(names), choice.choice(ZONES), choice)])
            silent = choice.random() < 0.003
            now += timedelta(days=choice.randint(1, 4)) if silent else timedelta(minutes=choice.randint(120, 720))
        while workers[0].take_up():  # whatever a dying worker left is taken up
            pass
        found = rows(
            books,
            "SELECT company_id, job, count(*), count(DISTINCT business_date), max(business_date) - min(business_date) + 1, "
            "bool_and(due_at < deadline_at AND due_at < %s AND finished_at IS NOT NULL) FROM slot GROUP BY company_id, job",
            now,
        )
        orders = rows(
            books, "SELECT DISTINCT array_agg(job ORDER BY finished_at) FROM slot GROUP BY company_id, business_date"
        )
        assert all(worker.finds_its_lost_claims_lost() for worker in workers)
    assert len(found) == len(names) * len(NIGHT_JOBS)
    assert {job for _, job, *_ in found} == set(NIGHT_JOBS)
    assert all(count == dates == span and in_time for _, _, count, dates, span, in_time in found)
    assert all(days - 2 <= count <= days + 4 for _, _, count, *_ in found)
    done = workers[0].done + workers[1].done
    assert told == sum(count for _, _, count, *_ in found) == len(done)
    assert set(done.values()) == {1}
    assert orders == [(list(NIGHT_JOBS),)]
    assert workers[0].lost


@dataclass
class Worker:
    """Takes up what is open, night by night and job by job, by the claims of the real table; now and then dies with one in its hands."""

    books: Database
    fates: random.Random
    done: Counter[tuple[int, str, date]] = field(default_factory=Counter)
    lost: list[Claim] = field(default_factory=list)

    def take_up(self) -> int:
        """Go through every company with a night that is not over; gives how many those were."""
        with self.books.transaction() as connection:
            found = connection.execute(
                "SELECT DISTINCT company_id FROM slot WHERE finished_at IS NULL ORDER BY 1"
            ).fetchall()
        for (company,) in found:
            with self.books.transaction() as connection:
                ended = list(self.work(connection, company))
            self.done.update(ended)
        return len(found)

    def work(self, connection: Rows, company: int) -> Iterator[tuple[int, str, date]]:
        """End the jobs of a company's nights in their order, until none is open, another worker is at it, or this one dies."""
        while slots := unfinished_night(connection, company):
            ended = {slot.job for slot in slots if slot.finished_at is not None}
            while (job := next_job(ended)) is not None:
                day, dies = slots[0].business_date, self.fates.random() < 0.01
                held = claim(connection, company, job, day, lease_seconds=0 if dies else 3600)
                if held is None:
                    return
                if dies:
                    self.lost.append(held)
                    return
                finish(connection, held, {})
                ended.add(job)
                yield company, job, day

    def finds_its_lost_claims_lost(self) -> bool:
        """Whether nothing can be written any more under the claims that it died with: somebody else has finished those jobs."""
        refused = 0
        for held in self.lost:
            with contextlib.suppress(ClaimLostError), self.books.transaction() as connection:
                finish(connection, held, {})
                continue
            refused += 1
        return refused == len(self.lost)


def shop(name: str, zone: str, choice: random.Random) -> Json:
    begins = choice.choice(("00:30", "01:00", "02:30", "22:00"))
    return {"type": "company", "name": name, "currency": "EUR", "time_zone": zone, "night_begins": begins}


def ring(beat: Database, now: datetime) -> int:
    """Open what is due, as one beat does; gives how many slots it has opened."""
    with beat.transaction() as connection:
        return open_nights(connection, now)
