"""A year of nights: 200 companies in 10 zones, with beats that ring twice, late or for days not at all, and workers that die at work.

The table of slots is a dictionary here, with the rules of the real one: a row is opened once, held by a lease, finished by its holder.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.nights import NIGHT, Hours, day_of, next_job, nights
from tests.scheduler.test_slots import ZONES

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
