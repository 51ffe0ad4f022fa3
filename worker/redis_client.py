"""How every process of this system connects to Redis or Valkey."""

from typing import Any, cast

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from worker.addresses import Sentinels, sentinels_of

# No command blocks longer than a few seconds, so silence beyond this means that the server is away.
SOCKET_TIMEOUT_SECONDS = 15


def connect(url: str) -> Redis:
    """A client with bytes in and out; it connects on first use, and again after a connection was lost.

    Behind sentinels it asks them where the server is whenever it connects, so it follows a failover by itself.
    """
    sentinels = sentinels_of(url)
    return Redis.from_url(url, **_options()) if sentinels is None else _behind(sentinels)


def _options() -> dict[str, Any]:
    return {
        "protocol": 2,
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 30,
        # A hiccup is bridged here, in well under a second; whoever calls knows how to wait for longer.
        "retry": Retry(ExponentialBackoff(cap=0.3, base=0.05), 3),
    }


def _behind(sentinels: Sentinels) -> Redis:
    tls: dict[str, Any] = {"ssl": True, **sentinels.tls} if sentinels.tls else {}
    asked = Sentinel(  # type: ignore[no-untyped-call]
        list(sentinels.hosts),
        sentinel_kwargs={"password": sentinels.sentinel_password, "socket_timeout": 2, "socket_connect_timeout": 2, **tls},
    )  # fmt: skip
    return cast(
        "Redis",
        asked.master_for(  # type: ignore[no-untyped-call]
            sentinels.master,
            db=sentinels.database,
            username=sentinels.username,
            password=sentinels.password,
            **tls,
            **_options(),
        ),
    )
