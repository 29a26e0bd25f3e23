"""From characters with places to lines, and to the cells that stand on one line. Pure.

PDFium gives characters in the order of the content stream, with ``\\r\\n`` where the next one stands on another line
and a space where there is a gap. What it does not say: whether a gap is a thin space between Chinese and figures
(dropped here), a word space (kept), or the border of a table cell (a TAB here).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal, NamedTuple

from pipeline.pdf.clean import HYPHEN, fold, full_width, is_odd, repair
from pipeline.pdf.columns import Edges, reading_order
from pipeline.pdf.vertical import columns_in, is_vertical
from pipeline.types import Box

CELL_GAP_EM = 0.8
"""A gap wider than this is a cell border: Word's narrowest cells stand 10.8 pt apart (0.9 em of 12 pt)."""
OCR_CELL_GAP_EM = 1.6
"""The same for OCR, whose boxes leave out punctuation at their ends."""
_BACK_EM = 0.5
"""A line that goes back so far starts again: over itself, or over another."""
_MIN_COLUMN_ROWS = 8
_THIN_GAP_EM = 0.6
"""A gap narrower than this beside a Chinese character is typography (justification, figures), no space."""
_HEADING_GAP_EM, _DECIMAL_GAP_EM = 4.0, 2.6
"""A line's leading number (第三条, 3.1) and its text may stand so far apart without being cells."""

CJK = (
    "\u2e80-\u2fdf\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U000323af"
)
"""Regex class body of characters that are set without spaces between them."""
_IS_CJK = re.compile(f"[{CJK}“”‘’—…]")
_HAN = re.compile("[\u4e00-\u9fff]")
_OPEN_THOUSANDS, _THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})*[,.]$"), re.compile(r"\d{2,3}(?!\d)")
_RUN = re.compile(r"[^\r\n]+")
_GAP = re.compile(r" +")
_TWICE = re.compile(r"([^\s.…·])\s*\1")
_FIRST_WORD = re.compile(rf"[￥＄]?[^\s{CJK}]+")
_MAX_RUN = 1000
_LONG_RUN = re.compile(rf" {{{_MAX_RUN},}}")
_HEADING_NUMBER = re.compile(
    r"第[〇零一二三四五六七八九十百千\d.．]{1,6}[编章节条款篇部]|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}[、.．]"
    r"|附件\s?[一二三四五六七八九十\d]{0,2}[：:]?|[●•■▪◆➢✓□☐☑√○·]"
)
_SPREAD_LABEL = re.compile("[\u4e00-\u9fff]{1,3}(?:[（(][^）)]{1,10}[）)])?[：:]")
_SPREAD_WORDS = frozenset(
    ("目录", "附件", "附录", "附表", "前言", "引言", "序言", "摘要", "正文", "声明", "合同", "协议")
)
_SPREAD_TITLE = re.compile(
    r"(?:第[〇零一二三四五六七八九十百千\d]{1,6}[编章节篇部] +)?([\u4e00-\u9fff](?: {1,8}[\u4e00-\u9fff]){1,3})[：:]?"
)
_NO_WORDS = frozenset(("年月日", "年月", "月日", "是否", "有无", "男女"))
"""Blanks to be filled in, and alternatives to be ticked."""
_SPACED_OUT = re.compile(rf"(?<!\S)[{CJK}](?: {{1,2}}[{CJK}“”…]){{4,}}(?!\S)")
"""Every character with a space behind it; lists of single characters are shorter."""
_BEFORE_BLANK = re.compile(r"(?:人民币|[大小]写[：:]?|[¥￥第（(])$")
_AFTER_BLANK = re.compile(
    r"年(?=\s*\d{0,2}\s*月)|(?<=年)\s+月(?=\s*\d{0,2}\s*日)|月(?=\s*\d{0,2}\s*日)|(?<=月)\s+日(?![期均常])|[，。；、）)】”]"
    r"|(?:[万亿]?元|个月|个?工作日|个?日历天|小时|%|份|平方米|条|款|项)(?![\s\d/]|$|[数津然额器素件目])"
    r"|天(?=[内之后前起以的，。；、）)】”])"
)
"""What stands behind a blank to be filled in (于　年　月　日, 　元整), and hardly ever starts a table cell."""
_BLANK, _BLANK_PIECE = "    ", (-1, -1)
_NO_ORIGINS = array("i", [-1] * len(_BLANK))
_INDEXES = array("i", range(1 << 14))
"""Slices of it are the indexes of the characters of nearly any page."""
_DECIMAL_NUMBER = re.compile(r"\d{1,3}[、.．)）]|\d{1,2}(?:[.．]\d{1,2}){1,3}[.、]?")


