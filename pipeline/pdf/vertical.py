"""Vertical writing: columns from right to left, each from top to bottom. Pure.

PDFium's order is of little use there (it sorts what shares a height from left to right), so the columns are put
together from the characters' places alone. Read plainly: one line of text a column, no tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.pdf.lines import Chars

_MIN_CHARACTERS = 40
_SHARE = 0.6
"""Share of the characters that must stand right under the one before."""

_POINT = 0.35
"""Punctuation may have a box around its ink alone, so much narrower than its column."""


def is_vertical(chars: Chars, text: str) -> bool:
    """Whether most of a page's characters stand under each other. Looked at closely only where PDFium sees many short
    lines, or its first lines run downwards."""
    if len(text) < _MIN_CHARACTERS:
        return False
    if text.count("\n") * 6 < len(text):
        bottoms = chars.bottom[:60]
        if sum(map(eq, bottoms, bottoms[1:])) > 30 or not _runs_down(chars, _visible(text[:60])):
            return False
    return _runs_down(chars, _visible(text))


def columns_in(chars: Chars, text: str) -> list[list[int]]:
    """Indexes of the visible characters, column by column, tier by tier."""
    visible = _visible(text)
    widest = max((chars.right[at] - chars.left[at] for at in visible), default=0.0) or 1.0
    columns: list[list[int]] = []
    ending: dict[int, set[int]] = {}
    """Numbers of the columns by where their last character stands: one under it stands there or next to there."""
    for at in sorted(visible, key=chars.top.__getitem__, reverse=True):
        place = int((chars.left[at] + chars.right[at]) / 2 / widest)
        near = [number for column in (place - 1, place, place + 1) for number in ending.get(column, ())]
        number = min([n for n in near if _continues(chars, columns[n][-1], at)], default=len(columns))
        if number == len(columns):
            columns.append([])
        else:
            last = columns[number][-1]
            ending[int((chars.left[last] + chars.right[last]) / 2 / widest)].remove(number)
        columns[number].append(at)
        ending.setdefault(place, set()).add(number)
    tiers = _tiers([(min(chars.bottom[at] for at in column), chars.top[column[0]]) for column in columns])
    order = sorted(range(len(columns)), key=lambda at: (tiers[at], -chars.right[columns[at][0]]))
    return [columns[at] for at in order]


def _tiers(extents: Sequence[tuple[float, float]]) -> list[int]:
    """Number of the tier (from the top) of each column (its bottom and top): tiers share no height."""
    numbers = [0] * len(extents)
    tier, floor = 0, float("inf")
    for at in sorted(range(len(extents)), key=lambda at: -extents[at][1]):
        bottom, top = extents[at]
        if top < floor < float("inf"):
            tier += 1
            floor = bottom
        numbers[at] = tier
        floor = min(floor, bottom)
    return numbers


def _visible(text: str) -> list[int]:
    return [at for at, char in enumerate(text) if not char.isspace()]


def _runs_down(chars: Chars, visible: Sequence[int]) -> bool:
    down = sum(_continues(chars, a, b) for a, b in pairwise(visible))
    return len(visible) > 1 and down > _SHARE * (len(visible) - 1)


def _continues(chars: Chars, a: int, b: int) -> bool:
    """Whether character ``b`` stands right under ``a``."""
    step = chars.top[a] - chars.top[b]
    if step <= 0:
        return False
    left, right, other_left, other_right = chars.left[a], chars.right[a], chars.left[b], chars.right[b]
    less, width = sorted((right - left, other_right - other_left))
    within = less if less < _POINT * width else width
    return step < 2.2 * width and min(right, other_right) - max(left, other_left) > 0.5 * within
