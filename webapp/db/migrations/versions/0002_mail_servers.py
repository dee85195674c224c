"""Mail servers of the panel's own settings, and what a run sends through, from whom and how fast."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import BigKey, Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "server",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=400), server_default="", nullable=False),
        sa.Column("password", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.String(length=400), nullable=False),
        sa.Column("rate", sa.Float(), nullable=True),
        sa.Column("per_connection", sa.Integer(), nullable=True),
        sa.Column("connections", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("name", name=op.f("uq_server_name")),
    )
    op.add_column("delivery", sa.Column("why", sa.String(length=10), server_default="", nullable=False))
    op.add_column("task", sa.Column("refused", sa.Integer(), server_default="0", nullable=False))
    op.add_column("task", sa.Column("rate", sa.Float(), nullable=True))
    op.add_column("task", sa.Column("target", sa.String(length=300), server_default="", nullable=False))
    op.add_column("task", sa.Column("sender", sa.String(length=400), server_default="", nullable=False))
