"""Pictures of pages beside a report, and the part of each that a quote stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from pipeline.types import Box, Evidence

_AROUND = 34.0
"""Points above and below a quote: two lines."""
_TALLEST = 300.0
"""Of a long quote the beginning is enough: the whole page is a click away."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pages that were drawn. ``folder`` is a link to where they lie, relative to the report; ``sizes`` are width and
    height in points, by page."""

    folder: Markup
    sizes: Mapping[int, tuple[float, float]]


class Rectangle(NamedTuple):
    left: float
    top: float
    width: float
    height: float


class Crop(NamedTuple):
    """A strip of a page, in points from its top left corner; ``boxes`` are to be marked."""

    page: int
    href: Markup
    width: float
    page_height: float
    top: float
    height: float
    boxes: tuple[Rectangle, ...]


def crops(pictures: Pictures, evidence: Evidence) -> Iterator[Crop]:
    """The strips that show a quote, one for each of its pages that was drawn."""
    for page, boxes in groupby(evidence.boxes, key=lambda box: box.page):
        size = pictures.sizes.get(page)
        if size:
            yield _crop(pictures.folder + Markup("/%d.png") % page, page, list(boxes), *size)


def _crop(href: Markup, page: int, boxes: list[Box], width: float, height: float) -> Crop:
    top = max(0.0, min(box.top for box in boxes) - _AROUND)
    bottom = min(height, max(box.bottom for box in boxes) + _AROUND, top + _TALLEST)
    marked = [Rectangle(*(round(n, 1) for n in (b.left, b.top, b.right - b.left, b.bottom - b.top))) for b in boxes]
    shown = tuple(box for box in marked if box.width > 0 and box.height > 0)
    return Crop(page, href, round(width, 1), round(height, 1), round(top, 1), round(max(1.0, bottom - top), 1), shown)


def pages_of(evidence: Iterable[Evidence]) -> list[int]:
    """The pages on which quotes have a place, in order."""
    return sorted({box.page for piece in evidence for box in piece.boxes})
