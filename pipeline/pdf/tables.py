"""From the rows of tables in the finished text to tables, whole over page breaks. Pure.

A table goes on over a page break where nothing but 续表 or its repeated head stands between its parts, and the columns
are the same.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

from pipeline.pdf.layout import LaidRow
from pipeline.pdf.lines import Line, Placed
from pipeline.pdf.tables_ruled import FIGURE
from pipeline.types import Span

_ASKS_FOR_GRIDS = 2
"""Rows and jumps back up that make a page worth a look at its strokes: 246 of 249 pages with drawn tables do."""
_MARGIN = 0.07
"""Headers and footers, which stand in these parts of the page, are no such signs: they are often written first, and of
parts. Of 134 pages of the corpus whose strokes make grids none was lost, at 0.08 two."""
_SHORT_EM = 12
_MOST_BETWEEN = 3
"""Lines between the parts of a table: 续表, a caption, a unit."""
_SAME_BORDER = 6.0
"""Points by which the columns of a table may differ from page to page."""
_CONTINUED = re.compile(r"续表|[（(]续[表一二三四\d]*[)）]|^续[:：\s]*$|continued", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d年?")
_COLUMN_NAME = re.compile(
    r"^.{0,12}(?:名称|类[别型]|分类|序号|编号|备注|说明|内容|情况|项目|单位|职务|日期|时间|阶段|条件|要求|标准|方[法式]|地点|关系|原因|影响)$"
    r"|^是否|^(?:姓名|性别|年龄|条款号|变量)$"
)
_HEAD_ROWS = 4


def asks_for_grids(lines: Sequence[Line], height: float) -> bool:
    """Whether a page of this height may hold a table with drawn lines: it has rows of cells, or lines that jump back
    up; between short lines one jump will do."""
    inner = [line for line in lines if _MARGIN * height < line.middle < (1 - _MARGIN) * height]
    signs = sum(line.is_row for line in inner)
    signs += sum(1 + _next_column(a, b) for a, b in pairwise(inner) if a.bottom < b.middle)
    return signs >= _ASKS_FOR_GRIDS


def _next_column(a: Line, b: Line) -> bool:
    """Whether two short lines may end one column of a table and start the next."""
    return b.left > a.left and max(a.right - a.left, b.right - b.left) < _SHORT_EM * b.em and b.top - a.top > b.em


class Cell(NamedTuple):
    span: Span
    place: Placed


class Row(NamedTuple):
    span: Span
    page: int
    """Index, from 0."""
    texts: tuple[str, ...]
    """Of all columns."""
    cells: list[Cell]


@dataclass(slots=True)
class Part:
    """A table, or the part of one that stands on a page."""

    rows: list[Row]
    borders: tuple[float, ...]
    ruled: bool
    first: int
    last: int
    """Where its outermost rows stand among the document's lines."""
    heads: int
    """Rows at its top that name the columns."""
    repeated: set[int] = field(default_factory=set[int])
    """Indexes of the rows that repeat the head."""

    @property
    def columns(self) -> int:
        return len(self.borders) - 1


def tables_of(laid: Sequence[LaidRow], lines: Sequence[Line]) -> list[Part]:
    """The tables of a document; ``lines`` are all of its lines."""
    tables: list[Part] = []
    for part in _parts(laid):
        if tables and (repeated := _carries_on(tables[-1], part, lines)) is not None:
            table = tables[-1]
            table.repeated.update(range(len(table.rows), len(table.rows) + repeated))
            table.rows += part.rows
            table.last = part.last
        else:
            tables.append(part)
    return tables


def _parts(laid: Sequence[LaidRow]) -> Iterator[Part]:
    for _, group in groupby(laid, key=lambda row: (row.line.page, row.line.place and row.line.place.table)):
        members = list(group)
        rows = [_row(member) for member in members]
        place = members[0].line.place
        assert place
        yield Part(rows, place.borders, place.ruled, members[0].at, members[-1].at, _count_heads(rows))


