"""What a run took of its engine, and each of its analyses: NULL where that is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_FIGURES = ("engine_seconds", "gpu_minutes", "prompt_tokens_per_s", "completion_tokens_per_s", "cached_share",
            "kv_use_peak")  # fmt: skip


def upgrade() -> None:
    for name in ("prompt_tokens", "cached_tokens", "completion_tokens"):
        op.add_column("runs", sa.Column(name, sa.BigInteger))
    for name in _FIGURES:
        op.add_column("runs", sa.Column(name, sa.Double))
    op.add_column("runs", sa.Column("queue_peak", sa.Integer))
    for name in ("engine_seconds", "gpu_minutes"):
        op.add_column("analyses", sa.Column(name, sa.Double))
