"""A document of paragraphs instead of places on pages: gathered line by line, told as ``reply`` expects."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.pdf import wire
from pipeline.pdf.clean import fold, is_odd, plain, repair
from pipeline.pdf.process import Failure
from pipeline.types import Bookmark, RegionKind, Span, Table, TableCell, TableRow

MAX_CHARACTERS = 30_000_000
"""Characters of one document; 30 times the longest annual report. More is a bomb."""
BREAK = "\f"
"""Where a page ends, in a line that is given to :meth:`Flow.add`."""

_CONTROLS = re.compile(r"([\t\f\n])")
_LONG_RUN = re.compile(r" {200,}")
_HAN = "\u4e00-\u9fff"
_SPREAD_LABEL = re.compile(rf"^ *[{_HAN}](?: {{1,8}}[{_HAN}]){{1,3}} *(?=[（(][^）)]{{1,10}}[）)] *[：:]|[：:])")
_SPREAD_TITLE = re.compile(rf"^ *[{_HAN}](?: +[{_HAN}])+ *$")


@dataclass(slots=True)
class _Sheet:
    """A page: where it starts, what stands outside its text, its size in points."""

    start: int
    regions: list[tuple[RegionKind, str]] = field(default_factory=list[tuple[RegionKind, str]])
    width: float = 595.3
    height: float = 841.9
    filled: bool = False


@dataclass(slots=True)
class Cells:
    """A row of a table before it has a place: text, column, columns and rows of each cell; whether it is a head."""

    cells: list[tuple[str, int, int, int]]
    columns: int
    head: bool = False


class Flow:
    """The text so far, its pages and its tables."""

    def __init__(self) -> None:
        self.sheets = [_Sheet(0)]
        self.tables: list[Table] = []
        self.bookmarks: list[Bookmark] = []
        self.traits: dict[str, int] = {}
        self._parts: list[str] = []
        self._length = 0

    @property
    def characters(self) -> int:
        return self._length

    def met(self, trait: str, count: int = 1) -> None:
        """Remember something that a reader must know of."""
        self.traits[trait] = self.traits.get(trait, 0) + count

    def add(self, line: str) -> Span:
        """Add a clean line; page breaks in it take effect. Returns where it stands (empty for a line of nothing)."""
        text = line.replace(BREAK, "")
        if not text.strip():
            for _ in range(line.count(BREAK)):
                self.turn()
            return Span(self._length, self._length)
        if self._parts:
            self._append("\n")
        start = self._length
        pieces = line.split(BREAK)
        for at, piece in enumerate(pieces):
            if at:
                self.turn()
            self._append(piece)
        return Span(start, self._length)

    def add_table(self, rows: Sequence[Cells]) -> None:
        """Add rows as lines, and as a table."""
        placed: list[TableRow] = []
        for row in rows:
            texts, before, after = self._row_texts(row)
            if before:
                self.turn()
            line = "\t".join(texts)
            if self._parts:
                self._append("\n")
            start = self._length
            self._append(line)
            placed.append(TableRow(Span(start, self._length), len(self.sheets), _placed(row, texts, start), row.head))
            if after:
                self.turn()
        if placed:
            self.tables.append(Table(tuple(placed), max(row.columns for row in rows), "markup"))

    def turn(self) -> None:
        """Start a page here; two breaks with nothing between them are one."""
        if self.sheets[-1].filled:
            last = self.sheets[-1]
            self.sheets.append(_Sheet(self._length, width=last.width, height=last.height))

    def message(self, title: str, metadata: Mapping[str, str]) -> wire.Message:
        """The answer to the parent, for text that was read by ``text``."""
        text = "".join(self._parts)
        starts = [0, *(sheet.start for sheet in self.sheets[1:]), len(text)]
        places: array[float] = array("f")
        pages = [
            {
                "span": [start, end],
                "label": None,
                "width": sheet.width,
                "height": sheet.height,
                "health": "text" if end > start else "blank",
                "read_by": "text",
                "confidence": None,
                "regions": [[kind, text, None] for kind, text in sheet.regions],
                "places": places,
            }
            for sheet, (start, end) in zip(self.sheets, pairwise(starts), strict=True)
        ]
        return {
            "title": title,
            "text": text,
            "origins": array("i", [-1]) * len(text),
            "pages": pages,
            "bookmarks": [list(mark) for mark in ((m.title, m.page, m.level) for m in self.bookmarks)],
            "metadata": {name: plain(value)[:2000] for name, value in metadata.items()},
            "ocr_lines": [],
            "traits": self.traits,
            **_packed(self.tables),
        }

    def _row_texts(self, row: Cells) -> tuple[list[str], bool, bool]:
        """The text of each column, and whether a page ends before or in the row: its line is not divided."""
        texts = [""] * row.columns
        for text, column, _, _ in row.cells:
            texts[column] = text
        joined = "".join(texts)
        before = joined.lstrip().startswith(BREAK)
        after = BREAK in joined.lstrip().lstrip(BREAK)
        return [text.replace(BREAK, "").strip() for text in texts], before, after

    def _append(self, piece: str) -> None:
        self._parts.append(piece)
        self._length += len(piece)
        self.sheets[-1].filled |= not piece.isspace() and piece != ""
        if self._length > MAX_CHARACTERS:
            raise Failure("too_long", limit=MAX_CHARACTERS)


def _placed(row: Cells, texts: Sequence[str], start: int) -> tuple[TableCell, ...]:
    starts = [start]
    for text in texts:
        starts.append(starts[-1] + len(text) + 1)
    return tuple(
        TableCell(Span(starts[column], starts[column] + len(texts[column])), column, columns, rows)
        for _, column, columns, rows in row.cells
    )


def _packed(tables: Sequence[Table]) -> wire.Message:
    """The tables as the arrays that ``reply`` takes apart."""
    rows, cells = array("i"), array("i")
    at = 0
    for number, table in enumerate(tables):
        for row in table.rows:
            rows.extend((number, row.page, *row.span, int(row.head)))
            for cell in row.cells:
                cells.extend((at, *cell.span, cell.column, cell.columns, cell.rows))
            at += 1
    shapes = [[table.columns, table.found_by] for table in tables]
    boxes = array("f", bytes(4 * 4 * (len(cells) // 6)))
    return {"tables": shapes, "table_rows": rows, "table_cells": cells, "table_boxes": boxes}


def clean(text: str) -> str:
    """A line as read: odd characters gone, compatibility forms folded, labels and titles that are spread with spaces
    drawn together (甲　方：). TABs, page breaks and newlines stay."""
    pieces = [piece if piece in "\t\f\n" else _clean(piece) for piece in _CONTROLS.split(text)]
    line = unicodedata.normalize("NFC", "".join(pieces))
    if len(line) <= 60 and _SPREAD_TITLE.match(line):
        return line.replace(" ", "")
    spread = _SPREAD_LABEL.match(line)
    if spread:
        line = spread.group().replace(" ", "") + line[spread.end() :]
    return _LONG_RUN.sub(" " * 200, line)


def _clean(piece: str) -> str:
    text = fold(piece)
    return repair(text, array("i", bytes(4 * len(text))))[0] if is_odd(text) else text
