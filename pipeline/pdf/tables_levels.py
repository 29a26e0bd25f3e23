"""Tables that only level lines divide, one below each row: their columns are where no row has text. Pure.

What stands between two such lines is a row if it falls into pieces; a paragraph does not. A piece that crosses the room
between two columns is a cell that covers both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from pipeline.pdf.lines import Chars
from pipeline.pdf.tables_ruled import Grid

_GAP_EM = 0.5
_LEAST_ROWS = 3
_MOST_LINES = 6
_CROSSED = 0.2
"""Share of the rows in which a piece may cross the room between two columns."""

_Piece = tuple[float, float]


def with_columns(chars: Chars, grids: Sequence[Grid]) -> list[Grid]:
    """The grids, those of one column (which are mere level lines) as the tables between them."""
    found: list[Grid] = []
    for grid in grids:
        found += [grid] if len(grid.xs) > 2 else _tables(chars, grid)
    return found


def _tables(chars: Chars, grid: Grid) -> Iterator[Grid]:
    rows, em = _pieces(chars, grid)
    for is_row, group in groupby(range(len(rows)), key=lambda at: len(rows[at]) > 1):
        members = list(group)
        if is_row and len(members) >= _LEAST_ROWS:
            borders = _borders([rows[at] for at in members], grid, em)
            if len(borders) > 2:
                ys = grid.ys[members[0] : members[-1] + 2]
                yield Grid(borders, ys, list(_cells([rows[at] for at in members], borders)))


def _pieces(chars: Chars, grid: Grid) -> tuple[list[list[_Piece]], float]:
    """The pieces of text in each row, from left to right; and the type size. None in rows of many lines."""
    rows: list[list[int]] = [[] for _ in grid.ys[1:]]
    (left, right), ys = grid.xs, grid.ys
    for at, char in enumerate(chars.text):
        x, y = (chars.left[at] + chars.right[at]) / 2, (chars.top[at] + chars.bottom[at]) / 2
        if not char.isspace() and left <= x <= right and ys[-1] < y < ys[0] and at not in chars.tilted:
            rows[bisect_left(ys, -y, key=lambda edge: -edge) - 1].append(at)
    heights = [chars.top[at] - chars.bottom[at] for row in rows for at in row]
    em = max(1.0, 0.85 * median(heights)) if heights else 1.0
    tall = [above - below > 1.6 * _MOST_LINES * em for above, below in pairwise(ys)]
    return [[] if high else list(_joined(chars, row, em)) for row, high in zip(rows, tall, strict=True)], em


def _joined(chars: Chars, row: Sequence[int], em: float) -> Iterator[_Piece]:
    """What the characters of a row cover, over small gaps."""
    sides = sorted((chars.left[at], chars.right[at]) for at in row)
    start, end = sides[0] if sides else (0.0, 0.0)
    for left, right in sides:
        if left - end > _GAP_EM * em:
            yield start, end
            start = left
        end = max(end, right)
    if sides:
        yield start, end


def _borders(rows: Sequence[Sequence[_Piece]], grid: Grid, em: float) -> list[float]:
    """Where columns start and end: in the middle of the room that all but a few rows leave free."""
    ends = sorted([(side, 1 - 2 * which) for row in rows for piece in row for which, side in enumerate(piece)])
    found: list[float] = []
    room: list[tuple[int, float, float]] = []
    over = 0
    for (side, step), (next_side, _) in pairwise(ends):
        over += step
        if over > _CROSSED * len(rows):
            found += _middle(rows, room)
            room = []
        elif next_side - side > _GAP_EM * em:
            room.append((over, side - next_side, side))
    return [grid.xs[0], *found, *_middle(rows, room), grid.xs[1]]


def _middle(rows: Sequence[Sequence[_Piece]], room: Sequence[tuple[int, float, float]]) -> list[float]:
    """The middle of what the fewest rows cross of the room between two columns, and of that the widest; where there is
    such room, and most rows have text on either side."""
    if not room:
        return []
    _, less, left = min(room)
    beside = sum(row[0][0] < left and row[-1][1] > left - less for row in rows)
    return [left - less / 2] if beside > 0.5 * len(rows) else []


def _cells(rows: Sequence[Sequence[_Piece]], borders: Sequence[float]) -> Iterator[tuple[int, int, int, int]]:
    for number, row in enumerate(rows):
        start = 0
        for at, border in enumerate(borders[1:], 1):
            if not any(left < border < right for left, right in row) or at == len(borders) - 1:
                yield number, start, 1, at - start
                start = at
