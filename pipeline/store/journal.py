"""The journal's rows: completions, leases on those that a process is generating, and where documents were cut.

A lease ends when its completion is saved or given up, when its process is dead (seen at once on the same host), or
when it was not renewed in time. That is told by PostgreSQL's clock, which all hosts share; with SQLite by the host's:
where that jumps ahead by a minute a request may be generated twice (one answer is kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa

from pipeline.store.models import Utc, analyses, completions, cuts, leases
from pipeline.store.processes import is_dead, this_process
from pipeline.store.rows import completion_from, completion_values
from pipeline.types import Completion, JournalEntry

LEASE_S = 60.0
"""How long a lease lasts without renewal."""
_BATCH = 500
"""Values in one IN list: below the 999 variables of the oldest SQLite."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_KNOWN = sa.select(completions).where(
    completions.c.key.in_(sa.bindparam("keys", expanding=True)), ~completions.c.rejected
)
_LEASES = sa.select(leases.c.key, leases.c.owner, leases.c.process).where(
    leases.c.key.in_(sa.bindparam("keys", expanding=True))
)
_CUTS = sa.select(cuts.c.mark).where(cuts.c.mark.in_(sa.bindparam("marks", expanding=True)))
_DELETE_LEASE = sa.delete(leases).where(leases.c.key == sa.bindparam("lease_key"))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JournalStats:
    """What stands in the journal, and what it has saved."""

    completions: int
    rejected: int
    characters: int
    """Of answers and thoughts."""
    prompt_tokens: int
    completion_tokens: int
    oldest: datetime | None
    newest: datetime | None
    leases: int
    requests: int
    """Of all analyses."""
    reused: int
    """Those of them that the journal answered."""


