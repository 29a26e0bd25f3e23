"""Seals on scanned pages, taken away before recognition: their strokes break the lines that they stand on.

A seal is a ring or frame of 1 to 7 cm. In colour its ink is dark in two of the three channels and light in the third,
in which black print under it is as dark as ever; so that channel is what is recognised there. On a grey scan its ink is
lighter than print, and only round ones are looked for. In black and white, and where it is as dark as print, its ring
is taken off between the strokes that cross it, and so is what is far thicker than print (a star): what stands under
that is lost. Coloured print, handwriting and signatures have no ring around them and stay.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
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
_PAPER, _BELOW, _RANGE = (150, 200), 12, 60
"""A seal's ink in its lightest channel, so much below its middle, is paper, within bounds. Print under it is darker:
much where the ink lets it through, little where it covers it; so darker by this is black."""
_LEAST_RING_MM, _LEAST_GREY_MM = 20.0, 30.0
"""Diameters of rings that are looked for in colour, where frames are found besides, and without."""
_CLEAR_MM, _CLEAR = 3.0, 0.25
"""So far outside of a ring there is hardly any of its ink: it is no part of a photograph, or of coloured print."""
_MOST_CIRCLES, _MOST_SEALS, _MOVED, _STEPS = 400, 8, 8, 12
_ERASED_MM = 4.0
"""Width of a ring that was found, before others are looked for."""
_DARK = 170
"""Ink on a grey scan is darker."""
_LIGHTER, _BETWEEN = 25, 0.85
"""A grey seal is so much lighter than print; what lies nearer to it than to print becomes paper."""
_FILLED = 0.4
"""Share of its box that a grey seal's ink leaves far behind."""
_STROKE_MM = 0.7
"""What is thinner is print; a ring is 1 to 1.2 mm wide."""
_BLOB_MM = 2.0
"""What is thicker in both directions is no print."""
_RING_SHARE, _RING_REACH, _SHIFT = 0.45, 0.15, 8
"""Of the circumference, ink on a ring as dark as print; where it is looked for, as a share of its radius, and around
which middles, in pixels."""
_COARSE = 4
_RED, _BLUE = 2, 0
"""Channels of a picture in blue, green, red."""


class Box(NamedTuple):
    """In pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def part(self, picture: Any) -> Any:
        return picture[self.top : self.bottom, self.left : self.right]


class Ring(NamedTuple):
    """In pixels."""

    x: float
    y: float
    radius: float

    @property
    def box(self) -> Box:
        reach = self.radius + 3 * _COARSE  # circles are found in a coarse picture
        left, top = max(0, round(self.x - reach)), max(0, round(self.y - reach))
        return Box(left, top, round(self.x + reach), round(self.y + reach))


def without_seals(image: Any, dpi: float) -> tuple[Any, list[Ring]]:
    """The picture (rows of blue, green, red) with its seals wiped off the print, the same one where there are none; and
    the seals that are as dark as print, so that hardly more than their rings could be."""
    numpy = importlib.import_module("numpy")
    coarse = image[::_COARSE, ::_COARSE].astype(numpy.int16)
    coloured = coarse.max(axis=2) - coarse.min(axis=2) > _COLOURED
    if not coloured.any():
        return _without_grey_seals(image, dpi)
    strongest = coarse.argmax(axis=2)
    cleaned = image
    for channel in (_RED, _BLUE):
        for box in _coloured_seals(coloured & (strongest == channel), dpi / _COARSE):
            if cleaned is image:
                cleaned = image.copy()
            part = box.part(image)
            light = part[:, :, channel].astype(numpy.float32)
            ink = light - part.min(axis=2) > _COLOURED
            paper = float(numpy.clip(numpy.median(light[ink]) - _BELOW, *_PAPER)) if ink.any() else _PAPER[0]
            own = part.max(axis=2) - light <= _COLOURED  # else a signature over the seal
            box.part(cleaned)[own] = _stretched(light, paper - _RANGE, paper)[own][:, None]
    return cleaned, []


def _coloured_seals(ink: Any, dpi: float) -> Iterator[Box]:
    """Of one colour, in pixels of the picture: frames that stand alone, and rings, which may overlap each other."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    yield from _seals(ink, dpi)
    spread = cv2.dilate(ink.astype(numpy.uint8) * 255, numpy.ones((2, 2), numpy.uint8))
    for ring in _rings(spread, dpi, _LEAST_RING_MM):
        yield ring.box


