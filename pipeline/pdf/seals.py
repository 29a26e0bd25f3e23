"""Seals on scanned pages, taken away before recognition: their strokes break the lines that they stand on.

A seal is a coloured ring or frame of 1 to 7 cm. Its ink is dark in two of the three colour channels and light in the
third, in which black print under it is as dark as ever; so that channel is what is recognised there. Coloured print,
handwriting and signatures have no ring around them and stay. On grey scans nothing tells a seal from print.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

_COLOURED = 40
"""Difference between the channels of coloured ink; of 255."""
_LEAST_MM, _MOST_MM = 9.0, 75.0
_GAP_MM = 1.0
"""Gaps in a worn ring that are closed."""
_RULE_MM = 45.0
"""Straight lines of this length are rules of a form, no frame of a seal."""
_MOST_LIKE = 2
"""Parts of one size in a row (a seal counts itself): more are the characters of a title, some of which have frames."""
_LONGEST = 1.6
"""Longer side over the shorter one; oval seals are 45 by 30 mm."""
_RAYS, _AROUND = 72, 0.55
"""Share of the directions from its middle in which a seal's outermost ink is its ring."""
_INK, _PAPER = 70, 150
"""Print is darker than the one, a seal's lightest channel lighter than the other."""
_COARSE = 4
_RED, _BLUE = 2, 0
"""Channels of a picture in blue, green, red."""


class _Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


def without_seals(image: Any, dpi: float) -> Any:
    """The picture (rows of blue, green, red) with its seals wiped off the print; the same one where there are none."""
    numpy = importlib.import_module("numpy")
    coarse = image[::_COARSE, ::_COARSE].astype(numpy.int16)
    coloured = coarse.max(axis=2) - coarse.min(axis=2) > _COLOURED
    if not coloured.any():
        return image
    strongest = coarse.argmax(axis=2)
    cleaned = image
    for channel in (_RED, _BLUE):
        for box in _seals(coloured & (strongest == channel), dpi / _COARSE):
            if cleaned is image:
                cleaned = image.copy()
            left, top, right, bottom = (edge * _COARSE for edge in box)
            part = cleaned[top:bottom, left:right]
            light = part[:, :, channel].astype(numpy.float32)
            other = part.max(axis=2) - light > _COLOURED  # a signature over the seal
            print_only = ((light - _INK) * (255 / (_PAPER - _INK))).clip(0, 255).astype(numpy.uint8)
            part[~other] = print_only[~other][:, None]
    return cleaned


def _seals(ink: Any, dpi: float) -> Iterator[_Box]:
    """The boxes of the seals in a mask of ink of one colour."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    mm = dpi / 25.4
    mask = ink.astype(numpy.uint8)
    for shape in ((1, round(_RULE_MM * mm)), (round(_RULE_MM * mm), 1)):
        mask -= cv2.morphologyEx(mask, cv2.MORPH_OPEN, numpy.ones(shape, numpy.uint8))
    gap = max(1, round(_GAP_MM * mm))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, numpy.ones((2 * gap + 1, 2 * gap + 1), numpy.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    parts = [_Box(x, y, x + width, y + height) for x, y, width, height, _ in stats[1:count].tolist()]
    margin = gap + 1
    for label, part in enumerate(parts, 1):
        width, height = part.right - part.left, part.bottom - part.top
        if not _LEAST_MM * mm <= min(width, height) <= max(width, height) <= _LONGEST * min(width, height):
            continue
        if max(width, height) > _MOST_MM * mm or sum(_like(part, other) for other in parts) > _MOST_LIKE:
            continue
        if _has_ring(labels[part.top : part.bottom, part.left : part.right] == label, width, height):
            left, top = max(0, part.left - margin), max(0, part.top - margin)
            yield _Box(left, top, part.right + margin, part.bottom + margin)


def _like(a: _Box, b: _Box) -> bool:
    """Whether two boxes are about as high, and side by side, as the characters of a title are."""
    height, other = a.bottom - a.top, b.bottom - b.top
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return 0.5 * height < other < 2 * height and shared > 0.6 * min(height, other)


def _has_ring(part: Any, width: int, height: int) -> bool:
    """Whether the outermost ink in most directions stands where a ring, or a frame, has its own."""
    numpy = importlib.import_module("numpy")
    rows, columns = numpy.nonzero(part)
    x, y = (columns - (width - 1) / 2) / (width / 2), (rows - (height - 1) / 2) / (height / 2)
    ray = ((numpy.arctan2(y, x) / (2 * math.pi) + 0.5) * _RAYS).astype(int) % _RAYS
    for reach in (numpy.hypot(x, y), numpy.maximum(abs(x), abs(y))):
        outermost = numpy.zeros(_RAYS)
        numpy.maximum.at(outermost, ray, reach)
        if (abs(outermost - 0.97) < 0.08).mean() >= _AROUND:
            return True
    return False