@dataclass(frozen=True, slots=True)
class Chars:
    """The characters of a page, in PDFium's order; an index here is PDFium's own character index.

    The four edges are per character, in points as the page is shown, from its bottom left corner, y *upwards*.
    """

    text: str
    left: array[float]
    top: array[float]
    right: array[float]
    bottom: array[float]
    generated: frozenset[int]
    """Indexes of spaces that PDFium put in for a gap; no such character stands in the file."""
    tilted: frozenset[int] = frozenset()
    """Indexes of the characters that stand aslant: a watermark's, a stamp's. A line of them starts or ends with one."""
    added: int | None = None
    """Index of the first character that comes from form fields, text boxes or stamps; those come last."""
    unmapped: frozenset[int] = frozenset()
    """Indexes of characters that are mere codes, for their font names no Unicode for them."""
    heavy: tuple[int, ...] = ()
    """Indexes at which short lines start in bold type among lighter ones."""


@dataclass(slots=True)
class Cell:
    """A stretch of text on one visual line: a whole line of running text, or one table cell's part of it.

    Edges in points as shown, y *upwards*. ``origins`` is parallel to ``text``.
    """

    text: str
    origins: array[int]
    left: float
    top: float
    right: float
    bottom: float
    em: float
    confidence: float | None = None
    """OCR only."""
    last_right: float = 0.0
    """Right edge of the last line of a table cell of several lines; 0 for those of one."""
    room: float = inf
    """Points that the last line of a cell between drawn lines leaves free."""

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled by place: a third of the time."""
        edges = self.left, self.top, self.right, self.bottom
        return Cell, (self.text, self.origins, *edges, self.em, self.confidence, self.last_right, self.room)


class Placed(NamedTuple):
    """A table cell's place in its row, and its box on the page; edges as in :class:`Cell`."""

    column: int
    columns: int
    rows: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class TablePlace:
    """What a line is in a table of its page. The line has one cell for each column, empty ones too."""

    table: int
    """Number of the table on the page."""
    cells: tuple[Placed, ...]
    """The cells that start in this row."""
    borders: tuple[float, ...]
    """Of the table's columns, from left to right: one more than columns."""
    ruled: bool


@dataclass(slots=True)
class Line:
    """One visual line. With more than one cell it is a table row (or columns of a form): its cells keep to
    themselves."""

    cells: list[Cell]
    page: int
    """Index of the page, from 0."""
    flow: Literal["across", "aslant", "down"] = "across"
    """Aslant run watermarks and stamps; down runs vertical writing."""
    place: TablePlace | None = None
    """None outside tables, and in rows of which nobody knows the columns."""
    heavy: bool = False
    """Whether it is short and bold among lighter lines."""
    text: str = field(init=False)
    is_row: bool = field(init=False)
    left: float = field(init=False)
    top: float = field(init=False)
    right: float = field(init=False)
    bottom: float = field(init=False)
    middle: float = field(init=False)
    em: float = field(init=False)

    def __post_init__(self) -> None:
        cells = self.cells
        first = cells[0]
        self.em = first.em
        self.is_row = len(cells) > 1
        if self.is_row:
            self.text = "\t".join([cell.text for cell in cells])
            self.left, self.top = min([cell.left for cell in cells]), max([cell.top for cell in cells])
            self.right, self.bottom = max([cell.right for cell in cells]), min([cell.bottom for cell in cells])
        else:
            self.text = first.text
            self.left, self.top, self.right, self.bottom = first.left, first.top, first.right, first.bottom
        self.middle = (self.top + self.bottom) / 2

    def __reduce__(self) -> tuple[object, ...]:
        return Line, (self.cells, self.page, self.flow, self.place, self.heavy)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, self.middle


