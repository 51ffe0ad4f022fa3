"""What operators ask for that can't be done."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

OPERATORS: dict[str, Entry] = {
    "NotWaiting": Entry(
        Family.REJECTED,
        "A document is to be edited or decided anew that is neither rejected nor parked.",
        "Look at it again: somebody else, or its cause, may have been quicker.",
    ),
    "MailAddressWanted": Entry(
        Family.REJECTED,
        "A mail is to be sent again to what is no address, or to all who were told where nobody was.",
        "Name a mail address.",
    ),
    "NotCancellable": Entry(
        Family.REJECTED,
        "A document is to be cancelled that is not in the books.",
        "Edit it, or leave it: what is not posted has no effect.",
    ),
    "OtherKey": Entry(
        Family.REJECTED,
        "An edit names another company, type or number than the document has.",
        "Keep them; publish another document instead.",
    ),
    "ReasonMissing": Entry(
        Family.REJECTED,
        "Something is to be changed without a word why.",
        "Say why: the reason is kept with the change.",
    ),
}
