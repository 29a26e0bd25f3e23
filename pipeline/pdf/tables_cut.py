"""Table rows that a page break divides, made whole. Pure.

Word and LibreOffice let a row with wrapped cells go on on the next page, and close both pieces with a border: nothing
that is drawn tells them from two rows. What tells is each cell with text in the lower piece: the upper one has no room
left on its last line, and what it ends with goes on. A figure goes on only where one part is none, or has not the
decimals of its column. Where any cell is in doubt the pieces stay two rows.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

from pipeline.pdf.lines import Cell, Line, Placed, TablePlace, joined
from pipeline.pdf.regions import PageLines
from pipeline.pdf.tables_ruled import FIGURE

_FOOT, _HEAD = 0.2, 0.7
"""Shares of the page's height: the upper piece ends below the one, the lower begins above the other."""
_HEAD_ROWS = 4
_FEW_ROWS = 4
_SAME_BORDER = 6.0
_MOST_CARRIED = 120
"""Characters of the lower piece that may count as the upper page's; longer ones are text of their own page."""
_WORD = re.compile(r"[^\s\u2e80-\u9fff\uf900-\uffef]+")
_TAIL, _DIGITS = re.compile(r"[\d,.]+$"), re.compile(r"[\d,.]+")
_UNIT = re.compile(r"[百千]?万?亿?元|[%％]")
_ENDS = re.compile(r"[。！？!?；;:：][”’」』）)]?$")
_STARTS = re.compile(
    r"[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,3}[、)）]|\d{1,3}[.．](?!\d)|[①-⑳●■◆□☐☑√]"
    r"|第[一二三四五六七八九十百\d]+[条章节项款]|[其合小总]中?计?[：:]|(?:小计|合计|总计)|[减加][：:]"
    r"|[\u4e00-\u9fff][\u4e00-\u9fff（）()、]{1,13}[：:]"
)
_OPENED = re.compile(r"[（(][^）)]*$")


def with_whole_rows(pages: Sequence[PageLines]) -> None:
    """Put the lower piece of a row that a page break divides back into its row, on the upper page. Its characters keep
    their places: an origin of -2 - n is character n of the next page."""
    for upper, lower in pairwise(pages):
        if upper.lines and lower.lines and (found := _rest(upper, lower)):
            at, rest = found
            del lower.lines[at]
            _carry(upper.lines, rest)


def _rest(upper: PageLines, lower: PageLines) -> tuple[int, Line] | None:
    """The rest of the upper page's last row, and its index on the lower page."""
    last, first = upper.lines[-1], lower.lines[0]
    if last.place is None or not last.place.ruled or last.page + 1 != first.page:
        return None
    at = 0
    rest = first
    if first.place is None:
        rest = _figures_under(first, last.place)
    elif not _same_columns(last.place, first.place):
        return None
    elif (at := _heads(upper.lines, lower.lines)) < len(lower.lines):
        rest = lower.lines[at]
    is_cut = rest and _at_page_ends(upper, lower) and _is_cut(upper, lower, rest)
    return (at, rest) if rest and is_cut else None


def _figures_under(line: Line, place: TablePlace) -> Line | None:
    """A line of digits under a table's columns as its row: a lone row has no grid of its own."""
    columns = [bisect_right(place.borders, (cell.left + cell.right) / 2) - 1 for cell in line.cells]
    inside = all(0 <= column < len(place.borders) - 1 for column in columns)
    if not inside or len({*columns}) < len(columns) or not all(_DIGITS.fullmatch(cell.text) for cell in line.cells):
        return None
    sides = list(pairwise(place.borders))
    cells = [Cell("", array("i"), left, line.top, right, line.bottom, line.em) for left, right in sides]
    for column, cell in zip(columns, line.cells, strict=True):
        cells[column] = cell
    placed = tuple(Placed(at, 1, 1, left, line.top, right, line.bottom) for at, (left, right) in enumerate(sides))
    return Line(cells, line.page, place=TablePlace(-1, placed, place.borders, ruled=True))


def _same_columns(a: TablePlace, b: TablePlace) -> bool:
    return (
        b.ruled
        and len(a.borders) == len(b.borders)
        and all(
            abs((x - a.borders[0]) - (y - b.borders[0])) < _SAME_BORDER
            for x, y in zip(a.borders, b.borders, strict=True)
        )
    )


def _own_rows(lines: Sequence[Line], of: Line) -> list[Line]:
    """The rows of the table on its page that ``of`` stands in."""
    table = of.place and of.place.table
    return [line for line in lines if line.place and line.place.table == table]


def _heads(upper: Sequence[Line], lower: Sequence[Line]) -> int:
    """How many rows at the head of the lower page repeat the table's first ones."""
    rows = zip(_own_rows(upper, upper[-1])[:_HEAD_ROWS], lower, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _dense(pair[0]) == _dense(pair[1]), rows))


def _dense(line: Line) -> list[str]:
    return ["".join(cell.text.split()) for cell in line.cells]


