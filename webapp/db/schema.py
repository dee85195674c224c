"""Every table; times are in UTC, sizes in bytes. Migrations in migrations/ bring a database to this.

An id that the database counts is never given again, for forms, addresses and other systems name it: SQLite counts so
only with `sqlite_autoincrement`, PostgreSQL always.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from webapp.db.types import BigKey, Json, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _secret(name: str, server_default: str | None = None) -> Column[str]:
    """Returns a column of text encrypted with the installation's key, which `outtray rotate-key` encrypts anew."""
    return Column(name, Text, nullable=False, server_default=server_default, info={"is_secret": True})


def _person(name: str = "person", *, nullable: bool = False) -> Column[int]:
    return Column(name, BigKey, ForeignKey("person.id"), nullable=nullable)


# One row: n counts the changes that a page could show.
version = Table("version", metadata, Column("id", Integer, primary_key=True), Column("n", BigInteger, nullable=False))

# One row: what the data directory must hold too, and which machine's processes run the tasks.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(32), nullable=False),  # the same as in installation.id
    Column("key_check", String(64), nullable=False),  # recognises the key of the installation
    Column("created", Utc, nullable=False),
    Column("machine", String(200), nullable=False, server_default=""),  # empty: none runs
    Column("machine_name", String(400), nullable=False, server_default=""),  # the same for people
    Column("beat", BigInteger, nullable=False, server_default="0"),  # counted up for as long as that machine runs
)

person = Table(
    "person",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),  # lower case
    Column("name", String(200), nullable=False),
    Column("role", String(10), nullable=False),  # staff, admin
    Column("password", Text, nullable=False),  # argon2; empty until an invited person has chosen one
    Column("zone", String(64), nullable=False, server_default=""),  # empty: OUTTRAY_TIMEZONE
    Column("undo_seconds", Integer),  # null: OUTTRAY_UNDO_SECONDS
    Column("created", Utc, nullable=False),
    Column("disabled", Utc),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the cookie
    _person(),
    Column("created", Utc, nullable=False),
    Column("seen", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("agent", String(300), nullable=False, server_default=""),
    Index("ix_session_person", "person"),
)

token = Table(
    "token",
    metadata,
    Column("id", BigKey, primary_key=True),
    _person(),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created", Utc, nullable=False),
    Column("used", Utc),
    Index("ix_token_person", "person"),
    sqlite_autoincrement=True,
)

# One-time links: set-up and invitations.
link = Table(
    "link",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),  # setup, invite
    _person(nullable=True),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
)

# Wrong passwords, per address of the account and per network address, for the sign-in throttle.
login_failure = Table(
    "login_failure",
    metadata,
    Column("who", String(400), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("blocked_until", Utc, nullable=False),
)

# Only ever added to; triggers refuse changes and removals (migration 0012).
audit = Table(
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Utc, nullable=False),
    _person(nullable=True),  # who acted; null if it was nobody with an account
    Column("actor", String(400), nullable=False, server_default=""),  # their name and address then; or what acted
    Column("action", String(60), nullable=False),  # AuditAction; a text in entries of earlier versions
    Column("kind", String(20), nullable=False, server_default=""),  # TargetKind
    Column("target", String(64), nullable=False, server_default=""),  # id of what it was done to
    Column("subject", String(400), nullable=False, server_default=""),  # the same for people
    Column("owner", BigInteger),  # the person whose it is, where that is not the one who acted
    Column("details", Text, nullable=False, server_default=""),
    Column("network", String(64), nullable=False, server_default=""),
    Column("session", String(64), nullable=False, server_default=""),
    Index("ix_audit_action_at", "action", "at"),
    sqlite_autoincrement=True,
)

# The chain of hashes over the audit trail: each seal covers the entries after the one before it.
audit_seal = Table(
    "audit_seal",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

# One row once entries were removed by age: the last removed seal, on which the chain goes on.
audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seal", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Utc, nullable=False),
)

# Key-value preferences, per person or (person 0) for all: the last choice in a form, a skipped hint.
memory = Table(
    "memory",
    metadata,
    Column("person", BigKey, primary_key=True, autoincrement=False),
    Column("key", String(100), primary_key=True),
    Column("value", Json, nullable=False),
)

