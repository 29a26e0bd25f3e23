"""Tables with drawn lines: the characters of a page put into the cells of its grids. Pure.

What stands in a cell is its text, in whatever order the content stream gives it: column by column, or with other cells'
lines between its own.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pipeline.pdf.clean import fold, is_odd
from pipeline.pdf.lines import (
    CJK,
    Cell,
    Chars,
    Line,
    Placed,
    TablePlace,
    first_word_width,
    joined,
    lines_in,
    merged,
    pieces_in,
)

_MOST_LINES = 40
"""A cell with more lines than this is a frame around text."""
_LEAST_FILLED = 0.15
"""Share of a table's cells that hold text; charts have grids too."""
_Box = tuple[float, float, float, float]
_NOWHERE: _Box = (0.0, 0.0, 0.0, 0.0)
_BLANKS = " \r\n\t\u3000\u00a0"
FIGURE = re.compile(
    r"[(（]?[-－−–—+＋△▲]?[¥￥$]?\d{1,3}(?:[,，]\d{3})*(?:\.\d+)?[%％]?[)）]?|[(（]?[-－−–—+]?[¥￥$]?\d+(?:\.\d+)?[%％]?[)）]?|[-—–－/]{1,3}"
)
"""A whole cell that is a figure, or says that there is none."""
_MOST_PADDING = 6.0
"""Points between a border and the text; Word has 5.4."""
_ITEM = re.compile(
    r"[（(][一二三四五六七八九十\d]{1,2}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}[、.．](?!\d)|[①-⑳●■◆□☐☑√]"
)
_FIELD = re.compile("[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z（）()、]{1,13}[：:]")
"""``地址：``: an entry of its own where the line above leaves room."""
_SPREAD = re.compile("[\u4e00-\u9fff](?:[ \u3000]+[\u4e00-\u9fff]){1,3}")
_SPLIT_FIGURE = re.compile(
    r"[(（]?[-－−–+]?[¥￥$]?\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?[%％]?[)）]?(?:[百千]?万?亿?元|[台套件个吨人份次天])?"
)
_HAN_SIDE = re.compile(f"[{CJK}“”‘’—…]")


class Grid(NamedTuple):
    """A table's rows and columns on a page as shown; y *upwards*."""

    xs: list[float]
    """Borders of the columns, from left to right: one more than columns."""
    ys: list[float]
    """Borders of the rows, from top to bottom."""
    cells: list[tuple[int, int, int, int]]
    """Row, column, rows covered, columns covered; together they tile the grid."""


def lines_with_tables(chars: Chars, page: int, grids: Sequence[Grid]) -> list[Line]:
    """The lines of a page, the rows of its tables among them, where the page shows them."""
    if not grids:
        return lines_in(chars, page)
    tables = [_Filling(grid) for grid in grids]
    outside = _sort_in(chars, tables)
    text = fold(chars.text)
    odd = is_odd(text)
    kept = [table for table in tables if table.is_table(chars, text, page, odd=odd)]
    if len(kept) < len(tables):  # some are none: their text is as good as any other
        return lines_with_tables(chars, page, [table.grid for table in kept])
    lines = lines_in(replace(chars, text=outside), page)
    for number, table in enumerate(tables):
        _put_in(lines, table.rows(number, page), table.grid)
    return lines


