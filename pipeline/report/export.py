"""The findings for people's own tools.

``xlsx``
    Three sheets for reading: documents, findings (each with its first quote), evidence (every quote). Words in the
    current language; texts made visible (see :func:`~pipeline.report.text.visible`).
``csv``
    One row per finding with its first quote, the database's column names and codes, UTF-8 with a byte-order mark so
    that Excel reads the Chinese. Texts made visible.
``json``
    Everything, as stored::

        {"format": "longdoc/1",
         "documents": [{"analysis_id", "run_id", "document_id", "filename", "title", "kind", "pack", "side", "status",
                        "error_type", "error_message", "summary", "notes", "engine", "model", "strategy",
                        "strategy_reason", "finished_at", "pages", "characters", "tokens", "unread_pages", "chunks",
                        "requests", "prompt_tokens", "cached_tokens", "completion_tokens", "seconds",
                        "findings": [{"id", "category", "item", "value", "detail", "severity", "status", "source",
                                      "grounded", "suggestion", "legal_basis",
                                      "evidence": [{"quote", "start", "end", "page", "section", "match",
                                                    "boxes": [[page, left, top, right, bottom]]}]}]}]}

In xlsx and csv no text can act as a formula: spreadsheets take what begins with ``= + - @`` for one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pipeline.report.files import write_atomically
from pipeline.report.text import visible
from pipeline.report.view import Shown, findings_of
from pipeline.types import Evidence, StoredAnalysis

Format = Literal["xlsx", "csv", "json"]
Cell = str | int | float | None

_CSV_COLUMNS = (
    "document_id", "filename", "title", "kind", "analysis_id", "finding_id", "category", "item", "value", "detail",
    "severity", "status", "source", "grounded", "suggestion", "legal_basis", "quote", "page", "section", "match",
    "start", "end", "engine", "model",
)  # fmt: skip
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(stored: Sequence[StoredAnalysis], fmt: Format, path: Path) -> None:
    """Write ``stored`` to ``path``, whole or not at all. Raises SettingsError where that can't be done."""
    write_atomically(path, _WRITERS[fmt](stored))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take ``text`` for a formula."""
    return text.lstrip(" ").startswith(_STARTS_FORMULA) or text.startswith(_STARTS_FORMULA)


def _xlsx(stored: Sequence[StoredAnalysis]) -> bytes:
    from pipeline.report.workbook import workbook  # openpyxl takes 0.2 s to import

    return workbook(stored)


def _csv(stored: Sequence[StoredAnalysis]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_CSV_COLUMNS)
    for one in stored:
        for shown in findings_of(one):
            writer.writerow([_csv_cell(cell) for cell in _csv_row(one, shown)])
    return out.getvalue().encode("utf-8-sig")


def _csv_row(stored: StoredAnalysis, shown: Shown) -> Iterator[Cell]:
    document, finding = stored.analysis.document, shown.finding
    yield from (document.id, document.filename, document.title, stored.analysis.kind, stored.id, shown.id)
    yield from (finding.category, finding.item, finding.value, finding.detail, finding.severity, finding.status)
    yield from (finding.source, int(finding.grounded), finding.suggestion, finding.legal_basis)
    if finding.evidence:
        first = finding.evidence[0]
        yield from (first.quote, first.page, first.section, first.match, *(first.span or (None, None)))
    else:
        yield from (None,) * 6
    yield from (stored.engine, stored.model)


def _csv_cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = visible(cell)
    return f"'{text}" if is_formula(text) else text


def _json(stored: Sequence[StoredAnalysis]) -> bytes:
    values = {"format": "longdoc/1", "documents": [_document_values(one) for one in stored]}
    text = json.dumps(values, ensure_ascii=False, indent=1)
    return text.encode("utf-8", errors="replace")  # half a surrogate pair is no character


def _document_values(stored: StoredAnalysis) -> dict[str, object]:
    analysis, document = stored.analysis, stored.analysis.document
    return {
        "analysis_id": stored.id,
        "run_id": stored.run_id,
        "document_id": document.id,
        "filename": document.filename,
        "title": document.title,
        "kind": analysis.kind,
        "pack": analysis.pack,
        "side": analysis.side,
        "status": analysis.status,
        "error_type": analysis.error_type,
        "error_message": analysis.error_message,
        "summary": analysis.summary,
        "notes": list(analysis.notes),
        "engine": stored.engine,
        "model": stored.model,
        "strategy": analysis.strategy,
        "strategy_reason": analysis.strategy_reason,
        "finished_at": stored.finished_at.isoformat(),
        "pages": document.pages,
        "characters": document.characters,
        "tokens": document.tokens,
        "unread_pages": list(document.unread_pages),
        "chunks": analysis.chunks,
        "requests": analysis.requests,
        "prompt_tokens": analysis.prompt_tokens,
        "cached_tokens": analysis.cached_tokens,
        "completion_tokens": analysis.completion_tokens,
        "seconds": analysis.seconds,
        "findings": [_finding_values(shown) for shown in findings_of(stored)],
    }


def _finding_values(shown: Shown) -> dict[str, object]:
    finding = shown.finding
    return {
        "id": shown.id,
        "category": finding.category,
        "item": finding.item,
        "value": finding.value,
        "detail": finding.detail,
        "severity": finding.severity,
        "status": finding.status,
        "source": finding.source,
        "grounded": finding.grounded,
        "suggestion": finding.suggestion,
        "legal_basis": finding.legal_basis,
        "evidence": [_evidence_values(evidence) for evidence in finding.evidence],
    }


def _evidence_values(evidence: Evidence) -> dict[str, object]:
    start, end = evidence.span or (None, None)
    return {
        "quote": evidence.quote,
        "start": start,
        "end": end,
        "page": evidence.page,
        "section": evidence.section,
        "match": evidence.match,
        "boxes": [list(box) for box in evidence.boxes],
    }


_WRITERS: Mapping[Format, Callable[[Sequence[StoredAnalysis]], bytes]] = {"xlsx": _xlsx, "csv": _csv, "json": _json}
