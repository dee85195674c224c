"""Reads the values that a person fills in for a saved query, by the types of its parameters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from webapp.ports.tables import Parameter
from webapp.reports.shaping.periods import span

Choices = Callable[[Parameter], Sequence[str]]


def typed(
    parameters: Sequence[Parameter], given: Mapping[str, str], today: date, choices: Choices
) -> tuple[dict[str, Any], list[str]]:
    """Returns the values to bind and a message for each that is wrong or unknown; an empty optional one is None."""
    values: dict[str, Any] = {}
    wrong = []
    for parameter in parameters:
        text = given.get(parameter.name, parameter.default).strip()
        try:
            values[parameter.name] = _value(parameter, text, today, choices)
        except ValueError as error:
            wrong.append(str(error))
    known = {parameter.name for parameter in parameters}
    wrong += [f"“{name}” is no value of this query." for name in given if name not in known]
    return values, wrong


def _value(parameter: Parameter, text: str, today: date, choices: Choices) -> Any:
    title = parameter.title or parameter.name
    if not text:
        if parameter.optional:
            return None
        raise ValueError(f"Fill in “{title}”.")
    if parameter.type == "number":
        return _number(title, text)
    if parameter.type == "date":
        first, last = span(text, today)
        if first != last:
            raise ValueError(f"“{title}” is one day: write 2026-11-03.")
        return first
    if parameter.type == "choice" and text not in choices(parameter):
        raise ValueError(f"“{text}” is none of the choices for “{title}”.")
    return text


def _number(title: str, text: str) -> int | Decimal:
    try:
        number = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"“{title}” must be a number.") from None
    if not number.is_finite() or abs(number) > 10**30:
        raise ValueError(f"“{title}” must be a number.")
    return int(number) if number == int(number) and "." not in text else number
