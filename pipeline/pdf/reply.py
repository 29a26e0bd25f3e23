"""What a reading process answered, made into our types. Its word is not trusted: whatever doesn't fit is refused."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pipeline.errors import ReadError
from pipeline.pdf import failures, wire
from pipeline.pdf.failures import printable, shown
from pipeline.pdf.traits import TRAITS
from pipeline.types import (
    Bookmark,
    Box,
    Document,
    OcrLine,
    Page,
    PageHealth,
    Prominent,
    Region,
    RegionKind,
    Span,
    Table,
    TableCell,
    TableRow,
)

_HEALTHS = frozenset(get_args(PageHealth))
_REGIONS = frozenset(get_args(RegionKind))
_READERS = frozenset(("pdfium", "pypdf", "text", "ocr", "none"))
_FACTS = frozenset(("reason", "where", "type", "limit"))


_Value = TypeVar("_Value", int, float)


class _Unfit(Exception):
    """A value that no honest worker sends."""


_ILL_SHAPED = (_Unfit, AttributeError, KeyError, TypeError, ValueError)


def document(answer: wire.Message, document_id: str, path: Path) -> Document:
    """The document in an answer to ``read``. Raises ReadError if the answer makes no sense."""
    try:
        return _document(answer, document_id, path)
    except (*_ILL_SHAPED, wire.WireError):
        raise _malformed(path) from None


def recognised(answer: wire.Message, path: Path) -> dict[str, object]:
    """What an answer to ``ocr`` tells: the rows of recognised lines of a page (text, box, confidence) and its turns
    from upright, or the rows of each of its pictures."""
    try:
        if "rows" in answer:
            turned = answer.get("turned", 0)
            _check(turned in (0, 1, 2, 3))
            return {"rows": _rows(answer["rows"]), "turned": turned}
        pictures = cast("list[tuple[Any, Any]]", answer["pictures"])
        return {"pictures": [[list(_edges(box)), _rows(rows)] for box, rows in pictures]}
    except _ILL_SHAPED:
        raise _malformed(path) from None


def _rows(found: Any) -> list[list[tuple[str, list[float], float]]]:
    return [[(_text(text), list(_edges(box)), _number(score)) for text, box, score in row] for row in found]


def strokes(answer: wire.Message, path: Path) -> dict[int, array[float]]:
    """The strokes of the pages that may hold tables with drawn lines, in an answer to ``read``; empty where the answer
    is the document."""
    try:
        found = cast("dict[str, object]", answer.get("strokes", {}))
        lines = {int(number): wire.floats(answer, ends) for number, ends in found.items()}
        _check(all(number > 0 and len(edges) % 4 == 0 for number, edges in lines.items()))
        return lines
    except (*_ILL_SHAPED, wire.WireError):
        raise _malformed(path) from None


def grids(answer: wire.Message, pages: Sequence[int], path: Path) -> dict[int, list[object]]:
    """The grids of these pages in an answer of the table process. Raises ReadError if a reading process could not use
    them."""
    try:
        found = cast("dict[str, Any]", answer["grids"])
        return {number: [_grid(*grid) for grid in found[str(number)]] for number in pages}
    except _ILL_SHAPED:
        raise _malformed(path) from None


def _grid(xs: Any, ys: Any, cells: Any) -> object:
    _check(
        all(_number(a) < _number(b) for a, b in pairwise(xs)) and all(_number(a) > _number(b) for a, b in pairwise(ys))
    )
    taken: list[tuple[int, int]] = []
    for row, column, rows, columns in cells:
        _check(0 <= row < row + rows < len(ys) and 0 <= column < column + columns < len(xs))
        taken.extend((r, c) for r in range(row, row + rows) for c in range(column, column + columns))
    _check(len(taken) == len(set(taken)) == (len(xs) - 1) * (len(ys) - 1))
    return [xs, ys, cells]


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
        tables=_tables(answer, len(text), len(pages)),
        prominent=tuple(_prominent(line, len(text)) for line in answer.get("prominent", ())),
        traits=_traits(answer.get("traits", {})),
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
        regions=tuple(_region(region, number) for region in page["regions"]),
        pictures=tuple(Box(number, *_edges(box)) for box in page.get("pictures", ())),
        gaps=tuple(Box(number, *_edges(box)) for box in page.get("gaps", ())),
    )


def _region(told: tuple[Any, object, Any], page: int) -> Region:
    kind, text, box = told
    _check(kind in _REGIONS)
    return Region(kind, _text(text), None if box is None else Box(page, *_edges(box)))


def _bookmark(mark: tuple[object, object, object], pages: int) -> Bookmark:
    title, page, level = mark
    _check(isinstance(level, int) and (page is None or (isinstance(page, int) and 1 <= page <= pages)))
    return Bookmark(_text(title), cast("int | None", page), cast(int, level))


def _prominent(line: tuple[object, object, object], length: int) -> Prominent:
    start, size, heavy = line
    _check(isinstance(start, int) and 0 <= start < length and isinstance(heavy, bool))
    return Prominent(cast(int, start), _number(size), cast(bool, heavy))


def _ocr_line(line: tuple[object, Any, object], length: int, pages: int) -> OcrLine:
    span, (page, *edges), confidence = _span(line[0]), line[1], line[2]
    _check(span.end <= length and isinstance(page, int) and 1 <= page <= pages)
    return OcrLine(span, Box(page, *_edges(edges)), _number(confidence))


def _tables(answer: dict[str, Any], length: int, pages: int) -> tuple[Table, ...]:
    """The tables, from the arrays that ``tables.packed`` made."""
    numbers = _chunks(wire.integers(answer, answer["table_rows"]), 5)
    cells = _table_cells(answer, [page for _, page, *_ in numbers])
    rows: list[tuple[int, TableRow]] = []
    for at, (table, page, start, end, kind) in enumerate(numbers):
        own = cells.get(at, ())
        _check(0 <= start <= end <= length and 1 <= page <= pages and kind in (0, 1, 2))
        _check(all(start <= cell.span.start <= cell.span.end <= end for cell in own))
        rows.append((table, TableRow(Span(start, end), page, tuple(own), kind > 0, kind == 2)))
    _check(all(a[1].span.end <= b[1].span.start and a[0] <= b[0] for a, b in pairwise(rows)))
    shapes = answer["tables"]
    found: list[Table] = []
    for number, members in groupby(rows, key=lambda row: row[0]):
        _check(0 <= number < len(shapes))
        columns, found_by = shapes[number]
        _check(found_by in ("rules", "alignment", "markup") and isinstance(columns, int))
        table = Table(tuple(row if found_by != "markup" else _unplaced(row) for _, row in members), columns, found_by)
        _check(all(cell.column + cell.columns <= columns for row in table.rows for cell in row.cells))
        found.append(table)
    return tuple(found)


def _unplaced(row: TableRow) -> TableRow:
    """A row of an input without places."""
    return replace(row, cells=tuple(replace(cell, box=None) for cell in row.cells))


def _traits(told: dict[str, Any]) -> dict[str, int]:
    _check(told.keys() <= TRAITS.keys() and all(isinstance(count, int) and count > 0 for count in told.values()))
    return dict(told)


def _table_cells(answer: dict[str, Any], pages: Sequence[int]) -> dict[int, list[TableCell]]:
    """Cells by the number of their row; ``pages`` are those of the rows."""
    found: dict[int, list[TableCell]] = {}
    numbers = _chunks(wire.integers(answer, answer["table_cells"]), 6)
    boxes = _chunks(wire.floats(answer, answer["table_boxes"]), 4)
    for (row, start, end, column, columns, rows), (left, top, right, bottom) in zip(numbers, boxes, strict=True):
        _check(0 <= row < len(pages) and column >= 0 and columns > 0 and rows > 0)
        cell = TableCell(Span(start, end), column, columns, rows, Box(pages[row], left, top, right, bottom))
        found.setdefault(row, []).append(cell)
    return found


def _chunks(values: array[_Value], size: int) -> list[tuple[_Value, ...]]:
    _check(len(values) % size == 0)
    return list(zip(*[iter(values)] * size, strict=True))


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
