"""user … and token …, as a terminal runs them beside a panel that is open."""

import os
import subprocess
import sys

import pytest

from tests.factories import PASSWORD
from webapp.accounts import passwords, people, sessions, tokens
from webapp.audit import trail


@pytest.fixture
def outtray(installation):
    """Runs one command on the same data; returns its exit code, standard output and standard error."""

    def run(*args, stdin=b"", **env):
        home = {"OUTTRAY_DATA_DIR": str(installation.data_dir), **env}
        done = subprocess.run(
            [sys.executable, "-m", "webapp", *args],
            input=stdin,
            env={**os.environ, **home},
            capture_output=True,
            timeout=60,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def line(password=PASSWORD):
    return password.encode() + b"\n"


def found(installation, email):
    with installation.read() as conn:
        return people.by_email(conn, installation.settings, email), people.credentials(conn, email)


def test_somebody_is_added_listed_given_a_new_password_and_disabled(outtray, installation, root):
    added = outtray("user", "add", "Ana.Ruiz@Example.com", "--role", "staff", "--password-stdin", stdin=line())
    assert added == (0, "", "")
    ana, known = found(installation, "ana.ruiz@example.com")
    assert (ana.name, ana.role) == ("Ana Ruiz", "staff")
    assert passwords.is_right(known.stored, PASSWORD)

    assert outtray("user", "list")[1].splitlines() == [
        "ana.ruiz@example.com\tstaff\tAna Ruiz",
        "root@example.com\tadmin\tRut Admin",
    ]
    with installation.write() as conn:
        cookie = sessions.start(conn, ana.id)
    before = installation.look_for_changes()
    new = "gr\u00fcner Tee um vier"
    assert outtray("user", "password", "ANA.RUIZ@example.com", "--password-stdin", stdin=line(new)) == (0, "", "")
    assert passwords.is_right(found(installation, ana.email)[1].stored, new)
    assert installation.look_for_changes() > before
    with installation.read() as conn:
        assert sessions.find(conn, installation.settings, cookie) is None

    assert outtray("user", "disable", "ana.ruiz@example.com") == (0, "", "")
    assert found(installation, ana.email)[1] is None
    assert outtray("user", "list")[1].splitlines()[-1] == "ana.ruiz@example.com\tstaff\tAna Ruiz\tdisabled"
    with installation.read() as conn:
        assert [entry.action for entry in trail.listing(conn)] == ["disabled", "changed the password of", "added"]
        assert {entry.who.partition(" (")[0] for entry in trail.listing(conn)} == {"command line"}


def test_a_token_stands_alone_on_standard_output(outtray, installation, ana):
    code, out, err = outtray("token", "add", "ANA@example.com", "--name", "nightly export")
    assert (code, err) == (0, "")
    with installation.read() as conn:
        assert tokens.find(conn, installation.settings, out.removesuffix("\n")).person.id == ana.id
    assert out.startswith("out_")


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        (
            ["user", "add", "ana@example.com", "--role", "staff", "--password-stdin"],
            line(),
            "ana@example.com is here already.",
        ),
        (
            ["user", "add", "b@example", "--role", "staff", "--password-stdin"],
            line(),
            "“b@example” has no ending such as .com.",
        ),
        (
            ["user", "add", "b@example.com", "--role", "staff", "--password-stdin"],
            b"short\n",
            "Choose a password of 10 characters or more.",
        ),
        (
            ["user", "add", "b@example.com", "--role", "staff", "--password-stdin"],
            b"",
            "Choose a password of 10 characters or more.",
        ),
        (
            ["user", "add", "b@example.com", "--role", "staff", "--password-stdin"],
            b"\xff" * 12,
            "The password is not text in UTF-8.",
        ),
        (
            ["user", "disable", "root@example.com"],
            b"",
            "Rut Admin is the only admin. Make another person an admin first.",
        ),
        (["user", "disable", "x@example.com"], b"", "Nobody here has the address x@example.com."),
        (["token", "add", "x@example.com", "--name", "n"], b"", "Nobody here has the address x@example.com."),
        (["token", "add", "ana@example.com", "--name", " "], b"", "Write what the token is for."),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(outtray, ana, root, args, stdin, words):
    assert outtray(*args, stdin=stdin) == (1, "", words + "\n")


@pytest.mark.parametrize(
    "args",
    [
        ["user", "add", "b@example.com"],
        ["user", "add", "b@example.com", "--role", "owner", "--password-stdin"],
        ["user", "add", "b@example.com", "--role", "staff"],
        ["user", "password", "b@example.com"],
        ["user", "add"],
        ["user", "remove", "b@example.com"],
        ["token", "add", "b@example.com"],
    ],
)
def test_wrong_usage_is_exit_code_2(outtray, args):
    code, out, err = outtray(*args, stdin=line())
    assert (code, out) == (2, "")
    assert err


def test_only_one_line_is_the_password_without_its_end(outtray, installation):
    given = b"correct horse battery\r\nsecond line\n"
    outtray("user", "add", "ben@example.com", "--role", "staff", "--password-stdin", stdin=given)
    assert passwords.is_right(found(installation, "ben@example.com")[1].stored, PASSWORD)


def test_a_first_admin_may_come_from_the_command_line_on_an_empty_folder(outtray, tmp_path):
    home = {"OUTTRAY_DATA_DIR": str(tmp_path / "new")}
    add = ["user", "add", "root@example.com", "--role", "admin", "--name", "Rut <b>", "--password-stdin"]
    assert outtray(*add, stdin=line(), **home) == (0, "", "")
    assert outtray("user", "list", **home)[1] == "root@example.com\tadmin\tRut <b>\n"
