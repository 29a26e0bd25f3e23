"""What must hold in financial statements by the way they are made: 资产 = 负债 + 权益, and the lines of profit and
cash flow that follow from the lines just above them (企业会计准则第30号, formats of 财会〔2019〕6号).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.report.alarms import BALANCE, TABLE_SUM, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.names import name_of_row
from pipeline.kinds.report.sums import is_slip_of_digits, tolerance
from pipeline.kinds.report.tables import Row, Table
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_ASSETS, _DEBT, _EQUITY, _BOTH = "总资产", "总负债", "净资产", "负债和权益总计"
_QUOTED = 12
"""Most lines that one alarm quotes."""
_FAR = 120
"""Most rows between 资产总计 and what must equal it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row with figures, by name."""

    name: str
    metric: str
    row: Row
    unit: str | None
    at: int
    """Its number among all rows with figures of the document."""
    whole: bool
    """Whether it has as many cells as most rows of its table: else nobody knows which column a figure stands in."""

    @property
    def figures(self) -> tuple[Figure | None, ...]:
        return tuple(cell.figure for cell in self.row.values)

    def at_column(self, column: int) -> Span:
        """Where the figure of a column stands."""
        return self.row.values[column].span


def statement_alarms(document: Document, tables: Iterable[Table]) -> list[Finding]:
    """Statements of the document that contradict themselves."""
    lines = list(_lines(tables))
    return [*_balance(document, lines), *_derived(document, lines), *_profits(document, lines)]


def _lines(tables: Iterable[Table]) -> Iterator[_Line]:
    at = 0
    for table in tables:
        widths = [len(row.values) for row in table.rows if row.is_value_row]
        usual = max(set(widths), key=widths.count)
        certain = usual > 1 or table.column_names(usual) is not None
        for i, row in enumerate(table.rows):
            if row.is_value_row:
                name, metric = name_of_row(table, i)
                yield _Line(
                    re.sub(r"\s", "", name),
                    metric.name if metric else "",
                    row,
                    table.unit,
                    at,
                    len(row.values) == usual and certain,
                )
                at += 1


# --- 资产 = 负债 + 权益 -----------------------------------------------------------------------------------------------


def _balance(document: Document, lines: Sequence[_Line]) -> Iterator[Finding]:
    """Each 资产总计 with the 负债合计, 权益合计 and 负债和权益总计 that follow before the next."""
    sheet: dict[str, _Line] = {}
    for line in lines:
        if not line.whole:
            continue
        if line.metric == _ASSETS:
            yield from _check_sheet(document, sheet)
            sheet = {_ASSETS: line}
        elif sheet and line.metric in (_DEBT, _EQUITY, _BOTH) and line.metric not in sheet:
            assets = sheet[_ASSETS]
            if line.at - assets.at <= _FAR and len(line.figures) == len(assets.figures):
                sheet[line.metric] = line
    yield from _check_sheet(document, sheet)


def _check_sheet(document: Document, sheet: dict[str, _Line]) -> Iterator[Finding]:
    verdicts = [_unbalanced(sheet, column) for column in range(len(sheet[_ASSETS].figures))] if sheet else []
    wrong = [(column, verdict) for column, verdict in enumerate(verdicts) if verdict]
    if not wrong or (_is_loose(sheet) and len(wrong) == len(verdicts)):
        return
    lines = [sheet[name] for name in (_BOTH, _ASSETS, _DEBT, _EQUITY) if name in sheet]
    for column, (value, detail) in wrong:
        cells = [line.at_column(column) for line in lines if line.figures[column]]
        yield table_alarm(document, BALANCE, value, Reckoned(lines[0].name, lines[0].row.span, cells), detail)


def _is_loose(sheet: dict[str, _Line]) -> bool:
    """Whether 净资产 may mean the owners' part alone, without 少数股东权益: then another column must prove it."""
    return _BOTH not in sheet and _EQUITY in sheet and not sheet[_EQUITY].name.endswith(("合计", "总计", "总额"))


def _unbalanced(sheet: dict[str, _Line], column: int) -> tuple[str, Text] | None:
    assets, debt, equity, both = (_figure(sheet, name, column) for name in (_ASSETS, _DEBT, _EQUITY, _BOTH))
    if assets is None:
        return None
    unit = sheet[_ASSETS].unit
    if both and abs(assets.value - both.value) > tolerance(assets, (both,), unit):
        gap = f"{both.value - assets.value:+,.{both.decimals}f}"
        return f"资产总计 {assets}，负债和权益总计 {both}", Text(
            f"资产总计 {assets}，负债和所有者权益总计 {both}，相差 {gap}",
            f"total assets are {assets}, liabilities and equity {both}: off by {gap}",
        )
    if debt and equity:
        total = debt.value + equity.value
        if abs(assets.value - total) > tolerance(assets, (debt, equity), unit):
            shown = f"{total:,.{max(debt.decimals, equity.decimals)}f}"
            return f"资产 {assets}，负债与权益之和 {shown}", Text(
                f"负债 {debt} + 权益 {equity} = {shown}，资产总计为 {assets}，"
                f"相差 {assets.value - total:+,.{assets.decimals}f}",
                f"liabilities {debt} + equity {equity} = {shown}, but assets are {assets}",
            )
    return None


