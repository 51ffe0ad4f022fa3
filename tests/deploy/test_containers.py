"""The container image and compose file: whatever they speak of exists, and each process runs with no more rights than it needs."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.support.commands import require_command
from tests.support.own_servers import binaries, server_folder
from worker.embedded import Endpoints
from worker.routes import QUEUES
from worker.settings import from_environment

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = DEPLOY.parent


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def own_services() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions with their continued lines joined and comments left out."""
    lines = [
        line
        for line in (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("#")
    ]
    text = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def test_the_image_is_made_in_two_stages_and_runs_as_nobody_in_particular() -> None:
    made = instructions()
    assert [word for word, _ in made].count("FROM") == 2
    last = made[max(place for place, (word, _) in enumerate(made) if word == "FROM") :]
    assert dict(last)["USER"] == "10001"
    assert not any(word == "RUN" and "pip" in rest for word, rest in last)
    assert dict(last)["ENTRYPOINT"] == '["perpetua"]'


def test_everything_copied_into_the_image_is_there() -> None:
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in shlex.split(rest)[:-1]:
                assert (ROOT / source).exists(), source
    # Nothing that is not named gets in: no tests, no secrets, no repository.
    assert {source for word, rest in instructions() if word == "COPY" for source in shlex.split(rest)} & {
        ".",
        "./",
        "deploy",
        ".git",
    } <= {"./"}


def test_settings_in_the_image_are_settings(tmp_path: Path) -> None:
    stated = dict(pair.split("=", 1) for word, rest in instructions() if word == "ENV" for pair in shlex.split(rest))
    settings = from_environment({name: value for name, value in stated.items() if name.startswith("PERPETUA_")})
    assert (settings.metrics_port, settings.log_format) == (9464, "json")


@pytest.mark.parametrize("name", sorted(own_services()))
def test_each_process_runs_a_command_that_exists(name: str) -> None:
    require_command(own_services()[name]["command"])


def test_every_queue_has_a_worker_and_every_setting_is_one(tmp_path: Path) -> None:
    served = [
        words[place + 1]
        for service in own_services().values()
        for words in [service["command"]]
        for place, word in enumerate(words)
        if word == "--queue"
    ]
    assert sorted(served) == sorted(QUEUES)
    known = set(re.findall(r"PERPETUA_[A-Z_]+", (ROOT / "worker" / "settings.py").read_text(encoding="utf-8")))
    for service in own_services().values():
        assert {name.removesuffix("_FILE") for name in service["environment"]} <= known


@pytest.mark.parametrize("name", sorted(own_services()))
def test_each_process_has_few_rights_and_time_to_finish(name: str) -> None:
    service = own_services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "2m"


def test_files_secrets_and_volumes_that_are_named_exist(tmp_path: Path) -> None:
    subprocess.run(["/bin/sh", DEPLOY / "make-secrets.sh", tmp_path / "secrets"], check=True)
    described = compose()
    declared = {name: secret["file"] for name, secret in described["secrets"].items()}
    assert {Path(file).name for file in declared.values()} == {path.name for path in (tmp_path / "secrets").iterdir()}
    for service in described["services"].values():
        assert set(service.get("secrets", [])) <= set(declared)
        assert set(service.get("depends_on", {})) <= set(described["services"])
        assert ":latest" not in service["image"] or service["image"] == "perpetua:latest"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in described["volumes"], volume


def test_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    made: list[dict[str, str]] = []
    for _ in range(2):
        subprocess.run(["/bin/sh", DEPLOY / "make-secrets.sh", tmp_path / "made", "db", "door"], check=True)
        made.append({path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "made").iterdir()})
    assert made[0] == made[1]
    secrets = made[0]
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0
    assert len({secret for name, secret in secrets.items() if name.startswith(("postgres-", "valkey-"))}) == 9
    settings = from_environment(
        {f"PERPETUA_{name}_FILE": str(tmp_path / "made" / file) for name, file in (
            ("DATABASE_URL", "database-url"), ("OWNER_DATABASE_URL", "owner-database-url"), ("REDIS_URL", "redis-url"),
        )}
        | {"PERPETUA_TLS_CERTIFICATE": str(tmp_path / "made" / "flower.pem"), "PERPETUA_TLS_KEY": str(tmp_path / "made" / "flower.key"),
           "PERPETUA_FLOWER_ADDRESS": "0.0.0.0"}
    )  # fmt: skip
    assert (
        settings.database_url == f"postgresql://perpetua_worker:{secrets['postgres-worker'].strip()}@db:5432/perpetua"
    )
    assert (
        settings.redis_url
        == settings.broker_url
        == f"redis://perpetua:{secrets['valkey-perpetua'].strip()}@door:6379/0"
    )


def test_roles_get_their_passwords_from_files(cluster: Endpoints, tmp_path: Path) -> None:
    admin = psycopg.conninfo.conninfo_to_dict(cluster.admin_database_url)
    (tmp_path / "postgres-auditor").write_text("it's a \\ password\n", encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "SECRETS": str(tmp_path), "POSTGRES_DB": "postgres", "POSTGRES_USER": str(admin["user"]),
        "PGHOST": str(admin["host"]), "PGPORT": str(admin["port"]), "PGPASSWORD": str(admin["password"]),
    }  # fmt: skip
    with server_folder() as folder:
        environment["PSQL"] = binaries(folder).program("psql")
        with psycopg.connect(cluster.admin_database_url, autocommit=True) as connection:
            before = connection.execute(
                "SELECT rolpassword FROM pg_authid WHERE rolname = 'perpetua_auditor'"
            ).fetchone()
            subprocess.run(["/bin/sh", DEPLOY / "postgresql" / "passwords.sh"], env=environment, check=True)
            after = connection.execute(
                "SELECT rolpassword FROM pg_authid WHERE rolname = 'perpetua_auditor'"
            ).fetchone()
            connection.execute("ALTER ROLE perpetua_auditor PASSWORD NULL")
    assert after is not None
    assert after != before
    assert str(after[0]).startswith("SCRAM-SHA-256")
