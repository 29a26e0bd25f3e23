"""From a URL to an engine, and from a driver's error to what a user can do about it."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from pipeline.errors import SettingsError, adding
from pipeline.lang import Text

LOCK_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10
_CONNECTIONS = 40
"""More than the threads of ``asyncio.to_thread`` on any usual machine, so that none waits for the pool."""


def engine_for(url: str) -> sa.Engine:
    """An engine that has connected to nothing yet; the folder of a SQLite file is made.

    Raises SettingsError for a URL that no database of ours can have.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    return _postgresql_engine(parsed)


def shown(url: URL) -> str:
    """The database as messages may name it: a file's absolute path, or the URL without the password."""
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database or "").absolute())
    harmless = {name: url.query[name] for name in ("host", "port") if name in url.query}
    return url.set(drivername="postgresql", query=harmless).render_as_string(hide_password=True)


def masked(url: str) -> str:
    """The URL without its password; ``***`` where it is none of ours."""
    try:
        parsed = _parse(url)
    except SettingsError:
        return "***"
    return url if parsed.get_backend_name() == "sqlite" else shown(parsed)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(
            Text("database 的值不是数据库地址", "the value of database is no database URL"),
            Text(
                "写作 sqlite:///文件夹/longdoc.db 或 postgresql://用户:密码@主机/库名（密码中的特殊字符用 %XX 转义）",
                "write sqlite:///folder/longdoc.db or postgresql://user:password@host/name (special characters of "
                "the password as %XX)",
            ),
        ) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise SettingsError(
            Text(f"不支持的数据库类型 {parsed.drivername}", f"unsupported kind of database {parsed.drivername}"),
            Text("请用 sqlite:/// 或 postgresql://", "use sqlite:/// or postgresql://"),
        )
    return parsed


# --- SQLite -----------------------------------------------------------------------------------------------------------


def _sqlite_engine(url: URL) -> sa.Engine:
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise SettingsError(
            Text(f"SQLite 地址 {url} 没有指明文件", f"the SQLite URL {url} names no file"),
            Text("写作 sqlite:///文件夹/longdoc.db", "write sqlite:///folder/longdoc.db"),
        )
    path = Path(name).expanduser()
    _make_writable(path)
    url = url.set(database=str(path))
    engine = sa.create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=-1,
        connect_args={"timeout": _lock_timeout_s(url)},
        json_serializer=_to_json,
    )

    def configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        raw = cast(sqlite3.Connection, connection)
        raw.isolation_level = None  # transactions begin where SQLAlchemy says so, see ``begin``
        with closing(raw.cursor()) as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA synchronous = NORMAL")

    def begin(connection: sa.Connection) -> None:
        statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        if statement:
            connection.exec_driver_sql(statement)

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return engine


def _lock_timeout_s(url: URL) -> float:
    """How long to wait for a lock: ``?timeout=SECONDS`` of the URL, as SQLAlchemy has it, or our default."""
    value = url.query.get("timeout", LOCK_TIMEOUT_S)
    try:
        return float(value) if isinstance(value, str | float) else LOCK_TIMEOUT_S
    except ValueError:
        raise SettingsError(
            Text(f"database 的 timeout 不是数字：{value}", f"the timeout in database is no number: {value}"),
            Text("写作 ?timeout=30（秒）", "write ?timeout=30 (seconds)"),
        ) from None


def use_wal(engine: sa.Engine) -> None:
    """Switch a SQLite file to write-ahead logging, where its file system can.

    SQLite does not wait for a lock here, so two processes that make the same file at once would fail without patience.
    """
    deadline = time.monotonic() + _lock_timeout_s(engine.url)
    while True:
        try:
            with engine.connect().execution_options(sqlite_begin="") as connection:
                if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except OperationalError as error:
            if _sqlite_code(error) != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _make_writable(path: Path) -> None:
    """Make the file's folder; raise SettingsError if the file could not be written there."""
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable_file(path, f"建不了文件夹：{error}", f"can't make its folder: {error}") from None
    if path.is_dir():
        raise _unusable_file(path, "它是一个文件夹", "it is a directory")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
        raise _unusable_file(path, "没有写权限", "no permission to write")


def _unusable_file(path: Path, zh: str, en: str) -> SettingsError:
    return SettingsError(
        Text(f"数据库文件 {path} 不能用：{zh}", f"the database file {path} can't be used: {en}"),
        Text(
            "请换一个可写的位置（--database sqlite:///…），或改正权限",
            "choose a place that can be written (--database sqlite:///...), or correct the permissions",
        ),
    )


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _postgresql_engine(url: URL) -> sa.Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise SettingsError(
            Text(
                "database 是 PostgreSQL，但没有安装驱动 psycopg",
                "database is PostgreSQL, but its driver psycopg is not installed",
            ),
            adding("postgres"),
        )
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=_CONNECTIONS,
        connect_args=arguments,
        json_serializer=_to_json,
    )


