"""Rows of a backup: written as JSON lines, and read back only if every value fits its column."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table

from webapp.accounts.saved_forms import SHORTCUT, TEMPLATE
from webapp.db.types import Json, Utc
from webapp.files.saved_tables import DATA, LIST
from webapp.files.store import NAME
from webapp.maintenance.archive import BrokenArchive
from webapp.ports import tables
from webapp.ports.channels import PRIORITIES, ChannelLimits
from webapp.ports.delivery_state import DeliveryState, SkipReason
from webapp.ports.values import LONGEST_ID, UNSTORABLE, require_storable
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import State

LONGEST_LINE = 64 << 20  # bytes
MOST_ID = 10**LONGEST_ID - 1  # what pages and programs can name
Check = Callable[[Any], Any]  # returns the value for the database; raises ValueError if it does not fit


def _members(*values: StrEnum | str) -> Set[str]:
    return frozenset(str(value) for value in values)


CLOSED: Mapping[str, Set[str]] = {
    "person.role": _members("staff", "admin"),
    "task.state": _members(*State),
    "task.requested": _members(*StopRequest),
    "task.hold_reason": _members(*HoldReason),
    "task_line.state": _members(*State),
    "delivery.state": _members(*DeliveryState),
    "delivery.skip_reason": _members("", *SkipReason),
    "suppression.source": _members("unsubscribed", "added", "imported"),
    "kept.purpose": _members(TEMPLATE, SHORTCUT),
    "saved_list.purpose": _members(LIST, DATA),
    "hook.priority": _members(*PRIORITIES),
    "inbox.priority": _members(*PRIORITIES),
    "server.scheme": _members("smtp", "smtp+starttls", "smtps"),
}


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(fits(one) for one in value)


def _record(kind: type) -> Callable[[Any], bool]:
    """Tells if a value has only fields of a dataclass, and each of its type."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    names = {one.name for one in fields(kind)}

    def fits(value: Any) -> bool:
        try:
            adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError:
            return False
        return isinstance(value, dict) and value.keys() <= names

    return fits


_column, _schema = _record(tables.Column), _record(tables.TableSchema)


def _understood(value: Any) -> bool:
    """What files.uploads reads of a table; null for a file that is none."""
    return value is None or (_schema(value) and "notes" in value and all(map(_column, value["columns"])))


_texts = _list_of(lambda value: isinstance(value, str))
_ids = _list_of(lambda value: type(value) is int)
SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "upload.understood": _understood,
    "task.form": _object,
    "task.chart": lambda value: value is None or _object(value),
    "delivery.data": _object,
    "kept.form": _object,
    "preview.data": _object,
    "memory.value": lambda value: True,
    "channel.takes": _record(ChannelLimits),
    "channel.people": _ids,
    "hook.channels": _texts,
    "hook.people": _texts,
    "query.parameters": _list_of(_record(tables.Parameter)),
    "query.columns": _list_of(_column),
    "query.people": _ids,
}


def line_of(row: Mapping[str, Any]) -> bytes:
    """Returns a row as one line of JSON."""
    return json.dumps(dict(row), default=_to_text, ensure_ascii=False).encode() + b"\n"


def read(table: Table, path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a table's file, ready to be inserted; raises BrokenArchive at the first that does not fit."""
    reader = _Reader(table)
    with path.open("rb") as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE + 1):
            number += 1
            try:
                yield reader.read(line)
            except ValueError as error:
                raise BrokenArchive(f"row {number} of the table {table.name} is wrong ({error})") from None


def fault_of(table: Table, row: Mapping[str, Any]) -> str:
    """Returns why an archive could not restore this row of the database; empty if it could."""
    try:
        _reader_of(table).read(line_of(row))
    except ValueError as error:
        return str(error)
    return ""


class _Reader:
    """Reads the rows of one table."""

    def __init__(self, table: Table) -> None:
        self._checks = {column.name: _check(column) for column in table.c}
        self._needed = {c.name for c in table.c if not c.nullable and c.server_default is None}
        self._columns: Set[str] = frozenset()  # of the first row: rows are inserted together

    def read(self, line: bytes) -> dict[str, Any]:
        row = _object_of(line)
        if unknown := sorted(row.keys() - self._checks.keys()):
            raise ValueError(f"there is no column {ascii(unknown[0])[:60]}")
        if missing := sorted(self._needed - row.keys()):
            raise ValueError(f"“{missing[0]}” is missing")
        if (self._columns or row.keys()) != row.keys():
            raise ValueError("it has other columns than the first row")
        self._columns = row.keys()
        values = {}
        for name, value in row.items():
            try:
                values[name] = self._checks[name](value)
            except (ValueError, OverflowError) as error:
                raise ValueError(f"“{name}”: {error}") from None
        return values


_reader_of = cache(_Reader)


def _object_of(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
        raise ValueError("it is too long or cut off")
    try:
        row = json.loads(line)
        if b"\\" in line:  # only an escape brings what a database cannot store
            require_storable(row)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(UNSTORABLE if str(error) == UNSTORABLE else "it is not JSON") from None
    if not isinstance(row, dict):
        raise ValueError("it is not an object")
    return row


def _check(column: Column[Any]) -> Check:
    check = _by_type(column)
    may_be_null = column.nullable or isinstance(column.type, Json)

    def checked(value: Any) -> Any:
        if value is None and may_be_null and not isinstance(column.type, Json):
            return None
        return check(value)

    return checked


def _by_type(column: Column[Any]) -> Check:
    key, kind = f"{column.table.name}.{column.name}", column.type
    if isinstance(kind, Utc):
        return _time
    if isinstance(kind, Json):
        return _shaped(SHAPES[key])
    if isinstance(kind, Boolean):
        return _truth
    if isinstance(kind, Float):
        return _number
    if isinstance(kind, Integer):
        least, most = _range(column)
        return lambda value: _whole(value, least, most)
    if isinstance(kind, String):
        return _text(kind.length, CLOSED.get(key), is_storage=column.name == "storage")
    raise TypeError(f"{key} has a type that no backup knows")


def _range(column: Column[Any]) -> tuple[int, int]:
    if column.name == "id":
        return 1, MOST_ID
    if column.foreign_keys:
        return 0, MOST_ID
    return (-(2**63), 2**63 - 1) if isinstance(column.type, BigInteger) else (-(2**31), 2**31 - 1)


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("it is not a whole number, or too large")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("it is not a number")
    return float(value)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("it is not true or false")
    return value


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None or not 1 < moment.year < 9999:
        raise ValueError("it is not a time with its zone")
    return moment


def _text(longest: int | None, closed: Set[str] | None, *, is_storage: bool) -> Check:
    def text(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("it is not a text")
        if longest is not None and len(value) > longest:
            raise ValueError(f"it has more than {longest} characters")
        if closed is not None and value not in closed:
            raise ValueError(f"{ascii(value)[:60]} is none of its values")
        if is_storage and not NAME.fullmatch(value):
            raise ValueError(f"{ascii(value)[:60]} is no name that the file store gave")
        return value

    return text


def _shaped(fits: Callable[[Any], bool]) -> Check:
    def value_of(value: Any) -> Any:
        if not fits(value):
            raise ValueError("it has another form")
        return value

    return value_of


def _to_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} does not go into a backup")
