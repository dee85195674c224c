"""A backup holds the key only encrypted, and a restore without the right key changes nothing and names what to set."""

import tarfile
from pathlib import Path

import pytest

from tests.identity.conftest import another, outtray, refused, refused_process, use
from tests.serving import Serving
from webapp.connections import mail_servers
from webapp.connections.mail_servers import Server
from webapp.identity import secret_key
from webapp.installation import Installation, build
from webapp.mail.url import read_url
from webapp.settings import Settings

PASSPHRASE, SECRET, PASSWORD = "passphrase of the office", "the key of the office", "s3cret-word"


@pytest.fixture(params=["file", "environment"])
def origin(request: pytest.FixtureRequest, on_sqlite: Serving) -> Serving:
    """An installation with a stored password; its key is a file, or comes from the environment."""
    if request.param == "environment":
        on_sqlite.env["OUTTRAY_SECRET_KEY"] = SECRET
    use(on_sqlite)
    opened = installation_of(on_sqlite)
    with opened.write() as conn:
        smtp = read_url(f"smtp://ana:{PASSWORD}@mail.example.com")
        mail_servers.save(conn, opened.secrets, Server(name="Office", smtp=smtp, sender="a@x.org", is_default=True))
    opened.close()
    return on_sqlite


def installation_of(panel: Serving) -> Installation:
    key = panel.env.get("OUTTRAY_SECRET_KEY", "")
    return build(Settings(data_dir=panel.data, secret_key=key, database_url=panel.env["OUTTRAY_DATABASE_URL"]))


def stored_password(panel: Serving) -> str:
    opened = installation_of(panel)
    with opened.read() as conn:
        (known,) = mail_servers.listing(conn)
        password = mail_servers.one(conn, opened.secrets, known.id).smtp.password
    opened.close()
    return password


def made(panel: Serving, tmp_path: Path, passphrase: str = "") -> str:
    path = tmp_path / "backup.tar.gz"
    if passphrase:
        panel.env["OUTTRAY_BACKUP_PASSPHRASE"] = passphrase
    said = outtray(panel, "backup", str(path))
    assert ("does not hold the secret key" in said) is not passphrase
    return str(path)


def everything_in(path: str) -> bytes:
    with tarfile.open(path) as tar:
        return b"\n".join(one.name.encode() + b"\n" + tar.extractfile(one).read() for one in tar)


def is_untouched(panel: Serving) -> bool:
    return not {secret_key.NAME, secret_key.PROPOSED, "installation.id"} & {path.name for path in panel.data.iterdir()}


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_no_archive_holds_the_key_in_the_clear(origin: Serving, tmp_path: Path, passphrase: str):
    key = installation_of(origin).key
    content = everything_in(made(origin, tmp_path, passphrase))
    for clear in (key, key.hex().encode(), key.hex().upper().encode(), SECRET.encode(), PASSWORD.encode()):
        assert clear not in content


def test_without_the_key_nothing_is_restored_and_with_it_everything(origin: Serving, tmp_path: Path):
    path = made(origin, tmp_path)
    other = another(tmp_path / "other")
    for run in (refused, refused_process):
        line = run(other, "restore", path)
        assert "OUTTRAY_SECRET_KEY" in line
        assert is_untouched(other)
    other.env["OUTTRAY_SECRET_KEY"] = "another key than that"
    assert "OUTTRAY_SECRET_KEY" in refused(other, "restore", path)
    assert is_untouched(other)
    other.env["OUTTRAY_SECRET_KEY"] = origin.env.get("OUTTRAY_SECRET_KEY", "")
    if not other.env["OUTTRAY_SECRET_KEY"]:
        (other.data / secret_key.NAME).write_bytes((origin.data / secret_key.NAME).read_bytes())
    outtray(other, "restore", path)
    assert outtray(other, "user", "list").startswith("root@example.com")
    assert stored_password(other) == PASSWORD


def test_the_passphrase_brings_the_key_with_it(origin: Serving, tmp_path: Path):
    path = made(origin, tmp_path, PASSPHRASE)
    other = another(tmp_path / "other")
    assert "OUTTRAY_BACKUP_PASSPHRASE" in refused(other, "restore", path)
    other.env["OUTTRAY_BACKUP_PASSPHRASE"] = "not that passphrase"
    line = refused(other, "restore", path)
    assert line.startswith("OUTTRAY_BACKUP_PASSPHRASE is not the passphrase")
    assert is_untouched(other)
    other.env["OUTTRAY_BACKUP_PASSPHRASE"] = PASSPHRASE
    outtray(other, "restore", path)
    assert secret_key.read(Path(), (other.data / secret_key.NAME).read_bytes()) == installation_of(origin).key
    assert outtray(other, "user", "list").startswith("root@example.com")
    assert stored_password(other) == PASSWORD


def test_an_installation_that_was_started_but_never_used_takes_the_key(origin: Serving, tmp_path: Path):
    path = made(origin, tmp_path, PASSPHRASE)
    other = another(tmp_path / "other")
    outtray(other, "user", "list")
    assert (other.data / secret_key.NAME).exists()
    other.env["OUTTRAY_BACKUP_PASSPHRASE"] = PASSPHRASE
    outtray(other, "restore", path)
    assert stored_password(other) == PASSWORD


def test_a_key_of_the_environment_is_not_replaced(origin: Serving, tmp_path: Path):
    path = made(origin, tmp_path, PASSPHRASE)
    other = another(tmp_path / "other")
    other.env |= {"OUTTRAY_BACKUP_PASSPHRASE": PASSPHRASE, "OUTTRAY_SECRET_KEY": "another key than that"}
    assert "Set OUTTRAY_SECRET_KEY" in refused(other, "restore", path)
    assert is_untouched(other)
