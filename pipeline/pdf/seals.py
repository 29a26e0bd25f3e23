"""Seals on scanned pages, taken away before recognition: their strokes break the lines that they stand on.

A seal is a ring or frame of 1 to 7 cm. In colour its ink is dark in two of the three channels and light in the third,
in which black print under it is as dark as ever; so that channel is what is recognised there. On a grey scan its ink is
lighter than print, and only round ones are looked for. Coloured print, handwriting and signatures have no ring around
them and stay. In black and white nothing tells a seal from print.
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
_MOST_LIKE = 1
"""Parts of one size beside a seal that are none: with more it is a character of a title, some of which have frames."""
_LONGEST = 1.6
"""Longer side over the shorter one; oval seals are 45 by 30 mm."""
_RAYS, _AROUND = 72, 0.55
"""Share of the directions from its middle in which a seal's outermost ink is its ring."""
_INK, _PAPER = 70, 150
"""Print is darker than the one, a seal's lightest channel lighter than the other."""
_LEAST_GREY_MM = 30.0
_CLEAR_MM, _CLEAR = 3.0, 0.25
"""So far outside of a grey ring there is hardly any grey: it is no part of a photograph, or of a page in grey print."""
_GREY, _DARK = (72, 190), 30
"""Greys of a seal's ink; print is about as dark as the last."""
_FILLED = 0.4
"""Share of its box that a grey seal's ink leaves far behind."""
_STROKE_MM = 0.6
"""Grey that is thinner than this is the edge of print; a ring is 1 to 1.2 mm wide."""
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
        return _without_grey_seals(image, dpi)
    strongest = coarse.argmax(axis=2)
    cleaned = image
    for channel in (_RED, _BLUE):
        for left, top, right, bottom in _seals(coloured & (strongest == channel), dpi / _COARSE):
            if cleaned is image:
                cleaned = image.copy()
            part = cleaned[top:bottom, left:right]
            light = part[:, :, channel].astype(numpy.float32)
            other = part.max(axis=2) - light > _COLOURED  # a signature over the seal
            part[~other] = _stretched(light, _INK, _PAPER)[~other][:, None]
    return cleaned


def _without_grey_seals(image: Any, dpi: float) -> Any:
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    grey = image[:, :, 1]
    stroke = max(2, round(_STROKE_MM * dpi / 25.4))
    ink = cv2.inRange(grey, *_GREY)
    ink = cv2.erode(ink, numpy.ones((stroke, stroke), numpy.uint8))
    spread = cv2.dilate(ink, numpy.ones((_COARSE + stroke,) * 2, numpy.uint8))
    cleaned = image
    for left, top, right, bottom in _rings(spread[::_COARSE, ::_COARSE], dpi / _COARSE):
        own = ink[top:bottom, left:right] > 0
        if not 0 < own.mean() < _FILLED:
            continue  # a photograph
        if cleaned is image:
            cleaned = image.copy()
        part = cleaned[top:bottom, left:right]
        lightness = float(numpy.percentile(part[:, :, 1][own], 20))
        part[:] = _stretched(part[:, :, 1].astype(numpy.float32), _DARK, max(lightness - 8, _DARK + 20))[:, :, None]
    return cleaned


def _rings(ink: Any, dpi: float) -> Iterator[_Box]:
    """The boxes of round seals in a coarse mask of thick grey strokes, in pixels of the picture. Print cuts their rings
    to pieces, so circles are looked for."""
    cv2: Any = importlib.import_module("cv2")
    mm = dpi / 25.4
    least, most = round(_LEAST_GREY_MM * mm / 2), round(_MOST_MM * mm / 2)
    found = cv2.HoughCircles(
        ink, cv2.HOUGH_GRADIENT, 1.5, least, param1=100, param2=20, minRadius=least, maxRadius=most
    )
    circles: list[tuple[float, float, float]] = [] if found is None else found[0].tolist()
    for x, y, radius in circles:
        outside = radius + _CLEAR_MM * mm
        if _around(ink, x, y, radius) >= _AROUND and _around(ink, x, y, outside) <= _CLEAR:
            left, top = max(0, round(x - radius - 3)), max(0, round(y - radius - 3))
            yield _Box(*(_COARSE * edge for edge in (left, top, round(x + radius + 3), round(y + radius + 3))))


