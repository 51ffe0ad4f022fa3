"""Names of the sub-ledger's keys. The company's number is the hash tag: reservations are shared by all tills of a company."""

from __future__ import annotations

from functools import lru_cache

from domain.stock_ledger import Chain

QUARANTINE = "quarantine"  # the session of sales that a closing has set aside

_PREFIX = "perpetua:pos"
_BETWEEN = "\x1f"  # no name holds a control character


def key(company: int, name: str) -> str:
    """A key of a company."""
    return f"{_PREFIX}:{{{company}}}:{name}"


def of_session(company: int, session: str) -> tuple[str, str]:
    """The keys of a session's sales and of its totals."""
    return key(company, f"sales:{session}"), key(company, f"totals:{session}")


@lru_cache(maxsize=65_536)  # a shelf's goods are sold again and again
def field(chain: Chain) -> str:
    """A chain as the field of a hash."""
    return _BETWEEN.join((chain.item, chain.warehouse, chain.part))


def chain_of(name: str) -> Chain:
    """A chain from the field of a hash."""
    return Chain(*name.split(_BETWEEN))
