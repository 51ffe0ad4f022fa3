"""Quantities: whole millionths, as text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exact import NumberRefused
from domain.quantity import QUANTITY_LIMIT, Quantity, show_quantity


@given(st.integers(-QUANTITY_LIMIT, QUANTITY_LIMIT))
def test_quantities_read_back_as_shown(micro: int) -> None:
    assert Quantity.parse(show_quantity(micro)) == micro


def test_shown_without_needless_zeros() -> None:
    assert [show_quantity(micro) for micro in (0, 1, 1_500_000, -2_000_000)] == ["0", "0.000001", "1.5", "-2"]


@pytest.mark.parametrize("text", ["100000000000.000001", "-100000000001", "1e12"])
def test_beyond_the_column_is_refused(text: str) -> None:
    with pytest.raises(NumberRefused, match="too large"):
        Quantity.parse(text)


def test_the_limit_itself_fits_a_bigint() -> None:
    assert Quantity.parse("100000000000") == QUANTITY_LIMIT < 2**63
