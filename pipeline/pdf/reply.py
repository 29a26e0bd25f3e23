"""What a reading process answered, made into our types. Its word is not trusted: whatever doesn't fit is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args

from pipeline.errors import ReadError
from pipeline.pdf import failures, wire
from pipeline.pdf.failures import printable, shown
from pipeline.types import Bookmark, Box, Document, OcrLine, Page, PageHealth, Span

_HEALTHS = frozenset(get_args(PageHealth))
_READERS = frozenset(("pdfium", "pypdf", "ocr", "none"))
_FACTS = frozenset(("reason", "where", "type", "limit"))


class _Unfit(Exception):
    """A value that no honest worker sends."""


_ILL_SHAPED = (_Unfit, AttributeError, KeyError, TypeError, ValueError)


def document(answer: wire.Message, document_id: str, path: Path) -> Document:
    """The document in an answer to ``read``. Raises ReadError if the answer makes no sense."""
    try:
        return _document(answer, document_id, path)
    except (*_ILL_SHAPED, wire.WireError):
        raise _malformed(path) from None


def rows(answer: wire.Message, path: Path) -> list[list[tuple[str, list[float], float]]]:
    """The rows of recognised lines in an answer to ``ocr``: text, box, confidence."""
    try:
        found = cast("list[list[tuple[str, list[float], float]]]", answer["rows"])
        return [[(_text(text), list(_edges(box)), _number(score)) for text, box, score in row] for row in found]
    except _ILL_SHAPED:
        raise _malformed(path) from None


def failure(answer: wire.Message, facts: Mapping[str, object]) -> ReadError:
    """The error that an answer tells of."""
    told = answer.get("facts")
    extra = cast("dict[str, object]", told) if isinstance(told, dict) else {}
    told_facts = {key: printable(str(value)) for key, value in extra.items() if key in _FACTS}
    defaults = dict.fromkeys(_FACTS, "?")
    return failures.read_error(str(answer["error"]), defaults | told_facts | dict(facts))


def _document(answer: dict[str, Any], document_id: str, path: Path) -> Document:
    text = _text(answer["text"])
    text.encode()  # a lone surrogate can be stored nowhere
    origins = wire.integers(answer, answer["origins"])
    _check(len(origins) == len(text))
    pages = tuple(_page(number, page) for number, page in enumerate(answer["pages"], 1))
    _check(bool(pages) and pages[0].span.start == 0 and pages[-1].span.end == len(text))
    _check(all(a.span.end == b.span.start for a, b in pairwise(pages)))
    lines = tuple(_ocr_line(line, len(text), len(pages)) for line in answer["ocr_lines"])
    return Document(
        id=document_id,
        filename=printable(path.name),
        title=_text(answer["title"]),
        text=text,
        pages=pages,
        bookmarks=tuple(_bookmark(mark, len(pages)) for mark in answer["bookmarks"]),
        metadata={_text(key): _text(value) for key, value in answer["metadata"].items()},
        origins=origins,
        places=tuple(wire.floats(answer, page["places"]) for page in answer["pages"]),
        ocr_lines=lines,
    )


def _page(number: int, page: Mapping[str, Any]) -> Page:
    span = _span(page["span"])
    _check(page["health"] in _HEALTHS and page["read_by"] in _READERS)
    confidence = page["confidence"]
    return Page(
        number=number,
        span=span,
        label=None if page["label"] is None else _text(page["label"]),
        width=_number(page["width"]),
        height=_number(page["height"]),
        health=page["health"],
        read_by=page["read_by"],
        confidence=None if confidence is None else _number(confidence),
        margins=tuple(_text(line) for line in page["margins"]),
    )


def _bookmark(mark: tuple[object, object, object], pages: int) -> Bookmark:
    title, page, level = mark
    _check(isinstance(level, int) and (page is None or (isinstance(page, int) and 1 <= page <= pages)))
    return Bookmark(_text(title), cast("int | None", page), cast(int, level))


def _ocr_line(line: tuple[object, Any, object], length: int, pages: int) -> OcrLine:
    span, (page, *edges), confidence = _span(line[0]), line[1], line[2]
    _check(span.end <= length and isinstance(page, int) and 1 <= page <= pages)
    return OcrLine(span, Box(page, *_edges(edges)), _number(confidence))


def _span(value: Any) -> Span:
    start, end = value
    _check(isinstance(start, int) and isinstance(end, int) and 0 <= start <= end)
    return Span(start, end)


def _edges(value: Any) -> tuple[float, float, float, float]:
    left, top, right, bottom = (_number(edge) for edge in value)
    return left, top, right, bottom


def _number(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise _Unfit
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Unfit
    return value


def _check(holds: bool) -> None:
    if not holds:
        raise _Unfit


def _malformed(path: Path) -> ReadError:
    return failures.read_error("malformed", {"name": shown(path.name)})
