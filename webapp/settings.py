"""Every OUTTRAY_ variable, read once and frozen."""

import re
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webapp.errors import UserError

LEAST_SECRET = 16  # characters of OUTTRAY_SECRET_KEY
LEAST_PASSPHRASE = 12  # characters of OUTTRAY_BACKUP_PASSPHRASE
QUEUES = ("notify", "quick", "mail", "reports")
AT_ONCE = {"notify": 8}  # tasks that one slot of a queue runs at once: these only wait for the servers of others


class Settings(BaseSettings):
    """The environment of one installation; times are in the unit that a name ends with."""

    model_config = SettingsConfigDict(env_prefix="OUTTRAY_", frozen=True, env_ignore_empty=True, extra="ignore")

    data_dir: Path = Path("data")
    database_url: str = ""
    engine: Literal["local", "background"] = "local"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    slots: Annotated[dict[str, int], NoDecode] = dict.fromkeys(QUEUES, 1)
    secret_key: str = ""
    backup_passphrase: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    retry_seconds: Annotated[tuple[int, ...], NoDecode] = (10, 60, 300, 1800, 7200)
    undo_seconds: int = Field(10, ge=0, le=600)
    keep_files_days: int = Field(30, ge=1, le=36500)
    keep_tasks_days: int = Field(365, ge=1, le=36500)
    max_upload_mb: int = Field(200, ge=1, le=10_000)
    person_at_once: int = Field(2, ge=1, le=64)
    report_rows: int = Field(5_000_000, ge=1, le=50_000_000)
    report_memory_mb: int = Field(4_096, ge=256, le=1_000_000)
    report_seconds: int = Field(3_600, ge=10, le=86_400)
    base_url: str = ""
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()  # host names; empty: any
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()  # addresses or networks; empty: none
    timezone: str = "UTC"
    log_format: Literal["text", "json"] = "text"

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("slots", mode="before")
    @classmethod
    def _read_slots(cls, value: object) -> object:
        return read_slots(value) if isinstance(value, str) else value

    @field_validator("retry_seconds", mode="before")
    @classmethod
    def _read_waits(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            waits = tuple(int(part) for part in value.split(","))
        except ValueError:
            raise ValueError("must be whole seconds with commas between, such as 10,60,300") from None
        if any(wait < 0 for wait in waits):
            raise ValueError("cannot hold a negative number")
        return waits

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"“{value}” is not a time zone such as Europe/Madrid")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must start with postgresql:// or sqlite:///")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_smtp(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("smtp", "smtps", "smtp+starttls") or not urlsplit(value).hostname):
            raise ValueError("must look like smtp+starttls://user:password@host:587, smtps://… or smtp://…")
        return value

    @field_validator("base_url")
    @classmethod
    def _whole_address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("must look like https://outtray.example.com")
        return value.rstrip("/")

    @field_validator("trusted_hosts", mode="before")
    @classmethod
    def _read_hosts(cls, value: object) -> object:
        hosts = _listed(value) if isinstance(value, str) else value
        if isinstance(hosts, tuple) and not all(_HOST_NAME.fullmatch(host) for host in hosts):
            raise ValueError("must be host names with commas between, such as outtray.example.com,*.office.lan")
        return hosts

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_proxies(cls, value: object) -> object:
        proxies = _listed(value) if isinstance(value, str) else value
        if not isinstance(proxies, tuple):
            return proxies
        try:
            return tuple(str(ip_network(proxy, strict=False)) for proxy in proxies)
        except ValueError:
            raise ValueError("must be addresses or networks with commas between: 10.0.0.5,10.1.0.0/16") from None

    @model_validator(mode="after")
    def _secrets_are_long(self) -> Self:
        if self.secret_key and len(self.secret_key) < LEAST_SECRET:
            raise ValueError(f"OUTTRAY_SECRET_KEY: must have {LEAST_SECRET} characters or more")
        if self.backup_passphrase and len(self.backup_passphrase) < LEAST_PASSPHRASE:
            raise ValueError(f"OUTTRAY_BACKUP_PASSPHRASE: must have {LEAST_PASSPHRASE} characters or more")
        return self

    @cached_property
    def database(self) -> str:
        """The address for SQLAlchemy: the given one, or SQLite in the data directory."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'outtray.db'}"
        scheme, rest = url.split("://", 1)
        return {"sqlite": "sqlite+pysqlite"}.get(scheme, "postgresql+psycopg") + "://" + rest

    @property
    def is_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def address(self) -> str:
        """Where people open the panel."""
        host = "localhost" if self.host in ("0.0.0.0", "::", "127.0.0.1") else self.host  # noqa: S104
        return self.base_url or f"http://{host}:{self.port}"


_HOST_NAME = re.compile(r"(?:\*\.)?[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\]")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def read_slots(text: str) -> dict[str, int]:
    """Reads `notify:1,mail:2` as {"notify": 1, "mail": 2}; raises ValueError that says what is wrong."""
    slots: dict[str, int] = {}
    for part in text.split(","):
        queue, _, count = part.strip().partition(":")
        if queue not in QUEUES:
            raise ValueError(f"knows the queues {', '.join(QUEUES)}, not “{queue}”")
        if not count.isdecimal() or int(count) > 64:
            raise ValueError(f"needs a number from 0 to 64 after “{queue}:”")
        slots[queue] = int(count)
    return slots


_PLAIN = {
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
}


def load(**given: object) -> Settings:
    """Returns the settings of this environment; raises UserError that names the variable that is wrong."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        words = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, ")).format(**first.get("ctx", {}))
        name = f"OUTTRAY_{str(first['loc'][0]).upper()}: " if first["loc"] else ""
        raise UserError(name + words) from None
