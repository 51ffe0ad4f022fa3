"""Exact decimals: read, shown, rounded and shared out without losing anything."""

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exact import NumberRefused, allocate, cumulative_share, div_half_up, div_mirrored, parse_scaled, show

LIMIT = 10**24
INTEGERS = st.integers(-(10**20), 10**20)


@pytest.mark.parametrize(
    ("text", "scaled"),
    [
        ("0", 0),
        ("-0", 0),
        ("0.1", 100_000),
        ("+1.5", 1_500_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("-2.000001", -2_000_001),
        ("1e3", 1_000_000_000),
        ("25E-1", 2_500_000),
        ("1.0000000000", 1_000_000),
        ("0e999", 0),
        ("0.000000000000", 0),
    ],
)
def test_reads_exactly(text: str, scaled: int) -> None:
    assert parse_scaled(text, 6, LIMIT) == scaled


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "NotANumber"),
        (".", "NotANumber"),
        ("-", "NotANumber"),
        ("nan", "NotANumber"),
        ("Infinity", "NotANumber"),
        ("1_000", "NotANumber"),
        ("1 ", "NotANumber"),
        ("1\n", "NotANumber"),
        ("0x10", "NotANumber"),
        ("²", "NotANumber"),
        ("٣", "NotANumber"),
        ("1.2.3", "NotANumber"),
        ("1e", "NotANumber"),
        ("1e1000", "NotANumber"),
        ("0.0000001", "TooManyDecimals"),
        ("1e-999", "TooManyDecimals"),
        ("1e999", "NumberTooLarge"),
        ("1000000000000000001", "NumberTooLarge"),
        ("1" * 65, "NumberTooLarge"),
    ],
)
def test_refuses_by_name(text: str, code: str) -> None:
    with pytest.raises(NumberRefused) as caught:
        parse_scaled(text, 6, LIMIT)
    assert caught.value.code == code


@given(INTEGERS, st.integers(0, 9))
def test_shown_numbers_read_back(scaled: int, scale: int) -> None:
    assert parse_scaled(show(scaled, scale), scale, LIMIT) == scaled


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_reads_as_the_decimal_library_does(number: Decimal) -> None:
    assert parse_scaled(str(number), 6, LIMIT) == int(number.scaleb(6))


@given(st.text(max_size=70))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        scaled = parse_scaled(text, 6, LIMIT)
    except NumberRefused:
        return
    assert Decimal(text).scaleb(6) == scaled


@given(INTEGERS, st.integers(1, 10**12))
def test_rounds_half_up_in_the_floor_form(numerator: int, denominator: int) -> None:
    assert div_half_up(numerator, denominator) == (Fraction(numerator, denominator) + Fraction(1, 2)).__floor__()


@given(INTEGERS, st.integers(1, 10**12), st.integers(-1000, 1000))
def test_adding_whole_units_leaves_rounding_unchanged(numerator: int, denominator: int, units: int) -> None:
    assert div_half_up(numerator + units * denominator, denominator) == div_half_up(numerator, denominator) + units


def test_half_below_zero_goes_up() -> None:
    assert [div_half_up(half, 2) for half in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
    assert (Decimal(-1) / 2 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) == 0


@given(INTEGERS, st.integers(1, 10**12))
def test_mirrored_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    assert div_mirrored(numerator, denominator) == -div_mirrored(-numerator, denominator)
    assert div_mirrored(abs(numerator), denominator) == div_half_up(abs(numerator), denominator)


@given(INTEGERS, st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_cumulative_shares_lose_nothing(total: int, parts: list[int]) -> None:
    before = [sum(parts[:index]) for index in range(len(parts))]
    shares = [cumulative_share(total, done, part, sum(parts)) for done, part in zip(before, parts, strict=True)]
    assert sum(shares) == total


WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_shares_lose_nothing(amount: int, weights: list[int]) -> None:
    shares = allocate(amount, weights)
    assert len(shares) == len(weights)
    assert sum(shares) == amount


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_every_share_is_near_its_exact_part(amount: int, weights: list[int]) -> None:
    total = sum(weights) or len(weights)
    for share, weight in zip(allocate(amount, weights), weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(share - Fraction(amount * weight, total)) <= Fraction(5, 2)


@given(st.integers(-(10**9), 10**9), WEIGHTS)
def test_returned_weights_share_alike(amount: int, weights: list[int]) -> None:
    assert allocate(amount, [-weight for weight in weights]) == allocate(amount, weights)


def test_residue_falls_to_the_last_line() -> None:
    assert allocate(100, [1, 1, 1]) == [33, 33, 34]
    assert allocate(-100, [1, 1, 1]) == [-33, -33, -34]


def test_many_small_lines_stay_within_one_unit() -> None:
    shares = allocate(50, [1] * 100)
    assert sum(shares) == 50
    assert set(shares) <= {0, 1}


def test_weights_of_zero_share_equally() -> None:
    assert allocate(9, [0, 0, 0]) == [3, 3, 3]
