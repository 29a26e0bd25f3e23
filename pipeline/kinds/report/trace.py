"""Where a figure of a table stands, said so that a reader finds it: table, row, column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.kinds.report.figures import unit_of_line
from pipeline.lang import Text
from pipeline.types import Document, Span, Table, TableRow

_ABOVE = 4
"""Lines above a table that may be its name."""
_LONGEST = 40
_NO_NAME = re.compile(r"[□√]|^[\s\d/-]+$|续表|[。；，]$|^(?:单位|币种|编制)")
_HEADING = re.compile(r"(?:[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．])?[^\s\d。；，]{2,20}表$")
"""A line between two rows that begins a table."""
_TAIL = re.compile(r"[:：]$")


def trace_of(document: Document, cell: Span, row: str) -> Text | None:
    """``表“资产负债表”（第 4 页）“资产总计”行“期末余额”列``; ``row`` names the row. None where the cell is in
    no table whose columns are known.
    """
    table = document.table_at(cell.start)
    place = table.place_of(cell.start) if table else None
    if table is None or place is None:
        return None
    column = column_names(document.text, table)[place[1]]
    page = table.rows[place[0]].page
    name = _name_of(document.text, table, place[0])
    zh = f"“{column}”列" if column else f"第 {place[1] + 1} 列"
    en = f"column “{column}”" if column else f"column {place[1] + 1}"
    return Text(
        f"表{f'“{name}”' if name else ''}（第 {page} 页）“{row}”行{zh}",
        f"table {f'“{name}” ' if name else ''}(page {page}), row “{row}”, {en}",
    )


def column_names(text: str, table: Table) -> tuple[str, ...]:
    """What the head says of each column, from the outer name to the inner; empty where it says nothing."""
    heads = [row for row in table.rows if row.head and not row.repeated]
    return tuple(_column_name(text, heads, column) for column in range(table.columns))


def _column_name(text: str, heads: Sequence[TableRow], column: int) -> str:
    names: list[str] = []
    for row in heads:
        for cell in row.cells:
            name = text[cell.span.start : cell.span.end].strip()
            whole = cell.column == 0 and cell.columns > 1 and len(row.cells) == 1  # a title over all columns
            if cell.column <= column < cell.column + cell.columns and name and name not in names and not whole:
                names.append(name)
    return " ".join(names)


def _name_of(text: str, table: Table, at: int) -> str:
    """The name of a table above its row ``at``: where two tables were read as one, the line between them."""
    for above, row in reversed(list(pairwise(table.rows[: at + 1]))):
        between = text[above.span.end : row.span.start].split("\n")
        if name := next((line.strip() for line in reversed(between) if _HEADING.match(line.strip())), ""):
            return _TAIL.sub("", name)
    end = table.span.start - 1
    for _ in range(_ABOVE):
        if end <= 0:
            break
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].strip()
        if line and len(line) <= _LONGEST and "\t" not in line and not unit_of_line(line) and not _NO_NAME.search(line):
            return _TAIL.sub("", line)
        end = start - 1
    return ""
