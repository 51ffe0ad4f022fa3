"""What waits for something, infrastructure that is away, and laws that do not hold."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

SYSTEM: dict[str, Entry] = {
    "SigningSecretMissing": Entry(
        Family.UNAVAILABLE,
        "Publishers have keys, and a process does not know the secret that these come from; signed messages wait.",
        "Set PERPETUA_SIGNING_SECRET, the same for every process, to what it was when the keys were given out.",
    ),
    "UnknownMaster": Entry(
        Family.PARKED,
        "A master that the document names is not known yet.",
        "Send the master; the document is released when it arrives.",
    ),
    "ValueOutOfSync": Entry(
        Family.PARKED,
        "A stock account and its stock differ, so posting to it waits.",
        "Find the cause, or accept the proposed journal entry.",
    ),
    "NothingToSet": Entry(
        Family.REJECTED,
        "A proposal has no field of the name that was to be set.",
        "Set account, cost_center, dimensions.NAME, posting_datetime or remarks.",
    ),
    "UnknownDocument": Entry(
        Family.PARKED,
        "A document that this one refers to is not posted yet.",
        "Send it; this one is released when it posts.",
    ),
    "BrokerUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so bells cannot be rung.",
        "Nothing is lost: it is tried again by itself. See that Redis runs.",
    ),
    "OutcomesUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so outcomes wait to be told.",
        "Nothing is lost: they are told later. See that Redis runs.",
    ),
    "SubledgerUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so sales at tills wait to be told.",
        "Nothing is lost: they are told later. See that Redis runs.",
    ),
    "StockMoving": Entry(
        Family.UNAVAILABLE,
        "A reservation kept meeting newer stock than it had read.",
        "Ask again.",
    ),
    "IntakeUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not take documents.",
        "Keep them and send them again: sending twice is safe.",
    ),
    "WorkerUnavailable": Entry(
        Family.UNAVAILABLE,
        "No worker answers the question for an outcome.",
        "Ask again later; see that a worker runs.",
    ),
    "LaneBusy": Entry(
        Family.UNAVAILABLE,
        "The company's lane is being written just now.",
        "Try again in a moment.",
    ),
    "DatabaseUnavailable": Entry(
        Family.UNAVAILABLE,
        "PostgreSQL does not answer.",
        "Nothing is lost: it is tried again by itself. See that PostgreSQL runs.",
    ),
    "Unbalanced": Entry(
        Family.BROKEN,
        "Entries about to be written do not balance.",
        "Stop and report: this is a fault of ours.",
    ),
}
