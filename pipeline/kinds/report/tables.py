"""Tables as they stand in a document's text: lines whose cells are separated by TABs.

A PDF has no tables, only ink. Empty cells may be missing, labels that wrap leave fragments on lines of their own, and
a page break repeats the head. So a table says of itself what is certain: which rows are whole, which lines were
fragments, and whether its start was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile

from pipeline.kinds.report.figures import Figure, is_blank, parse_cell, unit_of_all, unit_of_line
from pipeline.kinds.report.trace import column_names
from pipeline.types import Span, TableRow
from pipeline.types import Table as PrintedTable

_FRAGMENT = 24
"""Longest line without TABs that may still be a piece of a table."""
_FRAGMENTS = 16
"""Most such lines in a row: statements print the items that a company does not have."""
_PROSE = re.compile(r"[。！？!?；;□√]")
_HEADING = re.compile(
    r"[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．](?!\d)"
    r"|第[一二三四五六七八九十\d]+[章节部]|注[:：\d]|附注|[表图][ \t]?\d"
)
_DIGIT = re.compile(r"\d")
_SERIAL = re.compile(r"\d{1,3}[.、]?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_HEAD_ABOVE = 200
"""Most rows between a row and the head that names its columns."""
_HEAD_LINE = 80
_HEAD_NAME = re.compile(
    r"20\d\d[ ]?年(?:度|末|[ ]?\d{1,2}[ ]?月[ ]?\d{1,2}[ ]?日)?"
    r"|(?:本期|上期|期末|期初|本年|上年)(?:年?末|同期)?(?:金额|余额|发生额|数)?"
)
_CAPTION = 4
"""Lines above a table that may name it or its unit."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``figure`` None: a text or a blank."""

    text: str
    span: Span
    figure: Figure | None
    blank: bool


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A line of a table."""

    span: Span
    cells: tuple[Cell, ...]
    """All of them, the label included."""
    fragment: bool
    """A line without TABs: a piece of a label, a heading inside the table, a piece of a figure."""
    label: str
    """The text that names the row; empty where it has none."""
    body: tuple[Cell, ...]
    """The cells behind the label."""
    values: tuple[Cell, ...]
    """Of these the figures and blanks."""
    is_years: bool
    """Whether its only figures are calendar years: a head such as ``项目 2025 2024``."""
    is_value_row: bool
    is_head: bool
    """A row of texts alone, two or more: what names the columns."""

    @staticmethod
    def of(text: str, span: Span, *, fragment: bool = False) -> Row:
        cells = cells_of(text, span)
        label_at = _label_at(cells)
        body = cells if label_at is None else cells[label_at + 1 :]
        values = tuple(c for c in body if c.figure or c.blank)
        figures = [c for c in values if c.figure]
        years = len(figures) >= 2 and all(_YEAR.fullmatch(c.text.strip()) for c in figures)
        return Row(
            span,
            cells,
            fragment,
            label="" if label_at is None else cells[label_at].text.strip(),
            body=body,
            values=values,
            is_years=years,
            is_value_row=bool(figures) and not years,
            is_head=not fragment and (not figures or years) and sum(not c.blank for c in cells) >= 2,
        )


def _label_at(cells: tuple[Cell, ...]) -> int | None:
    """Which cell is the label: the first text, behind a serial number or an empty cell at most."""
    for i, cell in enumerate(cells[:3]):
        if cell.figure is None and not cell.blank:
            return i
        if cell.figure and not _SERIAL.fullmatch(cell.text.strip()):
            return None
    return None


@dataclass(frozen=True, eq=False)
class Table:
    rows: tuple[Row, ...]
    unit: str | None
    """As stated above the table: 元, 万元 ..."""
    caption: str
    """The lines above it, down to the table."""
    clean: bool = field(default=False)
    """Whether it starts after prose, a caption or a unit line: no other table runs into it."""
    names: tuple[str, ...] = ()
    """What the head says of each column, where reading knew the columns; nested heads are put together."""

    @property
    def span(self) -> Span:
        return Span(self.rows[0].span.start, self.rows[-1].span.end)

    @cached_property
    def head(self) -> tuple[Row, ...]:
        """The rows above the first figures."""
        first = next((i for i, row in enumerate(self.rows) if row.is_value_row), len(self.rows))
        return self.rows[:first]

    def heads_above(self, at: int) -> Iterator[tuple[str, ...]]:
        """The cells of the heads above the row at ``at``, the nearest first; last what the line above the table names.

        A head may have fewer cells than the rows: a name that wraps stands on lines of its own.
        """
        for row in reversed(self.rows[max(0, at - _HEAD_ABOVE) : at]):
            if row.is_years or row.is_head:
                yield tuple(c.text.strip() for c in row.cells)
        last = self.caption.rsplit("\n", 1)[-1]
        if len(last) <= _HEAD_LINE and (names := _HEAD_NAME.findall(last)):
            yield tuple(names)

    def wrapped_above(self, at: int, most: int = 3) -> list[str]:
        """The fragments directly above a row, as many as may be its label's first lines."""
        found: list[str] = []
        while len(found) < most and at > 0 and self.rows[at - 1].fragment and not self.rows[at - 1].is_value_row:
            at -= 1
            found.insert(0, self.rows[at].label)
        return found

    @cached_property
    def first(self) -> Row:
        """The first row with figures."""
        return self.rows[len(self.head)]

    @cached_property
    def is_headed(self) -> bool:
        """Whether the names of the columns were seen: else the table may have begun further up."""
        return any(row.is_head or row.is_years for row in self.head)

    def column_names(self, width: int) -> tuple[str, ...] | None:
        """Names of the ``width`` columns behind the label, where a row of the head has as many cells.

        One name may be missing at the end: the lines that it wrapped over follow the head.
        """
        if len(self.names) > width and all(self.names[-width:]):
            return self.names[-width:]
        for at, row in reversed(list(enumerate(self.head))):
            names = [c.text.strip() for c in row.cells]
            if row.fragment or len(names) < 2:
                continue
            if len(names) == width + 1:
                return tuple(names[1:])
            if len(names) != width:
                continue
            if all(_HEAD_NAME.match(name) for name in names[:2]):
                return tuple(names)
            wrapped = "".join(part.cells[0].text for part in self.head[at + 1 :] if part.fragment)
            if wrapped and all(_HEAD_NAME.match(name) for name in names[1:]):
                return (*names[1:], wrapped)
        return None


