"""What people decided about findings, and how a decision follows its finding from analysis to analysis.

Decisions stay with the row that they were made about. Another analysis of the same document has rows of its own: there
the decision is repeated, with its author and moment, on the finding that says the same (category, item, value and
first quote; the second of two that say the same follows the second). So SQL sees it, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

import sqlalchemy as sa

from pipeline.store.models import analyses, decisions, evidence, findings
from pipeline.types import Decision, Ruling, StoredAnalysis, mark_of

_Key = tuple[str, str, str, str, int]
Values = dict[str, object]

_OF_DOCUMENT: sa.Select[Any] = (
    sa.select(decisions, findings.c.analysis_id)
    .join(findings)
    .where(findings.c.document_id == sa.bindparam("document_id"))
    .order_by(decisions.c.id)
)
_DECIDED = (
    sa.select(findings.c.document_id)
    .join(decisions)
    .where(findings.c.document_id.in_(sa.bindparam("document_ids", expanding=True)))
    .distinct()
)
_FIRST = sa.and_(evidence.c.finding_id == findings.c.id, evidence.c.position == 0)
_FINDINGS: sa.Select[Any] = (
    sa.select(findings.c.id, findings.c.category, findings.c.item, findings.c.value, evidence.c.quote)
    .outerjoin(evidence, _FIRST)
    .where(findings.c.analysis_id == sa.bindparam("analysis_id"))
    .order_by(findings.c.position)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision to be written. ``seen`` is the decision that its author knew of: None where there was none, -1 where
    it does not matter. ``mark`` is :attr:`Finding.mark` as its author saw it; empty where it was not told."""

    finding_id: int
    ruling: Ruling
    note: str
    by: str
    changes: Mapping[str, str]
    seen: int | None = -1
    mark: str = ""


Outcome = Literal["written", "unchanged", "unknown", "conflict", "mismatch"]
"""What became of an entry. ``unknown``: no such finding; ``conflict``: somebody decided otherwise in the meantime;
``mismatch``: the number is another finding's."""


def decide(
    connection: sa.Connection, entries: Sequence[Entry], now: datetime
) -> list[tuple[Entry, Outcome, Decision | None]]:
    """Write each entry that can be written; with each the decision that now counts. The caller commits."""
    return [(entry, *_decide(connection, entry, now)) for entry in entries]


def _decide(connection: sa.Connection, entry: Entry, now: datetime) -> tuple[Outcome, Decision | None]:
    place = connection.execute(
        sa.select(findings.c.analysis_id, findings.c.document_id).where(findings.c.id == entry.finding_id)
    ).one_or_none()
    if place is None:
        return "unknown", None
    keys = _keys(connection.execute(_FINDINGS, {"analysis_id": place.analysis_id}))
    if entry.mark and entry.mark != mark_of(*keys[entry.finding_id][:4]):
        return "mismatch", None
    last = of_findings(connection, findings.c.id == entry.finding_id).get(entry.finding_id)
    if last and (last.ruling, last.note, dict(last.changes)) == (entry.ruling, entry.note, dict(entry.changes)):
        return "unchanged", last
    if entry.seen != -1 and entry.seen != (last.id if last else None):
        return "conflict", last
    values = _values(entry.ruling, entry.changes, entry.note, entry.by, now)
    twins = _twins(connection, keys[entry.finding_id], place.analysis_id, place.document_id)
    connection.execute(sa.insert(decisions), [values | {"finding_id": id_} for id_ in (*twins, entry.finding_id)])
    return "written", of_findings(connection, findings.c.id == entry.finding_id)[entry.finding_id]


def _twins(connection: sa.Connection, key: _Key, analysis_id: int, document_id: str | None) -> list[int]:
    """The findings that say the same in the document's other analyses: an earlier one may be asked for again."""
    others = sa.select(analyses.c.id).where(analyses.c.document_id == document_id, analyses.c.id != analysis_id)
    found: list[int] = []
    for id_ in connection.execute(others).scalars().all():
        keys = _keys(connection.execute(_FINDINGS, {"analysis_id": id_}))
        found += [finding_id for finding_id, other in keys.items() if other == key]
    return found


def carry(connection: sa.Connection, group: Sequence[StoredAnalysis]) -> list[StoredAnalysis]:
    """Repeat, for analyses that were just inserted, what was decided about the same findings before."""
    ids = [stored.analysis.document.id for stored in group if stored.finding_ids]
    decided = set(connection.execute(_DECIDED, {"document_ids": ids}).scalars()) if ids else set[str]()
    return [_carried(connection, one) if one.analysis.document.id in decided else one for one in group]


def _carried(connection: sa.Connection, stored: StoredAnalysis) -> StoredAnalysis:
    rows = connection.execute(_OF_DOCUMENT, {"document_id": stored.analysis.document.id}).all()
    keys: dict[int, _Key] = {}
    for analysis_id in {row.analysis_id for row in rows}:
        keys |= _keys(connection.execute(_FINDINGS, {"analysis_id": analysis_id}))
    last = {keys[row.finding_id]: row for row in rows}
    own = _keys(connection.execute(_FINDINGS, {"analysis_id": stored.id}))
    repeated = [
        _values(row.decision, row.changes, row.reason, row.decided_by, row.created_at) | {"finding_id": finding_id}
        for finding_id, key in own.items()
        if (row := last.get(key)) is not None
    ]
    if not repeated:
        return stored
    connection.execute(sa.insert(decisions), repeated)
    return replace(stored, decisions=of_findings(connection, findings.c.analysis_id == stored.id))


def of_findings(connection: sa.Connection, where: sa.ColumnElement[bool]) -> dict[int, Decision]:
    """The last decision about each finding that ``where`` (on ``findings``) holds for, by finding."""
    query = sa.select(decisions).join(findings).where(where).order_by(decisions.c.id)
    return {row.finding_id: _decision(row) for row in connection.execute(query)}


def _decision(row: sa.Row[Any]) -> Decision:
    changes = cast("Mapping[str, str]", row.changes or {})
    return Decision(row.id, row.finding_id, row.decision, changes, row.reason or "", row.decided_by, row.created_at)


def _values(ruling: str, changes: Mapping[str, str] | None, note: str, by: str, at: datetime) -> Values:
    return {
        "decision": ruling,
        "changes": dict(changes) if changes else None,
        "reason": note,
        "decided_by": by,
        "created_at": at,
    }


def _keys(rows: Iterable[sa.Row[Any]]) -> dict[int, _Key]:
    """What makes each finding of an analysis itself, by row id: what it says, and the how manieth it is to say so."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    keys: dict[int, _Key] = {}
    for row in rows:
        told = (row.category, row.item, row.value, row.quote or "")
        seen[told] += 1
        keys[row.id] = (*told, seen[told])
    return keys
