"""Every database that can't be used: a SettingsError that names it, says why, and what to do. Never a password."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from store_values import analysis, entry, query, start

from pipeline.errors import SettingsError
from pipeline.store import Store
from pipeline.store.database import engine_for


def refusal(url: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        Store.open(url)
    error = caught.value
    assert error.exit_code == 3
    for text in (error.cause, error.remedy):
        assert text.zh
        assert text.en
    assert "geheim" not in f"{error.cause} {error.remedy}"
    return error


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no database URL"),
        ("longdoc.db", "no database URL"),
        ("/var/lib/longdoc.db", "no database URL"),
        ("postgresql://u:geheim@host:abc/longdoc", "no database URL"),
        ("mysql://u:geheim@host/longdoc", "unsupported kind of database mysql"),
        ("sqlite+aiosqlite:///x.db", "unsupported kind"),
        ("postgresql+asyncpg://u:geheim@host/longdoc", "unsupported kind"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x.db?uri=true", "names no file"),
        ("sqlite:///x.db?timeout=soon", "no number"),
    ],
)
def test_a_url_that_no_database_has(url: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in refusal(url).cause.en
    assert list(tmp_path.iterdir()) == []


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in refusal(f"sqlite:///{tmp_path}").cause.en


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can't make its folder" in refusal(f"sqlite:///{tmp_path}/file/longdoc.db").cause.en


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("target", ["folder", "file"])
def test_no_permission_to_write(tmp_path: Path, target: str) -> None:
    Store.open(f"sqlite:///{tmp_path}/longdoc.db").close()
    closed = tmp_path if target == "folder" else tmp_path / "longdoc.db"
    mode = closed.stat().st_mode
    closed.chmod(0o555 if target == "folder" else 0o444)
    try:
        assert "no permission" in refusal(f"sqlite:///{tmp_path}/longdoc.db").cause.en
    finally:
        closed.chmod(mode)


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "合同.pdf"
    path.write_bytes(b"%PDF-1.7\n" * 500)
    error = refusal(f"sqlite:///{path}")
    assert "no SQLite database" in error.cause.en
    assert str(path) in error.cause.en
    assert path.read_bytes() == b"%PDF-1.7\n" * 500


def test_a_truncated_database(tmp_path: Path) -> None:
    path = tmp_path / "longdoc.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.save_analysis(start(store), analysis(findings=200))
    os.truncate(path, 6000)
    assert "damaged" in refusal(f"sqlite:///{path}").cause.en


def test_a_database_that_another_program_keeps_locked(tmp_path: Path) -> None:
    path = tmp_path / "longdoc.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        error = refusal(f"sqlite:///{path}?timeout=0.3")
        assert 0.2 < time.monotonic() - begin < 3
    assert "locked" in error.cause.en


def test_a_lock_that_is_released_in_time_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "longdoc.db"
    with Store.open(f"sqlite:///{path}?timeout=0.2") as store:
        run_id = start(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert store.analyses() == []  # readers are not kept waiting
            with pytest.raises(SettingsError, match="锁"):
                store.save_analysis(run_id, analysis())
            other.execute("COMMIT")
        store.save_analysis(run_id, analysis())


def test_a_full_disk_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/longdoc.db"
    Store.open(url).close()
    engine = engine_for(url)
    sa.event.listen(engine, "connect", lambda raw, record: raw.execute("PRAGMA max_page_count = 120").close())
    with Store(engine) as store:
        run_id = start(store)
        saved = 0
        with pytest.raises(SettingsError) as caught:
            for n in range(1000):
                store.save_analysis(run_id, analysis(f"d{n}", f"f{n}"))
                saved += 1
        assert "disk is full" in caught.value.cause.en
    with Store.open(url) as store:
        assert len(store.analyses()) == saved > 0
        store.save_analysis(run_id, analysis(f"d{saved}", f"f{saved}"))


def test_a_home_folder_in_the_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Store.open("sqlite:///~/数据/longdoc.db").close()
    assert (tmp_path / "数据" / "longdoc.db").is_file()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_the_driver_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "longdoc[postgres]" in refusal("postgresql://u:geheim@host/longdoc").remedy.en


def test_a_server_out_of_reach() -> None:
    error = refusal("postgresql://u:geheim@127.0.0.1:9/longdoc?connect_timeout=2")
    assert "out of reach" in error.cause.en
    assert "u:***@127.0.0.1:9/longdoc" in error.cause.en


def test_a_database_that_is_not_there(postgresql: Callable[[], str]) -> None:
    url = postgresql().replace("/longdoc", "/elsewhere", 1).replace("postgres:@", "postgres:geheim@")
    assert "no such database" in refusal(url).cause.en


def test_a_user_who_is_not_there(postgresql: Callable[[], str]) -> None:
    assert "wrong user or password" in refusal(postgresql().replace("postgres:@", "nobody:geheim@")).cause.en


def test_a_user_without_privileges(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    query(url, "CREATE ROLE reader LOGIN")
    try:
        error = refusal(url.replace("postgres:@", "reader:geheim@"))
    finally:
        query(url, "DROP ROLE reader")
    assert "lacks a privilege" in error.cause.en
    assert "grant" in error.remedy.en


def test_a_read_only_server(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    separator = "&" if "?" in url else "?"
    assert "read-only" in refusal(f"{url}{separator}options=-cdefault_transaction_read_only%3Don").cause.en


def test_a_connection_that_broke_between_two_calls_is_made_again(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    with Store.open(url) as store:
        run_id = start(store)
        query(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                   " AND pid <> pg_backend_pid()")  # fmt: skip
        store.save_analysis(run_id, analysis())
        assert len(store.analyses()) == 1


def test_a_server_that_goes_away_is_named(postgresql: Callable[[], str]) -> None:
    url, admin = postgresql(), postgresql()
    name = sa.make_url(url).database
    with Store.open(url) as store:
        store.save_completions([entry("k1")])
        query(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        query(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with pytest.raises(SettingsError, match=f"/{name}"):
            store.save_completions([entry("k2")])
        query(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        store.save_completions([entry("k2")])
        assert store.completions(["k1"])
