"""Whom nobody writes to, what people keep for the next email, and the mailbox that a delivery goes to."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "never",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("task", BigKey, nullable=True),
        sa.Column("person", BigKey, nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_never")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_never_person_person")),
    )
    op.create_table(
        "kept",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("owner", BigKey, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("updated", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept")),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_kept_owner_person")),
        sa.UniqueConstraint("owner", "purpose", "kind", "name", name=op.f("uq_kept_owner")),
    )
    op.create_table(
        "saved_list",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("owner", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("upload", sa.String(length=40), nullable=False),
        sa.Column("updated", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_list")),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_saved_list_owner_person")),
        sa.ForeignKeyConstraint(["upload"], ["upload.id"], name=op.f("fk_saved_list_upload_upload")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_saved_list_owner")),
    )
    op.add_column("delivery", sa.Column("key", sa.String(length=400), server_default="", nullable=False))
