"""What people decide about findings: one at the command line, or many in a sheet that was exported and filled in.

A sheet's row is a decision where its ``decision`` cell is filled in. It tells the finding by number and check mark, and
which decision its author had seen: so a row that slipped to another finding, and a decision that somebody else took in
the meantime, are named and not written.
"""

from __future__ import annotations

import csv
import getpass
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from pipeline.errors import UsageError
from pipeline.lang import Text
from pipeline.report import words
from pipeline.report.export import is_formula
from pipeline.report.view import EDITABLE
from pipeline.store import Entry, Outcome, Store
from pipeline.types import Decision, Ruling

_ANY_ENCODING = ("utf-8-sig", "gb18030")
"""Excel on a Chinese Windows saves CSV in the second."""
_UNICODE_TEXT = (b"\xff\xfe", b"\xfe\xff")
"""What begins a sheet that Excel saved as “Unicode text”."""
_LARGEST = 200 << 20
_MOST_TOLD = 10
_SHEET_ERROR = re.compile(r"#(?:VALUE!|NAME\?|REF!|DIV/0!|N/A|NUM!|NULL!)|Err:\d{3}")
_TELLS = ("decision", "decision_note", "decided_by", "decision_id", "mark", *(f"new_{name}" for name in EDITABLE))
_COLUMNS: Mapping[str, str] = {
    **{name: name for name in ("finding_id", *_TELLS)},
    **{title: name for name in _TELLS for title in words.WORDS[name]},
    **dict.fromkeys(words.WORDS["number"], "finding_id"),
}
"""Titles of the columns that are read, in either language, as their names."""
_RULINGS: dict[str, Ruling] = {
    name.lower(): cast(Ruling, code)
    for table in (words.CHOICE, words.RULING)
    for code, text in table.items()
    for name in (code, text.zh, text.en)
}
_SEVERITIES = {
    name.lower(): code for code, text in words.SEVERITY.items() for name in (code, text.zh, text.en)
}  # fmt: skip
_Row = dict[str, str]

