"""A mail server, and the house that sends through it."""

from collections.abc import Iterator

import pytest

from tests.servers import MailServer
from webapp.installation import House, build


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def mailing(house: House, server: MailServer) -> Iterator[House]:
    """The house with a mail server."""
    settings = {"smtp_url": server.url, "mail_from": "Office <office@example.com>", "retry_seconds": (0,)}
    built = build(house.settings.model_copy(update=settings))
    yield built
    built.close()
