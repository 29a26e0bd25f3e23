"""Tables as they stand in a document's text: lines whose cells are separated by TABs.

A PDF has no tables, only ink. Empty cells may be missing, labels that wrap leave fragments on lines of their own, and
a page break repeats the head. So a table says of itself what is certain: which rows are whole, which lines were
fragments, and whether its start was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.kinds.report.figures import Figure, is_blank, parse_cell, unit_of_line
from pipeline.types import Span

_FRAGMENT = 24
"""Longest line without TABs that may still be a piece of a table."""
_FRAGMENTS = 16
"""Most such lines in a row: statements print the items that a company does not have."""
_PROSE = re.compile(r"[。！？!?；;□√]")
_HEADING = re.compile(
    r"[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．](?!\d)|第[一二三四五六七八九十\d]+[章节部]|注[:：\d]|附注|[表图][ \t]?\d"
)
_SERIAL = re.compile(r"\d{1,3}[.、]?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_HEAD_ABOVE = 200
"""Most rows between a row and the head that names its columns."""
_HEAD_LINE = 80
_HEAD_NAME = re.compile(
    r"20\d\d[ ]?年(?:度|末|[ ]?\d{1,2}[ ]?月[ ]?\d{1,2}[ ]?日)?|(?:本期|上期|期末|期初|本年|上年)(?:年?末|同期)?(?:金额|余额|发生额|数)?"
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


@dataclass(frozen=True)
class Row:
    """A line of a table. ``cells`` are all of it, the label included."""

    span: Span
    cells: tuple[Cell, ...]
    fragment: bool = False
    """A line without TABs and without a figure: a piece of a label, or a heading inside the table."""

    @cached_property
    def _label_at(self) -> int | None:
        """Which cell is the label: the first text, behind a serial number or an empty cell at most."""
        for i, cell in enumerate(self.cells[:3]):
            if cell.figure is None and not cell.blank:
                return i
            if cell.figure and not _SERIAL.fullmatch(cell.text.strip()):
                return None
        return None

    @cached_property
    def label(self) -> str:
        """The text that names the row; empty where it has none."""
        return "" if self._label_at is None else self.cells[self._label_at].text.strip()

    @cached_property
    def body(self) -> tuple[Cell, ...]:
        """The cells behind the label."""
        return self.cells if self._label_at is None else self.cells[self._label_at + 1 :]

    @cached_property
    def values(self) -> tuple[Cell, ...]:
        """Of these the figures and blanks."""
        return tuple(c for c in self.body if c.figure or c.blank)

    @cached_property
    def is_value_row(self) -> bool:
        return any(c.figure for c in self.values) and not self.is_years

    @cached_property
    def is_years(self) -> bool:
        """Whether its only figures are calendar years: a head such as ``项目 2025 2024``."""
        figures = [c for c in self.values if c.figure]
        return bool(figures) and all(_YEAR.fullmatch(c.text.strip()) for c in figures) and len(figures) >= 2

    @cached_property
    def is_head(self) -> bool:
        """A row of texts alone, two or more: what names the columns."""
        return not self.fragment and not self.is_value_row and sum(not c.blank for c in self.cells) >= 2


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]
    unit: str | None
    """As stated above the table: 元, 万元 ..."""
    caption: str
    """The lines above it, down to the table."""
    clean: bool = field(default=False)
    """Whether it starts after prose, a caption or a unit line: no other table runs into it."""

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
        """Names of the ``width`` columns behind the label, where a row of the head has as many cells."""
        for row in reversed(self.head):
            if not row.fragment and len(row.cells) - 1 == width:
                return tuple(c.text.strip() for c in row.cells[1:])
            if not row.fragment and len(row.cells) == width > 1:
                return tuple(c.text.strip() for c in row.cells)
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


def tables_in(text: str) -> list[Table]:
    """The tables of a text, in order; they don't overlap."""
    if "\t" not in text:
        return []
    tables: list[Table] = []
    gathered: list[Row] = []
    pending: list[Row] = []
    above: list[str] = []
    clean, unit = True, None

    def close(*, next_clean: bool) -> None:
        nonlocal clean, unit
        if any(row.is_value_row for row in gathered):
            tables.append(_table(tuple(gathered), above, unit if not clean else None, clean=clean))
            unit = tables[-1].unit
        elif gathered:
            above.extend(_line(text, row.span) for row in gathered)
        if any(row.is_value_row for row in gathered):
            above.clear()
        above.extend(_line(text, row.span) for row in pending)
        gathered.clear()
        pending.clear()
        clean = next_clean

    for span in lines_of(text):
        line = text[span.start : span.end]
        if "\t" in line and not _starts_anew(line):
            row = Row(span, cells_of(text, span))
            if _is_new_head(row, gathered):
                close(next_clean=False)
            gathered += [*pending, row]
            pending.clear()
        elif gathered and _may_be_fragment(line) and len(pending) < _FRAGMENTS:
            pending.append(Row(span, cells_of(text, span), fragment=True))
        elif line.strip():
            close(next_clean=True)
            above.append(line)
            del above[:-_CAPTION]
    close(next_clean=True)
    return tables


def _line(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _table(rows: tuple[Row, ...], above: list[str], inherited: str | None, *, clean: bool) -> Table:
    caption = above[-_CAPTION:]
    unit = next((unit for line in reversed(caption) if (unit := unit_of_line(line))), None)
    if unit is None:
        head = "\n".join(c.text for row in rows[:3] for c in row.cells if not row.is_value_row)
        unit = unit_of_line(head) or inherited
    return Table(rows, unit, "\n".join(caption), clean)


def _starts_anew(line: str) -> bool:
    """A line with TABs that belongs to no table: a unit line, a numbered heading, prose with a gap in it."""
    if unit_of_line(line) and not any(c.isdigit() for c in line):
        return "单位" in line
    return len(line) > 60 and "。" in line and line.count("\t") <= 1


def _is_new_head(row: Row, gathered: list[Row]) -> bool:
    """Whether a second table begins here: a head below figures that is not the first head repeated by a page break."""
    if not row.is_head and not row.is_years:
        return False
    first = next((i for i, known in enumerate(gathered) if known.is_value_row), None)
    if first is None or len(row.cells) < 3:
        return False
    heads = {_squeezed(known) for known in gathered[:first]}
    return bool(row.label) and _squeezed(row) not in heads


def _squeezed(row: Row) -> str:
    return re.sub(r"\s", "", "".join(c.text for c in row.cells))


def _may_be_fragment(line: str) -> bool:
    bare = line.strip()
    return (
        0 < len(bare) <= _FRAGMENT and not _PROSE.search(bare) and not _HEADING.match(bare) and not unit_of_line(bare)
    )
