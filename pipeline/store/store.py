"""The store's front: what the rest of longdoc asks of the database."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from pipeline.store import journal, saved
from pipeline.store.database import database_error, engine_for, shown, use_wal
from pipeline.store.decisions import Entry, Outcome, decide
from pipeline.store.journal import JournalStats, batches
from pipeline.store.masking import without_secrets
from pipeline.store.migrate import migrate, revision
from pipeline.store.models import (
    analyses,
    digests,
    metadata,
    runs,
)
from pipeline.store.processes import is_dead, this_process
from pipeline.store.rows import usage_values
from pipeline.types import Analysis, Completion, Decision, JournalEntry, StoredAnalysis, Usage


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What ``doctor`` shows of a database."""

    dialect: Literal["sqlite", "postgresql"]
    version: str
    """Of the SQLite library or the PostgreSQL server."""
    location: str
    """The file's absolute path, or the URL without its password."""
    revision: str
    rows: Mapping[str, int]
    """Number of rows by table."""


class Store:
    """An open database. Every method may be called from any thread; each that writes commits before it returns.

    Every method raises SettingsError when the database can no longer be used (disk full, server gone, locked for
    30 s): what was committed before stays, and a rerun continues from there.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Take over an engine whose database is at the head revision; :meth:`open` is the usual way."""
        self._engine = engine
        self._writer = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        # SQLite takes one writer at a time and polls for its lock; waiting in line here is faster
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at ``url``, made and migrated to the schema of this code as needed.

        Raises SettingsError where that can't be done.
        """
        engine = engine_for(url)
        store = cls(engine)
        try:
            with store._errors_explained():
                if engine.dialect.name == "sqlite":
                    use_wal(engine)
                migrate(store._writer)
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Close every connection. The store is of no use after that."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # --- runs ---------------------------------------------------------------------------------------------------------

    def start_run(
        self, *, kind: str, engine: str, engine_reason: str, model: str, settings: Mapping[str, object]
    ) -> str:
        """Record a run of this process and return its id.

        Runs of dead processes of this host are marked ``interrupted`` first. ``settings`` are kept without secrets,
        with ``host`` and ``pid`` added.
        """
        now = _now()
        run_id = f"{now:%Y%m%d-%H%M%S}-{os.urandom(4).hex()}"
        with self._writing() as connection:
            _mark_interrupted(connection, now)
            connection.execute(
                sa.insert(runs).values(
                    id=run_id,
                    kind=kind,
                    engine=engine,
                    engine_reason=engine_reason,
                    model=model,
                    settings={**without_secrets(settings), **this_process()},
                    started_at=now,
                    status="running",
                )
            )
        return run_id

    def finish_run(
        self, run_id: str, status: Literal["done", "failed", "interrupted"], usage: Usage | None = None
    ) -> None:
        """Record the end of a run, what it took of its engine, and each document's share of that."""
        took = usage_values(usage) if usage else {}
        with self._writing() as connection:
            ended = sa.update(runs).where(runs.c.id == run_id)
            connection.execute(ended.values(status=status, finished_at=_now(), **took))
            if usage and (rate := usage.engine_s_per_token):
                computed = analyses.c.prompt_tokens - analyses.c.cached_tokens + analyses.c.completion_tokens
                share = {"engine_seconds": computed * rate}
                if usage.gpus:
                    share["gpu_minutes"] = computed * (rate * usage.gpus / 60)
                connection.execute(sa.update(analyses).where(analyses.c.run_id == run_id).values(share))

    # --- analyses -----------------------------------------------------------------------------------------------------

    def analysis_in_force(self, fingerprint: str) -> int | None:
        """Id of the done analysis with this fingerprint that was not superseded; None where there is none."""
        with self._reading() as connection:
            return saved.in_force(connection, [fingerprint]).get(fingerprint)

    def save_analysis(self, run_id: str, analysis: Analysis, *, supersede: bool = False) -> StoredAnalysis:
        """Save a document's analysis with all its findings in one transaction; return it as it is stored.

        If a done analysis of the same fingerprint is in force (a process that worked on the same file was faster, or
        this very save is repeated), no row of it is written and that one is returned; with ``supersede`` (``--force``)
        it is superseded instead. A failure never supersedes what is done, only an earlier failure.
        """
        [stored] = self.save_analyses(run_id, [analysis], supersede=supersede)
        return stored

    def save_analyses(self, run_id: str, group: Sequence[Analysis], *, supersede: bool = False) -> list[StoredAnalysis]:
        """As :meth:`save_analysis`, the analyses of several documents in one transaction: they cost a third of what
        they cost one by one. No two of the same fingerprint."""
        with self._writing() as connection:
            # not before the lock: a digest written meanwhile would miss these
            return saved.save(connection, run_id, group, _now(), supersede=supersede)

    def analyses(
        self,
        ids: Sequence[int] | None = None,
        *,
        run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        documents: Sequence[str] | None = None,
        latest: bool = False,
    ) -> list[StoredAnalysis]:
        """Analyses with their findings, done and failed, by ascending id; every condition given must hold.

        ``since`` <= finished_at < ``until``; ``documents``: of these only (a few hundred sha256 at most); ``latest``:
        only the done analysis of each document and kind that was asked for last, as the view ``latest_findings``.
        """
        where: list[sa.ColumnElement[bool]] = []
        if run_id is not None:
            where.append(analyses.c.run_id == run_id)
        if since is not None:
            where.append(analyses.c.finished_at >= since)
        if until is not None:
            where.append(analyses.c.finished_at < until)
        if documents is not None:
            where.append(analyses.c.document_id.in_(documents))
        if latest:
            where.append(analyses.c.latest)
        with self._reading() as connection:
            if ids is None:
                return saved.load(connection, where)
            runs_of_ids = batches(sorted(set(ids)))
            return [
                stored for batch in runs_of_ids for stored in saved.load(connection, [*where, analyses.c.id.in_(batch)])
            ]

    def decide(self, entries: Sequence[Entry]) -> list[tuple[Entry, Outcome, Decision | None]]:
        """Keep what people decided, in one transaction; tell of each entry what became of it, and the decision that
        now counts for its finding. The same finding of its other analyses is decided with it."""
        with self._writing() as connection:
            return decide(connection, entries, _now())

    def recall(self, analysis_id: int) -> StoredAnalysis:
        """An analysis in force that a run asks for again: from now on it is the latest of its document and kind."""
        [stored] = self.analyses([analysis_id])
        with self._reading() as connection:
            latest = connection.execute(sa.select(analyses.c.latest).where(analyses.c.id == analysis_id)).scalar_one()
        if not latest:
            with self._writing() as connection:
                saved.recall(connection, analysis_id)
        return stored

    # --- the journal --------------------------------------------------------------------------------------------------

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]:
        """The durable completions of these keys, marked as reused; without those that are absent or rejected."""
        with self._reading() as connection:
            return journal.known(connection, keys)

    def claim(self, keys: Sequence[str], owner: str) -> tuple[dict[str, Completion], set[str]]:
        """What has become known of ``keys``, and those of the rest that ``owner`` may generate now: nobody else will
        until they are saved or released, or their lease ends."""
        with self._writing() as connection:
            ours = journal.claim(connection, keys, owner)
            # not before: where writers don't wait for each other, a lease may be free because it has just been saved
            known = journal.known(connection, keys)
            journal.release(connection, [key for key in ours if key in known], owner)
            return known, ours - known.keys()

    def renew_leases(self, keys: Sequence[str], owner: str) -> None:
        """Say that these are still being generated."""
        with self._writing() as connection:
            journal.renew(connection, keys, owner)

    def release_leases(self, keys: Sequence[str], owner: str) -> None:
        """Say that these are not being generated any more."""
        with self._writing() as connection:
            journal.release(connection, keys, owner)

    def save_completions(self, entries: Sequence[JournalEntry]) -> None:
        """Keep completions, in one commit, and end their leases. The first of a key stays; one that was rejected is
        replaced."""
        if entries:
            with self._writing() as connection:
                journal.save(connection, entries, _now())

    def reject_completions(self, keys: Sequence[str]) -> None:
        """Never serve these completions again. They stay for audit until a better one of the same key comes."""
        with self._writing() as connection:
            journal.reject(connection, keys)

    def reject_unfinished(self, document_id: str) -> None:
        """Never serve this document's completions that did not end by themselves (cut, aborted, looping)."""
        with self._writing() as connection:
            journal.reject_unfinished(connection, document_id)

    def known_cuts(self, marks: Iterable[int]) -> set[int]:
        """Those of ``marks`` where a document was divided before."""
        with self._reading() as connection:
            return journal.known_cuts(connection, marks)

    def keep_cuts(self, marks: Sequence[int]) -> None:
        """Keep where a document was divided."""
        if marks:
            with self._writing() as connection:
                journal.keep_cuts(connection, marks, _now())

    def prune_completions(self, before: datetime) -> int:
        """Delete completions made before a moment, and cuts; return how many completions. A rerun asks those again."""
        with self._writing() as connection:
            return journal.prune(connection, before)

    def journal_stats(self) -> JournalStats:
        """What stands in the journal, and what it has saved."""
        with self._reading() as connection:
            return journal.stats(connection)

    # --- digests, doctor ----------------------------------------------------------------------------------------------

    def last_digest(self) -> datetime | None:
        """Up to when (UTC, exclusive) digests have covered; None before the first."""
        with self._reading() as connection:
            return connection.execute(sa.select(sa.func.max(digests.c.until, type_=digests.c.until.type))).scalar()

    def save_digest(self, until: datetime, html: str, markdown: str) -> None:
        """Keep a digest of what was finished before ``until``."""
        with self._writing() as connection:
            connection.execute(sa.insert(digests).values(until=until, html=html, markdown=markdown, created_at=_now()))

    def info(self) -> StoreInfo:
        """What ``doctor`` shows."""
        with self._reading() as connection:
            rows = {
                name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for name, table in sorted(metadata.tables.items())
            }
            return StoreInfo(
                dialect="sqlite" if connection.dialect.name == "sqlite" else "postgresql",
                version=".".join(str(n) for n in connection.dialect.server_version_info or ()),
                location=shown(self._engine.url),
                revision=revision(connection) or "",
                rows=rows,
            )

    # --- connections --------------------------------------------------------------------------------------------------

    @contextmanager
    def _errors_explained(self) -> Generator[None]:
        try:
            yield
        except DBAPIError as error:
            explained = database_error(error, self._engine.url)
            if explained is None:
                raise
            raise explained from error

    @contextmanager
    def _reading(self) -> Generator[sa.Connection]:
        with self._errors_explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Generator[sa.Connection]:
        with self._errors_explained(), self._turn, self._writer.begin() as connection:
            yield connection


def _now() -> datetime:
    return datetime.now(UTC)


def _mark_interrupted(connection: sa.Connection, now: datetime) -> None:
    running = connection.execute(sa.select(runs.c.id, runs.c.settings).where(runs.c.status == "running"))
    dead = [row.id for row in running if is_dead(row.settings)]
    for batch in batches(dead):
        connection.execute(sa.update(runs).where(runs.c.id.in_(batch)).values(status="interrupted", finished_at=now))