def _at_page_ends(upper: PageLines, lower: PageLines) -> bool:
    place = upper.lines[-1].place
    edge = min(cell.bottom for cell in place.cells) if place else upper.height
    return edge < _FOOT * upper.height and lower.lines[0].top > _HEAD * lower.height


def _is_cut(upper: PageLines, lower: PageLines, rest: Line) -> bool:
    """Whether a row of the lower page is the rest of the last one of the upper page."""
    last, first = upper.lines[-1], lower.lines[0]
    if rest.place is None or (first.place and first.place.table != rest.place.table):
        return False
    carried = [column for column, cell in enumerate(rest.cells) if cell.text]
    if not carried or sum(len(rest.cells[column].text) for column in carried) > _MOST_CARRIED:
        return False
    table = [*_own_rows(upper.lines, last), *_own_rows(lower.lines, rest)]
    if carried == [0] and not _OPENED.search(last.cells[0].text) and not _are_labelled(table, rest):
        return False  # a label alone may be that of the rows below it
    return all(_goes_on(last, rest, column, _decimals_in(table, column, (last, rest))) for column in carried)


def _are_labelled(rows: Sequence[Line], but: Line) -> bool:
    """Whether there are some rows and, ``but`` one aside, none is a label alone."""
    others = [row for row in rows if row is not but]
    return len(others) > _FEW_ROWS and all(any(cell.text for cell in row.cells[1:]) for row in others)


def _decimals_in(rows: Sequence[Line], column: int, but: Sequence[Line]) -> set[int]:
    """The numbers of decimals that the figures of a column have, those of some rows aside."""
    texts = ["".join(row.cells[column].text.split()) for row in rows if not any(row is other for other in but)]
    return {_decimals(text) for text in texts if FIGURE.fullmatch(text) and any(map(str.isdigit, text))}


def _decimals(figure: str) -> int:
    found = re.search(r"\.(\d+)", figure)
    return len(found.group(1)) if found else 0


def _goes_on(last: Line, rest: Line, column: int, decimals: set[int]) -> bool:
    """Whether the text of a cell in the lower piece goes on from the same cell of the upper one."""
    upper, lower = last.cells[column], rest.cells[column]
    place = _placed(last, column)
    if not upper.text or place is None or upper.confidence is not None or lower.confidence is not None:
        return False
    below = _placed(rest, column)
    if below is None or below.columns != place.columns:
        return False
    room = upper.room / upper.em
    tail, head = _TAIL.search(upper.text), _DIGITS.match(lower.text)
    if tail and head:
        return room < 1 and _is_cut_figure(tail.group(), head.group(), decimals)
    if FIGURE.fullmatch(upper.text):
        return room < 1 and _UNIT.fullmatch(lower.text) is not None
    if _STARTS.match(lower.text) or FIGURE.fullmatch(lower.text):
        return False
    if _ENDS.search(upper.text) and not _OPENED.search(upper.text):
        return False
    word = _WORD.match(lower.text)
    return room < max(1.3, 0.5 * len(word.group()) if word else 0)


def _placed(line: Line, column: int) -> Placed | None:
    return next((cell for cell in line.place.cells if cell.column == column), None) if line.place else None


def _is_cut_figure(tail: str, head: str, decimals: set[int]) -> bool:
    """Whether two runs of digits are one figure, and the first is none without the second."""
    whole = tail + head
    if not FIGURE.fullmatch(whole) or not re.search("[,.]", whole):
        return False
    if not FIGURE.fullmatch(tail):
        return True
    return _decimals(whole) in decimals and _decimals(tail) not in decimals


def _carry(lines: list[Line], rest: Line) -> None:
    last = lines[-1]
    assert last.place and rest.place
    cells = [_with_rest(a, b) if b.text else a for a, b in zip(last.cells, rest.cells, strict=True)]
    lines[-1] = _remade(last, cells, last.place.cells)
    for cell in rest.place.cells:
        if cell.rows > 1 and not rest.cells[cell.column].text:  # a merged cell that goes on: over the next rows, too
            _lengthen(lines, cell)


def _with_rest(upper: Cell, lower: Cell) -> Cell:
    carried = replace(lower, origins=array("i", [-2 - at if at >= 0 else -1 for at in lower.origins]))
    text, origins = joined(upper, carried)
    return replace(upper, text=text, origins=origins, room=lower.room)


def _lengthen(lines: list[Line], below: Placed) -> None:
    """Let the cell above that a merged cell of the lower piece goes on from cover that one's rows."""
    table = lines[-1].place and lines[-1].place.table
    for at in range(len(lines) - 1, -1, -1):
        place = lines[at].place
        if place is None or place.table != table:
            return
        if above := _placed(lines[at], below.column):
            longer = above._replace(rows=above.rows + below.rows - 1)
            lines[at] = _remade(lines[at], lines[at].cells, [longer if c is above else c for c in place.cells])
            return


def _remade(row: Line, cells: list[Cell], placed: Sequence[Placed]) -> Line:
    assert row.place
    return Line(cells, row.page, row.flow, replace(row.place, cells=tuple(placed)), row.heavy)
