"""The tables, and the types through which everything enters and leaves them.

Core tables, not ORM classes: what travels is already a value (``pipeline.types``), rows are written in bulk, and the
ORM would double the time to open a database. The migrations are written by hand; a test compares their outcome with
these tables. Users and BI tools rely on the names: columns may be added, never renamed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    func,
    text,
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what a database can't hold (NUL, lone surrogates) by U+FFFD, one for one, so that spans stay right."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_rows(rows: Sequence[tuple[object, ...]]) -> Sequence[tuple[object, ...]]:
    """Rows with their texts cleaned; mostly there is nothing to clean, and one look at all of them tells."""
    if not _UNSTORABLE.search("".join([value for row in rows for value in row if isinstance(value, str)])):
        return rows
    return [tuple(clean(value) if isinstance(value, str) else value for value in row) for row in rows]


def clean_json(value: object) -> object:
    """The value as JSON can hold it: strings cleaned, non-finite numbers null, anything unknown as its ``str()``."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(k)): clean_json(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [clean_json(v) for v in cast("Sequence[object]", value)]
    return clean(str(value))


class CleanText(TypeDecorator[str]):
    """Text that any database can hold: hostile documents carry NULs and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class CleanJson(TypeDecorator[object]):
    """JSON whose strings are cleaned as :class:`CleanText` does it."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        return clean_json(value)