def _figure(sheet: dict[str, _Line], name: str, column: int) -> Figure | None:
    return sheet[name].figures[column] if name in sheet else None


# --- lines that follow from those above -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Derived:
    """A line and what it is made of, all within ``reach`` rows above; or below, where ``reach`` is negative."""

    result: re.Pattern[str]
    terms: tuple[tuple[int, re.Pattern[str]], ...]
    reach: int
    bracketed: bool = False
    """Whether what is taken off may be printed as a negative."""


_LEAD = r"(?:[一二三四五六七八九十]+、|[加减][:：])?"
_RULES = (
    _Derived(
        re.compile(_LEAD + r"毛利(?:润|额)?"),
        (
            (1, re.compile(_LEAD + r"(?:营业|主营业务|销售)?收入(?:总额|净额)?")),
            (-1, re.compile(_LEAD + r"(?:营业|主营业务|销售)成本")),
        ),
        2,
        bracketed=True,
    ),
    _Derived(
        re.compile(_LEAD + r"净利润(?:[(（].*)?"),
        ((1, re.compile(_LEAD + r"利润总额(?:[(（].*)?")), (-1, re.compile(_LEAD + r"所得税费用?"))),
        2,
    ),
    _Derived(
        re.compile(_LEAD + r"利润总额(?:[(（].*)?"),
        (
            (1, re.compile(_LEAD + r"营业利润(?:[(（].*)?")),
            (1, re.compile(_LEAD + r"营业外收入")),
            (-1, re.compile(_LEAD + r"营业外支出")),
        ),
        3,
    ),
    _Derived(
        re.compile(_LEAD + r"净利润(?:[(（].*)?"),
        (
            (1, re.compile(r"(?:\d[.、])?归属于母公司(?:所有者|股东)的净利润(?:[(（].*)?")),
            (1, re.compile(r"(?:\d[.、])?少数股东损益(?:[(（].*)?")),
        ),
        -8,
    ),
    *(
        _Derived(
            re.compile(rf"{kind}活动(?:产生|使用)?的?现金流量净额"),
            ((1, re.compile(rf"{kind}活动现金流入小计")), (-1, re.compile(rf"{kind}活动现金流出小计"))),
            30,
        )
        for kind in ("经营", "投资", "筹资")
    ),
    _Derived(
        re.compile(_LEAD + r"(?:年末|期末)现金及现金等价物余额"),
        (
            (1, re.compile(_LEAD + r"(?:年初|期初)现金及现金等价物余额")),
            (1, re.compile(_LEAD + r"现金及现金等价物净(?:增加|减少|变动)额?(?:[(（].*)?")),
        ),
        3,
    ),
)


def _derived(document: Document, lines: Sequence[_Line]) -> Iterator[Finding]:
    for at, line in enumerate(lines):
        for rule in _RULES:
            if line.whole and rule.result.fullmatch(line.name):
                near = lines[max(0, at - rule.reach) : at] if rule.reach > 0 else lines[at + 1 : at + 1 - rule.reach]
                yield from _check_derived(document, line, rule, _of_this_statement(rule, near))


def _of_this_statement(rule: _Derived, near: Sequence[_Line]) -> Sequence[_Line]:
    """Not beyond the same line of the statement before or behind: a line that is blank here may be filled there."""
    others = [i for i, line in enumerate(near) if rule.result.fullmatch(line.name)]
    if not others:
        return near
    return near[others[-1] + 1 :] if rule.reach > 0 else near[: others[0]]


def _check_derived(document: Document, line: _Line, rule: _Derived, near: Sequence[_Line]) -> Iterator[Finding]:
    terms: list[tuple[int, _Line]] = []
    for sign, pattern in rule.terms:
        found = next((known for known in reversed(near) if pattern.fullmatch(known.name)), None)
        if found is None or not found.whole or len(found.figures) != len(line.figures):
            return
        terms.append((sign, found))
    for column, total in enumerate(line.figures):
        figures = [term.figures[column] for _, term in terms]
        signs = [
            1 if rule.bracketed and f and f.value < 0 else sign for (sign, _), f in zip(terms, figures, strict=True)
        ]
        addends = [f if sign > 0 else f.negated() for sign, f in zip(signs, figures, strict=True) if f]
        if total is None or total.percent or total.points or len(addends) < len(terms):
            continue
        computed = sum((f.value for f in addends), Decimal(0))
        gap = abs(computed - total.value)
        if rule.bracketed and gap > abs(computed) / 2:
            continue  # a column of changes
        if gap > tolerance(total, addends, line.unit):
            yield _derived_alarm(document, line, terms, column, addends)


