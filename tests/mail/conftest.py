"""A mail server, a sender for it, and letters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from tests.servers import MailServer
from webapp.mail.compose import Letter, Message
from webapp.mail.smtp import Patience, SmtpServer
from webapp.mail.url import read_url

IMPATIENT = Patience(command=2, data=2, block=2, reply=2)
Open = Callable[..., SmtpServer]


@pytest.fixture(params=["one by one", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    more = ("PIPELINING",) if request.param == "pipelining" else ()
    with MailServer(extensions=("8BITMIME", "SIZE 20000000", *more)) as running:
        yield running


@pytest.fixture
def open_sender() -> Iterator[Open]:
    """Opens a sender that is ready; it ends with the test."""
    with ExitStack() as stack:

        def opened(
            server: MailServer, mail_from: str = "office@example.com", patience: Patience = IMPATIENT
        ) -> SmtpServer:
            sender = stack.enter_context(SmtpServer(read_url(server.url), sender=mail_from, patience=patience))
            sender.ready()
            return sender

        yield opened


@pytest.fixture
def sender(server: MailServer, open_sender: Open) -> SmtpServer:
    return open_sender(server)


def letter(to: str = "ana@example.com", body: str = "Hi", subject: str = "Hello", number: int = 0) -> Message:
    return Letter(subject=subject, body=body, sender="office@example.com").to(
        to, message_id=f"<{number}.test@example.com>", date=datetime.now(UTC)
    )
