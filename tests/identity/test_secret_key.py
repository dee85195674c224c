"""The key is whole and the one of the database, or nothing starts."""

import subprocess
import sys

import pytest

from tests.identity.conftest import outtray, refused, refused_process, use
from tests.serving import Serving
from webapp.db.connect import open_database
from webapp.errors import UserError
from webapp.identity import secret_key
from webapp.installation import build
from webapp.settings import Settings

COMMANDS = [
    ["serve", "--port", "0"],
    ["web", "--port", "0"],
    ["worker"],
    ["migrate"],
    ["user", "list"],
    ["backup", "backup.tar.gz"],
    ["check"],
]
WHOLE = "0123456789abcdef" * 4


def key_file(panel: Serving):
    return panel.data / secret_key.NAME


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_an_empty_key_is_refused_by_every_command(on_sqlite: Serving, command: list[str]):
    on_sqlite.data.mkdir()
    key_file(on_sqlite).touch()
    assert refused(on_sqlite, *command).startswith(f"{key_file(on_sqlite)} does not hold a whole key of 64 hexadecimal")
    assert key_file(on_sqlite).read_bytes() == b""


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"00", WHOLE[:-1].encode(), WHOLE.encode() + b"0", b"g" * 64, b"\xff" * 32, b"0" * 64 + b"\n\n"],
)
def test_anything_but_a_whole_key_is_refused(tmp_path, content: bytes):
    (tmp_path / secret_key.NAME).write_bytes(content)
    with pytest.raises(UserError, match="does not hold a whole key"):
        build(Settings(data_dir=tmp_path))


@pytest.mark.parametrize("content", [WHOLE, WHOLE + "\n", WHOLE.upper()])
def test_a_whole_key_is_taken(tmp_path, content: str):
    (tmp_path / secret_key.NAME).write_text(content)
    assert build(Settings(data_dir=tmp_path)).key == bytes.fromhex(WHOLE)


def test_a_deleted_empty_key_is_made_anew_while_nothing_is_in_the_database(on_sqlite: Serving):
    on_sqlite.data.mkdir()
    key_file(on_sqlite).touch()
    refused_process(on_sqlite, "serve")
    key_file(on_sqlite).unlink()
    on_sqlite.start()
    assert len(bytes.fromhex(key_file(on_sqlite).read_text())) == 32


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_another_key_than_the_databases_is_refused(panel: Serving, command: list[str]):
    outtray(panel, "user", "list")
    key_file(panel).write_text(WHOLE)
    line = refused(panel, *command)
    assert line.startswith(f"{key_file(panel)} is not the key that this database was made with.")
    assert "outtray adopt" in line


def test_another_key_of_the_environment_is_refused_by_its_name(panel: Serving):
    outtray(panel, "user", "list")
    panel.env["OUTTRAY_SECRET_KEY"] = "sixteen characters"
    line = refused_process(panel, "serve")
    assert line.startswith("OUTTRAY_SECRET_KEY is not the key that this database was made with.")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_key_is_made_beside_a_database_in_use(panel: Serving, command: list[str]):
    use(panel)
    key_file(panel).unlink()
    line = refused(panel, *command)
    assert line.startswith(f"{key_file(panel)} is missing, and the database is in use.")
    assert not key_file(panel).exists()


def test_a_lost_key_can_be_given_up(panel: Serving):
    use(panel)
    key_file(panel).unlink()
    outtray(panel, "adopt")
    assert outtray(panel, "check") == "Nothing is wrong."


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    code = (
        "import sys; from webapp.identity import secret_key; from webapp.settings import Settings\n"
        "sys.stdin.readline(); print(secret_key.make(Settings(data_dir=sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    for one in started:
        one.stdin.write("go\n")
        one.stdin.flush()
    made = {one.communicate(timeout=60)[0].strip() for one in started}
    assert made == {(tmp_path / secret_key.NAME).read_text()}
    assert [path.name for path in tmp_path.iterdir()] == [secret_key.NAME]


def test_the_database_does_not_tell_the_key(tmp_path):
    settings = Settings(data_dir=tmp_path)
    key = secret_key.load_or_make(settings, open_database(settings))
    assert key.hex() not in secret_key.check_value(key)
    assert len(secret_key.check_value(key)) == 64
