"""A mail server, and an installation that sends through it."""

from collections.abc import Iterator

import pytest

from tests.servers import MailServer
from webapp.installation import Installation, build


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def mailing(installation: Installation, server: MailServer) -> Iterator[Installation]:
    """The installation with a mail server."""
    settings = {"smtp_url": server.url, "mail_from": "Office <office@example.com>", "retry_seconds": (0,)}
    built = build(installation.settings.model_copy(update=settings))
    yield built
    built.close()