def is_cjk(char: str) -> bool:
    """Whether a character is set without spaces around it: Han, kana, full-width punctuation."""
    return _IS_CJK.match(char) is not None


def first_word_width(piece: Cell | Line) -> float:
    """Width of the first word of a piece, which a line break may not divide; 0 for Chinese."""
    word = _FIRST_WORD.match(piece.text)
    return len(word.group()) / len(piece.text) * (piece.right - piece.left) if word else 0.0


def lines_in(chars: Chars, page: int) -> list[Line]:
    """The lines of a page in PDFium's order; rows of cells where gaps are wide."""
    text = fold(chars.text)
    odd = is_odd(text)
    if is_vertical(chars, text):
        columns = (_column_cell(chars, text, column, odd=odd) for column in columns_in(chars, text))
        return [Line([cell], page, "down") for cell in columns if cell.text]
    rows: list[list[Cell]] = []
    aslant: list[list[Cell]] = []
    added: list[list[Cell]] = []
    seen: dict[str, Cell] = {}
    for start, end in _runs(chars, text):
        found = _cells_in(chars, text, start, end, odd=odd)
        if not found or _is_overprint(found, seen, rows):
            continue
        if start in chars.tilted:
            aslant.append(found)
        elif chars.added is not None and start >= chars.added:
            added.append(found)
        elif rows and _same_line(rows[-1], found[0]):
            rows[-1] = _with_spaced_words(merged([*rows[-1], *found]))
        else:
            rows.append(found)
    rows = _in_columns(rows)
    for row in added:
        _put_in(rows, row)
    lines = [Line(row, page) for row in rows]
    if chars.heavy:
        _mark_heavy(lines, frozenset(chars.heavy))
    return lines + [Line(row, page, "aslant") for row in aslant]


def _mark_heavy(lines: Sequence[Line], starts: frozenset[int]) -> None:
    for line in lines:
        line.heavy = not line.is_row and not starts.isdisjoint(line.cells[0].origins[:2])