def _sort_in(chars: Chars, tables: Sequence[_Filling]) -> str:
    """Give the tables' cells their characters. Returns the page's text with line breaks in place of those."""
    outside = list(chars.text)
    last: list[int] | None = None
    left, top, right, bottom = _NOWHERE
    blanks: list[int] = []
    xs = [(a + b) / 2 for a, b in zip(chars.left, chars.right, strict=True)]
    ys = [(a + b) / 2 for a, b in zip(chars.top, chars.bottom, strict=True)]
    ceiling, floor = max(table.grid.ys[0] for table in tables) + 1, min(table.grid.ys[-1] for table in tables) - 1
    for at, (char, x, y) in enumerate(zip(chars.text, xs, ys, strict=True)):
        if char in _BLANKS:
            blanks.append(at)
            continue
        cell = last
        if not floor <= y <= ceiling:
            cell, (left, top, right, bottom) = None, _NOWHERE
        elif not (left <= x < right and bottom < y <= top):  # most characters follow one in the same cell
            cell, (left, top, right, bottom) = next((c for t in tables if (c := t.cell_at(x, y))), (None, _NOWHERE))
        if at in chars.tilted:
            cell = None
        if cell is not None:
            if cell is last:  # the spaces and breaks between two characters of one cell are its own
                cell.extend(blanks)
            cell.append(at)
            outside[at] = "\n"
        if last is not None or cell is not None:
            for blank in blanks:
                outside[blank] = "\n"
        last = cell
        blanks = []
    return "".join(outside)


@dataclass(slots=True)
class _Filling:
    """A grid and what stands in its cells."""

    grid: Grid
    indexes: list[list[int]] = field(init=False)
    """Of each cell, its characters in PDFium's order."""
    lines: list[list[Cell]] = field(default_factory=list[list[Cell]])
    """Of each cell, its lines from top to bottom."""
    _at: dict[tuple[int, int], int] = field(init=False)

    def __post_init__(self) -> None:
        self.indexes = [[] for _ in self.grid.cells]
        self._at = {
            (r, c): at
            for at, (row, column, rows, columns) in enumerate(self.grid.cells)
            for r in range(row, row + rows)
            for c in range(column, column + columns)
        }

    def cell_at(self, x: float, y: float) -> tuple[list[int], _Box] | None:
        """The characters of the cell around a point, and its box; None outside the table."""
        xs, ys = self.grid.xs, self.grid.ys
        if not (xs[0] - 1 <= x <= xs[-1] + 1 and ys[-1] - 1 <= y <= ys[0] + 1):
            return None
        column = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
        row = min(max(bisect_left(ys, -y, key=lambda edge: -edge) - 1, 0), len(ys) - 2)
        cell = self._at[row, column]
        row, column, rows, columns = self.grid.cells[cell]
        return self.indexes[cell], (xs[column], ys[row], xs[column + columns], ys[row + rows])

    def is_table(self, chars: Chars, text: str, page: int, *, odd: bool) -> bool:
        """Whether what stands in the grid reads as a table. Reads the cells, from the page's folded ``text``."""
        self.lines = [
            [_in_line(pieces) for pieces in _levels(_pieces(chars, text, indexes, page, odd=odd))]
            for indexes in self.indexes
        ]
        filled = sum(bool(lines) for lines in self.lines)
        columns = {cell[1] for cell, lines in zip(self.grid.cells, self.lines, strict=True) if lines}
        rows = {cell[0] for cell, lines in zip(self.grid.cells, self.lines, strict=True) if lines}
        return (
            len(columns) > 1
            and len(rows) > 1
            and filled >= _LEAST_FILLED * len(self.lines)
            and max(map(len, self.lines)) <= _MOST_LINES
        )

    def rows(self, number: int, page: int) -> list[Line]:
        """The table's rows as lines, those without any text left out."""
        xs, ys = self.grid.xs, self.grid.ys
        width = len(xs) - 1
        full = sorted({cell[0] for cell, lines in zip(self.grid.cells, self.lines, strict=True) if lines})
        em = median(lines[0].em for lines in self.lines if lines)
        rows: list[Line] = []
        for row in full:
            starting = [
                (cell, lines) for cell, lines in zip(self.grid.cells, self.lines, strict=True) if cell[0] == row
            ]
            for part in _parted(starting, xs):
                cells = [_empty(xs[c], ys[row], xs[c + 1], ys[row + 1], em) for c in range(width)]
                placed: list[Placed] = []
                for (_, column, height, columns), lines in part:
                    right, bottom = xs[column + columns], ys[row + height]
                    if lines:
                        cells[column] = replace(
                            _stacked(lines, right - xs[column]), room=_room(lines[-1], xs[column], right)
                        )
                    covered = bisect_left(full, row + height) - bisect_left(full, row)
                    placed.append(Placed(column, columns, covered, xs[column], ys[row], right, bottom))
                rows.append(Line(cells, page, place=TablePlace(number, tuple(placed), tuple(xs), ruled=True)))
        return rows


