"""What runs, how deep the queues are, what waits: the answers behind `perpetua status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from worker import routes

if TYPE_CHECKING:
    from worker.settings import Settings

State = dict[str, Any]

_WAITING = """
    SELECT count(*), min(received_at) FROM books.document_status WHERE status = 'accepted'
"""
_PARKED = "SELECT count(*), min(received_at) FROM books.document_status WHERE status = 'parked'"
_NIGHTLY = (
    "SELECT job, business_date, finished_at FROM slot WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1"
)


def look(settings: Settings) -> State:
    """Look at everything without starting or changing anything; `ready` says whether both servers answer."""
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
    if all(server["running"] for server in own):
        connected = servers.connect(settings)
        state |= {"database": _database(connected), "redis": _redis(connected)}
    else:
        state |= {"database": None, "redis": None}
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


def _documents(database: State) -> Iterator[str]:
    if database["revision"] is None:
        yield "schema            none yet: perpetua db upgrade makes it"
        return
    yield f"accepted          {database['accepted']} documents wait to be posted{_since(database['oldest_accepted'])}"
    yield f"parked            {database['parked']} documents wait for something else{_since(database['oldest_parked'])}"
    nightly = database["nightly"]
    yield "last nightly      " + (
        f"{nightly['job']} of {nightly['business_date']}, {nightly['finished_at']}" if nightly else "none yet"
    )


def _since(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f", the oldest for {(datetime.now(UTC) - moment).total_seconds():.0f} s"


def _runs(server: State) -> str:
    return f"process {server['pid']}" if server["running"] else "down"


def _database(settings: Settings) -> State | None:
    from worker.cli.connection import url
    from worker.store.database import Database
    from worker.store.migrate import current

    address = url(settings.database_url, "PERPETUA_DATABASE_URL")
    revision = current(address)
    if revision is None:
        return {"revision": None}
    database = Database(address)
    try:
        with database.transaction() as connection:
            accepted, oldest_accepted = connection.execute(_WAITING).fetchone() or (0, None)
            parked, oldest_parked = connection.execute(_PARKED).fetchone() or (0, None)
            nightly = connection.execute(_NIGHTLY).fetchone()
    finally:
        database.close()
    return {
        "revision": revision,
        "accepted": accepted,
        "oldest_accepted": oldest_accepted,
        "parked": parked,
        "oldest_parked": oldest_parked,
        "nightly": dict(zip(("job", "business_date", "finished_at"), nightly, strict=True)) if nightly else None,
    }


def _redis(settings: Settings) -> State:
    from worker.cli.connection import url
    from worker.redis_client import connect

    with connect(url(settings.redis_url, "PERPETUA_REDIS_URL")) as connection:
        return {
            "stream": connection.xlen(routes.INTAKE_STREAM),
            "queues": {queue: connection.llen(queue) for queue in routes.QUEUES},
        }
