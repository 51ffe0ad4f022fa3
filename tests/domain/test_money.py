"""Money: precision by currency, one rounding, no loss."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DocumentRejected
from domain.exact import NANO
from domain.money import Currency, Money, Rate, convert, percent_of

CODES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
VALUES = st.integers(-(10**20), 10**20)


@pytest.mark.parametrize(("code", "precision"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ZZZ", 2)])
def test_currency_has_its_own_decimals(code: str, precision: int) -> None:
    assert Currency(code).precision == precision


def test_company_may_state_the_precision() -> None:
    assert Currency("EUR", 3).amount(1_234_500_000) == 1235


@given(CODES, VALUES)
def test_amount_is_within_half_a_unit(code: str, value: int) -> None:
    currency = Currency(code)
    difference = Fraction(value - currency.value(currency.amount(value)), currency.unit)
    assert -Fraction(1, 2) <= difference < Fraction(1, 2)


@given(CODES, VALUES, st.integers(-(10**6), 10**6))
def test_whole_units_pass_through_rounding(code: str, value: int, units: int) -> None:
    currency = Currency(code)
    assert currency.amount(value + currency.value(units)) == currency.amount(value) + units


@given(CODES, st.integers(-(10**15), 10**15))
def test_amounts_read_back_as_shown(code: str, amount: int) -> None:
    currency = Currency(code)
    assert currency.exact(Money.parse(currency.show(amount)), "total") == amount


def test_stated_money_with_too_many_decimals_is_refused_by_field() -> None:
    with pytest.raises(DocumentRejected, match=r"total: 1\.234 has more decimals than EUR allows") as caught:
        Currency("EUR").exact(Money.parse("1.234"), "total")
    assert (caught.value.code, caught.value.field) == ("TooManyDecimals", "total")


def test_quantity_times_rate_is_rounded_once() -> None:
    assert Currency("EUR").times(3_000_000, Rate.parse("0.335")) == 101
    assert Currency("JPY").times(1_500_000, Rate.parse("1")) == 2


@given(CODES, st.integers(0, 10**12), st.integers(0, 10**15))
def test_a_full_return_mirrors_its_original(code: str, quantity: int, rate: int) -> None:
    assert Currency(code).times(-quantity, rate) == -Currency(code).times(quantity, rate)


def test_percentages_and_exchange() -> None:
    assert percent_of(1000, Rate.parse("12.5")) == 125
    assert convert(1000, Rate.parse("62.5"), Currency("USD"), Currency("INR")) == 62_500
    assert convert(1000, NANO, Currency("JPY"), Currency("KWD")) == 1_000_000