class Utc(TypeDecorator[datetime]):
    """A moment: timezone-aware UTC in Python, whatever the database keeps (SQLite: UTC text without a zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, CleanText, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _tokens(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _measured(name: str) -> Column[float]:
    """NULL where it is not known."""
    return Column(name, Double)


def _json(name: str) -> Column[object]:
    return Column(name, CleanJson, nullable=False)


documents = Table(
    "documents",
    metadata,
    Column("id", CleanText, primary_key=True),
    _text("filename"),
    _text("title"),
    _text("kind"),
    _count("pages"),
    _count("characters"),
    _tokens("tokens"),
    _json("health"),
    Column("first_seen_at", Utc, nullable=False),
)
"""One row per content (``id`` is its sha256), with its newest name and reading."""

runs = Table(
    "runs",
    metadata,
    Column("id", CleanText, primary_key=True),
    _text("kind"),
    _text("engine"),
    _text("engine_reason"),
    _text("model"),
    _json("settings"),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    _text("status"),
    Column("prompt_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    _measured("engine_seconds"),
    _measured("gpu_minutes"),
    _measured("prompt_tokens_per_s"),
    _measured("completion_tokens_per_s"),
    _measured("cached_share"),
    _measured("kv_use_peak"),
    Column("queue_peak", Integer),
    Index("runs_status", "status"),
)

analyses = Table(
    "analyses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", CleanText, ForeignKey("runs.id"), nullable=False),
    Column("document_id", CleanText, ForeignKey("documents.id")),
    _text("kind"),
    _text("pack"),
    _text("side"),
    _text("strategy"),
    _text("strategy_reason"),
    _text("status"),
    _text("error_type"),
    _text("error_message"),
    _text("summary"),
    _json("notes"),
    _text("fingerprint"),
    Column("current", Boolean, nullable=False),
    _text("filename"),
    _text("title"),
    _count("pages"),
    _count("characters"),
    _tokens("tokens"),
    _json("health"),
    _json("unread_pages"),
    _count("chunks"),
    _count("requests"),
    _tokens("prompt_tokens"),
    _tokens("cached_tokens"),
    _tokens("completion_tokens"),
    Column[float]("seconds", Double, nullable=False),
    Column("finished_at", Utc, nullable=False),
    Column("reused", Integer, nullable=False, server_default="0"),
    _measured("engine_seconds"),
    _measured("gpu_minutes"),
    Column("latest", Boolean, nullable=False, server_default=false()),
    Index("analyses_run", "run_id"),
    Index("analyses_document", "document_id", "kind", "id"),
    Index("analyses_finished", "finished_at"),
    sqlite_autoincrement=True,
)
"""``filename`` to ``unread_pages`` say how this analysis found the document: OCR or a new name may change them.
``latest``: of the done analyses of its document and kind, the one that was asked for last."""

IN_FORCE = text("analyses.current AND analyses.status = 'done' AND analyses.fingerprint <> ''")
"""What can be there only once per fingerprint. Word for word as the index has it: SQLite does not see that a parameter,
or ``current = 1``, says the same, and would look at every row."""

Index("analyses_in_force", analyses.c.fingerprint, unique=True)
Index("analyses_latest", analyses.c.document_id, analyses.c.kind, unique=True)
"""Partial in the database: ``WHERE IN_FORCE``, ``WHERE latest``. Not said here, as it would import PostgreSQL's dialect
(20 ms)."""

findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("analysis_id", Integer, ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
    Column("document_id", CleanText, ForeignKey("documents.id")),
    _count("position"),
    _text("category"),
    _text("item"),
    _text("title"),
    _text("value"),
    _text("detail"),
    _text("severity"),
    _text("status"),
    _text("suggestion"),
    _text("legal_basis"),
    _text("source"),
    Column("grounded", Boolean, nullable=False),
    UniqueConstraint("analysis_id", "position", name="findings_position"),
    Index("findings_document", "document_id"),
    sqlite_autoincrement=True,
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("finding_id", Integer, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False),
    _count("position"),
    _text("quote"),
    Column("start", Integer),
    Column("end", Integer),
    Column("page", Integer),
    _text("match"),
    _text("section"),
    Column("boxes", JSON, nullable=False),  # numbers alone: nothing to clean
    UniqueConstraint("finding_id", "position", name="evidence_position"),
)

completions = Table(
    "completions",
    metadata,
    Column("key", CleanText, primary_key=True),
    _text("document_id"),
    _text("prompt"),
    _text("prompt_sha256"),
    _text("model"),
    _text("schema_sha256"),
    _text("sampling"),
    _text("text"),
    _text("thoughts"),
    _text("finish_reason"),
    _count("prompt_tokens"),
    _count("cached_tokens"),
    _count("completion_tokens"),
    Column("rejected", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Index("completions_document", "document_id"),
)
"""The journal. Written as answers arrive, before their document is saved: no foreign key."""

leases = Table(
    "leases",
    metadata,
    Column("key", CleanText, primary_key=True),
    _text("owner"),
    _json("process"),
    Column("expires_at", Utc, nullable=False),
)
"""Requests that a process is generating, so that no other does the same; see ``journal``."""

cuts = Table(
    "cuts",
    metadata,
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("made_at", Utc, nullable=False),
)
"""Where documents were divided into parts, by a number made of the words there (``split.marks``): their next versions
are divided there too, so that the journal serves the parts that were not edited."""

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("finding_id", Integer, ForeignKey("findings.id"), nullable=False),
    _text("decision"),
    Column("changes", CleanJson),
    Column("reason", CleanText),
    _text("decided_by"),
    Column("created_at", Utc, nullable=False, server_default=func.current_timestamp()),
    CheckConstraint("decision IN ('accept', 'reject', 'edit')", name="decisions_decision"),
    Index("decisions_finding", "finding_id", "id"),
    sqlite_autoincrement=True,
)
"""What people decided about a finding; append-only, the last one counts."""

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", CleanText, ForeignKey("runs.id")),
    Column("finding_id", Integer, ForeignKey("findings.id")),
    _text("name"),
    _json("arguments"),
    _text("outcome"),
    Column("detail", CleanText),
    Column("approved_by", CleanText),
    Column("approved_at", Utc),
    Column("created_at", Utc, nullable=False, server_default=func.current_timestamp()),
    sqlite_autoincrement=True,
)
"""What was called or sent outside, with its approval; append-only."""

digests = Table(
    "digests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("until", Utc, nullable=False),
    _text("html"),
    _text("markdown"),
    Column("created_at", Utc, nullable=False),
)
"""The daily digests sent so far; ``until`` is the open end of what each covers."""
