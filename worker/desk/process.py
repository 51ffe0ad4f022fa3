"""Run Flower with the desk until it is asked to stop."""

from __future__ import annotations

import signal
import sys

from tornado.ioloop import IOLoop

from worker import servers, telemetry
from worker.app import app
from worker.desk.application import Desk
from worker.desk.users import Users, UsersError
from worker.services.metrics import register
from worker.services.tools import open_tools
from worker.settings import SettingsError, from_environment


def main() -> None:
    """Answer requests until SIGTERM or SIGINT; exits 1 with a line where nobody could log in, or come in at all."""
    try:
        settings = servers.connect(from_environment())
        users = Users(settings.desk_users).all()
    except (SettingsError, UsersError) as error:
        sys.exit(f"perpetua flower: {error}")
    if not users:
        sys.exit(f"perpetua flower: nobody can log in: perpetua desk user add makes a user in {settings.desk_users}")
    telemetry.configure_process(settings, "flower")
    with open_tools(settings, app) as tools:
        register(tools, app)
        desk = Desk(settings, tools, app)
        loop = IOLoop.current()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: loop.add_callback_from_signal(desk.stop))
        try:
            desk.start_http_server()
        except OSError as error:
            sys.exit(
                f"perpetua flower: port {settings.flower_port} of {settings.flower_address} can't be listened on ({error.strerror}): "
                "end what listens there, or set PERPETUA_FLOWER_PORT to another"
            )
        desk.start()
