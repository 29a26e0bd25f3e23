"""Where characters stand on the page: kept with the document when it is read, so that no box needs the file again."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterable, Sequence
from itertools import compress, count, pairwise
from operator import sub
from typing import TYPE_CHECKING

from pipeline.types import Box, Document, Finding, Page, Span

if TYPE_CHECKING:
    from pipeline.pdf.lines import Chars  # which compiles what only reading needs

_LEVEL = 0.2
"""Points by which the lower edges of characters on one base line differ at most."""

_Edges = tuple[float, float, float, float]


def places_of(chars: Chars) -> array[float]:
    """Left, top, right, bottom of each character, four 32-bit floats a character; y upwards from the page's foot, as
    PDFium gives them: nothing is computed for characters of which nobody asks for the box."""
    places = array("f", bytes(16 * len(chars.left)))
    places[0::4], places[1::4], places[2::4], places[3::4] = chars.left, chars.top, chars.right, chars.bottom
    return places


def turned_places(places: array[float], turns: int, width: float, height: float) -> array[float]:
    """Places on a page of this size after so many quarter turns clockwise; y upwards before and after."""
    left, top, right, bottom = places[0::4], places[1::4], places[2::4], places[3::4]
    for _ in range(turns):
        edges = bottom, array("f", [width - x for x in left]), top, array("f", [width - x for x in right])
        (left, top, right, bottom), (width, height) = edges, (height, width)
    found = array("f", bytes(4 * len(places)))
    found[0::4], found[1::4], found[2::4], found[3::4] = left, top, right, bottom
    return found


def turned_boxes(boxes: array[float], turns: int, width: float, height: float) -> array[float]:
    """The same with y downwards."""
    upwards = array("f", [height - edge if at % 2 else edge for at, edge in enumerate(boxes)])
    turned = turned_places(upwards, turns, width, height)
    shown = width if turns % 2 else height
    return array("f", [shown - edge if at % 2 else edge for at, edge in enumerate(turned)])


def boxes_of(document: Document, spans: Sequence[Span]) -> list[tuple[Box, ...]]:
    """For each span the boxes of its lines, in reading order; none where the text has no places (read by pypdf)."""
    return [tuple(_boxes(document, span)) for span in spans]


def with_boxes(document: Document, findings: Sequence[Finding]) -> list[Finding]:
    """The same findings, each place in the text with its rectangles on the page."""
    spans = sorted({e.span for finding in findings for e in finding.evidence if e.span})
    boxes = dict(zip(spans, boxes_of(document, spans), strict=True))
    return [
        finding.proved_by(tuple([e.standing_in(boxes[e.span]) if e.span else e for e in finding.evidence]))
        for finding in findings
    ]


def _boxes(document: Document, span: Span) -> Generator[Box]:
    for number in range(document.page_at(span.start), len(document.pages) + 1):
        page = document.pages[number - 1]
        if page.span.start >= span.end:
            return
        if page.read_by == "ocr":  # it may have typed lines, too
            yield from (line.box for line in document.ocr_lines if line.box.page == number and _touch(line.span, span))
        if number <= len(document.places):
            start, end = max(span.start, page.span.start), min(span.end, page.span.end)
            origins = document.origins[start:end]
            carried = array("i", [-2 - at for at in origins if at < -1])
            if carried:
                origins = array("i", [max(at, -1) for at in origins])
            runs = _runs(document.places[number - 1], origins, page) if origins else ()
            yield from (Box(number, *box) for box in _line_boxes(runs))
            if carried and number < len(document.places):
                runs = _runs(document.places[number], carried, document.pages[number])
                yield from (Box(number + 1, *box) for box in _line_boxes(runs))


def _runs(places: array[float], origins: array[int], page: Page) -> Generator[_Edges]:
    """Boxes of runs of neighbouring characters on one base line, left to right (most of a line), or of single ones;
    from here on y is downwards."""
    breaks = compress(count(1), map((1).__ne__, map(sub, origins[1:], origins)))
    for start, end in pairwise((0, *breaks, len(origins))):
        start += origins[start] < 0  # no character, and the first one of the page may follow
        if start == end:
            continue
        first, last = 4 * origins[start], 4 * (origins[start] + end - start)
        if last > len(places):
            continue
        edges = places[first:last].tolist()
        lefts, bottoms = edges[::4], edges[3::4]
        lowest = min(bottoms)
        if max(bottoms) - lowest < _LEVEL and lefts == sorted(lefts):
            yield lefts[0], page.height - max(edges[1::4]), max(edges[2::4]), page.height - lowest
        else:
            for left, top, right, bottom in zip(lefts, edges[1::4], edges[2::4], bottoms, strict=True):
                yield left, page.height - top, right, page.height - bottom


def _touch(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _line_boxes(boxes: Iterable[_Edges]) -> list[_Edges]:
    """Merge neighbouring boxes while they stand on one line, side by side."""
    merged: list[_Edges] = []
    for left, top, right, bottom in boxes:
        if right <= left or bottom <= top:
            continue
        if merged and _adjoins(merged[-1], left, top, right, bottom):
            last = merged[-1]
            merged[-1] = (min(last[0], left), min(last[1], top), max(last[2], right), max(last[3], bottom))
        else:
            merged.append((left, top, right, bottom))
    return merged


def _adjoins(box: _Edges, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether a character carries on a line that has this box (a column in vertical writing and on turned pages)."""
    height, width = bottom - top, right - left
    beside = min(box[3], bottom) - max(box[1], top) > 0.4 * min(height, box[3] - box[1])
    under = min(box[2], right) - max(box[0], left) > 0.7 * max(width, box[2] - box[0])
    near = left - box[2] < 3 * height and box[0] - right < 3 * height
    apart = max(top - box[3], box[1] - bottom)
    return (beside and near and left >= box[0] - width) or (under and -0.5 * height < apart < 0.2 * height)
