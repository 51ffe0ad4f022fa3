"""The pure half of reconciliation: why rows differ, what is still open, since when, what is proposed, and what a person sets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DocumentRejected
from domain.money import Currency
from domain.out_of_sync import Side, number_in, reference_of
from domain.reconciliation import (
    Cause,
    CauseKind,
    Legs,
    OpenCause,
    OpenProposal,
    ProposalKind,
    Step,
    adjustment,
    classify,
    filled_in,
    is_beyond,
    parted,
    plan_proposals,
    reversal,
    still_open,
)
from domain.reconciliation.planning import MOST_REVERSALS

HAND, LEG = CauseKind.JOURNAL_BY_HAND, CauseKind.LEG_MISSING
REVERSAL, ADJUSTMENT = ProposalKind.REVERSAL, ProposalKind.ADJUSTMENT


@pytest.mark.parametrize(
    ("legs", "kind"),
    [
        (Legs(0, 1, 0, 500, names_account=True), HAND),
        (Legs(0, 1, 0, 500), LEG),
        (Legs(2, 0, 500, 0, is_cancelled=True, reversed_stock=True), LEG),
        (Legs(2, 1, 0, 500, is_cancelled=True, reversed_stock=True), CauseKind.CANCELLED_ON_ONE_SIDE),
        (Legs(2, 2, 500, 502), CauseKind.ROUNDING),
        (Legs(1, 1, 500, 502), CauseKind.LEG_ALTERED),
        (Legs(1, 1, 500, 501, entries_balance=False), CauseKind.LEG_ALTERED),
        (Legs(1, 1, 500, 800, chain_holds=False), CauseKind.CHAIN_BROKEN),
    ],
)
def test_why_rows_differ(legs: Legs, kind: CauseKind) -> None:
    assert classify(legs) is kind


CAUSES = st.lists(
    st.builds(OpenCause, st.integers(1, 5), st.sampled_from([HAND, LEG]), st.integers(-9, 9), st.integers(0, 3), st.booleans()),
    max_size=12,
)  # fmt: skip


def test_a_cause_is_one_night_old_when_it_is_seen_and_never_younger() -> None:
    night = date(2026, 3, 10)
    ages = {days: Cause(account="Stock", kind=HAND, amount=1, message="", first_night=night - timedelta(days)).nights(night)
            for days in (-3, 0, 1)}  # fmt: skip
    assert ages == {-3: 1, 0: 1, 1: 2}


@given(CAUSES)
def test_what_is_open_adds_up_to_the_whole(causes: list[OpenCause]) -> None:
    assert sum(cause.amount for cause in still_open(causes)) == sum(cause.amount for cause in causes)


PROPOSALS = st.lists(
    st.builds(OpenProposal, st.integers(1, 3), st.sampled_from([REVERSAL, ADJUSTMENT]), st.integers(-9, 9)),
    max_size=3,
    unique_by=lambda one: one.number,
)


ONE_EACH = CAUSES.map(lambda causes: list({cause.voucher: cause for cause in causes}.values()))


@given(ONE_EACH, PROPOSALS)
def test_what_is_proposed_once_is_not_proposed_again(causes: list[OpenCause], proposals: list[OpenProposal]) -> None:
    planned = plan_proposals(causes, proposals)
    amounts = {
        voucher: sum(c.amount for c in still_open(causes) if c.voucher == voucher) for voucher in planned.reversals
    }
    made = [OpenProposal(10 + place, REVERSAL, amounts[voucher]) for place, voucher in enumerate(planned.reversals)]
    number_of = {voucher: one.number for voucher, one in zip(planned.reversals, made, strict=True)}
    if planned.adjustment:
        made.append(OpenProposal(99, ADJUSTMENT, planned.adjustment))
        number_of |= dict.fromkeys(planned.adjusted, 99)
    kept = [one for one in proposals if one.number in planned.kept]
    assigned = [cause._replace(proposal=number_of.get(cause.voucher, cause.proposal)) for cause in causes]
    again = plan_proposals(assigned, [*kept, *made])
    assert not set(again.reversals) & set(planned.reversals)
    assert again.adjustment in (0, planned.adjustment) or planned.kept


def test_journals_by_hand_are_taken_back_one_by_one_and_the_rest_in_one_entry() -> None:
    causes = [OpenCause(1, HAND, -500, 0, is_reversible=True), OpenCause(2, LEG, 300, 0), OpenCause(3, HAND, 40, 0)]
    planned = plan_proposals(causes, [])
    assert (planned.reversals, planned.adjusted, planned.adjustment) == ([1], [2, 3], 340)
    assigned = [cause._replace(proposal=1 if cause.voucher == 1 else 2) for cause in causes]
    known = [OpenProposal(1, REVERSAL, -500), OpenProposal(2, ADJUSTMENT, 340)]
    assert plan_proposals(assigned, known).kept == {1, 2}
    grown = [*assigned, OpenCause(4, LEG, 7, 0)]
    assert plan_proposals(grown, known).kept == {1}
    assert plan_proposals(grown, known).adjustment == 347
    many = [OpenCause(voucher, HAND, 1, 0, is_reversible=True) for voucher in range(MOST_REVERSALS + 1)]
    assert (plan_proposals(many, []).reversals, plan_proposals(many, []).adjustment) == ([], MOST_REVERSALS + 1)


def test_what_is_submitted_waits_for_its_journal() -> None:
    causes = [OpenCause(1, HAND, -500, 1, is_reversible=True)]
    planned = plan_proposals(causes, [OpenProposal(1, REVERSAL, -500, is_submitted=True)])
    assert (planned.kept, planned.reversals, planned.adjustment) == ({1}, [], 0)


def test_since_when_two_ledgers_differ() -> None:
    begin = datetime(2024, 6, 1, tzinfo=UTC)

    def steps(*changes: int) -> list[Step]:
        return [Step(begin + timedelta(days), days, change) for days, change in enumerate(changes)]

    assert parted([]) is None
    assert parted(steps(5, -5)) is None
    assert parted(steps(5, -5, 0, 3, 2)) == Step(begin + timedelta(3), 3, 3)
    assert parted(steps(5, -2)) == Step(begin, 0, 5)


def test_which_way_an_entry_goes() -> None:
    """Stock worth more than the account holds debits the account; worth less, the other way."""
    more, less = adjustment("Goods", 500, "Adjustment"), adjustment("Goods", -500, "Adjustment")
    assert [(side.account, side.debit, side.credit) for side in more] == [("Goods", 500, 0), ("Adjustment", 0, 500)]
    assert reversal(more) == less


def test_a_person_sets_the_other_side_and_never_the_stock_account() -> None:
    sides, document = filled_in(
        adjustment("Goods", 500, "Adjustment"), {"Goods"},
        {"account": "Losses", "cost_center": "Main", "dimensions.project": "Shop", "remarks": "counted twice"},
    )  # fmt: skip
    assert sides == (
        Side(account="Goods", debit=500),
        Side(account="Losses", credit=500, cost_center="Main", dimensions={"project": "Shop"}),
    )
    assert document == {"remarks": "counted twice"}
    with pytest.raises(DocumentRejected, match="dimensions: a proposal has no such field"):
        filled_in(sides, {"Goods"}, {"dimensions": "Shop"})


def test_a_reference_names_a_proposal_or_is_somebody_elses() -> None:
    assert number_in(reference_of(17)) == 17
    assert [number_in(text) for text in (None, "", "RECON-", "RECON-x", "recon-1", "INV-17")] == [0] * 6


def test_a_tolerance_is_exact() -> None:
    rupee = Currency("INR")
    assert not is_beyond(-10, 100_000_000, rupee)
    assert is_beyond(-11, 100_000_000, rupee)
    assert not is_beyond(0, 0, rupee)