# --- errors -----------------------------------------------------------------------------------------------------------

_SQLITE_CAUSES = {
    "SQLITE_BUSY": (
        Text("它一直被另一个程序锁着", "another program keeps it locked"),
        Text("请结束占用它的程序后重试", "end the program that holds it, then try again"),
    ),
    "SQLITE_NOTADB": (
        Text("它不是 SQLite 数据库", "it is no SQLite database"),
        Text("请改正 database 的路径", "correct the path in database"),
    ),
    "SQLITE_CORRUPT": (
        Text("文件已损坏", "the file is damaged"),
        Text("请从备份恢复，或换一个新文件", "restore it from a backup, or name a new file"),
    ),
    "SQLITE_FULL": (
        Text("磁盘已满", "the disk is full"),
        Text("请腾出空间后重新运行；已完成的结果不会重做", "free some space and run again; what is done stays done"),
    ),
    "SQLITE_READONLY": (
        Text("它是只读的", "it is read-only"),
        Text("请改正权限，或换一个位置", "correct the permissions, or choose another place"),
    ),
    "SQLITE_CANTOPEN": (
        Text("打不开", "it can't be opened"),
        Text("请检查路径、权限和磁盘", "check the path, the permissions and the disk"),
    ),
    "SQLITE_IOERR": (
        Text("磁盘读写出错", "the disk fails to read or write"),
        Text("请检查磁盘与网络挂载；SQLite 文件应放在本机磁盘上", "check the disk; keep SQLite files on a local one"),
    ),
}

_POSTGRESQL_CAUSES = {
    "3D000": (
        Text("没有这个库", "there is no such database"),
        Text("请先 CREATE DATABASE，或改正地址中的库名", "create the database, or correct its name in the URL"),
    ),
    "42501": (
        Text("这个用户没有所需的权限", "this user lacks a privilege"),
        Text("请授予该用户在库中建表和写入的权限", "grant the user the right to create tables and write in it"),
    ),
    "53100": (
        Text("服务器磁盘已满", "the server's disk is full"),
        Text("请腾出空间后重新运行；已完成的结果不会重做", "free some space and run again; what is done stays done"),
    ),
    "25006": (
        Text("它是只读的（可能是备库）", "it is read-only (a standby?)"),
        Text("请改用可写的主库", "use the primary, which can be written"),
    ),
}


def database_error(error: DBAPIError, url: URL) -> SettingsError | None:
    """What a driver's error means for the user; None for one that only a bug of ours can cause.

    The password never shows.
    """
    known = getattr(error.orig, "sqlstate", None) in _POSTGRESQL_CAUSES
    if isinstance(error, IntegrityError | DataError | ProgrammingError | NotSupportedError) and not known:
        return None
    detail = _detail(error, url)
    if url.get_backend_name() == "sqlite":
        cause, remedy = _SQLITE_CAUSES.get(
            _sqlite_code(error),
            (Text("SQLite 报错", "SQLite reports an error"), Text("请检查该文件", "check the file")),
        )
    else:
        cause, remedy = _postgresql_cause(error, detail)
    place = shown(url)
    return SettingsError(
        Text(
            f"数据库 {place} 不能用：{cause.zh}（{detail}）", f"database {place} can't be used: {cause.en} ({detail})"
        ),
        remedy,
    )


def _postgresql_cause(error: DBAPIError, detail: str) -> tuple[Text, Text]:
    known = _POSTGRESQL_CAUSES.get(str(getattr(error.orig, "sqlstate", None)))
    if known is not None:
        return known
    if "does not exist" in detail and "database" in detail:  # a refused connection carries no sqlstate
        return _POSTGRESQL_CAUSES["3D000"]
    if "authentication failed" in detail or ("role" in detail and "does not exist" in detail):
        return (
            Text("用户名或密码不对", "wrong user or password"),
            Text("请改正地址中的用户和密码", "correct user and password in the URL"),
        )
    return (
        Text("连不上服务器，或连接中断", "the server is out of reach, or the connection broke"),
        Text("请检查主机、端口、网络以及 PostgreSQL 是否在运行", "check host, port, network and that PostgreSQL runs"),
    )


def _detail(error: DBAPIError, url: URL) -> str:
    """The driver's message in one line, without the password."""
    message = " ".join(str(error.orig).split())
    return message.replace(url.password, "***") if isinstance(url.password, str) and url.password else message


def _sqlite_code(error: DBAPIError) -> str:
    """The primary result code: ``SQLITE_IOERR_FSYNC`` counts as ``SQLITE_IOERR``."""
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return "_".join(name.split("_")[:2])


_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