def _without_grey_seals(image: Any, dpi: float) -> tuple[Any, list[Ring]]:
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    grey = image[:, :, 1]
    stroke = max(2, round(_STROKE_MM * dpi / 25.4))
    thick = cv2.erode((grey < _DARK).astype(numpy.uint8) * 255, numpy.ones((stroke, stroke), numpy.uint8))
    spread = cv2.dilate(thick, numpy.ones((_COARSE + stroke,) * 2, numpy.uint8))
    cleaned, dark = image, list[Ring]()
    for ring in _rings(spread[::_COARSE, ::_COARSE], dpi / _COARSE, _LEAST_GREY_MM):
        part, own = ring.box.part(grey), ring.box.part(thick) > 0
        if not 0 < own.mean() < _FILLED:
            continue  # a photograph
        if cleaned is image:
            cleaned = image.copy()
        seal, print_ = float(numpy.median(part[own])), float(numpy.percentile(part, 1))
        if seal - print_ >= _LIGHTER:
            wiped = _stretched(part.astype(numpy.float32), print_, print_ + _BETWEEN * (seal - print_))
        else:
            inner = ring._replace(x=ring.x - ring.box.left, y=ring.y - ring.box.top)
            wiped = _without_blobs(_without_ring(part, inner), dpi)
            dark.append(ring)
        box = ring.box.part(cleaned)
        box[:] = numpy.maximum(box, wiped[:, :, None])  # seals may overlap
    return cleaned, dark


def _without_ring(grey: Any, ring: Ring) -> Any:
    """Without a ring as dark as print, but where strokes cross it."""
    numpy = importlib.import_module("numpy")
    dark = grey < _DARK
    rows, columns = numpy.nonzero(dark)
    shifts = range(-_SHIFT, _SHIFT + 1, 2)
    middles = [ring._replace(x=ring.x + by_x, y=ring.y + by_y) for by_x in shifts for by_y in shifts]
    shares, ring = max(((_shares(rows, columns, middle), middle) for middle in middles), key=lambda of: of[0].max())
    band = numpy.nonzero(shares > _RING_SHARE)[0]
    wiped = grey.copy()
    if not len(band):
        return wiped
    inner, outer = int(band.min()) - 1, int(band.max()) + 2
    reach = numpy.hypot(columns - ring.x, rows - ring.y)
    on = (reach >= inner) & (reach <= outer)
    rows, columns, reach = rows[on], columns[on], reach[on]

    def inked(distance: float) -> Any:
        """Whether there is ink on the same rays at another distance from the middle."""
        x = (ring.x + (columns - ring.x) / reach * distance).round().astype(int).clip(0, grey.shape[1] - 1)
        y = (ring.y + (rows - ring.y) / reach * distance).round().astype(int).clip(0, grey.shape[0] - 1)
        return dark[y, x]

    alone = ~(inked(inner - 2) & inked(outer + 2))
    wiped[rows[alone], columns[alone]] = 255
    return wiped


def _shares(rows: Any, columns: Any, ring: Ring) -> Any:
    """Share of the circumference that is ink, by the distance from the ring's middle; 0 far from its radius."""
    numpy = importlib.import_module("numpy")
    reach = math.ceil((1 + _RING_REACH) * ring.radius)
    distances = numpy.hypot(columns - ring.x, rows - ring.y).astype(int)
    counts = numpy.bincount(distances[distances <= reach], minlength=reach + 1)
    shares = counts / (2 * math.pi * numpy.arange(0.5, reach + 1))
    shares[: math.floor((1 - _RING_REACH) * ring.radius)] = 0
    return shares


