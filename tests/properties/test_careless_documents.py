"""Whatever a careless publisher writes is posted or refused by name, and leaves the two ledgers in step."""

from __future__ import annotations

import json
from random import Random

import pytest

from domain.books import Posting
from domain.error_catalogue import CATALOGUE
from domain.errors import DocumentParked, DocumentRejected
from tests.support.careless import Careless, Json
from tests.support.laws import out_of_step
from tests.support.paper_company import PaperCompany

LENGTH = 60


def told(seed: int) -> tuple[PaperCompany, list[Json]]:
    """A company after the documents of one careless publisher, and those that it took."""
    publisher, company = Careless(Random(seed)), PaperCompany("Paper")
    for master in publisher.masters():
        company.master(json.dumps(master).encode())
    taken = []
    for _ in range(LENGTH):
        document = publisher.write()
        try:
            answer = company.submit(json.dumps(document).encode())
        except DocumentRejected as refused:  # at the door
            answer = refused
        if isinstance(answer, Posting):
            publisher.posted(document)
            taken.append(document)
        else:
            assert isinstance(answer, DocumentRejected | DocumentParked)
            assert answer.code in CATALOGUE
    return company, taken


@pytest.mark.parametrize("seed", range(20))
def test_documents_are_taken_or_refused_and_the_ledgers_keep_step(seed: int) -> None:
    company, taken = told(seed)
    assert len(taken) > LENGTH // 10
    assert out_of_step(company) == []


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(100, 1100))
def test_a_thousand_careless_publishers(seed: int) -> None:
    assert out_of_step(told(seed)[0]) == []
