"""Table rows whose cells hold several lines. Pure.

A content stream usually gives a table cell by cell: the lines of the first cell, then up again to the first line of the
next. Lines alone would tear such rows apart, so here they are put together, by three signs:

- *beside*: a line that stands to the right of the lines before it, and not below them, is the next cell of their row;
- *above*: a lone line right above a row, filling the same column, is the start of that row's cell;
- *below*: a lone line right below a row, under one of its later cells that is full, carries that cell on.

Where a sign is weak the lines stay apart: a torn row reads worse than two joined ones only for a machine's eye.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.pdf.lines import Cell, Line, first_word_width, joined

_MAX_STACK = 6
"""Lines that one cell may have to be put together here; longer cells are text of their own."""
_MAX_ROW_LINES = 16
_TOUCHING = 0.9
"""Lines of one cell stand no further apart than this share of their height."""
_SEPARATE = re.compile(
    r".*[：:]$|[（(]?[一二三四五六七八九十\d]{1,3}[、)）]|第[一二三四五六七八九十百\d]+[条章节]|\d+\.\d*\s|[^：:]{2,10}[：:]"
)
"""A line that ends or starts a statement of its own."""


def assembled(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page with the lines of multi-line cells put together."""
    rows: list[Line] = []
    pitch = _row_pitch(lines)
    for line in lines:
        if rows and _is_beside(rows[-1], line):
            start = _row_start(rows, line)
            row = _with_cells(rows[start:], line) if start < len(rows) else None
            if row is not None:
                rows[start:] = [row]
                continue
        if rows and line.is_row and not rows[-1].is_row:
            line = _with_lines_above(rows, line, pitch)
        elif rows and rows[-1].is_row and (grown := _with_line_below(rows, line, pitch)):
            rows[-1] = grown
            continue
        rows.append(line)
    return rows


def _is_beside(last: Line, line: Line) -> bool:
    return line.left >= last.right - 0.3 * line.em and line.middle > last.bottom


def _row_start(rows: Sequence[Line], line: Line) -> int:
    """Index of the first of the lines that ``line`` stands beside; ``len(rows)`` for none."""
    start = len(rows)
    while start and _belongs(rows, start, line) and rows[start - 1].middle <= line.top + 0.6 * line.em:
        start -= 1
    if start == len(rows):
        return start
    # a cell set in the middle of its row: as far up as the lines reach down
    reach = line.middle + (line.middle - min(row.bottom for row in rows[start:])) + 0.4 * line.em
    first = start
    while first and not rows[first - 1].is_row and _belongs(rows, first, line) and rows[first - 1].top <= reach:
        if not _same_column(rows[first - 1], rows[start].cells[0]) or _ends_apart(rows[first - 1].text):
            break
        first -= 1
    return first


def _belongs(rows: Sequence[Line], at: int, line: Line) -> bool:
    """Whether the line before index ``at`` is left of ``line`` and touches the one after it."""
    row = rows[at - 1]
    if row.page != line.page or row.right > line.left + 0.3 * line.em:
        return False
    if at == len(rows):
        return True
    below = rows[at]
    return row.bottom - below.top < _TOUCHING * below.em and row.middle > below.bottom


def _with_cells(group: Sequence[Line], line: Line) -> Line | None:
    """The row made of a group of lines and the cells of ``line`` to their right; None if they are no row."""
    base = next((row for row in group if row.is_row), None)
    top, bottom = max(row.top for row in group), min(row.bottom for row in group)
    if base is None and (len(group) > _MAX_STACK or line.top - top > 4 * line.em):
        return None
    if line.top - bottom > _MAX_ROW_LINES * 1.6 * line.em:
        return None
    if any(_ends_apart(a.text) or _starts_apart(b.text) for a, b in pairwise(group)):
        return None
    cells: list[Cell] = []
    for row in group:
        for cell in row.cells:
            at = next((i for i, other in enumerate(cells) if _overlap(other, cell) or _hangs(other, cell)), None)
            if at is None:
                cells.append(cell)
            else:
                cells[at] = stacked(cells[at], cell)
    cells.sort(key=lambda cell: cell.left)
    return Line([*cells, *line.cells], line.page)


def _row_pitch(lines: Sequence[Line]) -> float | None:
    """The least distance between neighbouring rows of one line each; lines of one cell stand closer, borders take
    room. None where no two rows are neighbours."""
    pitches = [a.bottom - b.bottom for a, b in pairwise(lines) if a.is_row and b.is_row and a.bottom > b.top - b.em]
    return min((pitch for pitch in pitches if pitch > 0), default=None)


