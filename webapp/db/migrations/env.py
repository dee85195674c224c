"""Alembic's entry: runs migrations inside the transaction of db/migrate.py."""

from alembic import context

from webapp.db.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
