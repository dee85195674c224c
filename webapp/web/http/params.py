"""Types of what comes from outside by path, query and header: parsed here once, trusted by routes.

A wrong value is 404 in a path, else 422 with words beside its name; see error_pages. Posted fields have the same rules
in multipart.py, JSON in api/body.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self

from fastapi import Header, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from starlette.convertors import Convertor, register_url_convertor

from webapp.errors import UserError
from webapp.ports.values import LONGEST_ID, UNSTORABLE, digits, is_storable, storable_text
from webapp.web.http.redirects import safe_path

LONGEST_TEXT = 1_000  # characters of an id, a choice, a secret: no address of the panel is longer
LONGEST_SEARCH = 320  # an address; SQLite takes no LIKE pattern of more than 50,000 bytes
LONGEST_FORM_KEY = 80
LONGEST_KEY = 255
BROKEN_KEY = "This page is not whole. Load it again, and fill it in once more."
WRONG_DAY = "Write a day such as 2026-11-03."
UNREAD = "“{}” in the address of this page cannot be read, so it was left out."
UNREAD_FILE = "“{}” in this address cannot be read, so no file was made. Open the page again and choose anew."


class RowIdConvertor(Convertor[int]):
    """The id of a row in a path, `{task_id:id}`: an address with anything else there does not exist."""

    regex = f"[0-9]{{1,{LONGEST_ID}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", RowIdConvertor())


def _short(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"This is a text of at most {LONGEST_TEXT:,} characters.")
    return storable_text(text)


def search(text: str) -> str:
    """Returns a text to search for; raises ValueError if nothing can be searched for it."""
    if len(text) > LONGEST_SEARCH:
        raise ValueError(f"A search has at most {LONGEST_SEARCH} characters.")
    return storable_text(text)


def row_id(given: object) -> int:
    """Returns the id of a row, 0 if none is given; raises ValueError for what is no number of a row."""
    number = 0 if given in ("", 0) else digits(str(given))
    if number is None:
        raise ValueError("This is not a number that anything here has.")
    return number


def form_key(text: str) -> str:
    """Returns the key of a rendered form, empty if there is none; raises ValueError if the panel did not make it."""
    if len(text) > LONGEST_FORM_KEY or not text.isprintable():
        raise ValueError(BROKEN_KEY)
    return text


def _idempotency_key(text: str | None) -> str | None:
    if text is not None and not (1 <= len(text) <= LONGEST_KEY and text.isprintable()):
        raise ValueError(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    return text


def day(text: str) -> date:
    """Returns the day; raises ValueError if it is none, or too far away to be counted from."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValueError(WRONG_DAY) from None
    if not 1900 <= found.year <= 9000:  # the first and the last day of the calendar have no day beyond them
        raise ValueError(WRONG_DAY)
    return found


def one_of(known: Iterable[str]) -> AfterValidator:
    """Returns a validator for a choice; an empty text is allowed."""

    def check(text: str) -> str:
        if text and text not in known:
            raise ValueError("This is none of the choices.")
        return text

    return AfterValidator(check)


Text = Annotated[str, AfterValidator(_short)]  # the id of a file, a secret, the name of a button, …
Search = Annotated[str, AfterValidator(search)]
TypedSearch = Annotated[Search, BeforeValidator(lambda given: str(given).strip())]
RowId = Annotated[int, BeforeValidator(row_id)]  # 0: none was given
FormKey = Annotated[str, AfterValidator(form_key)]
LocalPath = Annotated[str, AfterValidator(lambda text: safe_path(text, ""))]  # empty for one that leads elsewhere
IdempotencyKey = Annotated[
    str | None,
    AfterValidator(_idempotency_key),
    Header(
        alias="Idempotency-Key",
        description="Yours to choose; one key starts one task.",
        json_schema_extra={"minLength": 1, "maxLength": LONGEST_KEY},
    ),
]


class PageFilter(BaseModel):
    """What the address of a list says. Links are old or cut, so a part that cannot be read counts as nothing."""

    model_config = ConfigDict(frozen=True)
    _unread: Sequence[str] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _without_what_is_wrong(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValidationError as error:
            wrong = sorted({str(one["loc"][0]) for one in error.errors()})
        made = handler({name: value for name, value in given.items() if name not in wrong})
        made._unread = wrong
        return made

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Self:
        """Returns the filter of a query that did not come with the request, such as that of a way back."""
        return cls.model_validate(dict(params))

    @property
    def note(self) -> str:
        """What the page says of parts that were left out; empty if there are none."""
        return " ".join(UNREAD.format(name) for name in self._unread)

    def require_whole(self) -> None:
        """Raises UserError if a part was left out: a file that holds more than was asked for cannot say so."""
        if self._unread:
            raise UserError(UNREAD_FILE.format(self._unread[0]), self._unread[0])


def prefilled(request: Request, names: Iterable[str]) -> dict[str, list[str]]:
    """Returns what the address says for these fields of a form; raises UserError for what cannot be stored."""
    given = request.query_params
    found = {name: given.getlist(name) for name in names if name in given}
    for name, texts in found.items():
        if not all(map(is_storable, texts)):
            raise UserError(UNSTORABLE, name)
    return found


def header_text(request: Request, name: str, most: int) -> str:
    """Returns what can be printed of a header that is stored or shown, `most` characters at the most."""
    return "".join(c for c in request.headers.get(name, "") if c.isprintable())[:most]
