"""Price tables: rows of TAB-separated cells under a head that names sums of money.

Empty cells may be lost in reading, so that a row can have fewer cells than its head: its numbers are then laid under
the columns of numbers from the right.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.contract.view import View
from pipeline.kinds.numerals import NUMBER, parse_number
from pipeline.types import Span

_CELL = re.compile(
    rf"\s*(?:[¥$]|EUR|USD|RMB)?\s*(?P<number>{NUMBER})\s*(?P<unit>万元|亿元|元)?\s*(?:/\S{{1,6}}|"
    r"[台套个件只批项次月年人])?\s*"
)
_MONEY_HEAD = re.compile(
    r"金\s?额|合\s?价|总\s?价|单\s?价|价\s?款|小\s?计|价格|费用|费$|租金|价税合计|税额|货款|报价|款项|押金|工资|预算|"
    r"\((?:人民币)?[万亿]?元"
)
_UNIT_PRICE = re.compile(r"单\s?价|元/|/[月年㎡台件]")
_QUANTITY = re.compile(r"(?:采购)?数\s*量(?:\(.*\))?|工程量(?:\(.*\))?|[台件套人]数|面积(?:\(.*\))?")
_ORDER = re.compile(r"序\s*号|编\s*号|项\s*次|No\.?|#", re.IGNORECASE)
_NOT_MONEY_HEAD = re.compile(
    r"%|比例|税率|数量|占比|条件|说明|名称|方式|时间|期限|备注|币种|代码|节点|内容|标准|编号|欧元|美元|港元|日元"
)
_UNIT = re.compile(r"(?<![\u4e00-\u9fa5])(?:人民币)?(?P<scale>[万亿千]?)元")
_UNIT_LINE = re.compile(r"单位\s*:\s*(?:人民币)?\s*(?P<scale>[万亿千]?)元")
_TOTAL = re.compile(
    r"\s*(?:合\s*计|总\s*计|共\s*计|总\s*价|总金额|合计金额|总\s*额|价税合计|总费用)\s*(?:\(.*\))?\s*:?\s*|"
    r"\s*(?:合\s*计|总\s*计)\s*[(:].*"
)
_SUBTOTAL = re.compile(r"\s*(?:小\s*计|分项合计|本页小计)\s*(?:\(.*\))?\s*:?\s*")
_ORDINAL = re.compile(r"\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3}|\([一二三四五六七八九十\d]{1,3}\)|\d+(?:\.\d+)+)\s*")
_NUMBERING = re.compile(r"(?P<number>\d{1,2}|[①-⑳]|[A-Za-z])\s*(?:[(=].*)?")
_PIECE = re.compile(
    r"[个台套件只批项组根块张把支条本册份箱桶瓶吨米辆副对片包卷]|千克|公斤|平方米|立方米|kg|m", re.IGNORECASE
)
_SCALES = {"": 1, "千": 1000, "万": 10**4, "亿": 10**8}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of sums: its place in the head, its name without the unit, and what one unit is in 元."""

    index: int
    name: str
    scale: int
    unit_price: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a column of numbers; ``yuan`` where that is a column of sums, or the cell has its own 元."""

    span: Span
    text: str
    number: Decimal | None
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """``cells`` by the index of their column."""

    span: Span
    label: str
    cells: Mapping[int, Cell]
    total: bool
    subtotal: bool


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def quantity(self, row: Row) -> Decimal | None:
        """The row's number under 数量."""
        index = next((i for i, name in enumerate(self.head) if _QUANTITY.fullmatch(name)), None)
        cell = row.cells.get(index) if index is not None else None
        return cell.number if cell else None


def cells_of(text: str, offset: int) -> list[Span]:
    """Spans of the TAB-separated cells of a row that starts at ``offset``."""
    spans: list[Span] = []
    start = offset
    for cell in text.split("\t"):
        spans.append(Span(start, start + len(cell)))
        start += len(cell) + 1
    return spans


def tables_in(view: View) -> list[Table]:
    """Tables that have a head with at least one column of money, in order."""
    found: list[Table] = []
    block: list[int] = []
    for index, text in enumerate((*view.line_texts, "")):
        if "\t" in text:
            block.append(index)
        elif block:
            if table := _table(view, block):
                found.append(table)
            block = []
    return found


def _table(view: View, lines: Sequence[int]) -> Table | None:
    for at, line in enumerate(lines[:4]):
        head = _texts(view, line)
        columns = _columns(head, _scale_above(view, lines[0]))
        if columns and not any(_CELL.fullmatch(cell) for cell in head):
            body = [index for index in lines[at + 1 :] if not _repeats_head(_texts(view, index), head)]
            numeric = _numeric_columns(head, columns, [_texts(view, index) for index in body])
            rows = tuple(_row(view, index, head, columns, numeric) for index in body)
            return Table(head, columns, rows) if rows else None
    return None


