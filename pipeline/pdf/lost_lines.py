"""Lines of a recognised page that were not found, or only in part: a signature or a stamp across a line hides it from
whoever looks for lines, but not from who reads it as a whole.

What tells them is ink that no piece covers, along a line or between lines. Rules and frames are none.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from pipeline.pdf.columns import Edges

_DARKER, _AROUND = 15, 6
"""Ink is so much darker than the mean of its surroundings, so many lines wide: pages are shadowed and yellowed."""
_RULE = 3
"""Heights of a line; longer straight strokes are rules."""
_APART = 0.8
"""Heights of a line between cells of a table; words stand closer."""
_JOINED, _LEAST, _DENSE = 0.7, 0.9, 0.06
"""Heights between characters, of the least that was lost, and how much of that is ink."""
_LINE_INK, _LOWEST, _HIGHEST = 0.04, 0.5, 1.3
"""Of the width of the text, ink in each row of pixels of a line; and heights of a line."""

_MOST = 60
"""Of one page; more is a picture."""


class Strip(NamedTuple):
    """Where a line stands, in pixels; falling by ``slope`` to the right."""

    left: float
    top: float
    right: float
    bottom: float
    slope: float
    found: tuple[int, ...] = ()
    """Indexes of the pieces that are parts of it."""

    @property
    def edges(self) -> Edges:
        fall = self.slope * (self.right - self.left)
        return Edges(self.left, self.top + min(0.0, fall), self.right, self.bottom + max(0.0, fall))


def lost_lines(image: Any, pieces: Sequence[Edges], rows: Sequence[Sequence[int]]) -> list[Strip]:
    """The lines of a picture (rows of blue, green, red) on which ink was left; ``rows`` are the pieces of each line,
    from left to right."""
    numpy = importlib.import_module("numpy")
    if sum(piece.right - piece.left for piece in pieces) <= sum(piece.bottom - piece.top for piece in pieces):
        return []  # no text, or it runs downwards
    height = median(piece.bottom - piece.top for piece in pieces)
    left, right = round(min(piece.left for piece in pieces)), round(max(piece.right for piece in pieces))
    ink = _uncovered(image, pieces, height)[:, left:right]
    strips: list[Strip] = []
    for row in sorted(rows, key=lambda row: sum(pieces[at].left - pieces[at].right for at in row)):  # the longest first
        for strip in _along(ink, [pieces[at] for at in row], row, left):
            strips.append(strip)
            begin, top, end, bottom = map(round, strip.edges)
            ink[max(0, top) : bottom, max(0, begin - left) : end - left] = 0
    for top, bottom in _between(ink.sum(axis=1), _LINE_INK * (right - left), _HIGHEST * height):
        if bottom - top >= _LOWEST * height:
            columns = numpy.flatnonzero(ink[top:bottom].any(axis=0))
            slack = 0.2 * height
            strips.append(Strip(left + int(columns[0]), top - slack, left + int(columns[-1]) + 1, bottom + slack, 0.0))
    return strips[:_MOST]


def _between(profile: Any, level: float, highest: float) -> list[tuple[int, int]]:
    """Where rows of pixels hold so much ink, line by line: where that is too high for one, only its darkest rows."""
    found: list[tuple[int, int]] = []
    for top, bottom in _runs(profile >= level, 1):
        if bottom - top <= highest:
            found.append((top, bottom))
        else:
            dark = _runs(profile[top:bottom] >= max(2 * level, profile[top:bottom].max() / 2), 1)
            found += [(top + start, top + end) for start, end in dark if end - start <= highest]
    return found


def _uncovered(image: Any, pieces: Sequence[Edges], height: float) -> Any:
    """The ink that no piece covers, as ones."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    grey, window = image.min(axis=2), 2 * round(_AROUND * height / 2) + 1
    method = cv2.ADAPTIVE_THRESH_MEAN_C
    ink = cv2.adaptiveThreshold(grey, 1, method, cv2.THRESH_BINARY_INV, max(3, window), _DARKER)
    long = max(2, round(_RULE * height))
    for shape in ((1, long), (long, 1)):
        rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, numpy.ones(shape, numpy.uint8))
        ink[cv2.dilate(rules, numpy.ones((3, 3), numpy.uint8)) > 0] = 0
    pad = 0.1 * height
    for left, top, right, bottom in pieces:
        rows = slice(max(0, round(top - pad)), round(bottom + pad))
        ink[rows, max(0, round(left - pad)) : round(right + pad)] = 0
    return ink


def _along(ink: Any, row: Sequence[Edges], indexes: Sequence[int], left: int) -> list[Strip]:
    """The runs of a line that hold pieces of it, and ink that belongs to none."""
    height = median(piece.bottom - piece.top for piece in row)
    first, last = row[0], row[-1]
    middles = [(piece.left + piece.right, piece.top + piece.bottom) for piece in (first, last)]
    (x, y), (x_end, y_end) = middles
    slope = (y_end - y) / (x_end - x) if x_end > x else 0.0
    top, bottom = max(0, round(y / 2 - height / 2)), round(y / 2 + height / 2)
    if abs(slope) * (last.right - first.left) > height / 2:
        return []  # too steep for a band
    band = ink[top:bottom]
    parts = [(piece.left, piece.right, at) for piece, at in zip(row, indexes, strict=True)]
    for start, end in _runs(band.any(axis=0), round(_JOINED * height)):
        if end - start >= _LEAST * height and band[:, start:end].mean() >= _DENSE:
            parts.append((left + start, left + end, -1))
    return [
        Strip(
            begin,
            y / 2 - height / 2 + slope * (begin - x / 2),
            end,
            y / 2 + height / 2 + slope * (begin - x / 2),
            slope,
            own,
        )
        for begin, end, own in _joined(sorted(parts), _APART * height)
        if own
    ]


def _joined(parts: Sequence[tuple[float, float, int]], gap: float) -> list[tuple[float, float, tuple[int, ...]]]:
    """Parts of a line without gaps as one: where it begins and ends, and its pieces; none for what lacks nothing."""
    joined: list[tuple[float, float, list[int]]] = []
    for start, end, at in parts:
        if joined and start <= joined[-1][1] + gap:
            begin, reach, members = joined.pop()
            joined.append((begin, max(reach, end), [*members, at]))
        else:
            joined.append((start, end, [at]))
    return [
        (begin, end, tuple(at for at in members if at >= 0)) if -1 in members else (begin, end, ())
        for begin, end, members in joined
    ]


def _runs(inked: Any, gap: int) -> list[tuple[int, int]]:
    """Half-open runs of what is inked, over gaps of less than ``gap``."""
    numpy = importlib.import_module("numpy")
    at = numpy.flatnonzero(inked)
    if not len(at):
        return []
    breaks = numpy.flatnonzero(numpy.diff(at) > max(1, gap))
    starts, ends = [at[0], *at[breaks + 1]], [*at[breaks], at[-1]]
    return [(int(start), int(end) + 1) for start, end in zip(starts, ends, strict=True)]