def _is_overprint(found: Sequence[Cell], seen: dict[str, Cell], rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether a line is printed once more over itself (bold, shadows), whole or in part."""
    cell = found[0]
    if len(found) > 1:
        return False
    before = seen.setdefault(cell.text, cell)
    if before is not cell and _covers(before, cell) and _covers(cell, before):
        return True
    last = rows[-1][-1] if rows else cell
    return last is not cell and last.text.endswith(cell.text) and _covers(last, cell)


def _covers(under: Cell, over: Cell) -> bool:
    slack = 0.4 * over.em
    return (
        under.left - slack < over.left
        and abs(over.right - under.right) < slack
        and abs(over.top - under.top) < slack
        and abs(over.bottom - under.bottom) < slack
    )


def _column_cell(chars: Chars, text: str, column: Sequence[int], *, odd: bool) -> Cell:
    content, origins = "".join([text[at] for at in column]), array("i", column)
    if odd:
        content, origins = _stripped(*repair(content, origins))
    left, right = min(chars.left[at] for at in column), max(chars.right[at] for at in column)
    top, bottom = max(chars.top[at] for at in column), min(chars.bottom[at] for at in column)
    return Cell(content, origins, left, top, right, bottom, max(right - left, 1.0))


def _put_in(rows: list[list[Cell]], found: list[Cell]) -> None:
    """Put what was filled in where it is seen: on the line of its label, else under the line above it."""
    first = found[0]
    above = 0
    for at, row in enumerate(rows):
        last = row[-1]
        if min(last.top, first.top) - max(last.bottom, first.bottom) > 0.5 * last.height and last.left < first.left:
            rows[at] = merged([*row, *found], gap_em=4.0)
            return
        if last.bottom >= first.top - 0.5 * first.height:
            above = at + 1
    rows.insert(above, found)


def _runs(chars: Chars, text: str) -> Iterator[tuple[int, int]]:
    """Where PDFium's lines stand in the text, cut where it did not see that a line ends: after a hyphen (it writes only
    HYPHEN), and where it goes on at quite another place. Without characters printed twice side by side."""
    tilted, hyphens = chars.tilted, HYPHEN in text
    for run in _RUN.finditer(text):
        start, end = run.span()
        plain = not (tilted and (start in tilted or end - 1 in tilted)) and not (hyphens and HYPHEN in run.group())
        if plain and _is_level(chars, text, start, end):
            yield start, end
            continue
        last = start
        for at in range(start + 1, end):
            if chars.right[at] <= chars.left[at]:
                continue  # PDFium's own spaces have no size
            twice = text[at] == text[last] and abs(chars.left[at] - chars.left[last]) < 0.35 * _width(chars, at)
            if twice and _beside(chars, last, at):
                if start < at:
                    yield start, at
                start = at + 1
                continue
            if _is_cut(chars, text, last, at):
                yield start, at
                start = at
            last = at
        if start < end:
            yield start, end


def _is_level(chars: Chars, text: str, start: int, end: int) -> bool:
    """Whether a line stays at its height, does not go back (looked at in five places) and has no character twice in a
    row where there may be no room for two, as nearly all do."""
    left, right, length = chars.left, chars.right, end - start
    first, last = left[start], left[end - 1]
    if right[end - 1] - first < 0.6 * (right[start] - first) * length and _TWICE.search(text, start, end):
        return False
    a, b, c = left[start + length // 4], left[start + length // 2], left[start + 3 * length // 4]
    return first <= a <= b <= c <= last and _beside(chars, start, end - 1)


def _width(chars: Chars, at: int) -> float:
    return chars.right[at] - chars.left[at]


def _is_cut(chars: Chars, text: str, a: int, b: int) -> bool:
    """Whether a line ends between two characters that follow each other."""
    if (a in chars.tilted) != (b in chars.tilted):
        return True
    if chars.left[b] < chars.left[a] - _BACK_EM * (chars.top[b] - chars.bottom[b]):
        return True
    if not _beside(chars, a, b):
        return a not in chars.tilted and (text[a] == HYPHEN or not _beneath(chars, a, b))
    return text[a] == HYPHEN and chars.left[b] < chars.left[a] and chars.top[b] < chars.top[a]


def _beside(chars: Chars, a: int, b: int) -> bool:
    """Whether two characters share some height."""
    top, other_top, low, other_low = chars.top[a], chars.top[b], chars.bottom[a], chars.bottom[b]
    return top > low and top > other_low and other_top > low and other_top > other_low


def _beneath(chars: Chars, a: int, b: int) -> bool:
    """Whether two characters share some width and stand close, as in vertical writing."""
    size = max(chars.top[a] - chars.bottom[a], chars.right[a] - chars.left[a])
    apart = max(chars.bottom[a] - chars.top[b], chars.bottom[b] - chars.top[a])
    return apart < size and min(chars.right[a], chars.right[b]) > max(chars.left[a], chars.left[b])


def _in_columns(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows as they are, but column by column where a content stream runs across two columns of text."""
    if sum(len(row) == 2 for row in rows) < _MIN_COLUMN_ROWS:
        return rows
    parts = [_at_blank(cell) for row in rows for cell in row]
    cells = [cell for part in parts for cell in part]
    first_half = {id(part[1]): part[0] for part in parts if len(part) == 2}
    groups = reading_order([Edges(cell.left, cell.top, cell.right, cell.bottom) for cell in cells])
    if len(groups) == 1:
        return rows
    ordered: list[list[Cell]] = []
    for group in groups:
        start = len(ordered)
        for cell in (cells[at] for at in group):
            if len(ordered) > start and first_half.get(id(cell)) is ordered[-1][-1]:
                ordered[-1][-1] = glued(ordered[-1][-1], cell, _BLANK)
            elif len(ordered) > start and _same_line(ordered[-1], cell):
                ordered[-1] = merged([*ordered[-1], cell])
            else:
                ordered.append([cell])
    return ordered


