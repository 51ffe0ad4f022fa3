"""Settings: read once from the environment; a bad value is one line that says what would do."""

import dataclasses
import os
import re
from pathlib import Path

import pytest

from worker.settings import Settings, SettingsError, default_home, from_environment

DATABASE = "postgresql://perpetua_worker:hush@db:5432/perpetua"


def test_nothing_set_means_the_embedded_servers_of_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    settings = from_environment({"XDG_DATA_HOME": "/data"})
    assert settings == Settings(home=Path("/data/perpetua"))
    assert settings.database_url is settings.owner_database_url is settings.redis_url is settings.broker_url is None


def test_the_data_folder_follows_the_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_home({}) == Path("/home/ada/.local/share/perpetua")
    assert default_home({"XDG_DATA_HOME": "not/absolute"}) == Path("/home/ada/.local/share/perpetua")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home({"XDG_DATA_HOME": "/data"}) == Path("/var/lib/perpetua")


def test_everything_can_be_set() -> None:
    settings = from_environment(
        {
            "PERPETUA_DATABASE_URL": DATABASE,
            "PERPETUA_OWNER_DATABASE_URL": "postgres://perpetua_owner:hush@db/perpetua",
            "PERPETUA_REDIS_URL": "rediss://:hush@cache:6379/2",
            "PERPETUA_BROKER_URL": "amqp://guest@rabbit//",
            "PERPETUA_HOME": "/srv/perpetua",
            "PERPETUA_LOG_LEVEL": "DEBUG",
            "PERPETUA_LOG_FORMAT": "json",
            "PERPETUA_INTAKE_BATCH": "250",
            "PERPETUA_LANE_BATCH": "200",
            "PERPETUA_OUTCOME_TIMEOUT": "5",
            "PERPETUA_LEASE_SECONDS": "10",
            "PERPETUA_SWEEP_SECONDS": "3",
            "PERPETUA_WORKER_PROCESSES": "8",
            "PERPETUA_FLOWER_ADDRESS": "0.0.0.0",
            "PERPETUA_FLOWER_PORT": "8080",
            "PERPETUA_FLOWER_PROXY": "yes",
            "PERPETUA_DESK_USERS": "/srv/users.json",
        }
    )
    assert settings == Settings(
        database_url=DATABASE,
        owner_database_url="postgresql://perpetua_owner:hush@db/perpetua",
        redis_url="rediss://:hush@cache:6379/2",
        broker_url="amqp://guest@rabbit//",
        home=Path("/srv/perpetua"),
        log_level="debug",
        log_format="json",
        intake_batch=250,
        lane_batch=200,
        outcome_timeout_seconds=5,
        lease_seconds=10,
        sweep_seconds=3,
        worker_processes=8,
        flower_address="0.0.0.0",
        flower_port=8080,
        flower_proxy=True,
        desk_users_file=Path("/srv/users.json"),
    )


def test_what_is_left_out_follows_from_what_is_set() -> None:
    settings = from_environment({"PERPETUA_DATABASE_URL": DATABASE, "PERPETUA_REDIS_URL": "redis://cache/0"})
    assert settings.owner_database_url == DATABASE
    assert settings.broker_url == "redis://cache/0"
    assert from_environment({"PERPETUA_DATABASE_URL": " "}).database_url is None


def test_variables_that_others_name_after_the_system_are_left_alone() -> None:
    # A container platform tells every container of every service, the tests have switches, and a secret may come by a file.
    others = (
        "PERPETUA_FLOWER_SERVICE_PORT",
        "PERPETUA_FLOWER_PORT_5555_TCP",
        "PERPETUA_PORT",
        "PERPETUA_REQUIRE_TOOLS",
    )
    assert from_environment({**dict.fromkeys(others, "1"), "PERPETUA_HOME": "/data"}).home == Path("/data")


