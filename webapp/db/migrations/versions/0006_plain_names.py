"""Columns and a table under the names that the code uses for them; all data stays."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0006"
down_revision = "0005"

RENAMED = (
    ("task", "deaths", "crash_count"),
    ("task", "refused", "consecutive_failures"),
    ("task", "tries", "retries"),
    ("task", "dealt_with", "acknowledged_at"),
    ("task", "held_why", "hold_reason"),
    ("task", "asked", "requested"),
    ("task", "asked_by", "requested_by"),
    ("task", "asked_at", "requested_at"),
    ("delivery", "why", "skip_reason"),
)


def upgrade() -> None:
    for table, before, after in RENAMED:
        op.alter_column(table, before, new_column_name=after)
    # Copied, not renamed: SQLite cannot rename the constraints of a table.
    op.create_table(
        "suppression",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("task", BigKey, nullable=True),
        sa.Column("person", BigKey, nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_suppression")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_suppression_person_person")),
    )
    columns = "key, address, source, task, person, at"
    op.execute(f"insert into suppression ({columns}) select {columns} from never")  # noqa: S608
    op.drop_table("never")
