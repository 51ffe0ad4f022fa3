"""What a mail says, as data: written once, kept in PostgreSQL, and rendered for each reader. Amounts are minor units, times UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

# `unknown`: nobody could look; `not_kept`: the company keeps no perpetual inventory.
Verdict = Literal["in_sync", "out_of_sync", "faulty", "unknown", "not_kept"]
# What a reader is told first: the verdict; or that stock and accounts agree, but not all of the night's work was done.
State = Literal["in_sync", "out_of_sync", "faulty", "unknown", "not_kept", "undone"]
# In these nobody has to look.
WELL: frozenset[str] = frozenset({"in_sync", "not_kept"})


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a mail."""


class CauseLine(Part, frozen=True, kw_only=True):
    """Why an account differs: `amount` is its part of the difference, `figure` what a cause that only informs comes to."""

    kind: str
    amount: int
    message: str
    voucher: str = ""
    voucher_type: str = ""
    posting_date: date | None = None
    nights: int = 1
    first_night: date | None = None
    figure: int = 0


class AccountLine(Part, frozen=True, kw_only=True):
    """A stock account against the stock that lies in it."""

    account: str
    warehouses: list[str]
    stock_value: int
    balance: int
    out_of_sync: bool = False
    since: datetime | None = None
    causes: list[CauseLine] = []

    @property
    def difference(self) -> int:
        """Stock value less balance."""
        return self.stock_value - self.balance


class EntryLine(Part, frozen=True, kw_only=True):
    """One side of a proposed journal entry."""

    account: str
    debit: int = 0
    credit: int = 0


class ProposalLine(Part, frozen=True, kw_only=True):
    """A journal entry that would mend a difference, and the command by which somebody accepts it."""

    number: int
    kind: str
    account: str
    status: str
    entry: list[EntryLine]
    command: str
    reverses: str = ""


class BlockedLine(Part, frozen=True, kw_only=True):
    """A document that waits for something."""

    type: str
    number: str
    since: datetime
    code: str
    message: str


class RunLine(Part, frozen=True, kw_only=True):
    """A repost that was published since the night before, or failed."""

    run: int
    status: str
    documents: str
    rows: int
    differences: int
    message: str = ""


class MonthLine(Part, frozen=True, kw_only=True):
    """What reposts changed of an account in a month (its first day)."""

    month: date
    account: str
    amount: int


class DrawerLine(Part, frozen=True, kw_only=True):
    """What was over (positive) or short in a drawer, in one mode of payment."""

    mode: str
    difference: int


class ClosingLine(Part, frozen=True, kw_only=True):
    """A till's closing."""

    number: str
    profile: str
    status: str
    sales: int = 0
    quarantined: int = 0
    total: int = 0
    drawer: list[DrawerLine] = []
    message: str = ""


class QuarantineLine(Part, frozen=True, kw_only=True):
    """A sale that closings set aside, and why."""

    number: str
    profile: str
    message: str


class SalesLine(Part, frozen=True, kw_only=True):
    """Sales that came in since the night before, by what became of each; `astray` names those that are nowhere.

    `broken` says of closings that are not what they certified what is wrong.
    """

    received: int = 0
    states: dict[str, int] = {}
    astray: list[str] = []
    broken: list[str] = []


class AgeLine(Part, frozen=True, kw_only=True):
    """What has been received for so long, in days, and is not billed."""

    age: str
    amount: int


class OpenLine(Part, frozen=True, kw_only=True):
    """A voucher that a bill is awaited for; a bill that waits for its goods is below zero."""

    type: str
    number: str
    posting_date: date
    age_days: int
    amount: int


class TrendNight(Part, frozen=True, kw_only=True):
    """What all accounts together differed by on a night."""

    night: date
    difference: int
    verdict: str


class FaultLine(Part, frozen=True, kw_only=True):
    """A law of the books that does not hold, or a job of the night that could not be done."""

    name: str
    message: str


class NightMail(Part, frozen=True, kw_only=True, tag="nightly"):
    """What became of a company's night. `blocked` holds the first of `blocked_count`; `head` is the newest link of the hash chain."""

    company: str
    business_date: date
    currency: str
    precision: int
    time_zone: str
    verdict: Verdict
    ended_at: datetime
    deadline_at: datetime
    accounts: list[AccountLine] = []
    general_causes: list[CauseLine] = []
    findings: list[FaultLine] = []
    failures: list[FaultLine] = []
    proposals: list[ProposalLine] = []
    blocked: list[BlockedLine] = []
    blocked_count: int = 0
    runs: list[RunLine] = []
    months: list[MonthLine] = []
    reposts_wait: str = ""
    closings: list[ClosingLine] = []
    quarantined: list[QuarantineLine] = []
    sales: SalesLine = SalesLine()
    not_billed: list[AgeLine] = []
    oldest_not_billed: list[OpenLine] = []
    trend: list[TrendNight] = []
    batch_no: int = 0
    head: str = ""

    @property
    def difference(self) -> int:
        """What all accounts together differ by, each without its sign."""
        return sum(abs(account.difference) for account in self.accounts)

    @property
    def state(self) -> State:
        """The verdict in the light of what else went wrong."""
        return (
            "undone"
            if self.verdict in WELL and (self.failures or self.sales.astray or self.sales.broken)
            else self.verdict
        )

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell but that all is well: then the mail is one line."""
        told = (
            self.findings, self.proposals, self.blocked_count, self.runs, self.reposts_wait, self.quarantined, self.is_late,
            [c for c in self.closings if c.drawer or c.quarantined or c.status != "posted"],
        )  # fmt: skip
        return self.state in WELL and not any(told)

    @property
    def is_late(self) -> bool:
        """Whether the night was over only after its deadline."""
        return self.ended_at > self.deadline_at


class LateLine(Part, frozen=True, kw_only=True):
    """A night that is not over though its deadline has passed, and at which job it stands."""

    business_date: date
    job: str
    due_at: datetime
    deadline_at: datetime
    claimed_at: datetime | None = None
    failed: str = ""


class AlertMail(Part, frozen=True, kw_only=True, tag="alert"):
    """Nights of a company that are not over by their deadline."""

    company: str
    business_date: date
    time_zone: str
    nights: list[LateLine]


class DigestLine(Part, frozen=True, kw_only=True):
    """One company in a digest; `verdict` is empty where its night is not over."""

    company: str
    verdict: State | Literal[""]
    currency: str = ""
    precision: int = 2
    difference: int = 0
    accounts: int = 0
    blocked: int = 0
    quarantined: int = 0


class DigestMail(Part, frozen=True, kw_only=True, tag="digest"):
    """The nights of many companies on one page, those that need somebody first."""

    business_date: date
    lines: list[DigestLine]


Content = NightMail | AlertMail | DigestMail

_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)


def as_text(content: Content) -> str:
    """A mail's content as it is kept."""
    return _encode(content).decode()


def from_text(text: str) -> Content:
    """A mail's content as it was kept. Errors: msgspec's, where it was written by another version."""
    return _decoder.decode(text)
