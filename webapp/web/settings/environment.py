"""The settings of the environment as people read them; passwords are never among them."""

from dataclasses import dataclass

from webapp.mail.url import SmtpSettings, read_sender, read_url
from webapp.settings import Settings
from webapp.web.http.formatting import plural

ENCRYPTION = {
    "smtps": "From the first byte (smtps)",
    "smtp+starttls": "Before anything is said (STARTTLS)",
    "smtp": "None: others on the network can read the emails",
}
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting: its value, and where it was set."""

    name: str
    value: str
    source: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Mail:
    """Where mail goes; without a server to the outbox."""

    has_server: bool
    facts: list[SettingRow]
    fixed_sender: str = ""  # says that OUTTRAY_MAIL_FROM wins over what is entered


def mail(settings: Settings) -> Mail:
    """Returns the mail server of the environment."""
    server = read_url(settings.smtp_url) if settings.smtp_url else None
    sender = SettingRow(
        name="Emails come from",
        value=read_sender(settings.mail_from, server),
        source=_source(settings, "mail_from"),
    )
    fixed = f"{settings.mail_from} counts. Set by OUTTRAY_MAIL_FROM on the server." if settings.mail_from else ""
    return Mail(server is not None, [*(_server(settings, server) if server else ()), sender], fixed)


def keeping(settings: Settings) -> list[SettingRow]:
    """Returns how long things are kept, and the other limits."""
    undo = plural(settings.undo_seconds, "second") if settings.undo_seconds else "None: messages go at once"
    tries = ", ".join(_span(seconds) for seconds in settings.retry_seconds)
    rows = [
        ("keep_files_days", "Files", plural(settings.keep_files_days, "day"), "What reports made, and uploads."),
        ("keep_tasks_days", "Ended tasks", plural(settings.keep_tasks_days, "day"), "With their log and recipients."),
        ("max_upload_mb", "Largest upload", f"{settings.max_upload_mb:,} MB", ""),
        (
            "person_at_once",
            "Files and previews at once",
            f"{settings.person_at_once:,}",
            "Of one person; the next wait.",
        ),
        ("report_rows", "Rows of a report", f"{settings.report_rows:,}", ""),
        ("report_memory_mb", "Memory of a report", f"{settings.report_memory_mb:,} MB", ""),
        ("report_seconds", "Time of a report", _span(settings.report_seconds), ""),
        ("undo_seconds", "Time for Undo", undo, "For people who chose no other wait."),
        ("retry_seconds", "Waits before further tries", tries, "Of a delivery; after the last it is failed."),
        ("timezone", "Time zone", settings.timezone, "For people who chose none."),
    ]
    return [
        SettingRow(name=name, value=value, source=_source(settings, field), hint=hint)
        for field, name, value, hint in rows
    ]


def _server(settings: Settings, server: SmtpSettings) -> list[SettingRow]:
    limit = f"at most {server.rate:g} a second" if server.rate else "as fast as the server takes them"
    return [
        SettingRow(name="Server", value=f"{server.host}, port {server.port}", source=_source(settings, "smtp_url")),
        SettingRow(name="Encryption", value=ENCRYPTION[server.scheme]),
        SettingRow(name="User name", value=server.user or "None: no sign-in"),
        SettingRow(name="Speed", value=f"{plural(server.connections, 'connection')}, {limit}"),
    ]


def _source(settings: Settings, field: str) -> str:
    variable = f"OUTTRAY_{field.upper()}"
    is_set = field in settings.model_fields_set
    return f"Set by {variable} on the server." if is_set else f"Default; {variable} changes it."


def _span(seconds: int) -> str:
    """10 seconds, 2 hours: in the largest unit that leaves no rest."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds and seconds % size == 0), (1, "second"))
    return plural(seconds // size, unit)
