"""Brings a database to the schema of this code, under a lock, and refuses one from the future."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.store.database import shown
from pipeline.store.models import metadata

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision in order, so that a database at the last one is opened without importing Alembic."""
HEAD = REVISIONS[-1]
VERSION_TABLE = "longdoc_version"
"""Not ``alembic_version``: the same PostgreSQL database may hold another application's (Prefect's, say)."""

_FOLDER = Path(__file__).parent / "migrations"
MADE = _FOLDER / "made.sql"
_ADVISORY_LOCK = 0x6C6F6E67646F63  # "longdoc"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps the running migration in module globals


def migrate(writer: sa.Engine) -> None:
    """Upgrade to ``HEAD``, in one transaction that only one process at a time can be in.

    ``writer`` begins SQLite transactions with the write lock. Raises SettingsError for a database of a newer longdoc,
    or one that holds another application's tables.
    """
    with writer.connect() as connection:
        if revision(connection) == HEAD:
            return
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        found = revision(connection)
        if found == HEAD:
            return
        if found is None:
            _refuse_foreign_tables(connection)
            if connection.dialect.name == "sqlite":
                _make(connection)
                return
        elif found not in REVISIONS:
            raise _newer(connection, found)
        upgrade(connection, HEAD)


def _make(connection: sa.Connection) -> None:
    """What all migrations make of an empty SQLite file, without importing Alembic; a test compares."""
    for statement in MADE.read_text(encoding="utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)


def upgrade(connection: sa.Connection, target: str) -> None:
    """Run the migrations up to ``target``; the caller commits."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, target)


def revision(connection: sa.Connection) -> str | None:
    """The schema's revision; None for a database without our tables."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return None if found is None else str(found)


def _refuse_foreign_tables(connection: sa.Connection) -> None:
    clashing = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
    if clashing:
        names = "、".join(clashing)
        raise SettingsError(
            Text(
                f"数据库 {shown(connection.engine.url)} 里已有别的程序的同名表：{names}",
                f"database {shown(connection.engine.url)} holds another application's tables: {', '.join(clashing)}",
            ),
            Text("请给 longdoc 一个单独的库", "give longdoc a database of its own"),
        )


def _newer(connection: sa.Connection, found: str) -> SettingsError:
    place = shown(connection.engine.url)
    return SettingsError(
        Text(
            f"数据库 {place} 的版本是 {found}，比这个 longdoc（{HEAD}）新",
            f"database {place} has revision {found}, newer than this longdoc ({HEAD})",
        ),
        Text("请升级 longdoc，或换一个数据库", "upgrade longdoc, or choose another database"),
    )