def _without_blobs(grey: Any, dpi: float) -> Any:
    """Without what is thicker than print."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    size = max(3, round(_BLOB_MM * dpi / 25.4))
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    solid = cv2.morphologyEx((grey < _DARK).astype(numpy.uint8), cv2.MORPH_OPEN, round_)
    return numpy.where(cv2.dilate(solid, numpy.ones((5, 5), numpy.uint8)) > 0, 255, grey).astype(numpy.uint8)


def _rings(ink: Any, dpi: float, least_mm: float) -> list[Ring]:
    """Round seals in a coarse mask of thick strokes, in pixels of the picture. Print cuts their rings to pieces, so
    circles are looked for: one by one, for they may overlap."""
    cv2: Any = importlib.import_module("cv2")
    mm = dpi / 25.4
    left, rings = ink.copy(), list[Ring]()
    for _ in range(_MOST_SEALS):
        ring = _best_ring(left, mm, round(least_mm * mm / 2))
        if ring is None:
            break
        if not any(math.hypot(ring.x - other.x, ring.y - other.y) + ring.radius < other.radius for other in rings):
            rings.append(ring)  # else the name along a ring
        cv2.circle(
            left, (round(ring.x), round(ring.y)), round(ring.radius), 0, thickness=max(3, round(_ERASED_MM * mm))
        )
    return [Ring(*(_COARSE * length for length in ring)) for ring in rings]


def _best_ring(ink: Any, mm: float, least: int) -> Ring | None:
    """The ring that stands most clearly in a coarse mask. OpenCV's circles are some pixels off: the best are moved."""
    cv2: Any = importlib.import_module("cv2")
    most = round(_MOST_MM * mm / 2)
    found = cv2.HoughCircles(ink, cv2.HOUGH_GRADIENT, 1.5, 3, param1=100, param2=12, minRadius=least, maxRadius=most)
    circles: list[list[float]] = [] if found is None else found[0][:_MOST_CIRCLES].tolist()

    def clearness(ring: Ring) -> float:
        return _around(ink, ring) - _around(ink, ring._replace(radius=ring.radius + _CLEAR_MM * mm))

    candidates = sorted((Ring(*circle) for circle in circles), key=clearness, reverse=True)[:_MOVED]
    ring = max((_moved(candidate, clearness) for candidate in candidates), key=clearness, default=None)
    if ring is None or _around(ink, ring) < _AROUND:
        return None
    return ring if _around(ink, ring) - clearness(ring) <= _CLEAR else None


def _moved(ring: Ring, clearness: Callable[[Ring], float]) -> Ring:
    """The ring where it is clearest, pixel by pixel."""
    for _ in range(_STEPS):
        steps = [
            ring._replace(x=ring.x + x, y=ring.y + y, radius=ring.radius + grown)
            for x, y, grown in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
        ]
        best = max(steps, key=clearness)
        if clearness(best) <= clearness(ring):
            break
        ring = best
    return ring


def _around(ink: Any, ring: Ring) -> float:
    """Share of the directions in which there is ink on a ring."""
    numpy: Any = importlib.import_module("numpy")
    angles = numpy.arange(_RAYS) * (2 * math.pi / _RAYS)
    reaches = ring.radius + numpy.arange(-2, 3)[:, None]
    columns = (ring.x + reaches * numpy.cos(angles)).round().astype(int).clip(0, ink.shape[1] - 1)
    rows = (ring.y + reaches * numpy.sin(angles)).round().astype(int).clip(0, ink.shape[0] - 1)
    return float((ink[rows, columns] > 0).any(axis=0).mean())


def _stretched(light: Any, dark: float, paper: float) -> Any:
    """Lightness with all that is lighter than ``paper`` white."""
    return ((light - dark) * (255 / (paper - dark))).clip(0, 255).astype("uint8")


def _seals(ink: Any, dpi: float) -> Iterator[Box]:
    """The boxes of the seals in a coarse mask of ink of one colour, in pixels of the picture."""
    cv2, numpy = importlib.import_module("cv2"), importlib.import_module("numpy")
    mm = dpi / 25.4
    mask = ink.astype(numpy.uint8)
    for shape in ((1, round(_RULE_MM * mm)), (round(_RULE_MM * mm), 1)):
        mask -= cv2.morphologyEx(mask, cv2.MORPH_OPEN, numpy.ones(shape, numpy.uint8))
    gap = max(1, round(_GAP_MM * mm))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, numpy.ones((2 * gap + 1, 2 * gap + 1), numpy.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    parts = [Box(x, y, x + width, y + height) for x, y, width, height, _ in stats[1:count].tolist()]
    ringed = [
        part
        for label, part in enumerate(parts, 1)
        if _is_of_size(part, mm) and _has_ring(labels[part.top : part.bottom, part.left : part.right] == label)
    ]
    for part in ringed:
        if sum(_like(part, other) for other in parts if other not in ringed) <= _MOST_LIKE:
            left, top = max(0, part.left - gap - 1), max(0, part.top - gap - 1)
            yield Box(*(_COARSE * edge for edge in (left, top, part.right + gap + 1, part.bottom + gap + 1)))


def _is_of_size(part: Box, mm: float) -> bool:
    shorter, longer = sorted((part.right - part.left, part.bottom - part.top))
    return _LEAST_MM * mm <= shorter <= longer <= min(_MOST_MM * mm, _LONGEST * shorter)


def _like(a: Box, b: Box) -> bool:
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