def _at_blank(cell: Cell) -> list[Cell]:
    """The cell, or its two parts where it holds a blank to be filled in: that may be the room between two columns.
    They stand where the width of their characters says."""
    before, blank, after = cell.text.partition(_BLANK)
    if not blank or _BLANK in after:
        return [cell]
    left = cell.left + cell.em * sum(1.0 if is_cjk(char) else 0.5 for char in before)
    right = cell.right - cell.em * sum(1.0 if is_cjk(char) else 0.5 for char in after)
    if not cell.left < left < right < cell.right:
        return [cell]
    return [
        replace(cell, text=before, origins=cell.origins[: len(before)], right=left, last_right=0.0),
        replace(cell, text=after, origins=cell.origins[-len(after) :], left=right),
    ]


def pieces_in(chars: Chars, text: str, start: int, end: int, *, odd: bool) -> list[Cell] | None:
    """The pieces of a stretch of characters on one line, ``text`` being the page's folded text and ``odd`` what
    ``is_odd`` says of it; None where the stretch is not one line."""
    if not _beside(chars, start, end - 1) or text.find(HYPHEN, start, end) >= 0:
        return None
    return _cells_in(chars, text, start, end, odd=odd)


def _cells_in(chars: Chars, text: str, start: int, end: int, *, odd: bool) -> list[Cell]:
    """The cells of one of PDFium's lines: cut at wide gaps, without the spaces that thin gaps became."""
    while start < end and text[start] == " ":
        start += 1
    while end > start and text[end - 1] == " ":
        end -= 1
    cells: list[Cell] = []
    if text.find(" ", start, end) < 0:  # most lines of running text
        if start < end and (cell := _cell(chars, text, start, end, text[start:end], _indexes(start, end), odd=odd)):
            cells.append(cell)
        return cells
    pieces: list[tuple[int, int]] = []
    first = at = start
    for found in _GAP.finditer(text, start, end):
        before, after = found.span()
        gap = _judge_gap(chars, text, -1 if cells else first, before, after)
        if gap == "keep":
            continue
        pieces.append((at, before))
        if gap == "blank":
            pieces.append(_BLANK_PIECE)
        elif gap == "cell":
            _add_cell(cells, chars, text, pieces, odd=odd)
            pieces = []
            first = after
        at = after
    pieces.append((at, end))
    _add_cell(cells, chars, text, pieces, odd=odd)
    return _with_spaced_words(cells) if len(cells) > 1 else cells


def _with_spaced_words(cells: list[Cell]) -> list[Cell]:
    """Characters spread over a width (地　址：, 目　录) are one word, not cells."""
    kept: list[Cell] = []
    for cell in cells:
        while kept and _HAN.fullmatch(kept[-1].text) and _is_spread(kept[-1].text, cell.text):
            cell = glued(kept.pop(), cell, "")
        kept.append(cell)
    return kept


def _is_spread(single: str, rest: str) -> bool:
    return _SPREAD_LABEL.match(rest) is not None or single + rest in _SPREAD_WORDS