def cells_of(text: str, span: Span) -> tuple[Cell, ...]:
    """The cells of the line at ``span``. Figures that stand in one cell with mere spaces between them are parted."""
    cells: list[Cell] = []
    at = span.start
    for part in text[span.start : span.end].split("\t"):
        pieces = part.split(" ")
        if len(pieces) > 1 and all(parse_cell(piece) for piece in pieces):
            for piece in pieces:
                cells.append(_cell(piece, at))
                at += len(piece) + 1
        else:
            cells.append(_cell(part, at))
            at += len(part) + 1
    return tuple(cells)


def _cell(text: str, at: int) -> Cell:
    figure = parse_cell(text)
    return Cell(text, Span(at, at + len(text)), figure, figure is None and is_blank(text))


def lines_of(text: str) -> Iterator[Span]:
    """Spans of the lines, without their line breaks; empty lines too."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield Span(start, end)
        start = end + 1


def tables_in(text: str, printed: Sequence[PrintedTable] = ()) -> list[Table]:
    """The tables of a text, in order; they don't overlap. ``printed`` are those that reading found: their bounds and
    columns are certain."""
    if "\t" not in text:
        return []
    gathering = _Gathering(text)
    known = {row.span.start: (table, row) for table in printed for row in table.rows}
    for span in lines_of(text):
        line = text[span.start : span.end]
        if span.start in known:
            gathering.add_known(*known[span.start])
        elif gathering.printed and span.start < gathering.printed.span.end:
            continue  # a page break's furniture: 续表, the caption again
        elif "\t" in line and not _starts_anew(line):
            gathering.add_row(Row.of(text, span))
        elif gathering.takes_fragments and _may_be_fragment(line):
            gathering.pending.append(Row.of(text, span, fragment=True))
        elif line.strip():
            gathering.add_prose(line)
    gathering.close(next_clean=True)
    return gathering.tables


class _Gathering:
    """The table that is being read, the lines above it, and the tables already done."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tables: list[Table] = []
        self.rows: list[Row] = []
        self.pending: list[Row] = []
        """Fragments that belong to the table only if another row follows."""
        self.above: list[str] = []
        self.clean = True
        self.heads: set[str] = set()
        """The rows above the first figures, without white space."""
        self.has_figures = False
        self.unit_of_all: str | None = None
        """What the document says once for all its tables."""
        self.printed: PrintedTable | None = None
        """The table, found by reading, whose rows are being read."""

    @property
    def takes_fragments(self) -> bool:
        closed = self.printed is not None and self.printed.found_by != "alignment"
        return bool(self.rows) and len(self.pending) < _FRAGMENTS and not closed

    def add_known(self, table: PrintedTable, row: TableRow) -> None:
        """Add a row that reading found; heads that page breaks repeat are left out."""
        if table is not self.printed:
            if self.rows:
                self.close(next_clean=False)
            self.printed = table
        if not row.repeated:
            self.add_row(Row.of(self.text, row.span))

    def add_row(self, row: Row) -> None:
        if self._is_new_head(row):
            self.close(next_clean=False)
        self.rows += [*self.pending, row]
        self.has_figures = self.has_figures or row.is_value_row or any(part.is_value_row for part in self.pending)
        self.pending.clear()
        if not self.has_figures:
            self.heads.add(_squeezed(row))

    def _is_new_head(self, row: Row) -> bool:
        """Whether a second table begins: a head below figures that is not the first head repeated by a page break."""
        head = row.is_head and bool(row.label) and len(row.cells) >= 3
        return head and self.has_figures and _squeezed(row) not in self.heads

    def add_prose(self, line: str) -> None:
        if self.rows or not self.clean:
            self.close(next_clean=True)
        if "外" in line or "单位" in line:
            self.unit_of_all = unit_of_all(line) or self.unit_of_all
        self.above.append(line)
        del self.above[:-_CAPTION]

    def close(self, *, next_clean: bool) -> None:
        """End the table. What had no figures was none: its lines are the caption of the next."""
        if self.has_figures:
            inherited = self.tables[-1].unit if self.tables and not self.clean else self.unit_of_all
            table = _table(tuple(self.rows), self.above, inherited, clean=self.clean)
            if self.printed and self.printed.span.start == table.span.start:
                certain = table.clean or self.printed.found_by != "alignment"
                table = replace(table, names=column_names(self.text, self.printed), clean=certain)
            self.tables.append(table)
            self.above.clear()
        else:
            self.above += [_line(self.text, row.span) for row in self.rows[-_CAPTION:]]
        self.above += [_line(self.text, row.span) for row in self.pending]
        self.rows.clear()
        self.pending.clear()
        self.heads.clear()
        self.has_figures = False
        self.clean = next_clean


