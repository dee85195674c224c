"""What may be attached to a message: one limit for every kind, for pages and for programs."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from webapp.errors import FormErrors, NotFound, UserError
from webapp.ports.form_context import FormContext

MOST_FILES = 20
MOST_BYTES = 20_000_000  # few servers take more than 25 MB, and files grow by a third on their way
HINT = f"At most {MOST_FILES} files, together {MOST_BYTES // 1_000_000} MB."
TOO_LARGE = "Together they have {:,.1f} MB. {} Send a link instead."
FIELD = "attachments"

Attachments = Annotated[list[str], Field(max_length=MOST_FILES)]


def require_few(number: int, size: int) -> None:
    """Raises UserError if so many files, of so many bytes together, cannot be attached."""
    if number > MOST_FILES:
        raise UserError(f"These are {number:,} files. {HINT}", FIELD)
    if size > MOST_BYTES:
        raise UserError(TOO_LARGE.format(size / 1_000_000, HINT), FIELD)


def require_attachable(file_ids: Sequence[str], form_context: FormContext) -> None:
    """Raises FormErrors if a file is not there for this person, or if they are too many or too large together."""
    try:
        require_few(len(file_ids), sum(form_context.attachment(file_id).size for file_id in file_ids))
    except (NotFound, UserError) as error:
        raise FormErrors({FIELD: error.message}) from None
