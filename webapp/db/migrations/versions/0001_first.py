"""The first tables."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "login_failure",
        sa.Column("who", sa.String(length=400), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("blocked_until", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_login_failure")),
    )
    op.create_table(
        "memory",
        sa.Column("person", BigKey, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("person", "key", name=op.f("pk_memory")),
    )
    op.create_table(
        "pace",
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("next_free_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_pace")),
    )
    op.create_table(
        "person",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("undo_seconds", sa.Integer(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("disabled", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    op.create_table(
        "audit",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("person", BigKey, nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=400), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_audit_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "link",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("person", BigKey, nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("expires", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_link_person")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_link")),
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person", BigKey, nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("seen", Utc(), nullable=False),
        sa.Column("expires", Utc(), nullable=False),
        sa.Column("agent", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_session_person")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_session")),
    )
    op.create_index("ix_session_person", "session", ["person"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("owner", BigKey, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", Utc(), nullable=False),
        sa.Column("undo_until", Utc(), nullable=True),
        sa.Column("key", sa.String(length=300), nullable=True),
        sa.Column("key_hash", sa.String(length=64), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked", sa.String(length=10), nullable=True),
        sa.Column("asked_by", sa.String(length=320), nullable=True),
        sa.Column("asked_at", Utc(), nullable=True),
        sa.Column("held_why", sa.String(length=20), nullable=True),
        sa.Column("expanded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("progress_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("progress_total", sa.BigInteger(), nullable=True),
        sa.Column("progress_words", sa.String(length=400), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("cause", sa.String(length=100), server_default="", nullable=False),
        sa.Column("fault", sa.String(length=10), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=True),
        sa.Column("technical", sa.Text(), server_default="", nullable=False),
        sa.Column("dealt_with", Utc(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("started", Utc(), nullable=True),
        sa.Column("finished", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_task_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_task_owner_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_task_due",
        "task",
        ["queue", "priority", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_task_owner_id", "task", ["owner", "id"], unique=False)
    op.create_index("ix_task_state_id", "task", ["state", "id"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person", BigKey, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("used", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_token_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_index("ix_token_person", "token", ["person"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", BigKey, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage", sa.String(length=100), nullable=False),
        sa.Column("understood", sa.JSON(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_upload_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_owner_created", "upload", ["owner", "created"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("task", BigKey, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("to", sa.String(length=400), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", Utc(), nullable=True),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("technical", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=300), server_default="", nullable=False),
        sa.Column("updated", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_delivery_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", "position", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_task_state_position", "delivery", ["task", "state", "position"], unique=False)
    op.create_table(
        "file",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("task", BigKey, nullable=False),
        sa.Column("owner", BigKey, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("storage", sa.String(length=100), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("expires", Utc(), nullable=False),
        sa.Column("deleted", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_file_owner")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_file_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    op.create_index("ix_file_expires", "file", ["expires"], unique=False)
    op.create_index("ix_file_owner_created", "file", ["owner", "created"], unique=False)
    op.create_index("ix_file_task", "file", ["task"], unique=False)
    op.create_table(
        "task_line",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("task", BigKey, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_task_line_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_line")),
    )
    op.create_index("ix_task_line_task_id", "task_line", ["task", "id"], unique=False)
    op.bulk_insert(sa.table("version", sa.column("id"), sa.column("n")), [{"id": 1, "n": 0}])
