"""The latest analysis of a document and kind is the one asked for last, be it new or one that was found again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NEWEST = "SELECT max(id) FROM analyses WHERE status = 'done' AND document_id IS NOT NULL GROUP BY document_id, kind"

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
WHERE a.latest
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


def upgrade() -> None:
    op.add_column("analyses", sa.Column("latest", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(f"UPDATE analyses SET latest = TRUE WHERE id IN ({_NEWEST})")
    latest = sa.text("latest")
    op.create_index(
        "analyses_latest",
        "analyses",
        ["document_id", "kind"],
        unique=True,
        sqlite_where=latest,
        postgresql_where=latest,
    )
    op.execute("DROP VIEW open_risks")
    op.execute("DROP VIEW latest_findings")
    op.execute(LATEST_FINDINGS)
    op.execute(OPEN_RISKS)
