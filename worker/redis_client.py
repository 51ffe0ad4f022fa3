"""How every process of this system connects to Redis or Valkey."""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

# No command blocks longer than a few seconds, so silence beyond this means that the server is away.
SOCKET_TIMEOUT_SECONDS = 15


def connect(url: str) -> Redis:
    """A client with bytes in and out; it connects on first use, and again after a connection was lost."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=5,
        socket_keepalive=True,
        health_check_interval=30,
        # A hiccup is bridged here, in well under a second; whoever calls knows how to wait for longer.
        retry=Retry(ExponentialBackoff(cap=0.3, base=0.05), 3),
    )
