"""A new key: everything stored encrypted is readable with it alone, whatever happens in between."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from tests.identity.conftest import outtray, refused, refused_process, use
from tests.identity.test_backup_key import installation_of
from tests.serving import Serving
from webapp.clock import now
from webapp.db import schema
from webapp.identity import secret_key
from webapp.maintenance import key_rotation

NEW = "the new key of the office"
VALUES = {
    "channel": {
        "name": "Team", "service": "Slack", "helper": "slack", "takes": {}, "internal": False, "everyone": True,
        "people": [], "paused": False, "created": now(),
    },
    "source": {"name": "Shop", "shown": "mysql://shop", "seconds": 10, "created": now()},
    "server": {"name": "Mail", "scheme": "smtp", "host": "x", "port": 25, "sender": "a@example.com", "created": now()},
}  # fmt: skip


@pytest.fixture
def filled(panel: Serving) -> Serving:
    """One row of every table that holds a secret, and a link of an email that was sent."""
    use(panel)
    fill(panel)
    return panel


def fill(panel: Serving) -> None:
    opened = installation_of(panel)
    with opened.write() as conn:
        for column in key_rotation.SECRETS:
            name = column.table.name
            conn.execute(
                insert(column.table).values({column: opened.secrets.encrypt(f"secret of {name}")} | VALUES[name])
            )
    opened.close()


def secrets_of(panel: Serving) -> list[str]:
    opened = installation_of(panel)
    with opened.read() as conn:
        found = [opened.secrets.decrypt(conn.execute(select(column)).scalar_one()) for column in key_rotation.SECRETS]
    opened.close()
    return found


EVERYTHING = [f"secret of {column.table.name}" for column in key_rotation.SECRETS]


def key_of(panel: Serving) -> bytes:
    return (panel.data / secret_key.NAME).read_bytes()


def test_every_encrypted_column_is_one_that_is_rotated():
    assert {f"{column.table.name}.{column.name}" for column in key_rotation.SECRETS} == {
        "channel.url", "source.url", "server.password",
    }  # fmt: skip


def test_every_secret_is_encrypted_with_a_new_key(filled: Serving):
    before = key_of(filled)
    link = installation_of(filled).unsubscribe.token(7, "zoe@example.com")
    assert outtray(filled, "rotate-key").startswith("3 stored secrets are encrypted with the new key.")
    assert outtray(filled, "rotate-key").startswith("3 stored secrets")
    assert key_of(filled) != before
    assert not (filled.data / secret_key.PROPOSED).exists()
    assert secrets_of(filled) == EVERYTHING
    assert outtray(filled, "user", "list").startswith("root@example.com")
    assert installation_of(filled).unsubscribe.read(link) == (7, "zoe@example.com")
    assert installation_of(filled).unsubscribe.read(link[:-2] + "AA") is None
    (filled.data / secret_key.NAME).write_bytes(before)
    assert "is not the key" in refused(filled, "user", "list")


def test_the_key_of_the_environment_is_read_from_standard_input(on_sqlite: Serving):
    on_sqlite.env["OUTTRAY_SECRET_KEY"] = "the key of the office"
    use(on_sqlite)
    fill(on_sqlite)
    assert "standard input" in refused(on_sqlite, "rotate-key")
    said = outtray(on_sqlite, "rotate-key", stdin=NEW + "\n")
    assert "Set OUTTRAY_SECRET_KEY to the new key" in said
    assert NEW not in said
    assert "OUTTRAY_SECRET_KEY is not the key" in refused_process(on_sqlite, "user", "list")
    on_sqlite.env["OUTTRAY_SECRET_KEY"] = NEW
    assert secrets_of(on_sqlite) == EVERYTHING
    assert not (on_sqlite.data / secret_key.NAME).exists()


def test_a_secret_that_cannot_be_read_stops_it_and_nothing_is_changed(filled: Serving):
    before = key_of(filled)
    opened = installation_of(filled)
    with opened.write() as conn:
        conn.execute(schema.source.update().values(url="gAAAAA"))
    opened.close()
    assert "url of the row 1 of the table source" in refused(filled, "rotate-key")
    assert key_of(filled) == before
    opened = installation_of(filled)
    with opened.read() as conn:
        assert opened.secrets.decrypt(conn.execute(select(schema.channel.c.url)).scalar_one()) == "secret of channel"


def test_a_running_panel_keeps_its_key(on_sqlite: Serving):
    use(on_sqlite)
    on_sqlite.start()
    before = key_of(on_sqlite)
    assert "already runs" in refused_process(on_sqlite, "rotate-key")
    assert key_of(on_sqlite) == before


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_rotation_that_was_broken_off_is_finished_or_forgotten(filled: Serving, monkeypatch, moment: str):
    """The process dies at this moment: the next command finds a whole installation."""
    broken_off: Callable[..., None] = lambda *given: (_ for _ in ()).throw(KeyboardInterrupt)  # noqa: E731
    with monkeypatch.context() as patched:
        if moment == "before the commit":
            patched.setattr(key_rotation, "_keep_signing_key", broken_off)
        else:
            patched.setattr(key_rotation.secret_key, "finish_change", Once(secret_key.finish_change, broken_off))
        with pytest.raises((KeyboardInterrupt, AssertionError)):
            outtray(filled, "rotate-key")
    assert (filled.data / secret_key.PROPOSED).exists()
    assert outtray(filled, "user", "list").startswith("root@example.com")
    assert secrets_of(filled) == EVERYTHING
    assert outtray(filled, "rotate-key").startswith("3 stored secrets")
    assert secrets_of(filled) == EVERYTHING


class Once:
    """Calls the real one until a key is proposed, then breaks off."""

    def __init__(self, real: Callable[..., None], broken_off: Callable[..., None]) -> None:
        self._real, self._broken_off = real, broken_off

    def __call__(self, settings, database) -> None:
        if (settings.data_dir / secret_key.PROPOSED).exists():
            self._broken_off()
        self._real(settings, database)
