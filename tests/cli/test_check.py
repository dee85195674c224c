"""check, as a terminal runs it: one line for each thing that is wrong."""

import os
import subprocess
import sys

import pytest

from tests.servers import MailServer


@pytest.fixture
def check(installation):
    """Runs the command on this house; returns its exit code and the lines of its standard output."""

    def run(**env):
        done = subprocess.run(
            [sys.executable, "-m", "webapp", "check"],
            env={**os.environ, "OUTTRAY_DATA_DIR": str(installation.data_dir), **env},
            capture_output=True,
            timeout=60,
        )
        return done.returncode, done.stdout.decode().splitlines()

    return run


def test_nothing_is_wrong_where_everything_works(check, root):
    with MailServer() as server:
        assert check(OUTTRAY_SMTP_URL=server.url, OUTTRAY_MAIL_FROM="office@example.com") == (0, ["Nothing is wrong."])
    assert server.messages == []


def test_a_panel_without_an_admin_is_told(check, installation):
    code, lines = check()
    assert (code, lines) == (1, ["There is no admin yet: open the link that outtray serve prints."])


def test_a_mail_server_that_refuses_is_told_with_what_to_do(check, root):
    with MailServer(users={"office@example.com": "right"}) as server:
        code, lines = check(OUTTRAY_SMTP_URL=server.url.replace("right", "wr0ng"))
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith("OUTTRAY_SMTP_URL: The mail server did not accept the password. Check user name")
    assert "wr0ng" not in lines[0]
