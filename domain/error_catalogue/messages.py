"""Messages that are not documents of the contract, or not from whom they say."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

MESSAGES: dict[str, Entry] = {
    "Malformed": Entry(
        Family.REJECTED,
        "The message is not one JSON object in UTF-8.",
        "Send one JSON object per message.",
    ),
    "TooLarge": Entry(
        Family.REJECTED,
        "The message is larger than is taken.",
        "Split the document into several.",
    ),
    "TooDeep": Entry(
        Family.REJECTED,
        "The message is nested deeper than any document.",
        "Check the publisher's encoder.",
    ),
    "UnknownType": Entry(
        Family.REJECTED,
        "The type is no document or master of the contract.",
        "Use one of the types that the message lists.",
    ),
    "MissingField": Entry(
        Family.REJECTED,
        "A required field is missing.",
        "Add the field and send the document again.",
    ),
    "UnknownField": Entry(
        Family.REJECTED,
        "The contract has no such field at this place.",
        "Remove or rename the field; the message lists those that exist.",
    ),
    "DuplicateField": Entry(
        Family.REJECTED,
        "An object names the same field twice.",
        "Send each field once.",
    ),
    "WrongType": Entry(
        Family.REJECTED,
        "A field holds another kind of JSON value than it should.",
        "Send the kind of value that the message names.",
    ),
    "UnknownChoice": Entry(
        Family.REJECTED,
        "A field holds a word that is none of its choices.",
        "Use one of the choices that the message lists.",
    ),
    "OutOfRange": Entry(
        Family.REJECTED,
        "A number lies outside what the field takes.",
        "Send a number within the range that the message names.",
    ),
    "NotANumber": Entry(
        Family.REJECTED,
        "A number is NaN, infinite or not a plain decimal.",
        "Send a plain decimal number.",
    ),
    "TooManyDecimals": Entry(
        Family.REJECTED,
        "A number has more decimals than its scale holds.",
        "Round it at the source.",
    ),
    "NumberTooLarge": Entry(
        Family.REJECTED,
        "A number is larger than the books can hold.",
        "Check the figure; split the document if it is real.",
    ),
    "BadTime": Entry(
        Family.REJECTED,
        "A time, day or time window cannot be read or does not exist.",
        "Send ISO 8601, for instance 2024-06-15T09:00:00.",
    ),
    "BadTimeZone": Entry(
        Family.REJECTED,
        "A company's time zone is no IANA zone.",
        "Use a name such as Europe/Berlin.",
    ),
    "BadCurrency": Entry(
        Family.REJECTED,
        "A currency code is not three capital letters.",
        "Use the ISO 4217 code.",
    ),
    "BadMailAddress": Entry(
        Family.REJECTED,
        "A recipient's address is no mail address.",
        "Correct the address.",
    ),
    "NotPreviewed": Entry(
        Family.REJECTED,
        "A preview is asked of a document whose like is not previewed.",
        "Send it without the flag, or preview the document that posts to the ledgers.",
    ),
    "PreviewRefused": Entry(
        Family.REJECTED,
        "Somebody looked at the preview of a document and decided that it shall not be posted.",
        "Change the document, or send it without the flag if it shall be posted after all.",
    ),
    "UnknownLocale": Entry(
        Family.REJECTED,
        "A recipient's locale is no language and country that figures can be written for.",
        "Use a name such as de_DE or en_IN.",
    ),
    "SchemaVersion": Entry(
        Family.REJECTED,
        "The message states a version of the contract that is not known here.",
        "Send version 1, or leave the field out.",
    ),
    "SharedCompany": Entry(
        Family.REJECTED,
        "A document names '*', which stands for shared masters.",
        "Name the company that the document belongs to.",
    ),
    "EmptyDocument": Entry(
        Family.REJECTED,
        "A list that the document lives by has no entries.",
        "Send at least one.",
    ),
    "EmptyText": Entry(
        Family.REJECTED,
        "A text field is empty or blank.",
        "Leave the field out or give it a value.",
    ),
    "TextTooLong": Entry(
        Family.REJECTED,
        "A text is longer than ledgers and reports carry.",
        "Shorten it.",
    ),
    "ControlCharacter": Entry(
        Family.REJECTED,
        "A text holds a control character.",
        "Remove it at the source.",
    ),
    "ZeroQuantity": Entry(
        Family.REJECTED,
        "A line has no quantity.",
        "Leave the line out, or state its quantity.",
    ),
    "NegativeQuantity": Entry(
        Family.REJECTED,
        "A quantity is negative where only returns have negative ones.",
        "Mark the document as a return, or correct the sign.",
    ),
    "PositiveReturn": Entry(
        Family.REJECTED,
        "A return has a line with a positive quantity.",
        "Send what comes back as negative quantities.",
    ),
    "NegativeRate": Entry(
        Family.REJECTED,
        "A rate is negative.",
        "State the rate as zero or more; returns have negative quantities.",
    ),
    "NegativeAmount": Entry(
        Family.REJECTED,
        "An amount is negative where only zero or more makes sense.",
        "Put it on the other side, or correct the sign.",
    ),
    "NotPositive": Entry(
        Family.REJECTED,
        "A factor, exchange rate or amount is not above zero.",
        "Correct the figure.",
    ),
    "OneSidedLine": Entry(
        Family.REJECTED,
        "A journal line has both a debit and a credit, or neither.",
        "State one of the two.",
    ),
    "DuplicateSerial": Entry(
        Family.REJECTED,
        "A serial number is named twice on a line.",
        "Name each serial once.",
    ),
    "SameWarehouse": Entry(
        Family.REJECTED,
        "A transfer goes from a warehouse to itself.",
        "Name two warehouses.",
    ),
    "BundleHoldsItself": Entry(
        Family.REJECTED,
        "A bundle names itself as a component.",
        "Remove it from the bundle.",
    ),
    "DuplicateConflict": Entry(
        Family.REJECTED,
        "The key is known with other content.",
        "Give the new document a number of its own, or cancel and amend the first.",
    ),
    "NotPermitted": Entry(
        Family.REJECTED,
        "Whoever is named as the actor may not do this in the company: reopening a period, for instance, has its own role.",
        "Have it done by one of those whom the message names, or give the actor the role in the company's master.",
    ),
    "UnknownPublisher": Entry(
        Family.REJECTED,
        "A message comes from nobody who is registered as a publisher, and such messages are not taken here.",
        "Have the publisher registered, and state its name with each message.",
    ),
    "PublisherDisabled": Entry(
        Family.REJECTED,
        "The publisher may publish nothing any more.",
        "Have it registered anew if that is not meant.",
    ),
    "SignatureMissing": Entry(
        Family.REJECTED,
        "The message bears no signature, and its publisher has to sign.",
        "Sign the document's bytes with the publisher's key and send them again.",
    ),
    "WrongSignature": Entry(
        Family.REJECTED,
        "The signature is not one of the publisher's over this document.",
        "Sign the very bytes that are sent, with a key that is in use.",
    ),
    "SignatureOutdated": Entry(
        Family.REJECTED,
        "A master was signed at another time than it was sent: sent again by somebody else, it would bring back what was changed since.",
        "Sign it anew whenever it is sent, by a clock that is right.",
    ),
    "PublisherNotAllowed": Entry(
        Family.REJECTED,
        "The publisher may not publish into this company, or nothing of this type.",
        "Send it by a publisher that may, or have the publisher's companies and types widened.",
    ),
    "InternalFault": Entry(
        Family.REJECTED,
        "Deciding the document failed three times for a reason of our own.",
        "Report it with its key; it can be retried after the fault is cured.",
    ),
}
