"""The desk where others reach it: TLS of its own, or a proxy's; sessions then never cross a network in the clear."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import replace

import pytest

from tests.support.certificates import make_certificates
from tests.support.desk import ALL_ROLES, PASSWORD, Client, running_desk
from tests.support.processes import PATIENCE_SECONDS, log_of, start, until
from worker.desk.users import Users
from worker.settings import Settings


@pytest.mark.slow
def test_the_desk_speaks_tls_with_a_certificate_of_its_own(settings: Settings) -> None:
    made = make_certificates(settings.home)
    own = replace(settings, tls_certificate=made.certificate, tls_key=made.key)
    with running_desk(own, ada=ALL_ROLES) as desk:
        trusted = ssl.create_default_context(cafile=str(made.authority))
        connection = http.client.HTTPSConnection(
            "localhost", desk.settings.flower_port, context=trusted, timeout=PATIENCE_SECONDS
        )
        connection.request("GET", "/login")
        answer = connection.getresponse()
        assert answer.status == 200
        assert "max-age" in str(answer.getheader("Strict-Transport-Security"))
        assert "Secure" in str(answer.getheader("Set-Cookie"))
        connection.close()


@pytest.mark.slow
def test_behind_a_proxy_cookies_are_for_tls_alone_and_addresses_are_those_of_visitors(settings: Settings) -> None:
    with running_desk(replace(settings, flower_proxy=True), ada=ALL_ROLES) as desk:
        visitor = Client(desk.settings.flower_port)
        forwarded = {"X-Forwarded-Proto": "https", "X-Real-Ip": "203.0.113.9"}
        form = {"_xsrf": visitor.token(), "name": "ada", "password": PASSWORD}
        answer = visitor.ask("POST", "/login", form, forwarded)
        assert answer.status == 303
        assert "Secure" in answer.headers["Set-Cookie"]
        activity = visitor.ask("GET", "/desk", headers=forwarded)
        assert activity.status == 200
    assert "203.0.113.9" in desk.log


def test_a_desk_into_which_nobody_can_log_in_does_not_start(settings: Settings) -> None:
    process = start(settings, "-m", "worker.desk")
    until(lambda: process.poll() is not None)
    assert process.returncode == 1
    assert "perpetua desk user add" in log_of(settings.home)


def test_a_desk_whose_port_is_taken_says_so_in_one_line(settings: Settings) -> None:
    Users(settings.desk_users).put("ada", password=PASSWORD, roles=ALL_ROLES)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(replace(settings, flower_port=port), "-m", "worker.desk")
        until(lambda: process.poll() is not None)
    assert process.returncode == 1
    assert f"port {port} of 127.0.0.1 can't be listened on" in log_of(settings.home)
    assert "Traceback" not in log_of(settings.home)