upload = Table(
    "upload",
    metadata,
    Column("id", String(40), primary_key=True),  # u-…
    _person("owner"),
    Column("name", String(300), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("storage", String(100), nullable=False),
    Column("understood", Json, nullable=False),
    Column("created", Utc, nullable=False),
    Index("ix_upload_owner_created", "owner", "created"),
)

task = Table(
    "task",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("title", String(400), nullable=False),
    _person("owner"),
    Column("state", String(12), nullable=False),
    Column("form", Json, nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("queue", String(20), nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("not_before", Utc, nullable=False),
    Column("undo_until", Utc),  # the undo window; null: none was given
    Column("key", String(300)),  # of a form page or an Idempotency-Key
    Column("key_hash", String(64)),  # of the body that came with it
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("worker", String(100)),  # the worker that runs it, and the name of its lock
    Column("renewals", Integer, nullable=False, server_default="0"),  # by its owner, while it runs
    Column("crash_count", Integer, nullable=False, server_default="0"),  # in a row, without progress in between
    Column(
        "retries", Integer, nullable=False, server_default="0"
    ),  # of the whole task, in a row: waits for a connection
    Column("consecutive_failures", Integer, nullable=False, server_default="0"),  # deliveries that failed, in a row
    Column("requested", String(10)),  # cancel, pause: what a person requested of a running task
    Column("requested_by", String(320)),
    Column("requested_at", Utc),
    Column("hold_reason", String(20)),  # paused, restored
    Column("expanded", Boolean, nullable=False, server_default=false()),
    Column("progress_done", BigInteger, nullable=False, server_default="0"),
    Column("progress_total", BigInteger),
    Column("progress_words", String(400), nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("cause", String(100), nullable=False, server_default=""),
    Column("fault", String(10), nullable=False, server_default=""),  # form, server: who can fix it
    Column("reference", String(20)),
    Column("technical", Text, nullable=False, server_default=""),
    Column("acknowledged_at", Utc),  # when it was marked as dealt with
    Column("rate", Float),  # messages per second that a person allows this run; null: as its server takes them
    Column("target", String(300), nullable=False, server_default=""),  # the mail server that it sends through
    Column("sender", String(400), nullable=False, server_default=""),  # the From address, where mail returns to
    Column("chart", Json(none_as_null=True)),  # the chart of a report, as reports.charts.Chart has it
    Column("created", Utc, nullable=False),
    Column("started", Utc),
    Column("finished", Utc),
    UniqueConstraint("owner", "key"),
    Index("ix_task_owner_id", "owner", "id"),
    Index("ix_task_state_id", "state", "id"),
    # For the slots' search; contains only waiting rows, so it stays small.
    Index(
        "ix_task_due",
        "queue",
        "priority",
        "not_before",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_autoincrement=True,
)

task_line = Table(
    "task_line",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("task", BigKey, ForeignKey("task.id", ondelete="CASCADE"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String(12)),  # set if the line records a change of state: these lines are the timeline
    Column("words", Text, nullable=False),
    Index("ix_task_line_task_id", "task", "id"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("task", BigKey, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("to", String(400), nullable=False),
    Column("key", String(400), nullable=False, server_default=""),  # the mailbox: mail.recipients.normal_form
    Column("channel", String(40), nullable=False, server_default=""),  # of a notification
    Column("data", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("skip_reason", String(10), nullable=False, server_default=""),  # left out: bad, duplicate, again, never
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try", Utc),
    Column("reply", Text, nullable=False, server_default=""),
    Column("technical", Text, nullable=False, server_default=""),
    Column("message_id", String(300), nullable=False, server_default=""),
    Column("updated", Utc, nullable=False),
    Index("ix_delivery_task_state_position", "task", "state", "position"),
)

file = Table(
    "file",
    metadata,
    Column("id", String(40), primary_key=True),  # f-…
    Column("task", BigKey, ForeignKey("task.id", ondelete="CASCADE"), nullable=False),
    _person("owner"),
    Column("name", String(300), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("storage", String(100), nullable=False),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("deleted", Utc),
    Index("ix_file_task", "task"),
    Index("ix_file_owner_created", "owner", "created"),
    Index("ix_file_expires", "expires"),
)

# The shared rate limit of a target: the moment (seconds since 1970) from which the next message may go.
pace = Table(
    "pace",
    metadata,
    Column("target", String(300), primary_key=True),
    Column("next_free_at", Float, nullable=False),
)

# The suppression list: addresses that get no email any more.
suppression = Table(
    "suppression",
    metadata,
    Column("key", String(400), primary_key=True),  # as delivery.key
    Column("address", String(400), nullable=False),
    Column("source", String(20), nullable=False),  # unsubscribed, added, imported
    Column("task", BigKey),  # the task whose message was answered; it may be deleted by now
    _person(nullable=True),  # who entered it
    Column("at", Utc, nullable=False),
)

# Forms that people saved under a name: templates of messages.
kept = Table(
    "kept",
    metadata,
    Column("id", BigKey, primary_key=True),
    _person("owner"),
    Column("purpose", String(20), nullable=False),  # template
    Column("kind", String(40), nullable=False),
    Column("name", String(100), nullable=False),
    Column("form", Json, nullable=False),
    Column("updated", Utc, nullable=False),
    UniqueConstraint("owner", "purpose", "kind", "name"),
    sqlite_autoincrement=True,
)

# Saved lists of recipients and saved data of reports; an import replaces the upload.
saved_list = Table(
    "saved_list",
    metadata,
    Column("id", BigKey, primary_key=True),
    _person("owner"),
    Column("name", String(100), nullable=False),
    Column("upload", String(40), ForeignKey("upload.id"), nullable=False),
    Column("purpose", String(10), nullable=False, server_default="list"),  # list (of recipients), data (of reports)
    Column("updated", Utc, nullable=False),
    UniqueConstraint("owner", "name"),
    sqlite_autoincrement=True,
)

# Who downloaded a file, and when.
download = Table(
    "download",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("file", String(40), ForeignKey("file.id", ondelete="CASCADE"), nullable=False),
    _person(),
    Column("at", Utc, nullable=False),
    Index("ix_download_file", "file", "id"),
    sqlite_autoincrement=True,
)

# The first rows of a file, as reports.preview.Preview has them; a separate table, because files are listed often.
preview = Table(
    "preview",
    metadata,
    Column("file", String(40), ForeignKey("file.id", ondelete="CASCADE"), primary_key=True),
    Column("data", Json, nullable=False),
)

# Channels that notifications go to.
channel = Table(
    "channel",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    _secret("url"),  # an Apprise URL
    Column("service", String(100), nullable=False),  # the name of the service: Slack
    Column("helper", String(40), nullable=False),  # the service of notify/services.py whose form was used
    Column("takes", Json, nullable=False),  # ports.ChannelLimits
    Column("internal", Boolean, nullable=False),  # True if it may be in the office's own network
    Column("everyone", Boolean, nullable=False),
    Column("people", Json, nullable=False),  # ids of those who may use it, besides admins
    Column("paused", Boolean, nullable=False),
    Column("created", Utc, nullable=False),
    sqlite_autoincrement=True,
)

# Incoming webhooks: addresses that other systems post to.
hook = Table(
    "hook",
    metadata,
    Column("id", BigKey, primary_key=True),
    _person(),  # the owner of its notifications
    Column("name", String(200), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of its secret
    Column("channels", Json, nullable=False),
    Column("people", Json, nullable=False),
    Column("priority", String(10), nullable=False),
    Column("title", Text, nullable=False),  # templates
    Column("message", Text, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("window_from", Utc),  # start of the minute in which calls are counted
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("created", Utc, nullable=False),
    Column("used", Utc),
    sqlite_autoincrement=True,
)

# Notices in people's inboxes.
inbox = Table(
    "inbox",
    metadata,
    Column("id", BigKey, primary_key=True),
    _person(),
    Column("key", String(100), nullable=False),  # a notice is added once per key
    Column("title", String(400), nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),  # the text as pages show it; NULL: not drawn yet, or about a task of their own
    Column("priority", String(10), nullable=False),
    Column("task", BigKey),  # it may be deleted by now
    Column("is_own", Boolean, nullable=False),  # about a task of their own
    Column("desktop", Boolean, nullable=False),  # True if an open page shows it on the desktop
    Column("created", Utc, nullable=False),
    Column("read", Utc),
    UniqueConstraint("person", "key"),
    Index("ix_inbox_person_read", "person", "read"),
    sqlite_autoincrement=True,
)

# Connected databases, the data of reports; read-only.
source = Table(
    "source",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    _secret("url"),
    Column("shown", String(400), nullable=False),  # the address without user and password
    Column("seconds", Integer, nullable=False),  # time limit of a statement
    Column("created", Utc, nullable=False),
    sqlite_autoincrement=True,
)

# Saved queries: an admin wrote them, staff fill in their values and run them.
query = Table(
    "query",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("source", BigKey, ForeignKey("source.id"), nullable=False),
    Column("name", String(100), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("columns", Json, nullable=False),  # name and type, as they were when it was tested
    Column("everyone", Boolean, nullable=False),
    Column("people", Json, nullable=False),  # ids of those who may use it, besides admins
    Column("updated", Utc, nullable=False),
    sqlite_autoincrement=True,
)

# Mail servers of Settings → Mail; used if OUTTRAY_SMTP_URL is not set.
server = Table(
    "server",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("scheme", String(20), nullable=False),  # smtp, smtp+starttls, smtps
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("user", String(400), nullable=False, server_default=""),
    _secret("password", server_default=""),
    Column("sender", String(400), nullable=False),  # the From address, maybe with a name
    Column("rate", Float),  # messages per second; null: no limit
    Column("per_connection", Integer),  # messages; null: no limit
    Column("connections", Integer, nullable=False, server_default="1"),  # at once
    Column("is_default", Boolean, nullable=False, server_default=false()),
    Column("created", Utc, nullable=False),
    sqlite_autoincrement=True,
)
