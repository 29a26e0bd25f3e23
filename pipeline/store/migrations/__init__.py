"""Alembic migrations, run by ``pipeline.store.migrate``."""
