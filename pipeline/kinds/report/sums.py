"""Totals in tables, recomputed: rows that should add up to a 合计 below or above them, columns to one beside them.

Nothing in the text says which rows a total adds. So several readings are tried, and a total is only called wrong where
the reading is proved by another column of the same row (or, for a column of totals, by the other rows), or where the
table is so plain that it has one reading only: a head, whole rows, one total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, islice, product

from pipeline.kinds.report.alarms import TABLE_SUM, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.tables import Cell, Row, Table
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_TOTAL = re.compile(r"(?P<name>.*?)(?P<word>合计|总计|共计|小计)(?:数|额)?(?:[(（][^()（）]{0,12}[)）])?[:：]?")
_LEVELS = {"小计": 1, "合计": 2, "共计": 2, "总计": 3}
_TOTAL_HEAD = re.compile(r"(?:合计|总计|小计|共计|全年)(?:数|额|金额)?")
_BOTH_SIDES = re.compile(r"负债[和及与]|权益[)）]?总计")
"""The balance sheet's last total, which is checked against the assets."""
_OF_WHICH = re.compile(r"[(（]?其中|#|[*＊]")
_LESS = re.compile(r"减[:：]|少数股东权益影响额")
"""The second stands below the first in the table of 非经常性损益, without a sign of its own."""
_TOP = re.compile(r"[一二三四五六七八九十]+、")
_CUT = re.compile(r"\d[,，]|[,，]\d")
_NOT_ADDED = re.compile(r"率|比例|比重|占比|单价|均价|价格|增减|增长|同比|变动|每股|倍|序号|平均|期限|附注|年限|%|％")
_ROUNDED_UNITS = frozenset(("千元", "万元", "百万元", "千万元", "亿元", "十亿元"))
_WINDOW = 120
"""Most rows to either side of a total that are tried as its items."""
_TOTALS = 12
"""A longer table that has as many totals as items is none."""
_PLACINGS = 24
"""Most ways in which a row's missing blanks are put back."""
_ERROR_SHARE = Decimal("0.3")
"""A wrong total lies within this share of the right one; what is further off was read wrongly."""
_PLAIN_ROWS = 40
_SHOWN = 12
"""Most items that are quoted."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """One column under one reading."""

    total: Figure
    addends: tuple[Figure, ...]
    """With their signs."""
    cells: tuple[Span, ...]
    """Where they stand, the total first."""
    agrees: bool

    @property
    def computed(self) -> Decimal:
        return sum((f.value for f in self.addends), Decimal(0))

    @property
    def proves(self) -> bool:
        """Whether it agrees and that is no chance: two addends or more, three digits or more."""
        several = sum(f.value != 0 for f in self.addends) >= 2
        return self.agrees and several and abs(self.total.value.scaleb(self.total.decimals)) >= 100

    @property
    def looks_wrong(self) -> bool:
        """Whether the difference looks like an error, not like a column that is never added (prices, rates)."""
        if self.agrees or len(self.addends) < 2:
            return False
        most = max(abs(self.computed), abs(self.total.value))
        far = abs(self.computed - self.total.value) > most * _ERROR_SHARE
        if far and not is_slip_of_digits(self.total, self.computed):
            return False
        positive = all(f.value >= 0 for f in self.addends)
        return not positive or self.total.value >= max(f.value for f in self.addends)


def is_slip_of_digits(printed: Figure, truth: Decimal) -> bool:
    """Whether one digit is wrong, or two neighbours changed places."""
    a, b = (f"{abs(value):.{printed.decimals}f}".replace(".", "") for value in (printed.value, truth))
    if len(a) != len(b) or len(a) < 3:
        return False
    differing = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    if len(differing) == 2:
        first, second = differing
        return second == first + 1 and a[first] == b[second] and a[second] == b[first]
    return len(differing) == 1


def sum_alarms(document: Document, table: Table) -> list[Finding]:
    """The totals of ``table`` that don't follow from their items."""
    totals = [at for at, row in enumerate(table.rows) if total_level(row)]
    if len(totals) > max(_TOTALS, len(table.rows) // 2):
        totals = []
    found = [alarm for at in totals if (alarm := _check_total(document, table, at, table.rows[at]))]
    return found + _check_rows(document, table)


def total_level(row: Row) -> int:
    """0 for a plain row; 1 for 小计, 2 for 合计, 3 for 总计."""
    match = _TOTAL.fullmatch(re.sub(r"\s", "", row.label)) if row.label else None
    if match is None or not row.is_value_row or len(match["name"]) > 16:
        return 0
    return _LEVELS[match["word"]]


def tolerance(total: Figure, addends: Sequence[Figure], unit: str | None) -> Decimal:
    """How far rounding alone can take a printed total from the sum of the printed addends.

    Whole numbers of 元, persons or pieces, and sums of money to the 分, are not rounded.
    """
    if unit not in _ROUNDED_UNITS:
        if all(f.decimals == 0 for f in (total, *addends)):
            return Decimal(0)
        if unit == "元" and total.decimals >= 2:
            return Decimal("0.011")
    return total.half + sum((f.half for f in addends), Decimal(0))


# --- items above or below a total -------------------------------------------------------------------------------------


def _check_total(document: Document, table: Table, at: int, total: Row) -> Finding | None:
    if not (level := total_level(total)) or _BOTH_SIDES.search(total.label):
        return None
    best: tuple[int, list[_Sum], list[Row]] | None = None
    whole = table.is_headed
    for rows in _readings(table.rows, at, level):
        whole = whole and _is_whole(rows, total)
        placings, complete = _placings(rows, total)
        for vectors, totals in placings:
            sums = _sums(table, rows, vectors, totals)
            wrong = [s for s in sums if not s.agrees]
            if not wrong and any(s.agrees for s in sums):
                return None
            if not complete:
                continue
            score = 2 * sum(s.proves for s in sums) - len(wrong)
            if best is None or score > best[0]:
                best = score, sums, rows
    if best is None or _near_damage(table.rows, at):
        return None
    _, sums, rows = best
    wrong = next((s for s in sums if s.looks_wrong), None)
    if wrong is None or not (_is_proved(table, sums, rows) or (whole and _is_plain(table, at, rows))):
        return None
    return _alarm(document, total, wrong)


def _is_proved(table: Table, sums: Sequence[_Sum], rows: Sequence[Row]) -> bool:
    """Whether another column of the total is exactly the sum of these rows. Where rows may be cut off above, three."""
    least = 2 if table.is_headed or rows[0] is not table.first else 3
    return any(s.proves and sum(f.value != 0 for f in s.addends) >= least for s in sums)


def _readings(rows: Sequence[Row], at: int, level: int) -> Iterator[list[Row]]:
    """The sets of rows that the total at ``at`` may add, the likeliest first, each once."""
    seen: set[tuple[int, ...]] = set()
    for base in _bases(rows, at, level):
        plain = [i for i in base if not _OF_WHICH.match(rows[i].label)]
        of_which = set(base).difference(plain)
        pairs = [i for i in plain if i - 1 not in of_which]
        top = [i for i in base if _TOP.match(rows[i].label)]
        for chosen in (base, plain, pairs, top):
            key = tuple(chosen)
            if chosen and key not in seen:
                seen.add(key)
                yield [rows[i] for i in chosen]


def _bases(rows: Sequence[Row], at: int, level: int) -> Iterator[list[int]]:
    above = [i for i in range(max(0, at - _WINDOW), at) if rows[i].is_value_row]
    levels = {i: total_level(rows[i]) for i in above}
    totals = [i for i in above if levels[i]]
    last = totals[-1] if totals else -1
    peer = next((i for i in reversed(totals) if levels[i] >= level), -1)
    section = next((i for i in range(at - 1, max(-1, at - _WINDOW), -1) if rows[i].fragment or rows[i].is_head), -1)
    lower = [i for i in totals if i > peer and levels[i] < level]
    yield [i for i in above if i > last]
    yield [i for i in above if i > peer and not levels[i]]
    if lower:
        yield lower
        yield lower + [i for i in above if i > last]
        inside = _rows_of_totals(above, levels, lower)
        yield [i for i in above if i > peer and i not in inside]
    if totals:
        yield [i for i in above if i >= last]
        yield totals[-2:]
        yield [i for i in above if not levels[i]]
    yield [i for i in above if i > section]
    yield _below(rows, at)


def _rows_of_totals(above: Sequence[int], levels: dict[int, int], totals: Sequence[int]) -> set[int]:
    """Rows that directly precede one of ``totals``, back to the total before."""
    inside: set[int] = set()
    run: list[int] = []
    for i in above:
        if levels[i]:
            if i in totals:
                inside.update(run)
            run = []
        else:
            run.append(i)
    return inside


def _below(rows: Sequence[Row], at: int) -> list[int]:
    """The rows under a total that comes first, up to the next total or head."""
    below: list[int] = []
    for i in range(at + 1, min(len(rows), at + _WINDOW)):
        if rows[i].is_head or total_level(rows[i]):
            break
        if rows[i].is_value_row:
            below.append(i)
    return below


Vector = tuple[Cell | None, ...]
Placing = tuple[list[Vector], Vector]


def _placings(rows: Sequence[Row], total: Row) -> tuple[list[Placing], bool]:
    """The ways to put rows and total into the same columns, and whether these are all: where blanks are missing there
    is more than one, or too many."""
    if all(len(row.body) == len(total.body) for row in rows):
        return [([row.body for row in rows], total.body)], True
    if all(len(row.values) == len(total.values) for row in rows):
        return [([row.values for row in rows], total.values)], True
    width = max(len(row.values) for row in (*rows, total))
    ways = [_spread(row.values, width) for row in (total, *rows)]
    complete = sum(len(way) > 1 for way in ways) <= 2
    if not complete:
        ways = [way[:1] for way in ways]
    choices = list(islice(product(*ways), _PLACINGS + 1))
    return [(list(rest), first) for first, *rest in choices], complete and len(choices) <= _PLACINGS


def _spread(values: Vector, width: int) -> list[Vector]:
    """The ways to put ``values`` in order into ``width`` columns."""
    ways: list[Vector] = []
    for places in islice(combinations(range(width), len(values)), _PLACINGS + 1):
        row: list[Cell | None] = [None] * width
        for place, value in zip(places, values, strict=True):
            row[place] = value
        ways.append(tuple(row))
    return ways


def _sums(table: Table, rows: Sequence[Row], vectors: Sequence[Vector], totals: Vector) -> list[_Sum]:
    """The columns of which something can be said."""
    found: list[_Sum] = []
    signs = [-1 if _LESS.search(row.label) else 1 for row in rows]
    names = table.column_names(len(totals))
    for column, cell in enumerate(totals):
        cells = [vector[column] for vector in vectors]
        if cell is None or cell.figure is None or any(c and not c.figure and not c.blank for c in cells):
            continue
        full = [(c, c.figure, s) for c, s in zip(cells, signs, strict=True) if c and c.figure]
        addends = tuple(_signed(figure, sign) for _, figure, sign in full)
        if not any(f.value for f in addends):
            continue
        difference = abs(sum((f.value for f in addends), Decimal(0)) - cell.figure.value)
        agrees = difference <= tolerance(cell.figure, addends, table.unit)
        if agrees or not (names and _NOT_ADDED.search(names[column])):
            found.append(_Sum(cell.figure, addends, (cell.span, *(c.span for c, _, _ in full)), agrees))
    return found


def _signed(figure: Figure, sign: int) -> Figure:
    return figure if sign > 0 else figure.negated()


def _is_whole(rows: Sequence[Row], total: Row) -> bool:
    """Whether rows and total have the same cells."""
    by_cell = all(len(row.body) == len(total.body) for row in rows)
    return by_cell or all(len(row.values) == len(total.values) for row in rows)


def _near_damage(rows: Sequence[Row], at: int) -> bool:
    """Whether figures without a label stand around: pieces of figures that a narrow column broke.

    A label that wraps around its figures is no damage: its row has as many figures as the total.
    """
    start = next((i for i in range(at - 1, max(-1, at - _WINDOW), -1) if total_level(rows[i])), at - _WINDOW)
    for i in range(max(start, 0), min(at + 2, len(rows))):
        row = rows[i]
        if not row.is_value_row:
            continue
        wrapped = i > 0 and rows[i - 1].fragment and not rows[i - 1].is_value_row
        if not row.label and not (wrapped and len(row.values) == len(rows[at].values)):
            return True
        if any(not c.figure and _CUT.search(c.text) for c in row.body):
            return True
    return False


def _is_plain(table: Table, at: int, rows: Sequence[Row]) -> bool:
    """Whether the table has one reading only: head, whole rows, and the first total of the table."""
    total = table.rows[at]
    body = [row for row in table.rows[len(table.head) : at] if row.is_value_row]
    return (
        table.clean
        and table.column_names(len(total.body)) is not None
        and re.sub(r"\s", "", total.label) in ("合计", "总计", "小计", "共计")
        and 2 <= len(body) <= _PLAIN_ROWS
        and body == list(rows)
        and all(len(row.body) == len(total.body) for row in body)
        and not any(total_level(row) or _OF_WHICH.match(row.label) or _LESS.search(row.label) for row in body)
    )


def _alarm(document: Document, total: Row, wrong: _Sum) -> Finding:
    terms = " + ".join(str(f) if f.value >= 0 else f"({f})" for f in wrong.addends[:_SHOWN])
    more = " + …" if len(wrong.addends) > _SHOWN else ""
    decimals = max(f.decimals for f in wrong.addends)
    computed = f"{wrong.computed:,.{decimals}f}"
    gap = f"{wrong.total.value - wrong.computed:+,.{max(decimals, wrong.total.decimals)}f}"
    return table_alarm(
        document,
        TABLE_SUM,
        f"{total.label} {wrong.total}，应为 {computed}",
        Reckoned(total.label, total.span, wrong.cells[: _SHOWN + 1]),
        Text(
            f"各项之和 {terms}{more} = {computed}，表内“{total.label}”为 {wrong.total}，相差 {gap}",
            f"the items add up to {terms}{more} = {computed}, but “{total.label}” says {wrong.total}: off by {gap}",
        ),
    )


# --- a column of totals -----------------------------------------------------------------------------------------------


def _check_rows(document: Document, table: Table) -> list[Finding]:
    """Columns named 合计 that add the columns before or behind them; most rows must prove it."""
    head = next((row for row in reversed(table.head) if any(_is_total_head(c) for c in row.cells[1:])), None)
    if head is None:
        return []
    rows = [row for row in table.rows if row.is_value_row and row.label and len(row.cells) == len(head.cells)]
    found: list[Finding] = []
    for column, cell in enumerate(head.cells):
        if column and _is_total_head(cell):
            found += _check_column(document, table, head, rows, column)
    return found


def _is_total_head(cell: Cell) -> bool:
    return bool(_TOTAL_HEAD.fullmatch(re.sub(r"\s", "", cell.text)))


def _check_column(document: Document, table: Table, head: Row, rows: Sequence[Row], column: int) -> list[Finding]:
    before = 1 + next((i for i in range(column - 1, 0, -1) if _is_total_head(head.cells[i])), 0)
    best: list[tuple[Row, _Sum]] = []
    for columns in (range(before, column), range(1, column), range(column + 1, len(head.cells))):
        added = [i for i in columns if not _NOT_ADDED.search(head.cells[i].text)]
        sums = [(row, s) for row in rows if len(added) > 1 and (s := _row_sum(row, added, column, table.unit))]
        if sum(s.proves for _, s in sums) > sum(s.proves for _, s in best):
            best = sums
    right, wrong = sum(s.proves for _, s in best), sum(not s.agrees for _, s in best)
    if right < 2 or wrong * 2 > right:
        return []
    return [_alarm(document, row, s) for row, s in best if s.looks_wrong]


def _row_sum(row: Row, added: Sequence[int], column: int, unit: str | None) -> _Sum | None:
    total = row.cells[column].figure
    cells = [row.cells[i] for i in added]
    if total is None or any(not c.figure and not c.blank for c in cells):
        return None
    addends = tuple(c.figure for c in cells if c.figure)
    difference = abs(sum((f.value for f in addends), Decimal(0)) - total.value)
    spans = (row.cells[column].span, *(c.span for c in cells if c.figure))
    return _Sum(total, addends, spans, difference <= tolerance(total, addends, unit))
