"""Lists as PostgreSQL's arrays: whatever is in them comes back as it was."""

from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.store.database import Database

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(TEXT), numbers=st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_names_and_numbers_come_back(store: Database, names: list[str], numbers: list[int]) -> None:
    with store.transaction() as connection:
        row = connection.execute("SELECT %s::text[], %s::bigint[]", [names, numbers]).fetchone()
    assert row == (names, numbers)


def test_any_other_list_goes_the_usual_way(store: Database) -> None:
    days = [date(2024, 1, 31), None]
    with store.transaction() as connection:
        row = connection.execute("SELECT %s::date[], %s::text[], %s::int[]", [days, ["a", None], [[1, 2]]]).fetchone()
    assert row == (days, ["a", None], [[1, 2]])


def test_a_nul_is_refused_rather_than_cut_off(store: Database) -> None:
    with pytest.raises(psycopg.DataError, match="NUL"), store.transaction() as connection:
        connection.execute("SELECT %s::text[]", [["whole\0half"]])
