"""Pictures on pages that have text of their own: which may hold text, what of that is text, and where it belongs. Pure.

A signature page or a table that was pasted as a picture is part of the document; the labels of a chart and the letters
of a logo are not, but are kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.pdf.columns import Edges
from pipeline.pdf.lines import Chars, Line

_LEAST_SHARE, _LEAST_SIDE = 0.01, 10.0
"""Of the page, and points: less holds a line at best, and is a logo or a bullet."""
_TOUCHING = 2.0
"""Points between the strips of one picture."""
_MOST_BOXES = 300
"""More pictures on a page are the parts of a drawing."""
_MOST_TYPED = 4
"""Characters that may stand on a picture by chance: with more it is the background of typed text."""
_LEAST_CHARACTERS, _WORDS_HAN = 4, re.compile("[\u4e00-\u9fff]{4}|[A-Za-z]{2,} [A-Za-z]{2,}")
_WORDS_SHARE, _INK_SHARE = 0.5, 0.15
"""A chart has less of its characters in words, and less of its area under them."""


def notable(boxes: Sequence[Edges], chars: Chars, width: float, height: float) -> list[Edges]:
    """The pictures that may hold text, strips put together, cut to the page; y upwards. None that is a background."""
    if not 0 < len(boxes) <= _MOST_BOXES:
        return []
    found = [box for box in _joined([_cut(box, width, height) for box in boxes]) if _is_notable(box, width, height)]
    if not found:
        return []
    places = zip(chars.text, chars.left, chars.top, chars.right, chars.bottom, strict=True)
    middles = [((left + right) / 2, (top + low) / 2) for char, left, top, right, low in places if not char.isspace()]
    return [box for box in found if sum(box.holds(x, y) for x, y in middles) <= _MOST_TYPED]


def is_text(pieces: Sequence[tuple[str, Edges]], picture: Edges) -> bool:
    """Whether what was recognised in a picture is text, and not the labels of a chart, or chance signs in a photo."""
    count = sum(len(text) for text, _ in pieces)
    if count < _LEAST_CHARACTERS:
        return False
    words = sum(len(text) for text, _ in pieces if _WORDS_HAN.search(text))
    return words >= _WORDS_SHARE * count or sum(_area(box) for _, box in pieces) >= _INK_SHARE * _area(picture)


def place_of(picture: Edges, lines: Sequence[Line]) -> int:
    """Before which line the text of a picture is read: the first one under it, but not within a table."""
    middle = (picture.top + picture.bottom) / 2
    beside = [at for at, line in enumerate(lines) if line.left < picture.right and line.right > picture.left]
    under = next((at for at in beside if lines[at].middle < middle), None)
    at = under if under is not None else beside[-1] + 1 if beside else len(lines)
    while 0 < at < len(lines) and _table(lines[at - 1]) is not None and _table(lines[at - 1]) == _table(lines[at]):
        at += 1
    return at


def _table(line: Line) -> int | None:
    return line.place and line.place.table


def _is_notable(box: Edges, width: float, height: float) -> bool:
    sides = box.right - box.left, box.top - box.bottom
    return min(sides) >= _LEAST_SIDE and sides[0] * sides[1] >= _LEAST_SHARE * width * height


def _joined(boxes: Sequence[Edges]) -> list[Edges]:
    """Boxes that touch each other as one."""
    joined: list[Edges] = []
    for box in sorted(boxes, key=lambda box: -box.top):
        near = [other for other in joined if _touch(box, other)]
        joined = [other for other in joined if other not in near]
        lefts, tops, rights, bottoms = zip(box, *near, strict=True)
        joined.append(Edges(min(lefts), max(tops), max(rights), min(bottoms)))
    return joined


def _touch(a: Edges, b: Edges) -> bool:
    across = min(a.right, b.right) - max(a.left, b.left)
    return across >= -_TOUCHING and min(a.top, b.top) - max(a.bottom, b.bottom) >= -_TOUCHING


def _cut(box: Edges, width: float, height: float) -> Edges:
    return Edges(max(0.0, box.left), min(height, box.top), min(width, box.right), max(0.0, box.bottom))


def _area(box: Edges) -> float:
    return abs((box.right - box.left) * (box.top - box.bottom))
