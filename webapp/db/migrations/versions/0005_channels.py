"""Channels that notifications go to."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("service", sa.String(length=100), nullable=False),
        sa.Column("helper", sa.String(length=40), nullable=False),
        sa.Column("takes", sa.JSON(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("everyone", sa.Boolean(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_channel_name")),
    )
    op.create_table(
        "hook",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person", BigKey, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("window_from", Utc(), nullable=True),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("used", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_hook_person_person")),
        sa.UniqueConstraint("name", name=op.f("uq_hook_name")),
        sa.UniqueConstraint("hash", name=op.f("uq_hook_hash")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person", BigKey, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("task", BigKey, nullable=True),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("desktop", sa.Boolean(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("read", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_inbox_person_person")),
        sa.UniqueConstraint("person", "key", name=op.f("uq_inbox_person")),
    )
    op.create_index("ix_inbox_person_read", "inbox", ["person", "read"])
    op.add_column("delivery", sa.Column("channel", sa.String(length=40), server_default="", nullable=False))
