"""Pages set in two columns: which pieces belong together, in which order. Pure.

Cautious on purpose: what is taken for columns but is a table is torn apart, so both sides must look like running text,
that is, most of their lines must end at the column's edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

_MIN_LINES = 8
"""Lines that each column must have."""
_FULL_SHARE = 0.6
"""Share of a column's lines that must end at its edge."""
_MAX_CROSSING = 0.3
"""Share of the pieces that may run over both columns (titles, figures, footnotes)."""


class Edges(NamedTuple):
    """Where a piece stands; y downwards or upwards, whichever: ``top`` is what is read first."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.left <= x <= self.right and min(self.top, self.bottom) <= y <= max(self.top, self.bottom)


def reading_order(pieces: Sequence[Edges], *, spread: bool = False) -> list[list[int]]:
    """Indexes of the pieces in groups, in reading order: one group for a page without columns.

    Else, from top to bottom: what stands above the columns, or runs over both; the left column; the right one; what
    stands below. In a ``spread`` of two pages what stands above and below a column belongs to it.
    """
    whole = [list(range(len(pieces)))]
    if len(pieces) < 2 * _MIN_LINES:
        return whole
    found = _columns(pieces)
    if found is None:
        return whole
    gutter, top, bottom = found
    down = 1 if bottom > top else -1
    groups: list[list[int]] = []
    left: list[int] = []
    right: list[int] = []
    across: list[int] = []
    for at in sorted(whole[0], key=lambda at: down * pieces[at].top):
        piece = pieces[at]
        inside = spread or down * top <= down * (piece.top + piece.bottom) / 2 <= down * bottom
        side = _side(piece, gutter) if inside else 0
        if side:
            groups, across = [*groups, across], []
            (left if side < 0 else right).append(at)
        else:
            groups, left, right = [*groups, left, right], [], []
            across.append(at)
    return [group for group in (*groups, left, right, across) if group]


def _columns(pieces: Sequence[Edges]) -> tuple[float, float, float] | None:
    """The x of the white line between two columns of text, and their top and bottom; None where there are none."""
    start, end = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    middle, reach = (start + end) / 2, 0.15 * (end - start)
    long = [piece for piece in pieces if piece.right - piece.left > 0.25 * (end - start)]
    candidates = {piece.left - 1 for piece in long if abs(piece.left - middle) < reach}
    gutter = min(candidates, key=lambda x: sum(_side(piece, x) == 0 for piece in long), default=0.0)
    left = [piece for piece in long if _side(piece, gutter) < 0]
    right = [piece for piece in long if _side(piece, gutter) > 0]
    crossing = len(long) - len(left) - len(right)
    if min(len(left), len(right)) < _MIN_LINES or crossing > _MAX_CROSSING * len(long):
        return None
    if not _is_prose(left) or not _is_prose(right):
        return None
    best = min if long[0].bottom > long[0].top else max
    worst = max if best is min else min
    return gutter, best(piece.top for piece in left + right), worst(piece.bottom for piece in left + right)


def _side(piece: Edges, x: float) -> int:
    """-1 left of a line, 1 right of it, 0 across."""
    slack = 0.15 * abs(piece.bottom - piece.top)
    return -1 if piece.right <= x + slack else 1 if piece.left >= x - slack else 0


def _is_prose(column: Sequence[Edges]) -> bool:
    """Whether the lines of a column look like running text: wide, and most of them up to its edge."""
    em = median(abs(piece.bottom - piece.top) for piece in column)
    left, right = min(piece.left for piece in column), max(piece.right for piece in column)
    full = sum(piece.right > right - 2 * em and piece.left < left + 4 * em for piece in column)
    return right - left > 10 * em and full >= _FULL_SHARE * len(column)
