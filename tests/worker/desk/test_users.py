"""Who may log in: users in a file, sessions in a cookie, wrong passwords counted."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from freezegun import freeze_time
from typer.testing import CliRunner

from worker.cli.application import build
from worker.desk.first_login import FIRST_USER, ensure_login, first_password
from worker.desk.roles import Role
from worker.desk.sessions import FORGET_FAILURES_SECONDS, MOST_FAILURES, SESSION_SECONDS, Logins, cookie_secret
from worker.desk.users import Users, UsersError
from worker.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    kept = Users(tmp_path / "desk" / "users.json")
    kept.put("ada", password=PASSWORD, roles=frozenset({Role.OPERATE, Role.CANCEL}))
    return kept


def test_a_password_is_kept_as_a_salted_hash_that_only_its_owner_reads(users: Users) -> None:
    users.put("bob", password=PASSWORD)
    text = users.path.read_text(encoding="utf-8")
    assert PASSWORD not in text
    assert users.all()["ada"].password != users.all()["bob"].password
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600


def test_roles_are_separate_and_everybody_reads(users: Users) -> None:
    ada = users.check("ada", PASSWORD)
    assert ada is not None
    assert [role for role in Role if ada.may(role)] == [Role.READ, Role.OPERATE, Role.CANCEL]
    users.put("ada", roles=frozenset())
    changed = users.check("ada", PASSWORD)
    assert changed is not None
    assert not changed.may(Role.OPERATE)
    assert users.check("ada", PASSWORD + " ") is None
    assert users.check("eve", PASSWORD) is None


def test_another_process_sees_changes_at_once(users: Users) -> None:
    other = Users(users.path)
    assert set(other.all()) == {"ada"}
    users.put("bob", password=PASSWORD)
    assert set(other.all()) == {"ada", "bob"}
    users.remove("ada")
    assert set(other.all()) == {"bob"}


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", PASSWORD, "is no name"),
        ("a b", PASSWORD, "is no name"),
        ("eve", "short", "too short"),
        ("eve", None, "desk user add eve"),
    ],
)
def test_what_is_wrong_with_a_user_is_said(users: Users, name: str, password: str | None, said: str) -> None:
    with pytest.raises(UsersError, match=said):
        users.put(name, password=password)
    with pytest.raises(UsersError, match="no user eve"):
        users.remove("eve")


def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("root:x", encoding="utf-8")
    with pytest.raises(UsersError, match=r"users\.json is no file of users"):
        Users(tmp_path / "users.json").all()


def test_a_session_ends_with_its_time_its_user_and_its_password(users: Users) -> None:
    logins = Logins(users)
    person = logins.check("ada", PASSWORD, "10.0.0.1")
    assert person is not None
    with freeze_time("2026-03-01T09:00:00Z") as clock:
        cookie = logins.begin(person)
        assert logins.resume(cookie) == person
        clock.tick(SESSION_SECONDS + 1)
        assert logins.resume(cookie) is None
    cookie = logins.begin(person)
    users.put("ada", password="another long one")
    assert logins.resume(cookie) is None
    assert logins.resume(b"{}") is None
    changed = logins.check("ada", "another long one", "10.0.0.1")
    assert changed is not None
    cookie = logins.begin(changed)
    users.remove("ada")
    assert logins.resume(cookie) is None


def test_too_many_wrong_passwords_make_an_address_wait(users: Users) -> None:
    now = [0.0]
    logins = Logins(users, clock=lambda: now[0])
    for _ in range(MOST_FAILURES):
        assert logins.wait("10.0.0.1") == 0
        assert logins.check("ada", "a guess", "10.0.0.1") is None
    assert logins.wait("10.0.0.1") > 0
    assert logins.check("ada", PASSWORD, "10.0.0.1") is None
    assert logins.check("ada", PASSWORD, "10.0.0.2") is not None
    now[0] = FORGET_FAILURES_SECONDS
    assert logins.check("ada", PASSWORD, "10.0.0.1") is not None


def test_a_password_that_was_right_is_wrong_as_soon_as_it_is_changed(users: Users) -> None:
    logins = Logins(users)
    assert logins.check("ada", PASSWORD, "") is not None
    users.put("ada", password="another long one")
    assert logins.check("ada", PASSWORD, "") is None


def test_cookies_are_signed_with_a_secret_that_is_kept(tmp_path: Path) -> None:
    first = cookie_secret(tmp_path / "desk")
    assert cookie_secret(tmp_path / "desk") == first
    assert stat.S_IMODE((tmp_path / "desk" / "cookie_secret").stat().st_mode) == 0o600
    assert cookie_secret(tmp_path / "other") != first


def test_a_desk_that_nobody_has_set_up_makes_up_one_login(settings: Settings) -> None:
    said = ensure_login(settings)
    password = first_password(settings).read_text(encoding="utf-8")
    assert str(first_password(settings)) in said
    assert password not in said
    user = Users(settings.desk_users).check(FIRST_USER, password)
    assert user is not None
    assert all(user.may(role) for role in Role)
    assert ensure_login(settings) == said
    Users(settings.desk_users).put(FIRST_USER, password=PASSWORD)
    assert ensure_login(settings) == f"log in as {FIRST_USER}"


def test_where_others_reach_the_desk_nobody_is_made_up(settings: Settings) -> None:
    with pytest.raises(UsersError, match="perpetua desk user add"):
        ensure_login(replace(settings, flower_address="0.0.0.0", flower_proxy=True))
    assert not settings.desk_users.exists()


def test_users_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(tmp_path))

    def run(*arguments: str, said: str = "") -> str:
        result = CliRunner().invoke(build(), ["desk", "user", *arguments], input=said, catch_exceptions=True)
        return result.output if result.exception is None else f"{result.output}{result.exception}"

    assert "ada may log in and read, cancel, operate." in run(
        "add", "ada", "--role", "operate", "--role", "cancel", said=f"{PASSWORD}\n"
    )
    assert "there is a user ada already" in run("add", "ada", said=f"{PASSWORD}\n")
    assert "there is no role king" in run("add", "eve", "--role", "king", said=f"{PASSWORD}\n")
    made = run("add", "bob", "--generate").splitlines()[0].removeprefix("password: ")
    users = Users(tmp_path / "desk" / "users.json")
    assert users.check("bob", made) is not None
    assert "cancel, operate" in run("list")
    assert "ada may read, accept." in run("roles", "ada", "--role", "accept")
    assert "ada has a new password." in run("password", "ada", said="another long one\n")
    assert users.check("ada", "another long one") is not None
    assert "bob may log in no more." in run("remove", "bob")
    assert "there is no user bob" in run("remove", "bob")
    assert "there is no user bob" in run("password", "bob", "--generate")
