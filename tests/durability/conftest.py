"""A serving panel whose mail goes to a real server that counts."""

from collections.abc import Iterator

import pytest

from tests.servers import MailServer
from tests.serving import Serving


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def serving(tmp_path, mail: MailServer) -> Iterator[Serving]:
    panel = Serving(tmp_path, OUTTRAY_SMTP_URL=mail.url, OUTTRAY_MAIL_FROM="office@example.com")
    yield panel.start()
    panel.stop()