def _repeats_head(row: tuple[str, ...], head: tuple[str, ...]) -> bool:
    """The head, again on a new page, or the numbers of its columns (1, 2, 3=1×2, 4)."""
    if row == head:
        return True
    marks = [_NUMBERING.fullmatch(cell) for cell in row if cell]
    numbers = [m["number"] for m in marks if m]
    if len(numbers) < 3 or len(numbers) != len(marks):
        return False
    values = [int(n) if n.isdecimal() else ord(n) for n in numbers]
    return all(after == before + 1 for before, after in itertools.pairwise(values))


def _texts(view: View, line: int) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in view.line_texts[line].split("\t"))


def _scale_above(view: View, line: int) -> int:
    for at in range(max(0, line - 2), line):
        if match := _UNIT_LINE.search(view.line_texts[at]):
            return _SCALES[match["scale"]]
    return 1


def _columns(head: tuple[str, ...], default_scale: int) -> tuple[Column, ...]:
    columns: list[Column] = []
    for index, name in enumerate(head):
        if not _MONEY_HEAD.search(name) or _NOT_MONEY_HEAD.search(name) or len(name) > 24:
            continue
        unit = _UNIT.search(name)
        scale = _SCALES[unit["scale"]] if unit else default_scale
        bare = re.sub(r"\s*\(.*\)|\s", "", name)
        columns.append(Column(index, bare or "金额", scale, bool(_UNIT_PRICE.search(name))))
    return tuple(columns)


def _numeric_columns(
    head: tuple[str, ...], columns: Sequence[Column], rows: Sequence[tuple[str, ...]]
) -> tuple[int, ...]:
    """Columns whose cells are numbers, by the rows that have all cells; the ordinal numbers are none."""
    full = [row for row in rows if len(row) == len(head)]
    money = {column.index for column in columns}
    numeric: list[int] = []
    for index, name in enumerate(head):
        cells = [row[index] for row in full if row[index]]
        numbers = sum(1 for cell in cells if _CELL.fullmatch(cell))
        if index in money or _QUANTITY.fullmatch(name) or (numbers * 2 > len(cells) and not _ORDER.fullmatch(name)):
            numeric.append(index)
    return tuple(numeric)


def _row(view: View, line: int, head: tuple[str, ...], columns: Sequence[Column], numeric: Sequence[int]) -> Row:
    spans = cells_of(view.line_texts[line], view.lines[line].start)
    texts = [view.text[span.start : span.end] for span in spans]
    total = any(_TOTAL.fullmatch(text) for text in texts)
    places = _places(texts, head, numeric, [c.index for c in columns if not c.unit_price] if total else [])
    by_index = {column.index: column for column in columns}
    cells = {i: _cell(spans[at], texts[at], by_index.get(i)) for i, at in places.items()}
    label = next((t.strip() for t in texts if t.strip() and not _ORDINAL.fullmatch(t) and not _CELL.fullmatch(t)), "")
    return Row(view.lines[line], label, cells, total, any(_SUBTOTAL.fullmatch(text) for text in texts))


def _places(texts: Sequence[str], head: tuple[str, ...], numeric: Sequence[int], sums: Sequence[int]) -> dict[int, int]:
    """Which cell stands in which column of numbers. A total's numbers go to the columns of sums, if they fit."""
    if len(texts) == len(head):
        return {index: index for index in numeric}
    numbers = [at for at, text in enumerate(texts) if _CELL.fullmatch(text)]
    if numbers and numbers[0] == 0 and (_ORDER.fullmatch(head[0]) or _is_numbered(texts)):
        numbers = numbers[1:]
    if len(numbers) == 1 and not sums and (counted := _counted(texts, head, numbers[0])) is not None:
        return {counted: numbers[0]}
    columns = sums if 0 < len(numbers) <= len(sums) else numeric
    if not numbers or len(numbers) > len(columns):
        return {}
    return dict(zip(columns[len(columns) - len(numbers) :], numbers, strict=True))


def _is_numbered(texts: Sequence[str]) -> bool:
    """Whether a row begins with its own number: a sum would have its label before it."""
    return bool(re.fullmatch(r"\s*\d{1,3}\s*", texts[0])) and not all(_CELL.fullmatch(text) for text in texts)


def _counted(texts: Sequence[str], head: tuple[str, ...], at: int) -> int | None:
    """The column 数量 where the row's only number stands behind 台, 个 ... as 数量 does behind 单位."""
    column = next((i for i, name in enumerate(head) if _QUANTITY.fullmatch(name)), 0)
    unit_before = column > 0 and re.search(r"单\s*位", head[column - 1])
    return column if unit_before and at > 0 and _PIECE.fullmatch(texts[at - 1].strip()) else None


def _cell(span: Span, text: str, column: Column | None) -> Cell:
    match = _CELL.fullmatch(text)
    value = parse_number(match["number"]) if match else None
    if match is None or value is None:
        return Cell(span, text, None, None)
    if match["unit"]:
        return Cell(span, text, value, value * _SCALES[match["unit"][:-1]])
    return Cell(span, text, value, value * column.scale if column else None)