def batches(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """``values`` in runs that one IN list can hold."""
    return (values[i : i + _BATCH] for i in range(0, len(values), _BATCH))


def known(connection: sa.Connection, keys: Iterable[str]) -> dict[str, Completion]:
    """The completions that may be served, by key."""
    found: dict[str, Completion] = {}
    for batch in batches(sorted(set(keys))):
        found |= {row.key: completion_from(row) for row in connection.execute(_KNOWN, {"keys": batch})}
    return found


def claim(connection: sa.Connection, keys: Sequence[str], owner: str) -> set[str]:
    """Lease to ``owner`` those of ``keys`` that nobody alive has; return them."""
    now = _now(connection)
    ours, others = _taken(connection, keys, owner, now)
    dead = [name for name, process in others.items() if is_dead(process)]
    if dead:
        connection.execute(sa.update(leases).where(leases.c.owner.in_(dead)).values(expires_at=_LONG_AGO))
        ours, _ = _taken(connection, keys, owner, now)
    return ours


def _now(connection: sa.Connection) -> datetime:
    """By the clock that all who share the database have in common."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return connection.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))).scalar_one()


def _taken(
    connection: sa.Connection, keys: Sequence[str], owner: str, now: datetime
) -> tuple[set[str], dict[str, Mapping[str, object]]]:
    """Lease what is free; which of ``keys`` are the owner's then, and the processes of those who have the others."""
    if not keys:
        return set(), {}
    row = {"owner": owner, "process": this_process(), "expires_at": now + timedelta(seconds=LEASE_S), "now": now}
    # by key: two processes that claim the same ones must not lock them in opposite orders
    connection.execute(
        _upserts(connection.dialect.name)[1], [row | {"key": key, "mine": owner} for key in sorted(keys)]
    )
    held = [lease for batch in batches(keys) for lease in connection.execute(_LEASES, {"keys": batch})]
    return (
        {lease.key for lease in held if lease.owner == owner},
        {lease.owner: lease.process for lease in held if lease.owner != owner},
    )


def save(connection: sa.Connection, entries: Sequence[JournalEntry], now: datetime) -> None:
    """Keep completions and end their leases. The first of a key stays; one that was rejected is replaced."""
    rows = [completion_values(entry, now) for entry in sorted(entries, key=lambda entry: entry.key)]
    connection.execute(_upserts(connection.dialect.name)[0], rows)
    connection.execute(_DELETE_LEASE, [{"lease_key": row["key"]} for row in rows])


@cache
def _upserts(dialect: str) -> tuple[sa.Executable, sa.Executable]:
    """Insert a completion unless a valid one is there; insert a lease, or take over one that has ended. Built once:
    to build one takes as long as to run it."""
    insert = insert_for(dialect)
    kept = insert(completions)
    replaced = {column.name: kept.excluded[column.name] for column in completions.c if not column.primary_key}
    leased = insert(leases).values({column.name: sa.bindparam(column.name) for column in leases.c})
    ended = (leases.c.owner == sa.bindparam("mine")) | (leases.c.expires_at < sa.bindparam("now", type_=Utc))
    return (
        kept.on_conflict_do_update(index_elements=[completions.c.key], set_=replaced, where=completions.c.rejected),
        leased.on_conflict_do_update(
            index_elements=[leases.c.key],
            set_={name: leased.excluded[name] for name in ("owner", "process", "expires_at")},
            where=ended,
        ),
    )


def insert_for(dialect: str) -> Any:
    """The INSERT with ON CONFLICT, which each dialect has of its own (the same calls, unrelated types)."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def renew(connection: sa.Connection, keys: Sequence[str], owner: str) -> None:
    ends = _now(connection) + timedelta(seconds=LEASE_S)
    for batch in batches(sorted(keys)):
        mine = (leases.c.key.in_(batch), leases.c.owner == owner)
        connection.execute(sa.update(leases).where(*mine).values(expires_at=ends))


def release(connection: sa.Connection, keys: Sequence[str], owner: str) -> None:
    for batch in batches(sorted(keys)):
        connection.execute(sa.delete(leases).where(leases.c.key.in_(batch), leases.c.owner == owner))


def reject(connection: sa.Connection, keys: Sequence[str]) -> None:
    for batch in batches(sorted(set(keys))):
        connection.execute(sa.update(completions).where(completions.c.key.in_(batch)).values(rejected=True))


def reject_unfinished(connection: sa.Connection, document_id: str) -> None:
    unfinished = (completions.c.document_id == document_id, completions.c.finish_reason != "stop")
    connection.execute(sa.update(completions).where(*unfinished).values(rejected=True))


def known_cuts(connection: sa.Connection, marks: Iterable[int]) -> set[int]:
    """Those of ``marks`` that were kept."""
    found = (connection.scalars(_CUTS, {"marks": batch}) for batch in batches(sorted(set(marks))))
    return set(chain.from_iterable(found))


def keep_cuts(connection: sa.Connection, marks: Iterable[int], now: datetime) -> None:
    insert = insert_for(connection.dialect.name)(cuts)
    latest = insert.on_conflict_do_update(index_elements=[cuts.c.mark], set_={"made_at": insert.excluded.made_at})
    connection.execute(latest, [{"mark": mark, "made_at": now} for mark in sorted(set(marks))])


def prune(connection: sa.Connection, before: datetime) -> int:
    """Delete what was generated before ``before``, and cuts not made since; return how many completions."""
    connection.execute(sa.delete(cuts).where(cuts.c.made_at < before))
    result = connection.execute(sa.delete(completions).where(completions.c.created_at < before))
    return result.rowcount


def stats(connection: sa.Connection) -> JournalStats:
    c = completions.c
    length = sa.func.sum(sa.func.length(c.text) + sa.func.length(c.thoughts))
    row = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.cast(c.rejected, sa.Integer)), 0),
            sa.func.coalesce(length, 0),
            sa.func.coalesce(sa.func.sum(c.prompt_tokens), 0),
            sa.func.coalesce(sa.func.sum(c.completion_tokens), 0),
            sa.func.min(c.created_at, type_=c.created_at.type),
            sa.func.max(c.created_at, type_=c.created_at.type),
        ).select_from(completions)
    ).one()
    under_way = connection.execute(sa.select(sa.func.count()).select_from(leases)).scalar_one()
    sums = (sa.func.coalesce(sa.func.sum(column), 0) for column in (analyses.c.requests, analyses.c.reused))
    requests, reused = connection.execute(sa.select(*sums)).one()
    return JournalStats(
        completions=row[0],
        rejected=int(row[1]),
        characters=int(row[2]),
        prompt_tokens=int(row[3]),
        completion_tokens=int(row[4]),
        oldest=row[5],
        newest=row[6],
        leases=under_way,
        requests=int(requests),
        reused=int(reused),
    )
