"""Charts of tasks, who downloaded a file, what a list is kept for, and databases with their saved queries."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("task", sa.Column("chart", sa.JSON(), nullable=True))
    op.add_column("saved_list", sa.Column("purpose", sa.String(length=10), server_default="list", nullable=False))
    op.create_table(
        "download",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("file", sa.String(length=40), nullable=False),
        sa.Column("person", BigKey, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_download_person_person")),
        sa.ForeignKeyConstraint(["file"], ["file.id"], name=op.f("fk_download_file_file"), ondelete="CASCADE"),
    )
    op.create_index("ix_download_file", "download", ["file", "id"])
    op.create_table(
        "preview",
        sa.Column("file", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_preview")),
        sa.ForeignKeyConstraint(["file"], ["file.id"], name=op.f("fk_preview_file_file"), ondelete="CASCADE"),
    )
    op.create_table(
        "source",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("shown", sa.String(length=400), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "query",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("source", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("everyone", sa.Boolean(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("updated", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query")),
        sa.ForeignKeyConstraint(["source"], ["source.id"], name=op.f("fk_query_source_source")),
        sa.UniqueConstraint("name", name=op.f("uq_query_name")),
    )
