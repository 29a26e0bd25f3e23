"""Where characters stand on the page: kept with the document when it is read, so that no box needs the file again."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterable, Sequence
from operator import le
from typing import Protocol

from pipeline.types import Box, Document, Span

_STEPS_A_POINT = 8
"""Edges are kept as 16-bit integers in eighths of a point: enough for A0, and for any highlight."""
_FARTHEST = 32_767


class Edges(Protocol):
    """Characters with their edges in points as shown, y upwards."""

    @property
    def left(self) -> Sequence[float]: ...

    @property
    def top(self) -> Sequence[float]: ...

    @property
    def right(self) -> Sequence[float]: ...

    @property
    def bottom(self) -> Sequence[float]: ...


def places_of(chars: Edges, page_height: float) -> array[int]:
    """Left, top, right, bottom of each character from the page's top left corner, four integers a character."""
    places = array("h", bytes(8 * len(chars.left)))
    places[0::4] = _steps(chars.left)
    places[1::4] = _steps([page_height - y for y in chars.top])
    places[2::4] = _steps(chars.right)
    places[3::4] = _steps([page_height - y for y in chars.bottom])
    return places


def boxes_of(document: Document, spans: Sequence[Span]) -> list[tuple[Box, ...]]:
    """For each span the boxes of its lines, in reading order; none where the text has no places (read by pypdf)."""
    return [tuple(_boxes(document, span)) for span in spans]


def _boxes(document: Document, span: Span) -> Generator[Box]:
    for number in range(document.page_at(span.start), len(document.pages) + 1):
        page = document.pages[number - 1]
        if page.span.start >= span.end:
            return
        if page.read_by == "ocr":
            yield from (line.box for line in document.ocr_lines if line.box.page == number and _touch(line.span, span))
        elif number <= len(document.places):
            places = document.places[number - 1]
            start, end = max(span.start, page.span.start), min(span.end, page.span.end)
            for box in _line_boxes(_runs(places, document.origins[start:end])):
                yield Box(number, *(edge / _STEPS_A_POINT for edge in box))


def _runs(places: array[int], origins: Sequence[int]) -> Generator[Sequence[int]]:
    """Boxes of runs of neighbouring characters on one base line, left to right (most of a line), or of single ones."""
    at = 0
    while at < len(origins):
        end = at + 1
        while end < len(origins) and origins[end] == origins[end - 1] + 1:
            end += 1
        first, last = 4 * origins[at], 4 * (origins[at] + end - at)
        at = end
        if not 0 <= first < last <= len(places):
            continue
        lefts, bottoms = places[first:last:4], places[first + 3 : last : 4]
        if min(bottoms) == max(bottoms) and all(map(le, lefts, lefts[1:])):
            yield lefts[0], min(places[first + 1 : last : 4]), max(places[first + 2 : last : 4]), bottoms[0]
        else:
            yield from (places[char : char + 4] for char in range(first, last, 4))


def _steps(values: Sequence[float]) -> array[int]:
    try:
        return array("h", [round(value * _STEPS_A_POINT) for value in values])
    except OverflowError:  # a page beyond A0, or a character far off it
        return array("h", [max(-_FARTHEST, min(_FARTHEST, round(value * _STEPS_A_POINT))) for value in values])


def _touch(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _line_boxes(boxes: Iterable[Sequence[int]]) -> list[list[int]]:
    """Merge neighbouring boxes while they stand on one line, side by side."""
    merged: list[list[int]] = []
    for left, top, right, bottom in boxes:
        if right <= left or bottom <= top:
            continue
        if merged and _adjoins(merged[-1], left, top, right, bottom):
            last = merged[-1]
            last[:] = [min(last[0], left), min(last[1], top), max(last[2], right), max(last[3], bottom)]
        else:
            merged.append([left, top, right, bottom])
    return merged


def _adjoins(box: Sequence[int], left: int, top: int, right: int, bottom: int) -> bool:
    """Whether a character carries on a line (or, in vertical writing, a column) that has this box."""
    height, width = bottom - top, right - left
    beside = min(box[3], bottom) - max(box[1], top) > 0.4 * min(height, box[3] - box[1])
    under = min(box[2], right) - max(box[0], left) > 0.7 * max(width, box[2] - box[0])
    near = left - box[2] < 3 * height and box[0] - right < 3 * height
    return (beside and near and left >= box[0] - width) or (under and -0.5 * height < top - box[3] < 0.2 * height)