def _with_lines_above(rows: list[Line], line: Line, pitch: float | None) -> Line:
    """``line``, a row, with the lone lines above it that start one of its cells; those are taken from ``rows``."""
    for _ in range(_MAX_STACK):
        lone = rows[-1] if rows else None
        if lone is None or lone.is_row or lone.page != line.page or _ends_apart(lone.text):
            break
        at = next((i for i, cell in enumerate(line.cells) if _overlap(cell, lone.cells[0])), None)
        if at is None or not _fits_above(rows, lone, line, at, pitch):
            break
        cells = list(line.cells)
        cells[at] = stacked(lone.cells[0], cells[at])
        line = Line(cells, line.page)
        rows.pop()
    return line


def _fits_above(rows: Sequence[Line], lone: Line, line: Line, at: int, pitch: float | None) -> bool:
    """Whether the last of the rows, a lone line, is the first part of a row's cell: flush with it, closer to it than
    rows stand, inside its column, and as wide as the column. (A row without figures is a lone line, too.)"""
    cell = line.cells[at]
    if lone.bottom - cell.bottom > (1.3 * cell.em if pitch is None else pitch - 0.15):
        return False
    if not -0.3 * cell.em < lone.bottom - cell.top < _TOUCHING * cell.em or not _in_column(lone, line, at):
        return False
    if _starts_apart(cell.text) or _starts_apart(lone.text) or abs(lone.left - cell.left) > 0.6 * cell.em:
        return False
    widest = max([cell.right, *_column_rights(rows, cell, at)])
    return lone.right >= widest - 1.2 * cell.em and lone.right - lone.left > 4 * cell.em


def _with_line_below(rows: Sequence[Line], line: Line, pitch: float | None) -> Line | None:
    """The last row with ``line`` carrying on one of its cells; None if it doesn't. The first cell it must carry on
    closer than rows stand: what stands there is else a row of one cell.

    Further cells of ``line`` must stand right of the row: header cells come like that.
    """
    row, lower = rows[-1], line.cells[0]
    if row.page != line.page or (line.is_row and line.cells[1].left < row.right):
        return None
    at = next((i for i, cell in enumerate(row.cells) if _overlap(cell, lower)), 0)
    cell = row.cells[at]
    if not at and (line.is_row or pitch is None or not _overlap(cell, lower) or cell.bottom - lower.bottom > pitch - 2):
        return None
    if not -0.3 * lower.em < cell.bottom - lower.top < _TOUCHING * lower.em or not _in_column(lower, row, at):
        return None
    if _ends_apart(cell.text) or _starts_apart(lower.text) or not _same_column(lower, cell):
        return None
    centred = abs(cell.left - lower.left) > 0.5 * lower.em
    room = 1.2 * cell.em + min(first_word_width(lower), 0.6 * (cell.right - cell.left))
    if not centred and (cell.last_right or cell.right) < max([lower.right, *_column_rights(rows, cell, at)]) - room:
        return None
    cells = list(row.cells)
    cells[at] = stacked(cell, lower)
    return Line(cells + line.cells[1:], row.page)


def _in_column(part: Cell | Line, row: Line, at: int) -> bool:
    """Whether a part keeps clear of the neighbours of cell ``at``."""
    cells = row.cells
    return (not at or part.left >= cells[at - 1].right) and (at + 1 == len(cells) or part.right <= cells[at + 1].left)


def _column_rights(rows: Sequence[Line], cell: Cell, at: int) -> list[float]:
    """Right edges of the cells above that start where ``cell`` does."""
    near = (row.cells[at] for row in rows[-12:] if len(row.cells) > max(at, 1))
    return [other.right for other in near if abs(other.left - cell.left) < 0.5 * cell.em]


def stacked(upper: Cell, lower: Cell) -> Cell:
    """Two lines of one cell as one."""
    text, origins = joined(upper, lower)
    return Cell(
        text,
        origins,
        min(upper.left, lower.left),
        max(upper.top, lower.top),
        max(upper.right, lower.right),
        min(upper.bottom, lower.bottom),
        upper.em,
        upper.confidence,
        lower.right,
    )


def _overlap(a: Cell, b: Cell) -> bool:
    return min(a.right, b.right) - max(a.left, b.left) > 0.3 * min(a.right - a.left, b.right - b.left)


def _hangs(upper: Cell, lower: Cell) -> bool:
    """Whether a short last line stands left of an indented one, and right under it: no column of its own."""
    return (
        upper.left - 3 * upper.em < lower.left < lower.right <= upper.left + 0.3 * upper.em
        and -0.3 * lower.em < upper.bottom - lower.top < _TOUCHING * lower.em
    )


def _same_column(line: Cell | Line, cell: Cell) -> bool:
    """Whether a line is set as a cell is: both flush left, both flush right, or both centred."""
    slack = 0.6 * cell.em
    return (
        abs(line.left - cell.left) < slack
        or abs(line.right - cell.right) < slack
        or abs(line.left + line.right - cell.left - cell.right) < 2 * slack
    )


def _ends_apart(text: str) -> bool:
    return text[-1] in "：:。；;！？"


def _starts_apart(text: str) -> bool:
    return _SEPARATE.match(text) is not None
