"""What runs, how deep the queues are, what waits: the answers behind `perpetua status`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from worker import routes

if TYPE_CHECKING:
    from worker.settings import Settings

State = dict[str, Any]

_NIGHTLY = (
    "SELECT job, business_date, finished_at FROM slot WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1"
)


def look(settings: Settings) -> State:
    """Look at everything without starting or changing anything; `ready` says whether both servers answer."""
    import psycopg
    from kombu.exceptions import OperationalError
    from redis.exceptions import RedisError

    from domain.errors import Unavailable
    from worker import embedded, servers
    from worker.processes import running

    own = [
        {"name": server.name, "running": server.running, "pid": server.pid, "port": server.port}
        for server in (embedded.status(settings.home) if servers.uses_embedded(settings) else [])
    ]
    up = running(settings.home)
    state: State = {
        "home": str(settings.home),
        "embedded_servers": own,
        "up": up is not None,
        "processes": [
            {"name": child.name, "pid": child.pid, "restarts": child.restarts} for child in (up.children if up else [])
        ],
    }
    state |= {"database": None, "redis": None, "troubles": []}
    if all(server["running"] for server in own):
        connected = servers.connect(settings)
        for server, ask in (("database", _database), ("redis", _redis)):
            try:
                state[server] = ask(connected)
            except (psycopg.OperationalError, RedisError, OperationalError, Unavailable) as error:
                state["troubles"].append(f"{server} does not answer: {' '.join(str(error).split())}")
    state["ready"] = state["database"] is not None and state["redis"] is not None
    return state


def describe(state: State) -> Iterator[str]:
    """The state in lines for a person."""
    yield f"data folder       {state['home']}"
    for server in state["embedded_servers"]:
        yield f"{server['name']:<17} {_runs(server)}" + (f", port {server['port']}" if server["running"] else "")
    if not state["up"]:
        yield "perpetua up       not running: intake, worker, beat and Flower are its children"
    for child in state["processes"]:
        again = f", started again {child['restarts']} times" if child["restarts"] else ""
        yield f"{child['name']:<17} {'process ' + str(child['pid']) if child['pid'] else 'waits to be started again'}{again}"
    if state["redis"] is not None:
        yield f"intake stream     {state['redis']['stream']} messages"
        for queue, depth in state["redis"]["queues"].items():
            yield f"queue {queue:<11} {depth} waiting"
    if state["database"] is not None:
        yield from _documents(state["database"])
    yield from state["troubles"]


def _documents(database: State) -> Iterator[str]:
    if database["revision"] != database["needed_revision"]:
        stands = database["revision"] or "none yet"
        yield f"schema            {stands}, this program needs {database['needed_revision']}: perpetua db upgrade makes it"
        return
    yield f"accepted          {database['accepted']} documents wait to be posted{_since(database['oldest_accepted'])}"
    for lane in database["lanes"]:
        if lane["waiting"]:
            yield f"  {lane['company']:<15} {lane['waiting']} wait{_since(lane['oldest_waiting'])}"
    yield f"parked            {database['parked']} documents wait for something else"
    yield f"rejected          {database['rejected']} documents"
    nightly = database["nightly"]
    yield "last nightly      " + (
        f"{nightly['job']} of {nightly['business_date']}, {nightly['finished_at']}" if nightly else "none yet"
    )
    for night in database["late_nights"]:
        yield f"  late            {night['company']}, night of {night['business_date']}: {night['stands_at']}"
    mail = database["mail"]
    yield f"mail              {mail['waiting']} wait to be sent{_since(mail['oldest_waiting'])}" + (
        f" ({mail['answer']})" if mail["answer"] else ""
    )
    if mail["undelivered"]:
        yield f"  undelivered     {mail['undelivered']} in the last week: perpetua notices list says why"


def _since(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f", the oldest for {(datetime.now(UTC) - moment).total_seconds():.0f} s"


def _runs(server: State) -> str:
    return f"process {server['pid']}" if server["running"] else "down"


def _database(settings: Settings) -> State | None:
    from worker.cli.connection import url
    from worker.services.nightly.standing import night_standing
    from worker.store.database import Database
    from worker.store.databases.migrate import current, newest
    from worker.store.status import lane_statuses

    address = url(settings.database_url, "PERPETUA_DATABASE_URL")
    revision = current(address)
    schema = {"revision": revision, "needed_revision": newest()}
    if revision != newest():
        return schema
    with Database(address) as database, database.transaction() as connection:
        lanes = lane_statuses(connection)
        nightly = connection.execute(_NIGHTLY).fetchone()
        standing = night_standing(connection, datetime.now(UTC))
    return schema | {
        "accepted": sum(lane.waiting for lane in lanes),
        "oldest_accepted": min((lane.oldest_waiting for lane in lanes if lane.oldest_waiting), default=None),
        "parked": sum(lane.parked for lane in lanes),
        "rejected": sum(lane.rejected for lane in lanes),
        "lanes": [asdict(lane) for lane in lanes],
        "nightly": dict(zip(("job", "business_date", "finished_at"), nightly, strict=True)) if nightly else None,
        "late_nights": [asdict(night) for night in standing.late],
        "mail": asdict(standing.mail),
    }


def _redis(settings: Settings) -> State:
    from worker.broker import queue_depths, sender
    from worker.cli.connection import url
    from worker.redis_client import connect

    with (
        connect(url(settings.redis_url, "PERPETUA_REDIS_URL")) as connection,
        sender(url(settings.broker_url, "PERPETUA_BROKER_URL")) as broker,
    ):
        return {
            "stream": connection.xlen(routes.INTAKE_STREAM),
            "queues": queue_depths(broker, routes.QUEUES),
        }
