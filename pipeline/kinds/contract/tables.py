"""Price tables: rows of TAB-separated cells under a head that names sums of money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.contract.parties import cells_of
from pipeline.kinds.contract.view import View
from pipeline.kinds.numerals import NUMBER, parse_number
from pipeline.types import Span

_CELL = re.compile(rf"\s*[¥$]?\s*(?P<number>{NUMBER})\s*(?P<unit>万元|亿元|元)?\s*(?:/\S{{1,6}})?\s*")
_MONEY_HEAD = re.compile(
    r"金\s?额|合\s?价|总\s?价|单\s?价|价\s?款|小\s?计|价格|费用|费$|租金|价税合计|税额|货款|报价|款项|押金|工资|预算|"
    r"\((?:人民币)?[万亿]?元"
)
_UNIT_PRICE = re.compile(r"单\s?价|元/|/[月年㎡台件]")
_NOT_MONEY_HEAD = re.compile(r"%|比例|税率|数量|占比|条件|说明|名称|方式|时间|期限|备注|币种|代码|节点|内容|标准|编号")
_UNIT = re.compile(r"(?<![\u4e00-\u9fa5])(?:人民币)?(?P<scale>[万亿千]?)元")
_UNIT_LINE = re.compile(r"单位\s*:\s*(?:人民币)?\s*(?P<scale>[万亿千]?)元")
_TOTAL = re.compile(
    r"\s*(?:合\s*计|总\s*计|共\s*计|总\s*价|总金额|合计金额|总\s*额|价税合计|总费用)\s*(?:\(.*\))?\s*:?\s*"
)
_SUBTOTAL = re.compile(r"\s*(?:小\s*计|分项合计|本页小计)\s*(?:\(.*\))?\s*:?\s*")
_ORDINAL = re.compile(r"\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3}|\([一二三四五六七八九十\d]{1,3}\)|\d+(?:\.\d+)+)\s*")
_SCALES = {"": 1, "千": 1000, "万": 10**4, "亿": 10**8}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell; ``yuan`` where it is a sum of money under a money head."""

    span: Span
    text: str
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of sums: its place in the head, its name without the unit, and what one unit is in 元."""

    index: int
    name: str
    scale: int
    unit_price: bool


@dataclass(frozen=True, slots=True)
class Row:
    span: Span
    label: str
    cells: tuple[Cell, ...]
    total: bool
    subtotal: bool


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def cell(self, row: Row, column: Column) -> Cell | None:
        """The row's cell under ``column``; rows with fewer cells than the head are aligned at the right."""
        index = column.index
        if len(row.cells) != len(self.head):
            index -= len(self.head) - len(row.cells)
        return row.cells[index] if 0 <= index < len(row.cells) else None

    def quantity(self, row: Row) -> Decimal | None:
        """The row's number under 数量."""
        for index, name in enumerate(self.head):
            if re.fullmatch(r"(?:数\s*量|采购数量|工程量|台数|件数|套数|面积|人数)(?:\(.*\))?", name) and len(
                row.cells
            ) == len(self.head):
                return parse_number(row.cells[index].text.strip())
        return None


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
        head = tuple(cell.strip() for cell in view.line_texts[line].split("\t"))
        columns = _columns(head, _scale_above(view, lines[0]))
        if columns and not any(_CELL.fullmatch(cell) for cell in head):
            rows = [_row(view, index, head, columns) for index in lines[at + 1 :] if _not_head(view, index, head)]
            return Table(head, columns, tuple(rows)) if rows else None
    return None


def _not_head(view: View, line: int, head: tuple[str, ...]) -> bool:
    return tuple(cell.strip() for cell in view.line_texts[line].split("\t")) != head


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


def _row(view: View, line: int, head: tuple[str, ...], columns: tuple[Column, ...]) -> Row:
    span = view.lines[line]
    spans = cells_of(view.line_texts[line], span.start)
    shift = len(head) - len(spans)
    by_index = {column.index - (shift if shift else 0): column for column in columns}
    cells = tuple(
        Cell(s, view.text[s.start : s.end], _yuan(view.text[s.start : s.end], by_index.get(i)))
        for i, s in enumerate(spans)
    )
    texts = [cell.text for cell in cells]
    label = next((t.strip() for t in texts if t.strip() and not _ORDINAL.fullmatch(t) and not _CELL.fullmatch(t)), "")
    total = any(_TOTAL.fullmatch(t) or re.match(r"\s*(?:合\s*计|总\s*计)\s*[(:]", t) for t in texts)
    return Row(span, label, cells, total, any(_SUBTOTAL.fullmatch(t) for t in texts))


def _yuan(text: str, column: Column | None) -> Decimal | None:
    match = _CELL.fullmatch(text)
    if match is None or (column is None and not match["unit"]):
        return None
    value = parse_number(match["number"])
    if value is None:
        return None
    if match["unit"]:
        return value * _SCALES[match["unit"][:-1]]
    return value * (column.scale if column else 1)