def _line(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _table(rows: tuple[Row, ...], above: list[str], inherited: str | None, *, clean: bool) -> Table:
    caption = above[-_CAPTION:]
    unit = next((unit for line in reversed(caption) if (unit := unit_of_line(line))), None)
    if unit is None:
        head = "\n".join(c.text for row in rows[:3] for c in row.cells if not row.is_value_row)
        unit = unit_of_line(head) or inherited
    return Table(_without_notes(rows), unit, "\n".join(caption), clean)


def _without_notes(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows without the column that refers to the notes (附注): some of its cells are blank, others are not."""
    heads = takewhile(lambda row: not row.is_value_row, rows)
    head = next((row for row in heads if any(_is_note_head(c) for c in row.cells)), None)
    if head is None:
        return rows
    at = next(i for i, cell in enumerate(head.cells) if _is_note_head(cell))
    width = len(head.cells)
    return tuple(_without_cell(row, row.cells[at]) if len(row.cells) == width else row for row in rows)


def _is_note_head(cell: Cell) -> bool:
    return "注" in cell.text and re.sub(r"\s", "", cell.text) in ("附注", "注释", "附注号", "附注编号")


def _without_cell(row: Row, left_out: Cell) -> Row:
    cells, body, values = (tuple(c for c in of if c is not left_out) for of in (row.cells, row.body, row.values))
    return replace(row, cells=cells, body=body, values=values)


def _starts_anew(line: str) -> bool:
    """A line with TABs that belongs to no table: a unit line, a numbered heading, prose with a gap in it."""
    if "单位" in line and not _DIGIT.search(line) and unit_of_line(line):
        return True
    return len(line) > 60 and "。" in line and line.count("\t") <= 1


def _squeezed(row: Row) -> str:
    return re.sub(r"\s", "", "".join(c.text for c in row.cells))


def _may_be_fragment(line: str) -> bool:
    bare = line.strip()
    return (
        0 < len(bare) <= _FRAGMENT and not _PROSE.search(bare) and not _HEADING.match(bare) and not unit_of_line(bare)
    )