def _row(laid: LaidRow) -> Row:
    line, at = laid.line, laid.start
    spans: list[Span] = []
    for cell in line.cells:
        spans.append(Span(at, at + len(cell.text)))
        at += len(cell.text) + 1
    assert line.place
    cells = [Cell(spans[placed.column], placed) for placed in line.place.cells]
    return Row(Span(laid.start, at - 1), line.page, tuple(cell.text for cell in line.cells), cells)


# --- heads ------------------------------------------------------------------------------------------------------------


def _count_heads(rows: Sequence[Row]) -> int:
    """How many rows at the top name the columns: texts alone above rows with figures, and what cells that reach over
    several rows or columns hold together with them."""
    first = next((at for at, row in enumerate(rows) if any(map(_is_figure, row.texts))), len(rows))
    if first == len(rows):  # texts alone: names of columns are known by their words
        return int(len(rows) > 2 and all(rows[0].texts) and sum(map(_names_a_column, rows[0].texts)) > 1)
    if not first:
        return 0
    start = next((at for at, row in enumerate(rows[:first]) if sum(map(bool, row.texts)) > 1), None)
    if start is None:
        return 0
    heads = start + max((cell.place.rows for cell in rows[start].cells if cell.span.length), default=1)
    if heads == start + 1 and any(cell.place.columns > 1 for cell in rows[start].cells) and heads < first:
        heads += 1
    return min(heads, first, _HEAD_ROWS)


def _names_a_column(text: str) -> bool:
    return _COLUMN_NAME.search(re.sub(r"\s", "", text)) is not None


def _is_figure(text: str) -> bool:
    dense = re.sub(r"\s", "", text)
    return FIGURE.fullmatch(dense) is not None and any(map(str.isdigit, dense)) and not _YEAR.fullmatch(dense)


# --- over page breaks -------------------------------------------------------------------------------------------------


def _carries_on(table: Part, part: Part, lines: Sequence[Line]) -> int | None:
    """How many rows of ``part`` repeat the head of ``table`` that it carries on; None where it is its own table."""
    between = lines[table.last + 1 : part.first]
    if part.rows[0].page != table.rows[-1].page + 1 or len(between) > _MOST_BETWEEN or part.columns != table.columns:
        return None
    said = any(_CONTINUED.search(line.text) for line in between)
    repeated = _repeated(table, part)
    if repeated or said:
        return repeated
    return 0 if not between and _same_borders(table, part) else None


def _repeated(table: Part, part: Part) -> int:
    heads = [_dense(row) for row in table.rows[: table.heads or 1]]
    return len(heads) if [_dense(row) for row in part.rows[: len(heads)]] == heads else 0


def _dense(row: Row) -> tuple[str, ...]:
    return tuple(re.sub(r"\s", "", text) for text in row.texts)


def _same_borders(table: Part, part: Part) -> bool:
    """Whether the columns are as wide; the inner margins of a book may change sides."""
    if table.ruled != part.ruled:
        return False
    slack = _SAME_BORDER if table.ruled else 6 * _SAME_BORDER
    return all(
        abs((a - table.borders[0]) - (b - part.borders[0])) < slack
        for a, b in zip(table.borders, part.borders, strict=True)
    )


# --- for the parent ---------------------------------------------------------------------------------------------------


def packed(tables: Sequence[Part], heights: Sequence[float]) -> dict[str, object]:
    """Tables as a message: ``table_rows`` (five numbers a row: table, page from 1, start, end, what it is in a head),
    ``table_cells`` (six a cell: row, start, end, column, columns, rows) and the cells' boxes. ``heights`` are those of
    the pages."""
    rows, cells, boxes = array("i"), array("i"), array("f")
    at = 0
    for number, table in enumerate(tables):
        for index, row in enumerate(table.rows):
            kind = 2 if index in table.repeated else int(index < table.heads)
            rows.extend((number, row.page + 1, *row.span, kind))
            height = heights[row.page]
            for span, place in row.cells:
                cells.extend((at, *span, place.column, place.columns, place.rows))
                boxes.extend((place.left, height - place.top, place.right, height - place.bottom))
            at += 1
    shapes = [[table.columns, "rules" if table.ruled else "alignment"] for table in tables]
    return {"tables": shapes, "table_rows": rows, "table_cells": cells, "table_boxes": boxes}
