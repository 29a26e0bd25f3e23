"""Analyses as the database keeps them: written in groups, since a transaction costs more than a document's rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipeline.store.decisions import carry, of_findings
from pipeline.store.models import IN_FORCE, analyses, clean, clean_rows, documents, evidence, findings, runs
from pipeline.store.rows import (
    EVIDENCE_COLUMNS,
    FINDING_COLUMNS,
    RowValues,
    analysis_values,
    document_values,
    evidence_from,
    evidence_rows,
    finding_from,
    finding_rows,
    stored_analysis_from,
)
from pipeline.types import Analysis, Evidence, Finding, StoredAnalysis

_INSERT_ANALYSIS = sa.insert(analyses)
_FINDING_IDS = (
    sa.select(findings.c.analysis_id, findings.c.id)
    .where(findings.c.analysis_id.in_(sa.bindparam("analysis_ids", expanding=True)))
    .order_by(findings.c.analysis_id, findings.c.position)
)
_IN_FORCE = sa.select(analyses.c.fingerprint, analyses.c.id).where(
    IN_FORCE, analyses.c.fingerprint.in_(sa.bindparam("fingerprints", expanding=True))
)
# by document, which has an index: a fingerprint belongs to one document
_SUPERSEDE = (
    sa.update(analyses)
    .where(
        analyses.c.document_id == sa.bindparam("of_document"),
        analyses.c.fingerprint == sa.bindparam("superseded"),
        analyses.c.fingerprint != "",
        analyses.c.current,
        sa.or_(sa.bindparam("is_done", type_=sa.Boolean), analyses.c.status == "failed"),
    )
    .values(current=False)
)
_OUTDATE = (
    sa.update(analyses)
    .where(
        analyses.c.document_id == sa.bindparam("of_document"),
        analyses.c.kind == sa.bindparam("of_kind"),
        analyses.c.latest,
    )
    .values(latest=False)
)
_NAMES = [column.name for column in documents.c]
_KNOWN_BY_READING = ("title", "pages", "characters", "tokens", "health")
# as text: SQLAlchemy compiles an upsert of its own each time, which takes longer than to run it
_UPSERT_DOCUMENT = sa.text(
    f"INSERT INTO documents ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"
    " ON CONFLICT (id) DO UPDATE SET filename = excluded.filename,"
    " kind = CASE WHEN :is_done THEN excluded.kind ELSE documents.kind END, "
    + ", ".join(
        f"{name} = CASE WHEN excluded.pages > 0 THEN excluded.{name} ELSE documents.{name} END"
        for name in _KNOWN_BY_READING
    )
).bindparams(
    *(sa.bindparam(column.name, type_=column.type) for column in documents.c), sa.bindparam("is_done", type_=sa.Boolean)
)
"""Keeps the newest name; the rest only of an analysis that came to know it."""
_RUN = sa.select(runs.c.engine, runs.c.engine_reason, runs.c.model).where(runs.c.id == sa.bindparam("run_id"))


def save(
    connection: sa.Connection, run_id: str, group: Sequence[Analysis], now: datetime, *, supersede: bool
) -> list[StoredAnalysis]:
    """Write analyses of different documents with all their rows, and return them in order, as they are stored. The
    caller commits. One whose like is in force is not written, but with ``supersede``: that one is returned."""
    # first, and by id: on PostgreSQL these rows are the locks that order two savers
    seen = sorted((a for a in group if a.document.id is not None), key=lambda analysis: str(analysis.document.id))
    if seen:
        connection.execute(_UPSERT_DOCUMENT, [_seen(analysis, now) for analysis in seen])
    claims = [] if supersede else [analysis.fingerprint for analysis in group if analysis.status == "done"]
    winners = in_force(connection, claims)
    there = {stored.id: stored for stored in load(connection, [analyses.c.id.in_(winners.values())])} if winners else {}
    new = [analysis for analysis in group if analysis.fingerprint not in winners]
    written = iter(_insert(connection, run_id, new, now))
    for found in winners.values():
        recall(connection, found)
    return [there[winners[a.fingerprint]] if a.fingerprint in winners else next(written) for a in group]


def in_force(connection: sa.Connection, fingerprints: Sequence[str]) -> dict[str, int]:
    """The done analyses of these fingerprints that were not superseded, by fingerprint."""
    wanted = {clean(fingerprint): fingerprint for fingerprint in fingerprints if fingerprint}
    if not wanted:
        return {}
    return {wanted[row.fingerprint]: row.id for row in connection.execute(_IN_FORCE, {"fingerprints": list(wanted)})}


def recall(connection: sa.Connection, analysis_id: int) -> None:
    """Make an analysis in force the latest of its document and kind. The caller commits."""
    chosen = analyses.c.id == analysis_id
    place = connection.execute(sa.select(analyses.c.document_id, analyses.c.kind).where(chosen, analyses.c.current))
    if found := place.one_or_none():
        # the lock that savers of this document wait for
        connection.execute(sa.select(documents.c.id).where(documents.c.id == found.document_id).with_for_update())
        connection.execute(_OUTDATE, {"of_document": found.document_id, "of_kind": found.kind})
        connection.execute(sa.update(analyses).where(chosen).values(latest=True))


def load(connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]]) -> list[StoredAnalysis]:
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


def _insert(
    connection: sa.Connection, run_id: str, group: Sequence[Analysis], now: datetime
) -> Sequence[StoredAnalysis]:
    """Write all rows of analyses whose documents are there. What is returned is what was given: to read it back would
    cost as much as to write it."""
    if not group:
        return []
    superseding = [
        {"of_document": one.document.id, "superseded": one.fingerprint, "is_done": one.status == "done"}
        for one in group
    ]
    connection.execute(_SUPERSEDE, superseding)
    if outdated := [{"of_document": one.document.id, "of_kind": one.kind} for one in group if one.status == "done"]:
        connection.execute(_OUTDATE, outdated)
    ids = [_primary_key(connection.execute(_INSERT_ANALYSIS, analysis_values(run_id, one, now))) for one in group]
    finding_ids = _insert_findings(connection, dict(zip(ids, group, strict=True)))
    run = connection.execute(_RUN, {"run_id": run_id}).one()
    stored = [
        StoredAnalysis(
            id=id_,
            run_id=run_id,
            engine=run.engine,
            engine_reason=run.engine_reason,
            model=run.model,
            finished_at=now,
            analysis=analysis,
            finding_ids=tuple(finding_ids[id_]),
        )
        for id_, analysis in zip(ids, group, strict=True)
    ]
    return carry(connection, stored)


def _insert_findings(connection: sa.Connection, group: dict[int, Analysis]) -> dict[int, list[int]]:
    """Write findings and evidence of analyses by their id; the findings' ids, in order, likewise."""
    ids: dict[int, list[int]] = {id_: [] for id_ in group}
    rows = [row for id_, one in group.items() for row in finding_rows(id_, one.document.id, one.findings)]
    if not rows:
        return ids
    _write(connection, findings, FINDING_COLUMNS, rows)
    for analysis_id, finding_id in connection.execute(_FINDING_IDS, {"analysis_ids": list(group)}):
        ids[analysis_id].append(finding_id)
    pieces = [row for id_, one in group.items() for row in evidence_rows(ids[id_], one.findings)]
    if pieces:
        _write(connection, evidence, EVIDENCE_COLUMNS, pieces)
    return ids


def _write(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[RowValues]) -> None:
    """Insert many rows by the driver itself: SQLAlchemy takes longer to look at each value than SQLite to write it."""
    place = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(place for _ in columns)})"
    connection.exec_driver_sql(statement, clean_rows(rows))


def _seen(analysis: Analysis, now: datetime) -> dict[str, object]:
    return document_values(analysis, now) | {"is_done": analysis.status == "done"}


def _primary_key(inserted: sa.CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    assert key is not None, "a single row was inserted"
    return int(key[0])
