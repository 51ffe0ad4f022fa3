"""RabbitMQ as the broker of tasks, over TLS, beside Valkey for the streams: the whole way, and the broker restarted on the way."""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.certificates import Certificates, make_certificates
from tests.support.own_servers import listening, server_folder, serving
from tests.support.ports import free_ports
from tests.support.processes import PATIENCE_SECONDS, log_of, until
from tests.support.servers import require_tool
from tests.support.whole_way import everything_running, problems, send_shop
from worker import routes
from worker.broker import queue_depths, sender
from worker.services.probing import probe_queues
from worker.settings import Settings

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONFIG = """\
listeners.tcp = none
listeners.ssl.default = 127.0.0.1:{port}
ssl_options.cacertfile = {certificates.authority}
ssl_options.certfile = {certificates.certificate}
ssl_options.keyfile = {certificates.key}
ssl_options.verify = verify_none
default_user = perpetua
default_pass = {password}
default_user_tags.administrator = false
"""


@dataclass(frozen=True, slots=True)
class Rabbit:
    """A broker that can be started, and started again with what it kept."""

    folder: Path
    port: int
    certificates: Certificates
    environment: dict[str, str]
    password: str

    @property
    def url(self) -> str:
        return f"amqps://perpetua:{quote(self.password)}@localhost:{self.port}//?ssl_ca_certs={self.certificates.authority}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with serving([PROGRAM], self.folder, listening(self.port), environment=self.environment):
            yield


@pytest.fixture
def rabbit() -> Iterator[Rabbit]:
    require_tool("rabbitmq-server", str(PROGRAM) if PROGRAM.exists() else None)
    port = free_ports(3)
    with server_folder() as folder:
        certificates, password = make_certificates(folder), secrets.token_urlsafe()
        config = CONFIG.format(port=port, certificates=certificates, password=password)
        (folder / "rabbitmq.conf").write_text(config, encoding="utf-8")
        environment = {
            "RABBITMQ_NODENAME": f"perpetua{port}@localhost", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_DIST_PORT": str(port + 1),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "ERL_EPMD_PORT": str(port + 2), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # Its schedulers would keep both cores busy while they wait for work.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }  # fmt: skip
        try:
            yield Rabbit(folder, port, certificates, environment, password)
        finally:
            # Erlang's port mapper outlives its last node.
            epmd = shutil.which("epmd")
            if epmd is not None:
                subprocess.run([epmd, "-kill"], env={**os.environ, **environment}, capture_output=True, check=False)


@pytest.mark.slow
def test_tasks_go_through_rabbitmq_and_survive_its_restart(rabbit: Rabbit, settings: Settings) -> None:
    own = replace(settings, broker_url=rabbit.url, sweep_seconds=1)
    with contextlib.ExitStack() as first:
        first.enter_context(rabbit.running())
        with everything_running(own):
            assert send_shop(own, "Grocery")["posted"] > 10
            with sender(rabbit.url, own.redis_url) as broker:
                assert all(one.seconds is not None for one in probe_queues(broker, routes.QUEUES, PATIENCE_SECONDS))
                assert queue_depths(broker, ["posting", "of nobody"]) == {"posting": 0, "of nobody": 0}
            first.close()
            with rabbit.running():
                until(lambda: send_shop(own, "Garden")["posted"] > 10)
    assert problems(own) == []
    assert rabbit.password not in log_of(own.home)
