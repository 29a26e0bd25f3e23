"""The first tables, the views for BI, and the triggers that make decisions and actions append-only."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LATEST_FINDINGS = """
CREATE VIEW latest_findings AS
SELECT f.id, f.analysis_id, f.document_id, f.position, f.category, f.item, f.title, f.value, f.detail, f.severity,
       f.status, f.suggestion, f.legal_basis, f.source, f.grounded,
       e.quote, e.page, d.filename, d.title AS document_title,
       a.kind, a.pack, a.side, a.run_id, r.engine, r.model, a.finished_at
FROM findings AS f
JOIN analyses AS a ON a.id = f.analysis_id
JOIN documents AS d ON d.id = a.document_id
JOIN runs AS r ON r.id = a.run_id
LEFT JOIN evidence AS e ON e.finding_id = f.id AND e.position = 0
WHERE a.id IN (SELECT max(id) FROM analyses WHERE status = 'done' GROUP BY document_id, kind)
"""

OPEN_RISKS = """
CREATE VIEW open_risks AS
SELECT l.* FROM latest_findings AS l
WHERE l.severity IN ('high', 'medium')
  AND (l.status IN ('conflict', 'absent', 'unclear') OR l.category = 'risks')
  AND NOT EXISTS (
    SELECT 1 FROM decisions AS x
    WHERE x.decision = 'reject'
      AND x.id = (SELECT max(y.id) FROM decisions AS y WHERE y.finding_id = l.id)
  )
"""

SQLITE_GUARDS = (
    """CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
    """CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
    """CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
       WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
)

POSTGRES_GUARD = """
CREATE FUNCTION longdoc_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
POSTGRES_GUARDS = (
    """CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
       FOR EACH ROW EXECUTE FUNCTION longdoc_append_only()""",
    """CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
       FOR EACH STATEMENT EXECUTE FUNCTION longdoc_append_only()""",
)


def upgrade() -> None:
    _create_documents_and_runs()
    _create_analyses()
    _create_findings()
    _create_completions()
    _create_decisions_and_actions()
    op.create_table(
        "digests",
        sa.Column("id", sa.Integer, primary_key=True),
        _moment("until"),
        *_texts("html", "markdown"),
        _moment("created_at"),
    )
    op.execute(LATEST_FINDINGS)
    op.execute(OPEN_RISKS)
    _make_append_only("decisions", "actions")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _created_at() -> sa.Column[datetime]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()
    )


def _tokens(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _jsons(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def _create_documents_and_runs() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("filename", "title", "kind"),
        *_counts("pages", "characters"),
        *_tokens("tokens"),
        *_jsons("health"),
        _moment("first_seen_at"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("kind", "engine", "engine_reason", "model"),
        *_jsons("settings"),
        _moment("started_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        *_texts("status"),
    )
    op.create_index("runs_status", "runs", ["status"])


def _create_analyses() -> None:
    op.create_table(
        "analyses",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("document_id", sa.Text, sa.ForeignKey("documents.id")),
        *_texts("kind", "pack", "side", "strategy", "strategy_reason", "status", "error_type", "error_message"),
        *_texts("summary"),
        *_jsons("notes"),
        *_texts("fingerprint"),
        sa.Column("current", sa.Boolean, nullable=False),
        *_texts("filename", "title"),
        *_counts("pages", "characters"),
        *_tokens("tokens"),
        *_jsons("health", "unread_pages"),
        *_counts("chunks", "requests"),
        *_tokens("prompt_tokens", "cached_tokens", "completion_tokens"),
        sa.Column[float]("seconds", sa.Double, nullable=False),
        _moment("finished_at"),
        sqlite_autoincrement=True,
    )
    op.create_index("analyses_run", "analyses", ["run_id"])
    op.create_index("analyses_document", "analyses", ["document_id", "kind", "id"])
    op.create_index("analyses_finished", "analyses", ["finished_at"])
    in_force = sa.text("current AND status = 'done' AND fingerprint <> ''")
    op.create_index(
        "analyses_in_force",
        "analyses",
        ["fingerprint"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )


def _create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("analysis_id", sa.Integer, sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("document_id", sa.Text, sa.ForeignKey("documents.id")),
        *_counts("position"),
        *_texts("category", "item", "title", "value", "detail", "severity", "status", "suggestion", "legal_basis"),
        *_texts("source"),
        sa.Column("grounded", sa.Boolean, nullable=False),
        sa.UniqueConstraint("analysis_id", "position", name="findings_position"),
        sqlite_autoincrement=True,
    )
    op.create_index("findings_document", "findings", ["document_id"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("finding_id", sa.Integer, sa.ForeignKey("findings.id", ondelete="CASCADE"), nullable=False),
        *_counts("position"),
        *_texts("quote"),
        sa.Column("start", sa.Integer),
        sa.Column("end", sa.Integer),
        sa.Column("page", sa.Integer),
        *_texts("match", "section"),
        *_jsons("boxes"),
        sa.UniqueConstraint("finding_id", "position", name="evidence_position"),
    )


def _create_completions() -> None:
    op.create_table(
        "completions",
        sa.Column("key", sa.Text, primary_key=True),
        *_texts("document_id", "prompt", "prompt_sha256", "model", "schema_sha256", "sampling", "text", "thoughts"),
        *_texts("finish_reason"),
        *_counts("prompt_tokens", "cached_tokens", "completion_tokens"),
        sa.Column("rejected", sa.Boolean, nullable=False),
        _moment("created_at"),
    )
    op.create_index("completions_document", "completions", ["document_id"])


def _create_decisions_and_actions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("finding_id", sa.Integer, sa.ForeignKey("findings.id"), nullable=False),
        *_texts("decision"),
        sa.Column("changes", sa.JSON),
        sa.Column("reason", sa.Text),
        *_texts("decided_by"),
        _created_at(),
        sa.CheckConstraint("decision IN ('accept', 'reject', 'edit')", name="decisions_decision"),
        sqlite_autoincrement=True,
    )
    op.create_index("decisions_finding", "decisions", ["finding_id", "id"])
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id")),
        sa.Column("finding_id", sa.Integer, sa.ForeignKey("findings.id")),
        *_texts("name"),
        *_jsons("arguments"),
        *_texts("outcome"),
        sa.Column("detail", sa.Text),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        _created_at(),
        sqlite_autoincrement=True,
    )


def _make_append_only(*tables: str) -> None:
    """Refuse UPDATE and DELETE (and what amounts to them: REPLACE, TRUNCATE) in the database itself."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(POSTGRES_GUARD)
    for table in tables:
        for guard in SQLITE_GUARDS if sqlite else POSTGRES_GUARDS:
            op.execute(guard.format(table=table))
