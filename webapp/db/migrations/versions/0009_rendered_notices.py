"""A notice holds its HTML: Markdown is drawn once, when a notice is stored, and not at each view of an inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # Older notices are drawn when their inbox is first looked at.
    op.add_column("inbox", sa.Column("html", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("inbox", "html")
