"""Values to rows and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from pipeline.kinds.terms import name_of
from pipeline.lang import Text
from pipeline.types import (
    Analysis,
    Box,
    Completion,
    Decision,
    DocumentInfo,
    Evidence,
    Finding,
    JournalEntry,
    Span,
    StoredAnalysis,
    Usage,
)

Values = dict[str, object]
RowValues = tuple[object, ...]
"""In the order of some columns, as drivers take them."""


def document_values(analysis: Analysis, now: datetime) -> Values:
    document = analysis.document
    return {
        "id": document.id,
        "filename": document.filename,
        "title": document.title,
        "kind": analysis.kind,
        "pages": document.pages,
        "characters": document.characters,
        "tokens": document.tokens,
        "health": document.health,
        "first_seen_at": now,
    }


def analysis_values(run_id: str, analysis: Analysis, now: datetime) -> Values:
    document = analysis.document
    return {
        "run_id": run_id,
        "document_id": document.id,
        "kind": analysis.kind,
        "pack": analysis.pack,
        "side": analysis.side,
        "strategy": analysis.strategy,
        "strategy_reason": analysis.strategy_reason,
        "status": analysis.status,
        "error_type": analysis.error_type,
        "error_message": analysis.error_message,
        "summary": analysis.summary,
        "notes": analysis.notes,
        "fingerprint": analysis.fingerprint,
        "current": True,
        "latest": analysis.status == "done" and document.id is not None,
        "filename": document.filename,
        "title": document.title,
        "pages": document.pages,
        "characters": document.characters,
        "tokens": document.tokens,
        "health": document.health,
        "unread_pages": document.unread_pages,
        "chunks": analysis.chunks,
        "requests": analysis.requests,
        "reused": analysis.reused,
        "prompt_tokens": analysis.prompt_tokens,
        "cached_tokens": analysis.cached_tokens,
        "completion_tokens": analysis.completion_tokens,
        "seconds": analysis.seconds,
        "finished_at": now,
    }


def usage_values(usage: Usage) -> Values:
    """A run's columns; ``usage`` is of the whole run."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "engine_seconds": usage.engine_s,
        "gpu_minutes": usage.gpu_minutes,
        "prompt_tokens_per_s": usage.prompt_tokens_per_s,
        "completion_tokens_per_s": usage.completion_tokens_per_s,
        "cached_share": usage.cached_share,
        "kv_use_peak": usage.kv_use,
        "queue_peak": usage.queue,
    }


FINDING_COLUMNS = (
    "analysis_id", "document_id", "position", "category", "item", "title", "value", "detail", "severity", "status",
    "suggestion", "legal_basis", "source", "grounded",
)  # fmt: skip


def finding_rows(analysis_id: int, document_id: str | None, findings: Sequence[Finding]) -> list[RowValues]:
    """``FINDING_COLUMNS`` of each; ``title`` is its headline in the current language, for those who read the table
    itself."""
    return [
        (
            analysis_id, document_id, position, f.category, f.item, _headline(f), f.value, f.detail, f.severity,
            f.status, f.suggestion, f.legal_basis, f.source, f.grounded,
        )
        for position, f in enumerate(findings)
    ]  # fmt: skip


_BETWEEN = Text("：", ": ")


def _headline(finding: Finding) -> str:
    name = name_of(finding)
    return f"{name}{_BETWEEN}{finding.value}" if finding.value else name


def _title_of(row: Row[Any]) -> str:
    """What the headline calls the item, where it has another name for it."""
    name = row.title.removesuffix(row.value).removesuffix(_BETWEEN.zh).removesuffix(_BETWEEN.en)
    return "" if name == row.item else name


EVIDENCE_COLUMNS = ("finding_id", "position", "quote", "start", "end", "page", "match", "section", "boxes")


def evidence_rows(finding_ids: Sequence[int], findings: Sequence[Finding]) -> list[RowValues]:
    """``EVIDENCE_COLUMNS`` of each piece. ``finding_ids`` are in the order of ``findings``."""
    return [
        (finding_id, position, e.quote, *(e.span or (None, None)), e.page, e.match, e.section, _box_lists(e.boxes))
        for finding_id, finding in zip(finding_ids, findings, strict=True)
        for position, e in enumerate(finding.evidence)
    ]


def completion_values(entry: JournalEntry, now: datetime) -> Values:
    completion = entry.completion
    return {
        "key": entry.key,
        "document_id": entry.document_id,
        "prompt": entry.prompt,
        "prompt_sha256": entry.prompt_sha256,
        "model": entry.model,
        "schema_sha256": entry.schema_sha256,
        "sampling": entry.sampling,
        "text": completion.text,
        "thoughts": completion.thoughts,
        "finish_reason": completion.finish_reason,
        "prompt_tokens": completion.prompt_tokens,
        "cached_tokens": completion.cached_tokens,
        "completion_tokens": completion.completion_tokens,
        "rejected": False,
        "created_at": now,
    }


def completion_from(row: Row[Any]) -> Completion:
    return Completion(
        text=row.text,
        thoughts=row.thoughts,
        finish_reason=row.finish_reason,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
        reused=True,
        key=row.key,
    )


def evidence_from(row: Row[Any]) -> Evidence:
    return Evidence(
        quote=row.quote,
        span=None if row.start is None else Span(row.start, row.end),
        page=row.page,
        match=row.match,
        section=row.section,
        boxes=tuple(Box(*numbers) for numbers in row.boxes),
    )


def finding_from(row: Row[Any], evidence: Iterable[Evidence]) -> Finding:
    return Finding(
        category=row.category,
        item=row.item,
        value=row.value,
        source=row.source,
        evidence=tuple(evidence),
        detail=row.detail,
        severity=row.severity,
        status=row.status,
        suggestion=row.suggestion,
        legal_basis=row.legal_basis,
        title=_title_of(row),
    )


def stored_analysis_from(
    row: Row[Any], findings: Mapping[int, Finding], decided: Mapping[int, Decision]
) -> StoredAnalysis:
    """``row`` is an analysis with its run's engine; ``findings`` maps row ids, in order; ``decided`` may hold more than
    this analysis's."""
    document = DocumentInfo(
        id=row.document_id,
        filename=row.filename,
        title=row.title,
        pages=row.pages,
        characters=row.characters,
        tokens=row.tokens,
        health=row.health,
        unread_pages=tuple(row.unread_pages),
    )
    analysis = Analysis(
        document=document,
        fingerprint=row.fingerprint,
        kind=row.kind,
        pack=row.pack,
        side=row.side,
        strategy=row.strategy,
        strategy_reason=row.strategy_reason,
        status=row.status,
        error_type=row.error_type,
        error_message=row.error_message,
        summary=row.summary,
        notes=tuple(row.notes),
        chunks=row.chunks,
        requests=row.requests,
        reused=row.reused,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
        seconds=row.seconds,
        engine_seconds=row.engine_seconds,
        findings=tuple(findings.values()),
    )
    return StoredAnalysis(
        id=row.id,
        run_id=row.run_id,
        engine=row.engine,
        engine_reason=row.engine_reason,
        model=row.model,
        finished_at=row.finished_at,
        analysis=analysis,
        finding_ids=tuple(findings),
        decisions={id_: decided[id_] for id_ in findings if id_ in decided},
    )


_BOX = "[{},{:.2f},{:.2f},{:.2f},{:.2f}]".format


def _box_lists(boxes: Sequence[Box]) -> str:
    """JSON: boxes to a hundredth of a point; those of a broken page geometry (not finite) are left out."""
    return f"[{','.join([_BOX(*box) for box in boxes if math.isfinite(sum(box))])}]"
