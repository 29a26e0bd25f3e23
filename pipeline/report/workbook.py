"""The Excel workbook. The only module that imports openpyxl; imported where one is made."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.child import _WorkbookChild as Sheet  # pyright: ignore[reportPrivateUsage]

from pipeline.report import words
from pipeline.report.export import Cell, is_formula
from pipeline.report.text import readable, visible
from pipeline.report.view import Shown, findings_of, settled, verdict_of
from pipeline.types import StoredAnalysis

Column = tuple[str, int]
"""Key of its title in ``words.WORDS``, and its width in characters."""

_DOCUMENTS: tuple[Column, ...] = (
    ("file", 34), ("title", 30), ("status", 8), ("kind", 8), ("pack", 12), ("side", 8), ("pages", 7),
    ("high", 9), ("medium", 9), ("low", 9), ("conflicts", 8), ("absences", 8), ("ungrounded", 9), ("unread", 9),
    ("error", 40), ("summary", 60), ("notes_short", 40), ("engine", 9), ("model", 20), ("strategy", 12),
    ("requests", 9), ("prompt_tokens", 12), ("cached", 12), ("completion_tokens", 12), ("seconds", 9),
    ("finished", 20), ("analysis_id", 10), ("document_id", 20),
)  # fmt: skip
_FINDINGS: tuple[Column, ...] = (
    ("number", 10), ("file", 30), ("category", 12), ("level", 8), ("status", 8), ("item", 26), ("value", 28),
    ("detail", 50), ("suggestion", 46), ("legal_basis", 26), ("quote", 60), ("place", 7), ("section", 22),
    ("match_kind", 14), ("source", 8), ("grounded", 10),
)  # fmt: skip
_EVIDENCE: tuple[Column, ...] = (
    ("number", 10), ("file", 30), ("item", 26), ("quote", 80), ("place", 7), ("section", 24), ("match_kind", 14),
    ("start", 10), ("end", 10),
)  # fmt: skip

_HEAD, _BODY = "longdoc head", "longdoc body"
"""Named styles: a style set cell by cell takes fifty times as long."""


def workbook(stored: Sequence[StoredAnalysis]) -> bytes:
    """The three sheets, as the bytes of an xlsx file."""
    book = Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    _add_sheet(book, "documents", _DOCUMENTS, [list(_document_row(one)) for one in stored])
    pairs = [(one, shown) for one in stored for shown in findings_of(one)]
    _add_sheet(book, "findings", _FINDINGS, [list(_finding_row(one, shown)) for one, shown in pairs])
    _add_sheet(book, "evidence", _EVIDENCE, [row for one, shown in pairs for row in _evidence_rows(one, shown)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _add_sheet(book: Workbook, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """A sheet with a frozen, filtered head. Widths and panes come before the rows: they are written as they come."""
    sheet = book.create_sheet(str(words.WORDS[title]))
    sheet.freeze_panes = "A2"
    for number, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.append([_head(sheet, str(words.WORDS[key])) for key, _ in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _styles() -> Iterable[NamedStyle]:
    wrapped = Alignment(vertical="top", wrap_text=True)
    line = Border(bottom=Side(style="hair", color="C3CAD2"))
    fill = PatternFill("solid", fgColor="1F3D63")
    yield NamedStyle(_HEAD, font=Font(bold=True, color="FFFFFF"), fill=fill, alignment=wrapped)
    yield NamedStyle(_BODY, border=line, alignment=wrapped)


def _head(sheet: Sheet, title: str) -> SheetCell:
    cell = WriteOnlyCell(sheet, title)
    cell.style = _HEAD
    return cell


def _cell(sheet: Sheet, value: Cell) -> SheetCell:
    """Text stays text: openpyxl takes a leading ``=`` for a formula, and Excel would once the cell is edited."""
    cell = WriteOnlyCell(sheet, visible(value) if isinstance(value, str) else value)
    cell.style = _BODY
    if isinstance(value, str):
        cell.data_type = "s"
        if is_formula(str(cell.value)):
            cell.quotePrefix = True
    return cell


def _document_row(stored: StoredAnalysis) -> Iterator[Cell]:
    analysis, document = stored.analysis, stored.analysis.document
    verdict = verdict_of(settled(stored))
    yield from (document.filename, document.title, str(words.WORDS[analysis.status]))
    yield words.in_words(words.KIND, analysis.kind)
    yield from (words.in_words(words.TYPE, analysis.pack), words.item_name(analysis.side), document.pages)
    yield from (verdict.high, verdict.medium, verdict.low, verdict.conflicts, verdict.absences)
    yield from (verdict.ungrounded, verdict.unread, analysis.error_message, analysis.summary)
    yield from ("\n".join(analysis.notes), stored.engine, stored.model)
    yield words.in_words(words.STRATEGY, analysis.strategy)
    yield from (analysis.requests, analysis.prompt_tokens, analysis.cached_tokens, analysis.completion_tokens)
    yield from (round(analysis.seconds, 2), stored.finished_at.isoformat(timespec="seconds"), stored.id, document.id)


def _finding_row(stored: StoredAnalysis, shown: Shown) -> Iterator[Cell]:
    finding = shown.finding
    yield from (shown.id, stored.analysis.document.filename)
    yield words.in_words(words.CATEGORY, finding.category)
    yield words.in_words(words.SEVERITY, finding.severity)
    yield words.in_words(words.STATUS, finding.status)
    yield from (words.item_name(finding.item), readable(finding.value))
    yield from (finding.detail, finding.suggestion, finding.legal_basis)
    first = finding.evidence[0] if finding.evidence else None
    yield from (first.quote, first.page, first.section) if first else ("", None, "")
    yield words.in_words(words.MATCH, first.match) if first else ""
    yield words.in_words(words.SOURCE, finding.source)
    yield str(words.WORDS["yes" if finding.grounded else "no"])


def _evidence_rows(stored: StoredAnalysis, shown: Shown) -> Iterable[list[Cell]]:
    for evidence in shown.finding.evidence:
        start, end = evidence.span or (None, None)
        match = words.in_words(words.MATCH, evidence.match)
        item = words.item_name(shown.finding.item)
        filename = stored.analysis.document.filename
        yield [shown.id, filename, item, evidence.quote, evidence.page, evidence.section, match, start, end]
