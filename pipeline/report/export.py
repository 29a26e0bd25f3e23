"""The findings for people's own tools.

``xlsx``
    Sheets for reading and deciding: documents; the issues and the facts of contracts, and of reports; evidence (every
    quote). Words in the current language; texts made visible (see :func:`~pipeline.report.text.visible`).
``csv``
    One row per finding with its first quote, the database's column names and codes, UTF-8 with a byte-order mark so
    that Excel reads the Chinese. Texts made visible.

    In both, ``decision`` (accept, reject, edit), its note and, for an edit, the ``new_`` columns are there to be filled
    in and read back by ``longdoc decide --from``.
``json``
    Everything, as stored, by the JSON schema in ``longdoc.schema.json`` beside this module::

        {"format": "longdoc/1",
         "documents": [{"analysis_id", "run_id", "document_id", "filename", "title", "kind", "pack", "side", "status",
                        "error_type", "error_message", "summary", "notes", "engine", "model", "strategy",
                        "strategy_reason", "finished_at", "pages", "characters", "tokens", "unread_pages", "chunks",
                        "requests", "prompt_tokens", "cached_tokens", "completion_tokens", "seconds",
                        "findings": [{"id", "category", "item", "title", "value", "detail", "severity", "status",
                                      "source", "grounded", "suggestion", "legal_basis",
                                      "decision": {"id", "ruling", "note", "by", "at", "changes"} or null,
                                      "evidence": [{"quote", "start", "end", "page", "section", "match",
                                                    "boxes": [[page, left, top, right, bottom]]}]}]}]}

In xlsx and csv no text can act as a formula: spreadsheets take what begins with ``= + - @`` for one.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.kinds.terms import name_of
from pipeline.report.clock import DEFAULT_ZONE, zone_of
from pipeline.report.files import report_name, write_atomically
from pipeline.report.text import visible
from pipeline.report.view import EDITABLE, Shown, findings_of
from pipeline.types import Decision, Evidence, StoredAnalysis

Format = Literal["xlsx", "csv", "json"]
Cell = str | int | float | datetime | None

_CSV_COLUMNS = (
    "document_id", "filename", "title", "kind", "analysis_id", "finding_id", "category", "item", "value", "detail",
    "severity", "status", "source", "grounded", "suggestion", "legal_basis", "quote", "page", "section", "match",
    "start", "end", "engine", "model", "mark", "decision", "decision_note", "decided_by", "decided_at", "decision_id",
    *(f"new_{name}" for name in EDITABLE),
)  # fmt: skip
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(
    stored: Sequence[StoredAnalysis],
    fmt: Format,
    path: Path,
    *,
    reports: Path | None = None,
    timezone: str = DEFAULT_ZONE,
) -> None:
    """Write ``stored`` to ``path``, whole or not at all; ``reports`` is where the reports lie that a sheet links to.

    Raises SettingsError where that can't be done.
    """
    if fmt == "xlsx":
        from pipeline.report.workbook import workbook  # openpyxl takes 0.2 s to import

        write_atomically(path, workbook(stored, links=lambda one: _links(one, reports, path), zone=zone_of(timezone)))
    else:
        write_atomically(path, _csv(stored, zone_of(timezone)) if fmt == "csv" else _json(stored))


def _links(stored: StoredAnalysis, reports: Path | None, path: Path) -> str:
    """The report of an analysis as seen from the sheet's folder; empty where there is none."""
    report = reports / report_name(stored) if reports else None
    if report is None or not report.is_file():
        return ""
    return quote(os.path.relpath(report.absolute(), path.absolute().parent).replace(os.sep, "/"))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take ``text`` for a formula."""
    return text.lstrip(" ").startswith(_STARTS_FORMULA) or text.startswith(_STARTS_FORMULA)


def _csv(stored: Sequence[StoredAnalysis], zone: ZoneInfo) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_CSV_COLUMNS)
    for one in stored:
        for shown in findings_of(one):
            writer.writerow([_csv_cell(cell) for cell in _csv_row(one, shown, zone)])
    return out.getvalue().encode("utf-8-sig")


def _csv_row(stored: StoredAnalysis, shown: Shown, zone: ZoneInfo) -> Iterator[Cell]:
    document, finding = stored.analysis.document, shown.finding
    told = shown.original or finding
    yield from (document.id, document.filename, document.title, stored.analysis.kind, stored.id, shown.id)
    yield from (finding.category, finding.item, finding.value, finding.detail, finding.severity, finding.status)
    yield from (finding.source, int(finding.grounded), finding.suggestion, finding.legal_basis)
    if finding.evidence:
        first = finding.evidence[0]
        yield from (first.quote, first.page, first.section, first.match, *(first.span or (None, None)))
    else:
        yield from (None,) * 6
    yield from (stored.engine, stored.model, told.mark)
    yield from decision_cells(shown.decision, shown.decision.ruling if shown.decision else "", zone)


def decision_cells(decision: Decision | None, choice: str, zone: ZoneInfo) -> Iterator[Cell]:
    """What was decided, and the changes of an edit; empty cells to decide in where nothing was. The moment is in
    ``zone``."""
    if decision is None:
        yield from (None,) * (5 + len(EDITABLE))
        return
    yield from (choice, decision.note, decision.by, decision.at.astimezone(zone), decision.id)
    yield from (decision.changes.get(name) for name in EDITABLE)


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
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
    finding = shown.original or shown.finding
    return {
        "id": shown.id,
        "category": finding.category,
        "item": finding.item,
        "title": name_of(finding),
        "value": finding.value,
        "detail": finding.detail,
        "severity": finding.severity,
        "status": finding.status,
        "source": finding.source,
        "grounded": finding.grounded,
        "suggestion": finding.suggestion,
        "legal_basis": finding.legal_basis,
        "decision": _decision_values(shown),
        "evidence": [_evidence_values(evidence) for evidence in finding.evidence],
    }


def _decision_values(shown: Shown) -> dict[str, object] | None:
    decision = shown.decision
    if decision is None:
        return None
    return {
        "id": decision.id,
        "ruling": decision.ruling,
        "note": decision.note,
        "by": decision.by,
        "at": decision.at.isoformat(),
        "changes": dict(decision.changes),
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
