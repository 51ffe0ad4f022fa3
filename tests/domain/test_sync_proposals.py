"""What a person may set in a proposed journal entry before it is accepted."""

from __future__ import annotations

import pytest

from domain.errors import DocumentRejected
from domain.reconciliation.proposals import filled_in


def test_a_field_that_a_proposal_has_not_is_refused_by_name() -> None:
    with pytest.raises(DocumentRejected) as caught:
        filled_in((), (), {"cost_centre": "North"})
    assert (caught.value.code, caught.value.field) == ("NothingToSet", "cost_centre")
