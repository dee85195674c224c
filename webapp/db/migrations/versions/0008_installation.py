"""Which data directory, which key and which machine belong to this database."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import Utc

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=32), nullable=False),
        sa.Column("key_check", sa.String(length=64), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("machine", sa.String(length=200), server_default="", nullable=False),
        sa.Column("machine_name", sa.String(length=400), server_default="", nullable=False),
        sa.Column("beat", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
