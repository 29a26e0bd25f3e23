"""What is filled into a page's form fields and text boxes, where they don't show it. Pure.

Programs that fill in forms may leave it to the viewer to draw a value, or draw it in a font that has no Chinese, as a
row of question marks. The value itself is in the file all the same, and a contract that was filled in is not blank.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.pdf.clean import fold
from pipeline.pdf.columns import Edges
from pipeline.pdf.lines import Chars, is_cjk

_EM = 12.0
_FILLS = 0.8
"""Type size of one line, as a share of its field's height."""
_LINE = 1.3
_UNKNOWN = frozenset("?？\ufffd\x7f")


def with_values(chars: Chars, values: Sequence[tuple[Edges, str]]) -> Chars:
    """The page with the values of fields that show nothing, or show signs in place of their characters; boxes with y
    *upwards*."""
    added = len(chars.text) if chars.added is None else chars.added
    text = list(chars.text)
    edges = tuple(array("f", side) for side in (chars.left, chars.top, chars.right, chars.bottom))
    for box, value in values:
        shown = [at for at in range(added, len(chars.text)) if box.holds(*_centre(chars, at))]
        if _is_shown(value, "".join([text[at] for at in shown])):
            continue
        for at in shown:
            text[at] = "\n"
        for char, *places in _set(value, box):
            text.append(char)
            for side, place in zip(edges, places, strict=True):
                side.append(place)
    return replace(chars, text="".join(text), **dict(zip(_SIDES, edges, strict=True)), added=added)


_SIDES = ("left", "top", "right", "bottom")


def _centre(chars: Chars, at: int) -> tuple[float, float]:
    return (chars.left[at] + chars.right[at]) / 2, (chars.top[at] + chars.bottom[at]) / 2


def _is_shown(value: str, shown: str) -> bool:
    """Whether a field shows its value, in whatever form: a date or an amount may be written otherwise."""
    visible = "".join(fold(shown).split())
    lost = sum(map(visible.count, _UNKNOWN)) > sum(map(value.count, _UNKNOWN))
    return bool(visible) and not (lost and set(fold(value)) - set(visible))


def _set(value: str, box: Edges) -> Iterator[tuple[str, float, float, float, float]]:
    """The characters of a value with their edges, set in lines from the top left of its box."""
    width, height = box.right - box.left, abs(box.top - box.bottom)
    lines = [line for line in value.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    em = max(1.0, min(_EM, _FILLS * height / max(1, len(lines))))
    if height < 2 * _LINE * em:
        em = min([em, *(width / _width(line) for line in lines)])
    top = max(box.top, box.bottom) - max(0.0, height - _LINE * em * len(lines)) / 2 if height < 2 * em else box.top
    for line in lines:
        yield "\n", box.left, top, box.left, top
        left = box.left
        for char in line:
            step = em * _width(char)
            if left + step > box.right + 0.5 and left > box.left:
                left, top = box.left, top - _LINE * em
                yield "\n", left, top, left, top
            yield char, left, top, left + step, top - em
            left += step
        top -= _LINE * em


def _width(text: str) -> float:
    return sum(1.0 if is_cjk(char) else 0.5 for char in text)
