"""Alembic's entry: runs the migrations on the connection that ``pipeline.store.migrate`` hands over.

The caller owns the connection, its transaction and the lock that keeps a second process out.
"""

from alembic import context

from pipeline.store.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
