"""The Excel workbook. The only module that imports openpyxl; imported where one is made."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.child import _WorkbookChild as Sheet  # pyright: ignore[reportPrivateUsage]
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PrintPageSetup
from openpyxl.worksheet.properties import PageSetupProperties

from pipeline.kinds.terms import item_name, law_name, name_of
from pipeline.report import words
from pipeline.report.export import Cell, decision_cells, is_formula
from pipeline.report.text import clause_name, explained, readable, told, visible
from pipeline.report.view import SEVERITIES, Shown, findings_of, is_issue, settled, verdict_of
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
_DECISION: tuple[Column, ...] = (
    ("decision", 9), ("decision_note", 30), ("decided_by", 12), ("decided_at", 20), ("decision_id", 10),
    ("new_value", 24), ("new_severity", 9), ("new_detail", 24), ("new_suggestion", 24),
)  # fmt: skip
_FINDINGS: tuple[Column, ...] = (
    ("number", 10), ("file", 30), ("level", 8), ("category", 12), ("status", 8), ("item", 26), ("value", 28),
    ("detail", 50), ("suggestion", 46), ("legal_basis", 26), ("quote", 60), ("place", 7), ("section", 22),
    ("match_kind", 14), ("source", 8), ("grounded", 10), *_DECISION, ("mark", 10),
)  # fmt: skip
_KINDS = ("contract", "report", "auto")
"""The last is what is neither."""
_EVIDENCE: tuple[Column, ...] = (
    ("number", 10), ("file", 30), ("item", 26), ("quote", 80), ("place", 7), ("section", 24), ("match_kind", 14),
    ("start", 10), ("end", 10),
)  # fmt: skip

_FILLED_IN = frozenset(("decision", "decision_note", "new_value", "new_severity", "new_detail", "new_suggestion"))
_LAST_PRINTED = frozenset(("summary", "place"))
"""The columns behind these are for filters and programs; on paper they would make the others too small to read."""
_A3 = 8
_LINE, _TALLEST = 14.5, 409.0
"""Points: of a line, and Excel's bound for a row."""
_TIMES = frozenset(("finished", "decided_at"))
_HEAD, _OPEN, _BODY, _LINK, _TIME = (f"longdoc {name}" for name in ("head", "open", "body", "link", "time"))
"""Named styles: a style set cell by cell takes fifty times as long."""


def workbook(stored: Sequence[StoredAnalysis], *, links: Callable[[StoredAnalysis], str], zone: ZoneInfo) -> bytes:
    """The sheets, as the bytes of an xlsx file. ``links`` gives the report of an analysis as a relative URL, or ""."""
    book = Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    documents = [list(_document_row(one, zone)) for one in stored]
    _add_sheet(book, str(words.WORDS["documents"]), _DOCUMENTS, documents, zone)
    reports = {one.id: links(one) for one in stored}
    for kind in _KINDS:
        of_kind = [one for one in stored if (one.analysis.kind if one.analysis.kind in _KINDS else "auto") == kind]
        pairs = [(one, shown) for one in of_kind for shown in findings_of(one)]
        for name, wanted in (("issues_short", True), ("facts", False)):
            chosen = [(one, shown) for one, shown in pairs if is_issue(shown.finding) == wanted]
            chosen.sort(key=lambda pair: SEVERITIES.index(pair[1].finding.severity))
            if chosen:
                title = f"{words.in_words(words.KIND, kind)} · {words.WORDS[name]}"
                rows = [list(_finding_row(one, shown, reports[one.id], zone)) for one, shown in chosen]
                _add_sheet(book, title, _FINDINGS, rows, zone)
    quotes = [row for one in stored for shown in findings_of(one) for row in _evidence_rows(one, shown)]
    _add_sheet(book, str(words.WORDS["evidence"]), _EVIDENCE, quotes, zone)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class _Link(NamedTuple):
    """A cell that leads somewhere."""

    value: Cell
    target: str


def _add_sheet(
    book: Workbook, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell | _Link]], zone: ZoneInfo
) -> None:
    """A sheet with a frozen, filtered head. Widths and panes come before the rows: they are written as they come."""
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup = PrintPageSetup(orientation="landscape", paperSize=_A3, fitToWidth=1, fitToHeight=0)
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.center.text = "&A  &P / &N"
    for number, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    keys = [key for key, _ in columns]
    last = next(number for number, key in enumerate(keys, start=1) if key in _LAST_PRINTED)
    sheet.print_area = f"A1:{get_column_letter(last)}{len(rows) + 1}"
    if "decision" in keys:
        for key, table in (("decision", words.CHOICE), ("new_severity", words.SEVERITY)):
            letter = get_column_letter(keys.index(key) + 1)
            choices = ",".join(map(str, table.values()))
            cells = f"{letter}2:{letter}{len(rows) + 1}"
            listed = DataValidation("list", formula1=f'"{choices}"', allow_blank=True, sqref=cells)
            sheet.data_validations.append(listed)
    sheet.append([_head(sheet, key, zone) for key in keys])
    for number, row in enumerate(rows, start=2):
        sheet.row_dimensions[number].height = _height(row, columns)
        sheet.append([_cell(sheet, value) for value in row])


