"""Errors travel between processes whole."""

import pickle

import pytest

from domain.errors import DocumentParked, DocumentRejected, InvariantBroken, PerpetuaError, Unavailable


@pytest.mark.parametrize("family", [DocumentRejected, Unavailable, InvariantBroken])
def test_an_error_survives_pickling(family: type[PerpetuaError]) -> None:
    error = family("Code", "what, where, what to do", "lines[0].qty", {"short_by": "3"})
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(again) is family
    assert str(again) == "what, where, what to do"
    assert again.as_outcome() == error.as_outcome()


def test_what_a_parked_document_waits_for_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(DocumentParked("UnknownMaster", "Item A is unknown", ("item:A",))))  # noqa: S301 - made here
    assert again.waits_for == ("item:A",)