def _empty(left: float, top: float, right: float, bottom: float, em: float) -> Cell:
    return Cell("", array("i"), left, top, right, bottom, em)


# --- the text of a cell -----------------------------------------------------------------------------------------------


def _pieces(chars: Chars, text: str, indexes: Sequence[int], page: int, *, odd: bool) -> list[Cell]:
    """What stands in a cell, by PDFium's lines; ``text`` is the page's folded text."""
    found: list[Cell] = []
    start = last = -1
    for at in (*indexes, -1):
        if start >= 0 and (at != last + 1 or text[at] in "\r\n"):
            pieces = pieces_in(chars, text, start, last + 1, odd=odd)
            if pieces is None:
                return _torn_pieces(chars, indexes, page)
            found += pieces
            start = -1
        if at >= 0 and start < 0 and text[at] not in _BLANKS:
            start = at
        last = at
    return found


def _torn_pieces(chars: Chars, indexes: Sequence[int], page: int) -> list[Cell]:
    """The same where a line ends that PDFium did not see: as if the cell were a page."""
    origins: list[int] = []
    for a, b in pairwise([*indexes, indexes[-1] + 1]):
        origins.append(a)
        if b != a + 1:
            origins.append(-1)
    left, top, right, bottom = (
        array("f", [edges[at] if at >= 0 else 0.0 for at in origins])
        for edges in (chars.left, chars.top, chars.right, chars.bottom)
    )
    text = "".join([chars.text[at] if at >= 0 else "\n" for at in origins])
    made = frozenset(at for at, origin in enumerate(origins) if origin in chars.generated)
    found = [cell for line in lines_in(Chars(text, left, top, right, bottom, made), page) for cell in line.cells]
    for piece in found:
        piece.origins = array("i", [origins[at] if at >= 0 else -1 for at in piece.origins])
    return found


def _levels(pieces: Sequence[Cell]) -> list[list[Cell]]:
    """Pieces of text by the line that they stand on, from top to bottom."""
    levels: list[list[Cell]] = []
    for piece in sorted(pieces, key=lambda piece: -piece.top - piece.bottom):
        if levels and _apart(levels[-1][0], piece) < min(levels[-1][0].height, piece.height):
            levels[-1].append(piece)
        else:
            levels.append([piece])
    return levels


def _in_line(pieces: Sequence[Cell]) -> Cell:
    first, *rest = pieces if len(pieces) == 1 else merged(pieces)
    for piece in rest:
        first = _together(first, piece, " ")
    return first


def _stacked(lines: Sequence[Cell], width: float) -> Cell:
    """The lines of a cell as one; ``width`` is that of its column."""
    cell = lines[0]
    upper = lines[0]
    for lower in lines[1:]:
        cell = _together(cell, lower, _between(upper, lower, width))
        upper = lower
    text, origins = cell.text, cell.origins
    if _SPREAD.fullmatch(text) or _is_split_figure(text):
        kept = [at for at, char in enumerate(text) if char not in " \u3000"]
        text, origins = "".join([text[at] for at in kept]), array("i", [origins[at] for at in kept])
    return Cell(text, origins, cell.left, cell.top, cell.right, cell.bottom, cell.em, cell.confidence)


def _room(line: Cell, left: float, right: float) -> float:
    """Points that a line leaves free between the borders of its cell, which are padded alike."""
    padding = max(0.0, min(line.left - left, right - line.right, _MOST_PADDING))
    return right - left - (line.right - line.left) - 2 * padding


def _together(a: Cell, b: Cell, between: str | None) -> Cell:
    text, origins = joined(a, b, between)
    left, right = min(a.left, b.left), max(a.right, b.right)
    return Cell(text, origins, left, max(a.top, b.top), right, min(a.bottom, b.bottom), a.em, a.confidence)


