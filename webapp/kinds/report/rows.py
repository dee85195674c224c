"""The lines of a report's form: filters, computed columns, sort orders and renamed columns, in every accepted notation.

A browser posts each line as JSON, a program sends an object or one of the short forms of interfaces.md.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from webapp.ports.json_text import parse_json
from webapp.reports.shaping.plan import How, Test

NOT_A_LINE = "Give each line as an object with its column."
_OTHER_SIGNS = {"!=": "≠", "<>": "≠", "<=": "≤", ">=": "≥", "==": "=", "is": "="}
_ORDERS = {"asc": "up", "ascending": "up", "desc": "down", "descending": "down", "": "up"}
_HOWS = {"total": "sum", "average": "mean", "avg": "mean", "lowest": "min", "highest": "max"}


def _named(what: str) -> BeforeValidator:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > 400:
            raise ValueError(f"Choose the column {what}.")
        return value

    return BeforeValidator(check)


def _test(value: Any) -> Any:
    known = _OTHER_SIGNS.get(value, value) if isinstance(value, str) else value
    if known not in get_args(Test):
        raise ValueError(f"“{value}” is not a test. The tests are {' '.join(get_args(Test))}.")
    return known


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, str | int | float):
        text = "" if value is None else str(value).strip()
        if len(text) > 1_000:
            raise ValueError("The value of a filter has at most 1,000 characters.")
        return text
    raise ValueError("The value of a filter is a text or a number.")


def _how(value: Any) -> Any:
    known = _HOWS.get(value, value) if isinstance(value, str) else value
    if known not in get_args(How):
        raise ValueError(f"“{value}” is not a calculation. Choose one of {', '.join(get_args(How))}.")
    return known


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class FilterLine(_Line):
    """One test that a row has to pass; the value as a person types it, for example “last month”."""

    column: Annotated[str, _named("to filter by")]
    test: Annotated[Test, BeforeValidator(_test)] = Field("=", validation_alias=AliasChoices("is", "test"))
    value: Annotated[str, BeforeValidator(_value)] = ""


class WorkLine(_Line):
    """A value computed from a column; without a column the rows are counted."""

    column: Annotated[str, Field(max_length=400)] = ""
    how: Annotated[How, BeforeValidator(_how)] = "sum"


class SortLine(_Line):
    column: Annotated[str, _named("to sort by")]
    direction: Literal["up", "down"] = "up"


class NameLine(_Line):
    """Another name for a column in the report."""

    column: Annotated[str, _named("to rename")]
    title: Annotated[str, Field(max_length=200)] = ""


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return parse_json(value)
    except ValueError:
        raise ValueError(NOT_A_LINE) from None


def _lines(value: Any, short: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        return [short(_parsed(one)) for one in value]
    return value


def _filters(value: Any) -> Any:
    return _lines(value, lambda line: line)


def _works(value: Any) -> Any:
    """Accepts also {"Amount": "sum"} and {"Amount": ["sum", "mean"]}; the column "*" or "" counts rows."""
    if isinstance(value, Mapping):
        value = [
            {"column": column, "how": how}
            for column, hows in value.items()
            for how in (hows if isinstance(hows, list) else [hows])
        ]
    found = _lines(value, lambda line: line)
    if isinstance(found, list):
        return [_counting(line) if isinstance(line, Mapping) else line for line in found]
    return found


def _counting(line: Mapping[str, Any]) -> Any:
    return {"column": "", "how": "count"} if line.get("column", "") in ("", "*") else line


def _sorts(value: Any) -> Any:
    """Accepts also "Amount", "-Amount", "Amount desc", {"column": "Amount", "descending": true}, "order": "desc"."""

    def short(line: Any) -> Any:
        if isinstance(line, str):
            name, _, order = line.rpartition(" ")
            if name and order.lower() in _ORDERS:
                return {"column": name, "direction": _ORDERS[order.lower()]}
            return {"column": line.removeprefix("-"), "direction": "down" if line.startswith("-") else "up"}
        if isinstance(line, Mapping) and "descending" in line:
            rest = {name: one for name, one in line.items() if name != "descending"}
            return {**rest, "direction": "down" if line["descending"] else "up"}
        if isinstance(line, Mapping):
            given = line.get("direction", line.get("order", "up"))
            rest = {name: one for name, one in line.items() if name not in ("order", "direction")}
            return {**rest, "direction": _ORDERS.get(given, given) if isinstance(given, str) else given}
        return line

    return _lines([value] if isinstance(value, str) else value, short)


def _names(value: Any) -> Any:
    """Accepts also {"Amount": "Turnover"}; lines without another name are dropped."""
    if isinstance(value, Mapping):
        value = [{"column": column, "title": title} for column, title in value.items()]
    found = _lines(value, lambda line: line)
    if isinstance(found, list):
        return [line for line in found if not isinstance(line, Mapping) or str(line.get("title") or "").strip()]
    return found


def _values(value: Any) -> Any:
    """Returns the values of a saved query by their names; a browser posts a line for each."""
    if not isinstance(value, list):
        return value
    lines = [_parsed(line) for line in value]
    if not all(isinstance(line, Mapping) and isinstance(line.get("name"), str) for line in lines):
        raise ValueError(NOT_A_LINE)
    return {line["name"]: str(line.get("value", "")) for line in lines}


FilterLines = Annotated[list[FilterLine], BeforeValidator(_filters), Field(max_length=50)]
WorkLines = Annotated[list[WorkLine], BeforeValidator(_works), Field(max_length=50)]
SortLines = Annotated[list[SortLine], BeforeValidator(_sorts), Field(max_length=20)]
NameLines = Annotated[list[NameLine], BeforeValidator(_names), Field(max_length=16_384)]
QueryValues = Annotated[
    dict[str, Annotated[str, Field(max_length=1_000)]], BeforeValidator(_values), Field(max_length=50)
]