def test_whatever_can_be_set_may_come_by_a_file(tmp_path: Path) -> None:
    source = (Path(__file__).parents[2] / "worker" / "settings.py").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r'read\("(PERPETUA_\w+)"', source)))
    assert len(names) > 20
    (tmp_path / "secret").write_text("neither a number nor a URL", encoding="utf-8")
    # None of these names is taken for a slip of another's, whether what the file says will do or not.
    said = [_refusal({f"{name}_FILE": str(tmp_path / "secret")}) for name in names]
    assert sum(one != "" for one in said) > 10
    assert [one for one in said if "is no setting" in one] == []


def _refusal(environment: dict[str, str]) -> str:
    try:
        from_environment(environment)
    except SettingsError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PERPETUA_DATABASE_URL", "mysql://u:hush@db/x", "write it like postgresql://user:password@host:5432/perpetua"),
        ("PERPETUA_DATABASE_URL", "postgresql://u:hush@db:port/x", "write it like postgresql://"),
        ("PERPETUA_DATABASE_URL", "hush", "write it like postgresql://"),
        ("PERPETUA_OWNER_DATABASE_URL", DATABASE, "set both, or neither"),
        ("PERPETUA_REDIS_URL", "http://:hush@cache", "write it like redis://:password@host:6379/0"),
        ("PERPETUA_BROKER_URL", "hush", "write it like redis://:password@host:6379/0"),
        ("PERPETUA_HOME", "data", "give it as an absolute path"),
        ("PERPETUA_HOME", "/dev/null", "/dev/null is no folder: give the path of a folder, which is made where"),
        ("PERPETUA_HOME", "/dev/null/books", "/dev/null is no folder"),
        ("PERPETUA_LOG_LEVEL", "loud", "is 'loud': choose one of debug, info, warning, error"),
        ("PERPETUA_LOG_FORMAT", "xml", "is 'xml': choose one of console, json"),
        ("PERPETUA_INTAKE_BATCH", "0", "is '0': give a whole number from 1 to 10000"),
        ("PERPETUA_INTAKE_BATCH", "-1", "is '-1': give a whole number from 1 to 10000"),
        ("PERPETUA_INTAKE_BATCH", "many", "is 'many': give a whole number from 1 to 10000"),
        ("PERPETUA_LANE_BATCH", "1e3", "is '1e3': give a whole number from 1 to 10000"),
        ("PERPETUA_LANE_BATCH", "٣", "is '٣': give a whole number from 1 to 10000"),
        ("PERPETUA_FLOWER_ADDRESS", "0.0.0.0", "or keep 127.0.0.1"),
        ("PERPETUA_FLOWER_ADDRESS", "books.example.com", "where others reach Flower"),
        ("PERPETUA_FLOWER_PROXY", "nginx", "is 'nginx': choose one of yes, no"),
        ("PERPETUA_FLOWER_PORT", "65536", "is '65536': give a whole number from 1 to 65535"),
        ("PERPETUA_DATABSE_URL", DATABASE, "write PERPETUA_DATABASE_URL if that is what you mean"),
        ("PERPETUA_REDIS_URI", "redis://:hush@cache", "write PERPETUA_REDIS_URL if that is what you mean"),
    ],
)
def test_a_bad_value_is_one_line_that_names_it_and_tells_no_secret(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({name: value})
    said = str(refused.value)
    assert said.startswith(name)
    assert message in said
    assert "\n" not in said
    assert "hush" not in said


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_flower_needs_no_tls_where_only_this_machine_reaches_it(address: str) -> None:
    assert from_environment({"PERPETUA_FLOWER_ADDRESS": address}).flower_proxy is False


def test_flower_may_leave_tls_to_a_proxy() -> None:
    assert from_environment({"PERPETUA_FLOWER_ADDRESS": "0.0.0.0", "PERPETUA_FLOWER_PROXY": "yes"}).flower_proxy


def test_settings_are_frozen_and_show_no_password() -> None:
    settings = from_environment(
        {
            "PERPETUA_DATABASE_URL": DATABASE,
            "PERPETUA_REDIS_URL": "redis://:hush@cache/0",
        }
    )
    assert "hush" not in repr(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.log_level = "debug"  # type: ignore[misc]