def _height(row: Sequence[Cell | _Link], columns: Sequence[Column]) -> float:
    """Points that the wrapped texts of a row need: LibreOffice and WPS don't fit rows to them when they open a file."""
    lines = 1
    for value, (_, width) in zip(row, columns, strict=True):
        if isinstance(value, str):
            lines = max(lines, sum(1 + len(line.encode("gbk", "replace")) // (width - 1) for line in value.split("\n")))
    return min(_LINE * lines + 2, _TALLEST)


def _styles() -> Iterable[NamedStyle]:
    wrapped = Alignment(vertical="top", wrap_text=True)
    line = Border(bottom=Side(style="hair", color="C3CAD2"))
    fill = PatternFill("solid", fgColor="1F3D63")
    yield NamedStyle(_HEAD, font=Font(bold=True, color="FFFFFF"), fill=fill, alignment=wrapped)
    green = PatternFill("solid", fgColor="2F6138")
    yield NamedStyle(_OPEN, font=Font(bold=True, color="FFFFFF"), fill=green, alignment=wrapped)
    yield NamedStyle(_LINK, font=Font(underline="single", color="1F3D63"), border=line, alignment=wrapped)
    yield NamedStyle(_BODY, border=line, alignment=wrapped)
    yield NamedStyle(_TIME, border=line, alignment=wrapped, number_format="yyyy-mm-dd hh:mm")


def _head(sheet: Sheet, key: str, zone: ZoneInfo) -> SheetCell:
    """A column's title; green where something may be filled in."""
    title = str(words.WORDS[key])
    cell = WriteOnlyCell(sheet, f"{title} ({zone.key})" if key in _TIMES else title)
    cell.style = _OPEN if key in _FILLED_IN else _HEAD
    return cell


def _cell(sheet: Sheet, value: Cell | _Link) -> SheetCell:
    """Text stays text: openpyxl takes a leading ``=`` for a formula, and Excel would once the cell is edited."""
    if isinstance(value, _Link):
        cell = WriteOnlyCell(sheet, value.value)
        cell.hyperlink = value.target
        cell.style = _LINK
        return cell
    if isinstance(value, datetime):  # a date that Excel can sort and filter; it knows of no zones
        cell = WriteOnlyCell(sheet, value.replace(tzinfo=None, microsecond=0))
        cell.style = _TIME
        return cell
    cell = WriteOnlyCell(sheet, visible(value) if isinstance(value, str) else value)
    cell.style = _BODY
    if isinstance(value, str):
        cell.data_type = "s"
        if is_formula(str(cell.value)):
            cell.quotePrefix = True
    return cell


def _document_row(stored: StoredAnalysis, zone: ZoneInfo) -> Iterator[Cell]:
    analysis, document = stored.analysis, stored.analysis.document
    verdict = verdict_of(settled(stored))
    yield from (document.filename, document.title, str(words.WORDS[analysis.status]))
    yield words.in_words(words.KIND, analysis.kind)
    yield from (words.pack_name(analysis.pack), item_name(analysis.side), document.pages)
    yield from (verdict.high, verdict.medium, verdict.low, verdict.conflicts, verdict.absences)
    yield from (verdict.ungrounded, verdict.unread, analysis.error_message, analysis.summary)
    yield from ("\n".join(analysis.notes), stored.engine, stored.model)
    yield words.in_words(words.STRATEGY, analysis.strategy)
    yield from (analysis.requests, analysis.prompt_tokens, analysis.cached_tokens, analysis.completion_tokens)
    yield from (round(analysis.seconds, 2), stored.finished_at.astimezone(zone), stored.id, document.id)


def _finding_row(stored: StoredAnalysis, shown: Shown, report: str, zone: ZoneInfo) -> Iterator[Cell | _Link]:
    finding = shown.finding
    yield from (shown.id, stored.analysis.document.filename)
    yield words.in_words(words.SEVERITY, finding.severity)
    yield words.in_words(words.CATEGORY, finding.category)
    yield words.in_words(words.STATUS, finding.status)
    yield from (name_of(finding), told(finding.value))
    yield from (explained(finding), readable(finding.suggestion), law_name(finding.legal_basis))
    first = finding.evidence[0] if finding.evidence else None
    yield first.quote if first else ""
    page = first.page if first else None
    yield _Link(page or "→", f"{report}#f{shown.id}") if report else page
    yield clause_name(first.section) if first else ""
    yield words.in_words(words.MATCH, first.match) if first else ""
    yield words.in_words(words.SOURCE, finding.source)
    yield str(words.WORDS["yes" if finding.grounded else "no"])
    ruling = shown.decision.ruling if shown.decision else ""
    yield from decision_cells(shown.decision, words.in_words(words.CHOICE, ruling), zone)
    yield (shown.original or finding).mark


def _evidence_rows(stored: StoredAnalysis, shown: Shown) -> Iterable[list[Cell]]:
    for evidence in shown.finding.evidence:
        start, end = evidence.span or (None, None)
        match = words.in_words(words.MATCH, evidence.match)
        item = name_of(shown.finding)
        filename = stored.analysis.document.filename
        yield [
            shown.id,
            filename,
            item,
            evidence.quote,
            evidence.page,
            clause_name(evidence.section),
            match,
            start,
            end,
        ]
