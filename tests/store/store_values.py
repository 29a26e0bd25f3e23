"""Values to store, and the SQL that looks at them from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from pipeline.store.database import engine_for
from pipeline.types import (
    Analysis,
    Box,
    Completion,
    DocumentInfo,
    Evidence,
    Finding,
    JournalEntry,
    Span,
)


def finding(n: int = 0, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "category": "money",
        "item": f"金额{n}",
        "value": "1280000.00元",
        "source": "rule",
        "evidence": (
            Evidence(f"合同总价{n}", Span(n, n + 5), 1, "exact", "第二条 价款", (Box(1, 72.25, 100.5, 180.0, 112.0),)),
            Evidence("原文没有的话", None, None, "none"),
        ),
        "detail": "大写与小写一致",
        "suggestion": "无",
        "legal_basis": "民法典第四百七十条",
    }
    return Finding(**(values | changes))


def document(name: str) -> DocumentInfo:
    return DocumentInfo(name, f"{name}.pdf", "采购合同", 10, 9000, 7000, {"text": 9, "scan": 1}, (4,))


def analysis(
    of: str | DocumentInfo = "d1", fingerprint: str = "f1", findings: int | Sequence[Finding] = 3, **changes: Any
) -> Analysis:
    values: dict[str, Any] = {
        "document": document(of) if isinstance(of, str) else of,
        "fingerprint": fingerprint,
        "kind": "contract",
        "pack": "采购",
        "strategy": "map-reduce",
        "strategy_reason": "超过上下文",
        "status": "done",
        "side": "甲方",
        "summary": "摘要",
        "notes": ("第 4 页没有读到文字",),
        "chunks": 3,
        "requests": 18,
        "prompt_tokens": 3_000_000_000,
        "cached_tokens": 2_000_000_000,
        "completion_tokens": 4000,
        "seconds": 12.5,
        "findings": tuple(map(finding, range(findings)) if isinstance(findings, int) else findings),
    }
    return Analysis(**(values | changes))


def failure(of: str | None = "d1", fingerprint: str = "f1", **changes: Any) -> Analysis:
    error = {"status": "failed", "error_type": "ReadError", "error_message": "不是 PDF", "kind": "auto"}
    return analysis(DocumentInfo(of, "坏文件.pdf"), fingerprint, 0, **(error | changes))


def entry(key: str = "k1", text: str = '{"findings": []}') -> JournalEntry:
    return JournalEntry(
        key=key,
        document_id="d1",
        prompt="contract/money@1",
        prompt_sha256="p",
        model="Qwen3-14B",
        schema_sha256="s",
        sampling='{"temperature": 0.7}',
        completion=Completion(text, "想了想", "stop", 1000, 900, 120),
    )


def start(store: Any, **settings: object) -> str:
    return store.start_run(kind="contract", engine="rules", engine_reason="没有模型", model="", settings=settings)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection that commits, as a BI tool or a colleague's script would have it."""
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    with connected(url) as connection:
        result = connection.exec_driver_sql(sql)
        return [tuple(row) for row in result] if result.returns_rows else []