def _judge_gap(chars: Chars, text: str, first: int, before: int, after: int) -> str:
    """What the spaces ``text[before:after]`` are: a ``cell`` border, a ``blank`` to be filled in, spaces to ``keep`` or
    to ``drop``. ``first`` is where the line starts; -1 behind a cell border."""
    left, right = chars.left, chars.right
    gap = left[after] - right[before - 1]
    # broken fonts have characters without a height
    em = max(min(chars.top[before - 1] - chars.bottom[before - 1], chars.top[after] - chars.bottom[after]), 1.0)
    generated = chars.generated
    made = before in generated and (after == before + 1 or generated.issuperset(range(before, after)))
    if gap <= _THIN_GAP_EM * em:
        return "drop" if made and (_IS_CJK.match(text, before - 1) or _IS_CJK.match(text, after)) else "keep"
    typed = 0.0 if made else sum([right[at] - left[at] for at in range(before, after) if at not in chars.generated])
    if gap - typed <= CELL_GAP_EM * em:
        return "keep"
    if _follows_number(text, first, before, after, gap / em):
        return "keep"
    is_blank = _AFTER_BLANK.match(text, before) or _AFTER_BLANK.match(text, after)
    return "blank" if is_blank or _BEFORE_BLANK.search(text, max(0, before - 4), before) else "cell"


