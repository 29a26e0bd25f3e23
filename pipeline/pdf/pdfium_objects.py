"""The paths and images of a page, those inside forms too, and the strokes that paths draw."""

from __future__ import annotations

import ctypes
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

from pipeline.pdf import pdfium_calls

_MAX_OBJECTS = 5_000
"""Page objects looked at for image coverage; a page with more is a drawing, not a scan."""
PATH, _IMAGE, _FORM = _LOOKED_AT = 2, 3, 5
_LINE_TO, _MOVE_TO = 0, 2
_MAX_SEGMENTS = 2000
_THIN = 3.0
"""Points; a rectangle thinner than this is a line."""
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def items(page: int) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """The page's objects but text and forms, with their type and the matrix of the forms that they are in."""
    indexes = range(min(int(pdfium_calls.count_objects(page)), _MAX_OBJECTS))
    found = map(pdfium_calls.page_object, repeat(pdfium_calls.ptr.from_param(page)), indexes)
    pending: list[tuple[list[int | None], tuple[float, ...], int]] = [(list(found), _IDENTITY, 0)]
    seen = 0  # objects inside forms
    for items, matrix, depth in pending:
        for item, kind in zip(items, map(pdfium_calls.object_type, items), strict=True):
            if item is None or kind not in _LOOKED_AT:
                continue
            if kind == _FORM and depth < 4:
                inner = pdfium_calls.Floats6()
                pdfium_calls.object_matrix(item, ctypes.addressof(inner))
                count = min(int(pdfium_calls.count_form_objects(item)), _MAX_OBJECTS - seen)
                seen += count
                parts: list[int | None] = list(map(pdfium_calls.form_object, repeat(item), range(count)))
                pending.append((parts, _product(tuple(inner), matrix), depth + 1))
            else:
                yield item, kind, matrix


def strokes(found: Sequence[tuple[int, tuple[float, ...]]]) -> Iterator[tuple[float, float, float, float]]:
    """The level and upright parts of paths (each with the matrix of the forms that it is in) as left, bottom, right,
    top in page space. Some programs draw a line as a thin rectangle. What is asked of each is asked in C: there may be
    thousands on a page."""
    paths, matrices = [path for path, _ in found], [matrix for _, matrix in found]
    counts = map(pdfium_calls.count_segments, paths)
    modes = _told(pdfium_calls.draw_mode, paths, array("i", bytes(8)))
    edges = _told(pdfium_calls.object_bounds, paths, array("f", bytes(16)))
    bounds = zip(edges[0::4], edges[1::4], edges[2::4], edges[3::4], strict=True)
    told = zip(paths, matrices, counts, modes[0::2], modes[1::2], bounds, strict=True)
    for path, matrix, count, fills, strokes, box in told:
        left, bottom, right, top = box if matrix is _IDENTITY else mapped(box, matrix)
        width, height = right - left, top - bottom
        if not (fills or strokes) or not 2 <= count <= _MAX_SEGMENTS or max(width, height) <= _THIN:
            continue
        if count <= 6 and min(width, height) <= _THIN:
            x, y = (left + right) / 2, (top + bottom) / 2
            yield (left, y, right, y) if width > height else (x, bottom, x, top)
        elif strokes or not _is_white(path):
            yield from _straight(path, count, matrix)


def _told(function: Callable[..., Any], items: Sequence[int], numbers: array[Any]) -> array[Any]:
    """What a function tells of each item by writing so many numbers, one after the other; 0 where it tells nothing."""
    size = 4 * len(numbers)
    flat = numbers * len(items)
    base = flat.buffer_info()[0]
    places = (range(at, base + size * len(items), size) for at in range(base, base + size, 4))
    deque(map(function, items, *places), maxlen=0)
    return flat


def _straight(path: int, count: int, matrix: tuple[float, ...]) -> Iterator[tuple[float, float, float, float]]:
    """The level and upright legs of one path."""
    own = pdfium_calls.Floats6()
    pdfium_calls.object_matrix(path, ctypes.addressof(own))
    for a, b in _legs(path, count, _product(tuple(own), matrix)):
        width, height = abs(a[0] - b[0]), abs(a[1] - b[1])
        if min(width, height) <= 0.5 and max(width, height) > _THIN:
            yield min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def _legs(
    path: int, count: int, matrix: tuple[float, ...]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight parts of a path, from point to point; curves are passed over."""
    a, b, c, d, e, f = matrix
    parts: list[int] = list(map(pdfium_calls.segment, repeat(path), range(count)))
    points = _told(pdfium_calls.segment_point, parts, array("f", bytes(8)))
    kinds, closes = map(pdfium_calls.segment_type, parts), map(pdfium_calls.segment_closes, parts)
    start = last = (0.0, 0.0)
    for x, y, kind, closed in zip(points[0::2], points[1::2], kinds, closes, strict=True):
        point = (a * x + c * y + e, b * x + d * y + f)
        if kind == _LINE_TO:
            yield last, point
        elif kind == _MOVE_TO:
            start = point
        last = point
        if closed:
            yield last, start
            last = start


def _is_white(path: int) -> bool:
    """Whether a filling can't be seen: the background of a page or a cell."""
    color = pdfium_calls.Uints4()
    known = pdfium_calls.fill_color(path, *(ctypes.addressof(color) + 4 * i for i in range(4)))
    red, green, blue, alpha = color
    return bool(known) and (min(red, green, blue) > 250 or alpha < 5)


def _product(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    """First ``a``, then ``b``."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def mapped(box: tuple[float, ...], matrix: tuple[float, ...]) -> tuple[float, float, float, float]:
    left, bottom, right, top = box
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
    ys = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
    return min(xs), min(ys), max(xs), max(ys)
