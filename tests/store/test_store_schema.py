"""The schema: what the migrations make, against the models and against what users rely on."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from store_values import connected, query

from pipeline.errors import SettingsError
from pipeline.store import Store, migrate
from pipeline.store.models import metadata

PROMISED = {
    "documents": "id filename title kind pages characters tokens health first_seen_at",
    "runs": "id kind engine model settings started_at finished_at status",
    "analyses": "id run_id document_id kind pack strategy strategy_reason status error_type error_message chunks"
    " requests prompt_tokens cached_tokens completion_tokens seconds"
    " fingerprint side summary notes filename current finished_at unread_pages",
    "findings": "id analysis_id document_id category item title value detail severity status suggestion legal_basis"
    " source grounded",
    "evidence": "finding_id quote start end page match boxes section",
    "completions": "key document_id prompt prompt_sha256 model schema_sha256 sampling text finish_reason prompt_tokens"
    " cached_tokens completion_tokens created_at thoughts rejected",
    "decisions": "finding_id decision",
    "actions": "name arguments",
    "digests": "until html markdown",
    "latest_findings": "id analysis_id document_id category item title value detail severity status suggestion"
    " legal_basis source grounded filename document_title kind engine model quote page",
    "open_risks": "id document_id item value severity status filename quote page engine model",
}
"""DESIGN.md, "The store": users and BI tools rely on these names. Add; never rename, never remove."""


@pytest.mark.parametrize("table", PROMISED)
def test_the_promised_columns_are_there(store: Store, url: str, table: str) -> None:
    with connected(url) as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns(table)}
    assert set(PROMISED[table].split()) <= columns


def test_the_migrations_make_what_the_models_say(store: Store, url: str) -> None:
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


REGENERATE = False
"""``True`` writes ``made.sql`` anew, after a migration was added."""


def test_a_new_sqlite_file_is_what_the_migrations_make(tmp_path: Path) -> None:
    def schema(url: str) -> list[tuple[object, ...]]:
        found = query(url, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
        return [(*told, " ".join(str(sql).split())) for *told, sql in found]

    made, migrated = f"sqlite:///{tmp_path}/made.db", f"sqlite:///{tmp_path}/migrated.db"
    with connected(migrated) as connection:
        migrate.upgrade(connection, migrate.HEAD)
    if REGENERATE:
        found = query(migrated, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        statements = ["\n".join(line.rstrip() for line in str(sql).splitlines() if line.strip()) for (sql,) in found]
        statements.append(f"INSERT INTO {migrate.VERSION_TABLE} (version_num) VALUES ('{migrate.HEAD}')")
        migrate.MADE.write_text("\n\n".join(statements) + "\n", encoding="utf-8")
    Store.open(made).close()
    assert schema(made) == schema(migrated)
    assert not REGENERATE


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == migrate.REVISIONS


@pytest.mark.parametrize("earlier", migrate.REVISIONS)
def test_a_database_of_each_earlier_revision_is_upgraded(url: str, earlier: str) -> None:
    with connected(url) as connection:
        migrate.upgrade(connection, earlier)
        assert migrate.revision(connection) == earlier
        connection.exec_driver_sql(
            "INSERT INTO documents (id, filename, title, kind, pages, characters, tokens, health, first_seen_at)"
            " VALUES ('d0', '旧.pdf', '', 'contract', 1, 1, 1, '{}', CURRENT_TIMESTAMP)"
        )
    with Store.open(url) as store:
        assert store.info().revision == migrate.HEAD
    assert query(url, "SELECT filename FROM documents") == [("旧.pdf",)]


def test_an_upgrade_leaves_the_views_as_they_were(url: str) -> None:
    with connected(url) as connection:
        migrate.upgrade(connection, "0003")
        connection.exec_driver_sql(
            "INSERT INTO documents (id, filename, title, kind, pages, characters, tokens, health, first_seen_at)"
            " VALUES ('d0', '旧.pdf', '', 'contract', 1, 1, 1, '{}', CURRENT_TIMESTAMP)"
        )
        connection.exec_driver_sql(
            "INSERT INTO runs (id, kind, engine, engine_reason, model, settings, started_at, status)"
            " VALUES ('r0', 'auto', 'rules', '', '', '{}', CURRENT_TIMESTAMP, 'done')"
        )
        for side, status in (("甲方", "done"), ("乙方", "done"), ("", "failed")):
            connection.exec_driver_sql(
                "INSERT INTO analyses (run_id, document_id, kind, pack, side, strategy, strategy_reason, status,"
                " error_type, error_message, summary, notes, fingerprint, current, filename, title, pages, characters,"
                " tokens, health, unread_pages, chunks, requests, prompt_tokens, cached_tokens, completion_tokens,"
                " seconds, finished_at, reused) VALUES ('r0', 'd0', 'contract', '', '"
                + side + "', '', '', '" + status + "', '', '', '', '[]', '', true, '旧.pdf', '', 1, 1, 1, '{}', '[]',"
                " 1, 1, 1, 1, 1, 1, CURRENT_TIMESTAMP, 0)"
            )  # fmt: skip
    Store.open(url).close()
    assert query(url, "SELECT side FROM analyses WHERE latest") == [("乙方",)]


def test_a_database_from_the_future_is_refused(url: str) -> None:
    Store.open(url).close()
    query(url, "UPDATE longdoc_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=r"9999.*升级"):
        Store.open(url)
    assert query(url, "SELECT version_num FROM longdoc_version") == [("9999",)]


def test_another_applications_tables_are_left_alone(url: str) -> None:
    query(url, "CREATE TABLE documents (id INTEGER PRIMARY KEY)")
    with pytest.raises(SettingsError, match=r"documents.*单独的库"):
        Store.open(url)
    with connected(url) as connection:
        assert sa.inspect(connection).get_table_names() == ["documents"]


def test_another_applications_alembic_is_no_hindrance(url: str) -> None:
    query(url, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    query(url, "INSERT INTO alembic_version VALUES ('prefect')")
    with Store.open(url) as store:
        assert store.info().revision == migrate.HEAD
    assert query(url, "SELECT version_num FROM alembic_version") == [("prefect",)]


OPEN = """
import sys, time
from pipeline.store import Store
time.sleep(max(0, float(sys.argv[2]) - time.time()))
with Store.open(sys.argv[1]) as store:
    print(store.info().revision, "alembic" in sys.modules)