def _em(chars: Chars, text: str, start: int, end: int) -> float:
    """The type size: the width of a Chinese character (two are looked at: fonts may differ), else from the height."""
    em = 0.0
    for at in (start, (start + end) // 2):
        if not "\u4e00" <= text[at] <= "\u9fff":
            found = _HAN.search(text, at, end)
            if found is None:
                break
            at = found.start()
        em = max(em, chars.right[at] - chars.left[at])
    return em if em > 0.1 else max((chars.top[start] - chars.bottom[start]) * 0.9, 1.0)


def _follows_number(text: str, first: int, before: int, after: int, gap_em: float) -> bool:
    """Whether a wide gap stands between a line's leading number and its text."""
    if first < 0 or text[after].isdecimal():
        return False
    if gap_em < _HEADING_GAP_EM and _HEADING_NUMBER.fullmatch(text, first, before):
        return True
    return gap_em < _DECIMAL_GAP_EM and _DECIMAL_NUMBER.fullmatch(text, first, before) is not None


def _add_cell(cells: list[Cell], chars: Chars, text: str, pieces: list[tuple[int, int]], *, odd: bool) -> None:
    start, end = pieces[0][0], pieces[-1][1]
    if start >= end:
        return
    if len(pieces) == 1:
        content, origins = text[start:end], _indexes(start, end)
    else:
        content, origins = "".join([text[a:b] if a >= 0 else _BLANK for a, b in pieces]), array("i")
        for a, b in pieces:
            origins += _indexes(a, b) if a >= 0 else _NO_ORIGINS
    if cell := _cell(chars, text, start, end, content, origins, odd=odd):
        cells.append(cell)


def _cell(
    chars: Chars, text: str, start: int, end: int, content: str, origins: array[int], *, odd: bool
) -> Cell | None:
    """What stands between two places of the text as a cell; None where that is nothing but odd characters."""
    if odd and is_odd(content):
        content, origins = _stripped(*repair(content, origins))
    if " " in content:
        content, origins = _closed_up(content, origins)
    if len(content) > _MAX_RUN:
        content, origins = _without_long_runs(content, origins)
    if not content:
        return None
    last = end - 1
    left, right, top, bottom = chars.left[start], chars.right[start], chars.top[start], chars.bottom[start]
    left, right, top = min(left, chars.left[last]), max(right, chars.right[last]), max(top, chars.top[last])
    if bottom != chars.bottom[last]:  # several fonts (tops differ from glyph to glyph, but little)
        top, bottom = max(chars.top[start:end]), min(chars.bottom[start:end])
    return Cell(content, origins, left, top, right, bottom, _em(chars, text, start, end))


def _closed_up(text: str, origins: array[int]) -> tuple[str, array[int]]:
    """Without the spaces that only spread characters out: 总　　则, 关 于 红 军."""
    title = _SPREAD_TITLE.fullmatch(text)
    spread = [title.span(1)] if title and title.group(1).replace(" ", "") not in _NO_WORDS else []
    spread += [found.span() for found in _SPACED_OUT.finditer(text)]
    spaces = {at for start, end in spread for at in range(start, end) if text[at] == " "}
    if not spaces:
        return text, origins
    kept = [at for at in range(len(text)) if at not in spaces]
    return "".join([text[at] for at in kept]), array("i", [origins[at] for at in kept])


def _indexes(start: int, end: int) -> array[int]:
    return _INDEXES[start:end] if end <= len(_INDEXES) else array("i", range(start, end))


def _without_long_runs(text: str, origins: array[int]) -> tuple[str, array[int]]:
    """White space in runs of more than 1,000 as one space: tokenizers fail on such runs."""
    for run in reversed(list(_LONG_RUN.finditer(text))):
        text = text[: run.start() + 1] + text[run.end() :]
        del origins[run.start() + 1 : run.end()]
    return text, origins


def _stripped(text: str, origins: array[int]) -> tuple[str, array[int]]:
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    return (text[start:end], origins[start:end]) if start < end else ("", array("i"))


def _same_line(row: list[Cell], cell: Cell) -> bool:
    """Whether a cell stands on the visual line of a row, beside all of its cells."""
    last = row[-1]
    if cell.top <= last.bottom:  # below, as nearly always
        return False
    overlap = min(last.top, cell.top) - max(last.bottom, cell.bottom)
    if overlap <= 0 or overlap < 0.5 * min(last.height, cell.height):
        return False
    slack = 0.3 * cell.em
    return all(cell.left >= other.right - slack or cell.right <= other.left + slack for other in row)


def merged(row: Sequence[Cell], gap_em: float = CELL_GAP_EM) -> list[Cell]:
    """The cells of a row from left to right; those that stand no further apart than ``gap_em`` are one."""
    cells: list[Cell] = []
    for cell in sorted(row, key=lambda cell: cell.left):
        if cells and cell.left - cells[-1].right <= gap_em * min(cells[-1].em, cell.em):
            cells[-1] = glued(cells[-1], cell)
        else:
            cells.append(cell)
    return cells


def glued(a: Cell, b: Cell, between: str | None = None) -> Cell:
    """Neighbours on one line as one cell; with a space between where the gap asks for it."""
    gap = b.left - a.right
    if between is None:
        tight = gap < 0.15 * b.em or (gap < _THIN_GAP_EM * b.em and (is_cjk(a.text[-1]) or is_cjk(b.text[0])))
        between = "" if tight else " "
    text, origins = joined(a, b, between)
    top, bottom = max(a.top, b.top), min(a.bottom, b.bottom)
    return Cell(text, origins, a.left, top, max(a.right, b.right), bottom, max(a.em, b.em), a.confidence)


def joined(a: Cell, b: Cell, between: str | None = None) -> tuple[str, array[int]]:
    """The text of two cells and its origins; ``between`` by default as a line break asks for."""
    between = glue(a.text, b.text) if between is None else between
    text, origins = a.text, a.origins
    if between == HYPHEN:
        text, origins, between = text[:-1], origins[:-1], ""
    return text + between + b.text, origins + array("i", [-1] * len(between)) + b.origins


def glue(a: str, b: str) -> str:
    """What takes the place of a line break inside a sentence: a space between words, nothing beside Chinese or within a
    number, HYPHEN where the hyphen before it only divides a word."""
    last, first = a[-1], b[0]
    if last == "-" and len(a) > 1 and a[-2].islower() and first.islower():
        return HYPHEN
    if first.isdecimal() and _OPEN_THOUSANDS.search(a) and _THOUSANDS.match(b):
        return ""
    if last in "-/" or is_cjk(last) or is_cjk(first) or (last.isdecimal() and first.isdecimal()):
        return ""
    return " "


def ocr_line(text: str, box: Box, confidence: float, page_height: float) -> Cell:
    """A recognised line as a cell; its characters have no origin in the PDF."""
    text = full_width(fold(text))
    origins = array("i", [-1]) * len(text)
    if is_odd(text):
        text, origins = repair(text, origins)
    text, origins = _stripped(text, origins)
    top, bottom = page_height - box.top, page_height - box.bottom
    return Cell(text, origins, box.left, top, box.right, bottom, max(1.0, 0.8 * (top - bottom)), confidence)
