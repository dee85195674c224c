"""Entries of the audit trail say who, what and from where; they are sealed, and nothing can change them."""

import sqlalchemy as sa
from alembic import op

from webapp.db.types import Utc

revision = "0012"
down_revision = "0009"

TEXTS = {"actor": 400, "kind": 20, "target": 64, "network": 64, "session": 64}
REFUSED = "the audit trail is append-only"
# What retention may remove: it moves the anchor first, in the same transaction.
BEHIND = "coalesce((select max(last) from audit_anchor), 0)"


def upgrade() -> None:
    for name, length in TEXTS.items():
        op.add_column("audit", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("audit", sa.Column("owner", sa.BigInteger(), nullable=True))
    op.create_index("ix_audit_action_at", "audit", ["action", "at"])
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_anchor")),
    )
    for table, column in (("audit", "id"), ("audit_seal", "last")):
        if op.get_bind().dialect.name == "sqlite":
            _refuse_on_sqlite(table, column)
        else:
            _refuse_on_postgresql(table, column)


def _refuse_on_sqlite(table: str, column: str) -> None:
    raised = f"begin select raise(abort, '{REFUSED}'); end"
    op.execute(f"create trigger {table}_no_update before update on {table} {raised}")
    op.execute(f"create trigger {table}_no_delete before delete on {table} when old.{column} > {BEHIND} {raised}")


def _refuse_on_postgresql(table: str, column: str) -> None:
    op.execute(
        f"create function {table}_refuse() returns trigger language plpgsql as $$ begin "
        f"if tg_op = 'DELETE' then if old.{column} <= {BEHIND} then return old; end if; end if; "
        f"raise exception '{REFUSED}'; end $$"
    )
    op.execute(
        f"create trigger {table}_no_change before update or delete on {table} "
        f"for each row execute function {table}_refuse()"
    )
    op.execute(
        f"create trigger {table}_no_truncate before truncate on {table} "
        f"for each statement execute function {table}_refuse()"
    )
