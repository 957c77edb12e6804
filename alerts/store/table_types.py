"""Column types and naming conventions that all tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Uuid,
    event,
)
from sqlalchemy.types import TypeDecorator, TypeEngine


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone: only aware datetimes are stored")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite would give it back naive.

    For SQLite it is written and read here, as SQLAlchemy would, which takes three times as long.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what makes a parameter of a value."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return what makes a value of what was read."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class names it
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone: only aware datetimes are stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class names it
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Id(TypeDecorator[UUID]):
    """A UUID, of 16 octets in SQLite as well, where SQLAlchemy would store 32 letters: ids are half of a link."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(LargeBinary(16) if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return UUID(bytes=value) if value is not None and dialect.name == "sqlite" else value


JSON = sa.JSON(none_as_null=True)
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def commitment_column(*, primary_key: bool = False, index: bool = False) -> Column[int]:
    of = ForeignKey("commitments.id", ondelete="CASCADE")
    return Column("commitment_id", of, nullable=False, primary_key=primary_key, index=index)


def partial_index(name: str, *columns: Column[Any], where: ColumnElement[Any] | sa.TextClause) -> None:
    """Make an index of the rows that meet a condition.

    Its options are named when tables are made. Named here, they would import the dialects of both databases, which is
    a tenth of what a command costs.
    """
    Index(name, *columns, info={"where": where})


@event.listens_for(metadata, "before_create")
def _name_conditions(made: MetaData, *_: object, **__: object) -> None:
    for index in (index for table in made.tables.values() for index in table.indexes if "where" in index.info):
        for dialect in ("postgresql", "sqlite"):
            index.dialect_options[dialect]["where"] = index.info["where"]