"""


def test_processes_that_open_a_fresh_database_at_once_all_succeed(url: str) -> None:
    at = str(time.time() + 1.5)
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", OPEN, url, at], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert {process.communicate()[0].split()[0] for process in processes} == {migrate.HEAD}
    assert [process.returncode for process in processes] == [0] * 6


def test_threads_that_open_fresh_databases_at_once_all_succeed(tmp_path: Path) -> None:
    def opened(n: int) -> str:
        with Store.open(f"sqlite:///{tmp_path}/{n % 4}.db") as store:
            return store.info().revision

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(opened, range(12))) == {migrate.HEAD}


def test_a_database_at_head_is_opened_without_alembic(url: str) -> None:
    Store.open(url).close()
    result = subprocess.run([sys.executable, "-c", OPEN, url, "0"], capture_output=True, text=True, check=True)
    assert result.stdout.split() == [migrate.HEAD, "False"]


def test_a_migration_that_fails_leaves_nothing_behind(url: str) -> None:
    query(url, "CREATE VIEW open_risks AS SELECT 1 AS one")  # clashes at the very end of the migration
    with pytest.raises((SettingsError, sa.exc.ProgrammingError)):
        Store.open(url)
    with connected(url) as connection:
        assert sa.inspect(connection).get_table_names() == []
    query(url, "DROP VIEW open_risks")
    Store.open(url).close()