def _derived_alarm(
    document: Document,
    line: _Line,
    terms: Sequence[tuple[int, _Line]],
    column: int,
    addends: Sequence[Figure],
) -> Finding:
    """``terms``: the lines that the total is made of, with their signs; the first of them are quoted."""
    total = line.figures[column]
    cells = [line.at_column(column), *(term.at_column(column) for _, term in terms[:_QUOTED] if term.figures[column])]
    formula = " + ".join(str(f) if f.value >= 0 else f"({f})" for f in addends)
    names = "".join(f"{' + ' if sign > 0 else ' - '}{term.name}" for sign, term in terms).removeprefix(" + ")
    shown = f"{sum((f.value for f in addends), Decimal(0)):,.{max(f.decimals for f in addends)}f}"
    return table_alarm(
        document,
        TABLE_SUM,
        f"{line.name} {total}，应为 {shown}",
        Reckoned(line.name, line.row.span, cells),
        Text(
            f"{line.name} = {names} = {formula} = {shown}，表内为 {total}",
            f"{line.name} = {names} = {formula} = {shown}, the table says {total}",
        ),
    )


# --- the income statement from revenue to operating profit ------------------------------------------------------------

_REVENUE = re.compile(r"(?:一、)?营业(?P<whole>总)?收入")
_COSTS = re.compile(r"(?:二、|减[:：])?营业总成本")
_PROFIT = re.compile(r"[二三四]、营业利润(?:[(（].*)?")
_GAINS = re.compile(r"加[:：]")
_PART_OF = re.compile(r"其中[:：](?!营业(?:收入|成本))|(?:其中[:：])?利息(?:费用|收入)$|对联营|以摊余成本")
_STATEMENT = 45
"""Most lines from revenue to operating profit."""

Terms = list[tuple[int, _Line]]


def _profits(document: Document, lines: Sequence[_Line]) -> Iterator[Finding]:
    """营业总成本 and 营业利润 from the lines that make them up; another column must prove how."""
    start = None
    for at, line in enumerate(lines):
        if _REVENUE.fullmatch(line.name) and (start is None or at - start > 1):
            start = at
        elif start is not None and at - start > _STATEMENT:
            start = None
        elif start is not None and _PROFIT.fullmatch(line.name):
            yield from _check_profit(document, lines[start : at + 1])
            start = None


def _check_profit(document: Document, statement: Sequence[_Line]) -> Iterator[Finding]:
    """``statement``: from revenue to operating profit, both included."""
    revenue, profit = statement[0], statement[-1]
    counted = [line for line in statement[1:-1] if not _PART_OF.match(line.name)]
    gains_at = next((i for i, line in enumerate(counted) if _GAINS.match(line.name)), len(counted))
    before, gains = counted[:gains_at], counted[gains_at:]
    costs_at = next((i for i, line in enumerate(before) if _COSTS.fullmatch(line.name)), None)
    if costs_at is None:
        costs = before
    else:
        costs = [before[costs_at]]
        yield from _check_terms(document, costs[0], [(1, line) for line in before[costs_at + 1 :]])
    yield from _check_terms(document, profit, [(1, revenue), *((-1, c) for c in costs), *((1, g) for g in gains)])


def _check_terms(document: Document, line: _Line, terms: Terms) -> Iterator[Finding]:
    """Alarms for the columns that don't add up, where another does."""
    if not all(known.whole and len(known.figures) == len(line.figures) for known in (line, *(t for _, t in terms))):
        return
    wrong: list[tuple[int, list[Figure]]] = []
    proved = False
    for column, total in enumerate(line.figures):
        addends = [f if sign > 0 else f.negated() for sign, term in terms if (f := term.figures[column])]
        if total is None or len(addends) < 3:
            continue
        computed = sum((f.value for f in addends), Decimal(0))
        gap = abs(computed - total.value)
        if gap <= tolerance(total, addends, line.unit):
            proved = True
        elif gap <= abs(computed) / 2 or is_slip_of_digits(total, computed):
            wrong.append((column, addends))
    for column, addends in wrong if proved else ():
        yield _derived_alarm(document, line, terms, column, addends)
