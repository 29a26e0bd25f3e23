"""Pictures of pages beside a report, and the part of each that a quote stands on."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from pipeline.pdf.copies import PICTURE_DPI, Painter
from pipeline.pdf.formats import has_pages
from pipeline.report.files import pictures_folder
from pipeline.types import Analysis, Box, Evidence

_AROUND = 34.0
"""Points above and below a quote: two lines."""
_MARGIN = 0.07
"""Of the page's width: paper without print, as a rule."""
_TALLEST = 300.0
"""Of a long quote the beginning is enough: the whole page is a click away."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pages that were drawn. ``folder`` is a link to where they lie, relative to the report; ``sizes`` are width and
    height in points, by page."""

    folder: Markup
    sizes: Mapping[int, tuple[float, float]]


def pictures_beside(report: Path) -> Pictures | None:
    """The pictures that lie beside a report; None where there are none. Their sizes stand in their heads."""
    folder = pictures_folder(report)
    if not folder.is_dir():
        return None
    sizes: dict[int, tuple[float, float]] = {}
    for file in folder.glob("*.png"):
        if file.stem.isdecimal() and (size := _size(file)):
            sizes[int(file.stem)] = size
    return Pictures(Markup("./" + quote(folder.name)), sizes) if sizes else None


def _size(file: Path) -> tuple[float, float] | None:
    """Width and height of a PNG file of ours, in points."""
    with file.open("rb") as head:
        data = head.read(24)
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return 72 * width / PICTURE_DPI, 72 * height / PICTURE_DPI


class Rectangle(NamedTuple):
    left: float
    top: float
    width: float
    height: float


class Crop(NamedTuple):
    """A strip of a page, in points from its top left corner; ``boxes`` are to be marked."""

    page: int
    href: Markup
    page_width: float
    page_height: float
    left: float
    width: float
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
    margin = _MARGIN * width
    left = max(0.0, min(margin, *(box.left - 4 for box in boxes)))
    right = min(width, max(width - margin, *(box.right + 4 for box in boxes)))
    top = max(0.0, min(box.top for box in boxes) - _AROUND)
    bottom = min(height, max(box.bottom for box in boxes) + _AROUND, top + _TALLEST)
    edges = (width, height, left, max(1.0, right - left), top, max(1.0, bottom - top))
    marked = [Rectangle(*(round(n, 1) for n in (b.left, b.top, b.right - b.left, b.bottom - b.top))) for b in boxes]
    shown = tuple(box for box in marked if box.width > 0 and box.height > 0)
    return Crop._make((page, href, *(round(edge, 1) for edge in edges), shown))


async def draw_pictures(analysis: Analysis, path: Path, report: Path, painting: Painter) -> None:
    """Draw the pages that findings stand on beside ``report``, but for those that lie there already. Nothing is drawn
    of what has no pages (Word, text). Raises ReadError."""
    folder = pictures_folder(report)
    boxes = (box for finding in analysis.findings for evidence in finding.evidence for box in evidence.boxes)
    pages = [page for page in sorted({box.page for box in boxes}) if not (folder / f"{page}.png").is_file()]
    if pages and has_pages(path):
        folder.mkdir(parents=True, exist_ok=True)
        await painting.draw(path, pages, folder)
