"""The store's front: what the rest of longdoc asks of the database."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from pipeline.store import journal
from pipeline.store.database import database_error, engine_for, shown, use_wal
from pipeline.store.decisions import Entry, Outcome, carry, decide, of_findings
from pipeline.store.journal import JournalStats, batches
from pipeline.store.masking import without_secrets
from pipeline.store.migrate import migrate, revision
from pipeline.store.models import (
    IN_FORCE,
    analyses,
    digests,
    documents,
    evidence,
    findings,
    metadata,
    runs,
)
from pipeline.store.processes import is_dead, this_process
from pipeline.store.rows import (
    analysis_values,
    document_values,
    evidence_from,
    evidence_values,
    finding_from,
    finding_values,
    stored_analysis_from,
)
from pipeline.types import Analysis, Completion, Decision, Evidence, Finding, JournalEntry, StoredAnalysis

_INSERT_ANALYSIS = sa.insert(analyses)
_INSERT_FINDINGS = sa.insert(findings)
_INSERT_EVIDENCE = sa.insert(evidence)
_FINDING_IDS = (
    sa.select(findings.c.id).where(findings.c.analysis_id == sa.bindparam("analysis_id")).order_by(findings.c.position)
)
_RUN = sa.select(runs.c.engine, runs.c.engine_reason, runs.c.model).where(runs.c.id == sa.bindparam("run_id"))


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

    def finish_run(self, run_id: str, status: Literal["done", "failed", "interrupted"]) -> None:
        """Record the end of a run."""
        with self._writing() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(status=status, finished_at=_now()))

    # --- analyses -----------------------------------------------------------------------------------------------------

    def analysis_in_force(self, fingerprint: str) -> int | None:
        """Id of the done analysis with this fingerprint that was not superseded; None where there is none."""
        with self._reading() as connection:
            return _in_force(connection, fingerprint)

    def save_analysis(self, run_id: str, analysis: Analysis, *, supersede: bool = False) -> StoredAnalysis:
        """Save a document's analysis with all its findings in one transaction; return it as it is stored.

        If a done analysis of the same fingerprint is in force (a process that worked on the same file was faster, or
        this very save is repeated), nothing is written and that one is returned; with ``supersede`` (``--force``) it is
        superseded instead. A failure never supersedes what is done, only an earlier failure.
        """
        with self._writing() as connection:
            now = _now()  # not before the lock: a digest written meanwhile would miss this analysis
            if analysis.document.id is not None:  # first: on PostgreSQL this row is the lock that orders two savers
                self._upsert_document(connection, analysis, now)
            if analysis.status == "done" and not supersede:
                winner = _in_force(connection, analysis.fingerprint)
                if winner is not None:
                    [stored] = _load(connection, [analyses.c.id == winner])
                    connection.rollback()
                    return stored
            _supersede(connection, analysis)
            return carry(connection, _insert_analysis(connection, run_id, analysis, now))

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
        only the newest done analysis of each document and kind, those that the view ``latest_findings`` shows.
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
            newest = sa.select(sa.func.max(analyses.c.id)).where(
                analyses.c.status == "done", analyses.c.document_id.is_not(None)
            )
            where.append(analyses.c.id.in_(newest.group_by(analyses.c.document_id, analyses.c.kind)))
        with self._reading() as connection:
            if ids is None:
                return _load(connection, where)
            runs_of_ids = batches(sorted(set(ids)))
            return [stored for batch in runs_of_ids for stored in _load(connection, [*where, analyses.c.id.in_(batch)])]

    def decide(self, entries: Sequence[Entry]) -> list[tuple[Entry, Outcome, Decision | None]]:
        """Keep what people decided, in one transaction; tell of each entry what became of it, and the decision that
        now counts for its finding. The same finding of later analyses is decided with it."""
        with self._writing() as connection:
            return decide(connection, entries, _now())

    # --- the journal --------------------------------------------------------------------------------------------------

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]:
        """The durable completions of these keys, marked as reused; without those that are absent or rejected."""
        with self._reading() as connection:
            return journal.known(connection, keys)

    def claim(self, keys: Sequence[str], owner: str) -> tuple[dict[str, Completion], set[str]]:
        """What has become known of ``keys``, and those of the rest that ``owner`` may generate now: nobody else will
        until they are saved or released, or their lease ends."""
        with self._writing() as connection:
            known = journal.known(connection, keys)
            missing = [key for key in keys if key not in known]
            return known, journal.claim(connection, missing, owner, _now())

    def renew_leases(self, keys: Sequence[str], owner: str) -> None:
        """Say that these are still being generated."""
        with self._writing() as connection:
            journal.renew(connection, keys, owner, _now())

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

    def prune_completions(self, before: datetime) -> int:
        """Delete completions made before a moment; return how many. A rerun would ask those again."""
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

    def _upsert_document(self, connection: sa.Connection, analysis: Analysis, now: datetime) -> None:
        """Keep the newest name; the rest only of an analysis that came to know it."""
        known = ["filename"]
        if analysis.document.pages:
            known += ["title", "pages", "characters", "tokens", "health"]
        if analysis.status == "done":
            known.append("kind")
        insert = journal.insert_for(connection.dialect.name)(documents).values(document_values(analysis, now))
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=[documents.c.id], set_={name: insert.excluded[name] for name in known}
            )
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _mark_interrupted(connection: sa.Connection, now: datetime) -> None:
    running = connection.execute(sa.select(runs.c.id, runs.c.settings).where(runs.c.status == "running"))
    dead = [row.id for row in running if is_dead(row.settings)]
    for batch in batches(dead):
        connection.execute(sa.update(runs).where(runs.c.id.in_(batch)).values(status="interrupted", finished_at=now))


def _in_force(connection: sa.Connection, fingerprint: str) -> int | None:
    if not fingerprint:
        return None
    return connection.execute(sa.select(analyses.c.id).where(IN_FORCE, analyses.c.fingerprint == fingerprint)).scalar()


def _supersede(connection: sa.Connection, analysis: Analysis) -> None:
    """Make room for ``analysis``: what it supersedes is kept, but no longer current."""
    superseded = [analyses.c.fingerprint == analysis.fingerprint, analyses.c.fingerprint != "", analyses.c.current]
    if analysis.status == "failed":
        superseded.append(analyses.c.status == "failed")
    connection.execute(sa.update(analyses).where(*superseded).values(current=False))


def _insert_analysis(connection: sa.Connection, run_id: str, analysis: Analysis, now: datetime) -> StoredAnalysis:
    """Write all rows of an analysis. What is returned is ``analysis`` itself: reading it back would cost as much as
    writing it."""
    analysis_id = _primary_key(connection.execute(_INSERT_ANALYSIS, analysis_values(run_id, analysis, now)))
    ids: Sequence[int] = ()
    if analysis.findings:
        connection.execute(_INSERT_FINDINGS, finding_values(analysis_id, analysis.document.id, analysis.findings))
        ids = connection.execute(_FINDING_IDS, {"analysis_id": analysis_id}).scalars().all()
        pieces = evidence_values(ids, analysis.findings)
        if pieces:
            connection.execute(_INSERT_EVIDENCE, pieces)
    run = connection.execute(_RUN, {"run_id": run_id}).one()
    return StoredAnalysis(
        id=analysis_id,
        run_id=run_id,
        engine=run.engine,
        engine_reason=run.engine_reason,
        model=run.model,
        finished_at=now,
        analysis=analysis,
        finding_ids=tuple(ids),
    )


def _primary_key(inserted: sa.CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    assert key is not None, "a single row was inserted"
    return int(key[0])


def _load(connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]]) -> list[StoredAnalysis]:
    """Analyses with findings, evidence and decisions in four queries, however many."""
    chosen = sa.select(analyses.c.id).where(*where)
    in_chosen = findings.c.analysis_id.in_(chosen)
    pieces: dict[int, list[Evidence]] = {}
    for row in connection.execute(
        sa.select(evidence).join(findings).where(in_chosen).order_by(evidence.c.finding_id, evidence.c.position)
    ):
        pieces.setdefault(row.finding_id, []).append(evidence_from(row))
    found: dict[int, dict[int, Finding]] = {}
    for row in connection.execute(
        sa.select(findings).where(in_chosen).order_by(findings.c.analysis_id, findings.c.position)
    ):
        found.setdefault(row.analysis_id, {})[row.id] = finding_from(row, pieces.get(row.id, ()))
    decided = of_findings(connection, in_chosen)
    query = sa.select(analyses, runs.c.engine, runs.c.engine_reason, runs.c.model).join(runs).where(*where)
    return [
        stored_analysis_from(row, found.get(row.id, {}), decided)
        for row in connection.execute(query.order_by(analyses.c.id))
    ]
