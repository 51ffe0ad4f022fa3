"""What tables are made of: the one metadata object, plain column types, and keys that begin with the company."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(column_0_label)s",
    }
)


_PLAIN: dict[str, TypeEngine[Any]] = {
    "int": Integer(),
    "big": BigInteger(),
    "small": SmallInteger(),
    "text": Text(),
    "bytes": LargeBinary(),
    "json": JSON(),
    "day": Date(),
    "yes": Boolean(),
    "whole": Numeric(38, 0),
    "moment": DateTime(timezone=True),
    "texts": ARRAY(Text),
    "bigs": ARRAY(BigInteger),
}


def columns(kind: str, names: str, *, null: bool = False) -> list[Column[Any]]:
    """Columns of one kind by their names."""
    return [Column(name, _PLAIN[kind], nullable=null, autoincrement=False) for name in names.split()]


def table(name: str, *parts: list[Column[Any]] | Index | UniqueConstraint, key: str) -> Table:
    """A table of these columns, indexes and constraints with this primary key."""
    own = [column for part in parts if isinstance(part, list) for column in part]
    others = [part for part in parts if not isinstance(part, list)]
    return Table(name, metadata, *own, PrimaryKeyConstraint(*key.split()), *others)
