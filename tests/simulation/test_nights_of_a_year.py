"""A year of nights: 200 companies in 10 zones, with beats that ring twice, late or for days not at all, and workers that die at work.

First the table of slots is a dictionary, with the rules of the real one: a row is opened once, held by a lease, finished by its holder.
Then it is the real one, opened by two beats at the same moment.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
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
from worker.store.database import Database
from worker.store.nights.slots import NIGHT_JOBS

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


@pytest.mark.drill
def test_the_real_table_has_each_job_of_each_company_and_night_of_a_year_once(database: FreshDatabase) -> None:
    """Two beats ring the same moment, or nobody does for days; now and then a company moves to another zone."""
    choice = random.Random(20261122)
    names = [f"Shop {number}" for number in range(200)]
    with opened(database) as books, opened(database) as other, ThreadPoolExecutor(1) as second_beat:
        publish(books, [shop(name, ZONES[place % len(ZONES)], choice) for place, name in enumerate(names)])
        with books.transaction() as connection:
            begin = max(company.created_at for company in all_nights(connection))
        now, told = begin, 0
        while now < begin + timedelta(days=366):
            twice = choice.random() < 0.3
            there = second_beat.submit(ring, other, now) if twice else None
            told += ring(books, now) + (there.result() if there else 0)
            if choice.random() < 0.01:
                publish(books, [shop(choice.choice(names), choice.choice(ZONES), choice)])
            silent = choice.random() < 0.003
            now += timedelta(days=choice.randint(1, 4)) if silent else timedelta(minutes=choice.randint(120, 720))
        found = rows(
            books,
            "SELECT company_id, job, count(*), count(DISTINCT business_date), max(business_date) - min(business_date) + 1, "
            "bool_and(due_at < deadline_at AND due_at < %s) FROM slot GROUP BY company_id, job",
            now,
        )
    assert len(found) == len(names) * len(NIGHT_JOBS)
    assert {job for _, job, *_ in found} == set(NIGHT_JOBS)
    assert all(count == days == span and in_time for _, _, count, days, span, in_time in found)
    assert all(364 <= count <= 370 for _, _, count, *_ in found)
    assert told == sum(count for _, _, count, *_ in found)


def shop(name: str, zone: str, choice: random.Random) -> Json:
    begins = choice.choice(("00:30", "01:00", "02:30", "22:00"))
    return {"type": "company", "name": name, "currency": "EUR", "time_zone": zone, "night_begins": begins}


def ring(beat: Database, now: datetime) -> int:
    """Open what is due, as one beat does; gives how many slots it has opened."""
    with beat.transaction() as connection:
        return open_nights(connection, now)
