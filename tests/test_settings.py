"""An invalid value stops the start with one line that names the variable."""

import pytest

from webapp.errors import UserError
from webapp.settings import load


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("OUTTRAY_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("ENGINE", "celery"),
        ("SLOTS", "mail"),
        ("SLOTS", "post:1"),
        ("SLOTS", "mail:-1"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "http://mail.example.com"),
        ("DATABASE_URL", "mysql://db"),
        ("RETRY_SECONDS", "10,soon"),
        ("RETRY_SECONDS", "10,-1"),
        ("UNDO_SECONDS", "-1"),
        ("KEEP_FILES_DAYS", "0"),
        ("MAX_UPLOAD_MB", "much"),
        ("BASE_URL", "outtray.example.com"),
        ("TIMEZONE", "Mars/Olympus"),
        ("LOG_FORMAT", "xml"),
        ("SECRET_KEY", "short"),
        ("BACKUP_PASSPHRASE", "short"),
    ],
)
def test_an_invalid_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"OUTTRAY_{name}", value)
    with pytest.raises(UserError) as refused:
        load()
    assert refused.value.message.startswith(f"OUTTRAY_{name}: ")
    assert "\n" not in refused.value.message


def test_a_password_in_an_invalid_value_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OUTTRAY_SMTP_URL", "ftp://office:s3cret-word@mail.example.com")
    with pytest.raises(UserError) as refused:
        load()
    assert "s3cret-word" not in refused.value.message


def test_arguments_override_the_environment_and_empty_means_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OUTTRAY_SLOTS", "mail:3,quick:2")
    monkeypatch.setenv("OUTTRAY_RETRY_SECONDS", "1, 2,3")
    monkeypatch.setenv("OUTTRAY_SMTP_URL", "")
    settings = load(port=9000)
    assert settings.slots == {"mail": 3, "quick": 2}
    assert settings.retry_seconds == (1, 2, 3)
    assert (settings.smtp_url, settings.port, settings.is_sqlite) == ("", 9000, True)