def _around(ink: Any, x: float, y: float, radius: float) -> float:
    """Share of the directions from a point in which there is ink at a distance."""
    numpy: Any = importlib.import_module("numpy")
    angles = numpy.arange(_RAYS) * (2 * math.pi / _RAYS)
    reaches = radius + numpy.arange(-2, 3)[:, None]
    columns = (x + reaches * numpy.cos(angles)).round().astype(int).clip(0, ink.shape[1] - 1)
    rows = (y + reaches * numpy.sin(angles)).round().astype(int).clip(0, ink.shape[0] - 1)
    return float((ink[rows, columns] > 0).any(axis=0).mean())


def _stretched(light: Any, dark: float, paper: float) -> Any:
    """Lightness with all that is lighter than ``paper`` white."""
    return ((light - dark) * (255 / (paper - dark))).clip(0, 255).astype("uint8")


def _seals(ink: Any, dpi: float) -> Iterator[_Box]:
    """The boxes of the seals in a coarse mask of ink of one colour, in pixels of the picture."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    mm = dpi / 25.4
    mask = ink.astype(numpy.uint8)
    for shape in ((1, round(_RULE_MM * mm)), (round(_RULE_MM * mm), 1)):
        mask -= cv2.morphologyEx(mask, cv2.MORPH_OPEN, numpy.ones(shape, numpy.uint8))
    gap = max(1, round(_GAP_MM * mm))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, numpy.ones((2 * gap + 1, 2 * gap + 1), numpy.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    parts = [_Box(x, y, x + width, y + height) for x, y, width, height, _ in stats[1:count].tolist()]
    ringed = [
        part
        for label, part in enumerate(parts, 1)
        if _is_of_size(part, mm) and _has_ring(labels[part.top : part.bottom, part.left : part.right] == label)
    ]
    for part in ringed:
        if sum(_like(part, other) for other in parts if other not in ringed) <= _MOST_LIKE:
            left, top = max(0, part.left - gap - 1), max(0, part.top - gap - 1)
            yield _Box(*(_COARSE * edge for edge in (left, top, part.right + gap + 1, part.bottom + gap + 1)))


def _is_of_size(part: _Box, mm: float) -> bool:
    shorter, longer = sorted((part.right - part.left, part.bottom - part.top))
    return _LEAST_MM * mm <= shorter <= longer <= min(_MOST_MM * mm, _LONGEST * shorter)


def _like(a: _Box, b: _Box) -> bool:
    """Whether two boxes are about as high, and side by side, as the characters of a title are."""
    height, other = a.bottom - a.top, b.bottom - b.top
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return 0.5 * height < other < 2 * height and shared > 0.6 * min(height, other)


def _has_ring(part: Any) -> bool:
    """Whether the outermost ink in most directions stands where a ring, or a frame, has its own."""
    numpy = importlib.import_module("numpy")
    height, width = part.shape
    rows, columns = numpy.nonzero(part)
    x, y = (columns - (width - 1) / 2) / (width / 2), (rows - (height - 1) / 2) / (height / 2)
    ray = ((numpy.arctan2(y, x) / (2 * math.pi) + 0.5) * _RAYS).astype(int) % _RAYS
    for reach in (numpy.hypot(x, y), numpy.maximum(abs(x), abs(y))):
        outermost = numpy.zeros(_RAYS)
        numpy.maximum.at(outermost, ray, reach)
        if (abs(outermost - 0.97) < 0.08).mean() >= _AROUND:
            return True
    return False