_CAUSES: Mapping[Outcome, Text] = {
    "unknown": Text("没有这个发现", "no such finding"),
    "mismatch": Text("编号与内容对不上，表里的行可能错位", "the number is another finding's: rows may have slipped"),
    "conflict": Text("导出之后已有别的决定", "decided otherwise since the export"),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one decision; ``problem`` is None where all is well."""

    finding_id: int
    outcome: Outcome
    decision: Decision | None
    problem: Text | None


def decide(store: Store, finding_id: int, ruling: Ruling, *, note: str, by: str, changes: Mapping[str, str]) -> Decided:
    """Keep one decision. Raises UsageError for an edit that changes nothing, and changes that are no edit's."""
    if (ruling == "edit") != bool(changes):
        raise UsageError(
            Text("修改须给出改后的内容，采纳与驳回不能", "an edit names what it changes, and only an edit does"),
            Text("例如 edit --severity low", "for example edit --severity low"),
        )
    [(entry, outcome, decision)] = store.decide([Entry(finding_id, ruling, note, by or author(), changes)])
    return _decided(entry, outcome, decision)


def take(store: Store, sheet: Path, *, by: str) -> list[Decided]:
    """Keep the decisions of a sheet: those that can be kept, whatever becomes of the others.

    Raises UsageError for a file that is no sheet of ours, and, naming them all, for cells that hold no decision: then
    nothing is kept.
    """
    entries: list[Entry] = []
    unfit: list[UsageError] = []
    for where, row in _rows(sheet):
        if row.get("decision"):
            try:
                entries.append(_entry(row, where, by))
            except UsageError as error:
                unfit.append(error)
    if unfit:
        raise _all_of(unfit)
    return [_decided(*told) for told in store.decide(entries)]


def author() -> str:
    """Who works here, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"


def _decided(entry: Entry, outcome: Outcome, decision: Decision | None) -> Decided:
    cause = _CAUSES.get(outcome)
    if cause is None:
        return Decided(entry.finding_id, outcome, decision, None)
    standing = ""
    if outcome == "conflict" and decision:
        standing = f"：{decision.by} {words.in_words(words.CHOICE, decision.ruling)} {decision.note}".rstrip()
    number = f"#{entry.finding_id}"
    return Decided(
        entry.finding_id,
        outcome,
        decision,
        Text(f"发现 {number}：{cause.zh}{standing}", f"finding {number}: {cause.en}{standing}"),
    )


def _entry(row: _Row, where: str, by: str) -> Entry:
    ruling = _RULINGS.get(row["decision"].strip().lower())
    if ruling is None:
        raise _unfit(where, "decision", row["decision"])
    number, seen = row.get("finding_id", ""), row.get("decision_id", "")
    if not number.isdecimal():
        raise _unfit(where, "finding_id", number)
    if seen and not seen.isdecimal():
        raise _unfit(where, "decision_id", seen)
    changes = {name: text for name in EDITABLE if (text := row.get(f"new_{name}", ""))} if ruling == "edit" else {}
    if ruling == "edit" and not changes:
        raise _unfit(where, "new_value", "")
    if "severity" in changes:
        severity = _SEVERITIES.get(changes["severity"].strip().lower())
        if severity is None:
            raise _unfit(where, "new_severity", changes["severity"])
        changes["severity"] = severity
    for column in ("decision_note", *(f"new_{name}" for name in changes)):
        if _SHEET_ERROR.fullmatch(row.get(column, "")):
            raise _unfit(where, column, row[column])  # what was typed began with =, + or -: Excel took it for a formula
    told_by = "" if seen else row.get("decided_by", "")
    return Entry(
        finding_id=int(number),
        ruling=ruling,
        note=row.get("decision_note", ""),
        by=told_by or by or author(),
        changes=changes,
        seen=int(seen) if seen else None,
        mark=row.get("mark", ""),
    )


def _unfit(where: str, column: str, value: str) -> UsageError:
    title = words.WORDS["number" if column == "finding_id" else column]
    return UsageError(
        Text(
            f"{where} 的“{title.zh}”（{column}）不合规：{value[:40]!r}",
            f"{where}: “{title.en}” ({column}) can't be {value[:40]!r}",
        ),
        Text(
            "decision 填 采纳、驳回 或 修改；修改须填改后的列，级别填 高、中、低 或 提示",
            "decision is accept, reject or edit; an edit fills a new_ column; a level is high, medium, low or info",
        ),
    )


def _all_of(unfit: Sequence[UsageError]) -> UsageError:
    """One error for all that is to be corrected, as far as a reader can take it in."""
    told, more = [error.cause for error in unfit[:_MOST_TOLD]], len(unfit) - _MOST_TOLD
    zh, en = "；".join(cause.zh for cause in told), "; ".join(cause.en for cause in told)
    if more > 0:
        zh, en = f"{zh}；另有 {more} 处", f"{en}; and {more} more"
    return UsageError(Text(zh, en), unfit[0].remedy)


def _rows(sheet: Path) -> Iterator[tuple[str, _Row]]:
    """Rows by column name, with what to call each: those of every table with a column for decisions."""
    tables = _xlsx_tables(sheet) if sheet.suffix.lower() in (".xlsx", ".xlsm") else _csv_tables(sheet)
    found = False
    for title, head, rows in tables:
        columns = {at: _COLUMNS[name] for at, name in enumerate(head) if name in _COLUMNS}
        if not {"finding_id", "decision"} <= set(columns.values()):
            continue
        found = True
        for number, cells in rows:
            yield f"{title}:{number}", {name: _plain(cells[at]) for at, name in columns.items() if at < len(cells)}
    if not found:
        raise UsageError(
            Text(f"{sheet.name} 里没有“发现编号”与“决定”两列", f"{sheet.name} has no columns finding_id and decision"),
            Text("请用 longdoc export 导出的表格", "use a sheet made by longdoc export"),
        )


_Table = tuple[str, Sequence[str], Iterable[tuple[int, Sequence[str]]]]


def _csv_tables(sheet: Path) -> Iterator[_Table]:
    data = _bytes(sheet)
    for encoding in ("utf-16",) if data.startswith(_UNICODE_TEXT) else _ANY_ENCODING:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _no_sheet(sheet, "encoding")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1))
    if rows:
        yield sheet.name, rows[0][1], rows[1:]


def _xlsx_tables(sheet: Path) -> Iterator[_Table]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(_bytes(sheet)), read_only=True, data_only=True)  # what formulas came to
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise _no_sheet(sheet, type(error).__name__) from None
    for page in book.worksheets:
        rows = enumerate(page.iter_rows(), 1)
        told = ((number, [_as_text(cell.value, cell.number_format) for cell in row]) for number, row in rows)
        head = next(told, None)
        if head:
            yield page.title, head[1], told


def _as_text(value: object, form: str) -> str:
    """What a cell shows: Excel keeps ``30%`` as 0.3 and ``2026-03-01`` as a moment."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value * 100:.12g}%" if "%" in form else f"{value:.15g}"
    return str(value)


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell.strip()


def _bytes(sheet: Path) -> bytes:
    try:
        if sheet.stat().st_size > _LARGEST:
            raise _no_sheet(sheet, f"> {_LARGEST >> 20} MiB")
        return sheet.read_bytes()
    except OSError as error:
        raise _no_sheet(sheet, error.strerror or type(error).__name__) from None


def _no_sheet(sheet: Path, reason: str) -> UsageError:
    return UsageError(
        Text(f"读不了表格 {sheet}：{reason}", f"can't read the sheet {sheet}: {reason}"),
        Text("请给出 longdoc export 导出的 .csv 或 .xlsx", "name a .csv or .xlsx that longdoc export made"),
    )
