"""Subject, HTML and plain text of a mail, by templates; all text of documents is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from worker.mail.content import WELL, AccountLine, AlertMail, Content, DigestLine, DigestMail, NightMail, SalesLine
from worker.mail.figures import Figures, harmless, one_line
from worker.mail.trend import in_words

TREND_CID: Final = "trend@perpetua"
# What a mail shows of a long list; the workbook has all of it.
SHOWN = 12
OLDEST = 5

_GREEN, _RED, _AMBER, _GREY = "#1a7f4b", "#b3261e", "#9a6700", "#5f6b7a"
_COLOURS: Final = {
    "in_sync": _GREEN,
    "out_of_sync": _RED,
    "faulty": _RED,
    "unknown": _AMBER,
    "not_kept": _GREY,
    "undone": _AMBER,
    "": _AMBER,
}
_WORDS: Final = {
    "in_sync": "in sync",
    "out_of_sync": "out of sync",
    "faulty": "in sync, but the books have faults",
    "unknown": "not compared",
    "not_kept": "keeps no perpetual inventory",
    "undone": "in sync, but not all of the night's work was done",
    "": "night not over",
}
_STANDING: Final = {
    "proposed": "",
    "awaiting_second": ": one person has accepted, another has to",
    "submitted": ": accepted, its journal entry is on its way",
}
_HOW_TO_ACCEPT: Final = (
    "Run the command, or press Create Journal Entry on the desk, under Reconciliation. "
    "What waits for the account posts by itself then."
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader sees."""

    subject: str
    html: str
    text: str


def subject_of(content: Content, figures: Figures) -> str:
    """The subject, which says the verdict."""
    day = figures.day(content.business_date)
    if isinstance(content, DigestMail):
        apart = sum(line.verdict not in WELL for line in content.lines)
        verdict = f"{apart} of {len(content.lines)} companies need a look" if apart else "all in sync"
        return f"Perpetua: {verdict}, {day}"
    if isinstance(content, AlertMail):
        return one_line(f"{content.company}: the night of {day} is NOT OVER")
    return one_line(f"{content.company}: {_verdict(content, figures)}, {day}")


def write_page(content: Content, figures: Figures, *, has_picture: bool) -> Page:
    """A mail for one reader."""
    name = content.__struct_config__.tag
    subject = subject_of(content, figures)
    words: dict[str, Any] = {
        "mail": content,
        "subject": subject,
        "figures": figures,
        "shown": SHOWN,
        "oldest": OLDEST,
        "colours": _COLOURS,
        "words": _WORDS,
        "standing": _STANDING,
        "well": WELL,
        "verdict": _verdict(content, figures) if isinstance(content, NightMail) else "",
        "trend": in_words(content.trend, figures) if isinstance(content, NightMail) and has_picture else "",
        "picture": TREND_CID if has_picture else "",
        "sales_in_words": _sales,
        "which_way": _which_way,
        "how_to_accept": _HOW_TO_ACCEPT,
        "quiet_line": _quiet,
        "money": _money_of_line,
    }
    text = _templates().get_template(f"{name}.txt").render(words)
    return Page(
        subject,
        _templates().get_template(f"{name}.html").render(words),
        "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n",
    )


def _verdict(mail: NightMail, figures: Figures) -> str:
    if mail.verdict == "out_of_sync":
        apart = sum(account.out_of_sync for account in mail.accounts)
        return f"OUT OF SYNC by {figures.money(mail.difference)} on {apart} account{'s' if apart > 1 else ''}"
    return {"unknown": "NOT COMPARED", "faulty": "FAULTS in the books"}.get(mail.state, _WORDS[mail.state])


def _quiet(mail: NightMail, figures: Figures) -> str:
    """All that a quiet night has to say of a company."""
    if mail.verdict == "not_kept":
        return "keeps no perpetual inventory, and has nothing else to tell"
    if mail.difference:
        return f"is in sync: stock and stock accounts differ by {figures.money(mail.difference)}, which is tolerated"
    return "is in sync: stock and stock accounts agree to the cent"


def _which_way(account: AccountLine, figures: Figures) -> str:
    """A difference in words, for those who don't carry in their heads which side its sign stands for."""
    money = figures.money(abs(account.difference))
    if account.difference > 0:
        return f"The stock is worth {money} more than the account says."
    return f"The account says {money} more than the stock is worth."


def _sales(sales: SalesLine, figures: Figures) -> str:
    """`12 consolidated + 1 quarantined + 2 open`: the parts add up to what was received."""
    order = ("consolidated", "quarantined", "open", "cancelled", "accepted", "parked", "rejected", "astray")
    return " + ".join(f"{figures.count(sales.states[state])} {state}" for state in order if sales.states.get(state))


def _money_of_line(line: DigestLine, figures: Figures) -> str:
    """A digest's lines are each in the currency of their company."""
    return Figures(str(figures.locale), line.currency, line.precision).money(line.difference)


@cache
def _templates() -> Environment:
    def clean(value: Any) -> Any:
        return harmless(value) if type(value) is str else value

    return Environment(
        loader=PackageLoader("worker.mail"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
