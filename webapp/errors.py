"""The errors that packages raise for one another; the type says who sees the message."""


class UserError(Exception):
    """Shown to the person as written, beside `field` if one is named.

    `status` is the HTTP status that web and API answer with, `retry_after` the seconds of a Retry-After header.
    """

    status = 422
    retry_after: int | None = None

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class FormErrors(UserError):
    """Several refused fields at once: `errors` maps a field's name to its message."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class NotFound(UserError):
    """There is no such thing, or the person may not know of it."""

    status = 404


class Conflict(UserError):
    """The thing's state does not allow what was asked."""

    status = 409


class Forbidden(UserError):
    """The person is known and may not do this."""

    status = 403


class TooLarge(UserError):
    """More was sent than the limit allows."""

    status = 413


class RequestTimeout(UserError):
    """A request came too slowly to wait for its end."""

    status = 408


class Busy(UserError):
    """Nothing was done, for too much else is being done; the same may work a minute later."""

    status = 503
    retry_after = 60


class TaskError(Exception):
    """Ends a task with `message`, or, if it is not `permanent`, lets the task try again later.

    `cause` is a short stable key that groups failures of one origin; `technical` is for admins.
    `fault` says who can fix it: "form" (change what was entered) or "server" (ask an admin, then retry).
    """

    def __init__(
        self, message: str, *, permanent: bool = True, cause: str = "", technical: str = "", fault: str = "server"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.cause = cause
        self.technical = technical
        self.fault = fault


class Superseded(Exception):
    """A slot wrote to a task that is no longer its own (another attempt, or ended); the slot stops working on it."""
