"""``longdoc journal``: what the journal of model answers holds, what it has saved, and forgetting what is old."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Literal

from pipeline.errors import UsageError
from pipeline.lang import Text
from pipeline.store import Store

Action = Literal["stats", "prune"]


def journal(store: Store, action: Action, *, older_than_days: int | None, json: bool) -> str:
    """What to print. Raises UsageError for a ``prune`` that does not say how old."""
    if action == "prune":
        if older_than_days is None:
            raise UsageError(
                Text("prune 需要说明多旧的才删", "prune must be told how old an answer may get"),
                Text("例如 longdoc journal prune --older-than 90", "e.g. longdoc journal prune --older-than 90"),
            )
        deleted = store.prune_completions(datetime.now(UTC) - timedelta(days=older_than_days))
        told = Text(f"已删除 {deleted:,} 条模型回答；再需要时会重新提问",
                    f"{deleted:,} answers deleted; a rerun that needs them asks again")  # fmt: skip
        return jsonlib.dumps({"deleted": deleted}) if json else str(told)
    stats = store.journal_stats()
    if json:
        return jsonlib.dumps({**asdict(stats), "hit_rate": _rate(stats.reused, stats.requests)}, default=str, indent=2)
    since = f"{stats.oldest:%Y-%m-%d} – {stats.newest:%Y-%m-%d}" if stats.oldest and stats.newest else "–"
    hits = f"{stats.reused:,}/{stats.requests:,} ({_rate(stats.reused, stats.requests):.1%})"
    return str(
        Text(
            f"模型回答 {stats.completions:,} 条（作废 {stats.rejected:,}），{stats.characters:,} 字，{since}\n"
            f"token：提示 {stats.prompt_tokens:,}，生成 {stats.completion_tokens:,}\n"
            f"命中（所有分析的请求中由日志给出的）：{hits}\n"
            f"正在生成：{stats.leases:,}",
            f"{stats.completions:,} answers ({stats.rejected:,} rejected), {stats.characters:,} characters, {since}\n"
            f"tokens: {stats.prompt_tokens:,} prompt, {stats.completion_tokens:,} generated\n"
            f"hits (requests of all analyses that the journal answered): {hits}\n"
            f"being generated: {stats.leases:,}",
        )
    )


def _rate(hits: int, requests: int) -> float:
    return hits / requests if requests else 0.0