def _between(upper: Cell, lower: Cell, width: float) -> str | None:
    """What stands between two lines of a cell: a space where the upper one left room for more, so that two figures,
    words or entries of a form stay two; else what ``glue`` says."""
    if _ITEM.match(lower.text):
        return " "
    room = width - (upper.right - upper.left) - 0.8 * lower.em
    if _HAN_SIDE.match(upper.text[-1]) or _HAN_SIDE.match(lower.text[0]):
        return " " if _FIELD.match(lower.text) and room > 2 * lower.em else None
    return " " if room > max(first_word_width(lower), 0.5 * lower.em) and upper.text[-1] not in "-/" else None


def _is_split_figure(text: str) -> bool:
    """Whether spaces stand inside one figure: ``86 ,672元``; never between two digits, which may be two figures."""
    if " " not in text or re.search(r"\d +\d", text):
        return False
    return _SPLIT_FIGURE.fullmatch(text.replace(" ", "")) is not None


# --- rows that no line parts ------------------------------------------------------------------------------------------

_Part = list[tuple[tuple[int, int, int, int], list[Cell]]]


def _parted(row: _Part, xs: Sequence[float]) -> list[_Part]:
    """A grid's row as the rows that it holds: some tables draw a line only under their head. A column that has a figure
    on each of its lines tells where the rows are, unless they are but the parts of wrapped figures."""
    figures = [
        (lines, xs[column], xs[column + columns])
        for (_, column, _, columns), lines in row
        if len(lines) > 1 and all(FIGURE.fullmatch(_dense(x)) for x in lines)
    ]
    if not figures or any(cell[2] > 1 for cell, _ in row) or all(_is_wrapped(*stack) for stack in figures):
        return [row]
    stacks = [lines for lines, *_ in figures]
    anchor = max(stacks, key=len)
    if len(anchor) < 3 and sum(_level(lines, anchor) for lines in stacks) < 2:
        return [row]
    parts: list[_Part] = [[(cell, []) for cell, _ in row] for _ in anchor]
    for number, (_, lines) in enumerate(row):
        for line in lines:
            parts[min(range(len(anchor)), key=lambda at: _apart(anchor[at], line))][number][1].append(line)
    return parts


def _is_wrapped(lines: Sequence[Cell], left: float, right: float) -> bool:
    """Whether these lines are one figure with thousands or decimals, too long for its column: 5,213,876,402.1 | 1."""
    if not all(_room(line, left, right) < line.em for line in lines[:-1]):
        return False
    return re.search("[,.]", lines[0].text) is not None and FIGURE.fullmatch("".join(map(_dense, lines))) is not None


def _apart(a: Cell, b: Cell) -> float:
    """Twice how far two lines stand above each other."""
    return abs(a.top + a.bottom - b.top - b.bottom)


def _dense(cell: Cell) -> str:
    return cell.text.replace(" ", "")


def _level(lines: Sequence[Cell], anchor: Sequence[Cell]) -> bool:
    """Whether two columns have their lines at the same heights."""
    return len(lines) == len(anchor) and all(
        abs(a.top - b.top) < 0.5 * a.em for a, b in zip(lines, anchor, strict=True)
    )


# --- among the other lines --------------------------------------------------------------------------------------------


def _put_in(lines: list[Line], rows: Sequence[Line], grid: Grid) -> None:
    """Put a table's rows where the fewest lines beside, above or below it are out of order."""
    top, bottom = grid.ys[0], grid.ys[-1]
    over = [line.left < grid.xs[-1] and line.right > grid.xs[0] for line in lines]
    # before the first line: those above the table come too late
    wrong = sum(o and line.middle > top for o, line in zip(over, lines, strict=True))
    best, place = wrong, 0
    for at, line in enumerate(lines):
        if over[at]:
            wrong += (line.middle < bottom) - (line.middle > top)
        if wrong < best or (wrong == best and not over[at]):
            best, place = wrong, at + 1
    lines[place:place] = rows
