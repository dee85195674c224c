"""Column types that mean the same on SQLite and PostgreSQL.

A stored value that does not decode (another version wrote it, or the file is damaged) never raises: one bad row must
not end a worker or hide every page that lists it.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

Decode = Callable[[Any], Any] | None
UNREADABLE_TIME = datetime(1970, 1, 1, tzinfo=UTC)
log = logging.getLogger("outtray.db")

# SQLite assigns ids automatically only in a column declared INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Decode:
        return _safe(super().result_processor(dialect, coltype), UNREADABLE_TIME)


class Unreadable(dict[str, Any]):
    """Stands for JSON that does not decode; empty."""


class Json(TypeDecorator[Any]):
    """JSON; what does not decode is read as Unreadable."""

    impl = JSON
    cache_ok = True

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        return self.impl_instance.coerce_compared_value(op, value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Decode:
        return _safe(super().result_processor(dialect, coltype), Unreadable())


def _safe(decode: Decode, instead: Any) -> Decode:
    if decode is None:
        return None

    def decoded(value: Any) -> Any:
        try:
            return decode(value)
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            log.warning("a stored value does not decode: %s", error)
            return instead

    return decoded
