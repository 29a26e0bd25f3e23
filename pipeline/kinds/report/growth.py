"""Rates in tables, recomputed from the columns beside them: growth, shares of a total, gross margins.

A column is taken for a rate of two others where most of its rows prove it, or where the head says so and names both
periods. Then the rows that don't fit are told. Every printed figure stands for the interval that rounding leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from pipeline.kinds.report.alarms import GROWTH, MARGIN, SHARE, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.names import name_of_row
from pipeline.kinds.report.sums import total_level
from pipeline.kinds.report.tables import Row, Table
from pipeline.lang import Text
from pipeline.types import Document, Finding

_GROWTH_HEAD = re.compile(r"增减|增长|同比|变动|增幅|变化|升降|涨跌|YoY|yoy")
_POINTS_HEAD = re.compile(r"百分点|pct|pp\b", re.IGNORECASE)
_SHARE_HEAD = re.compile(r"占|比例|比重|构成|份额")
_MARGIN_HEAD = re.compile(r"毛利率")
_RATE_NAME = re.compile(
    r"(?:增减|增长|同比|变动|变化|升降)(?:幅度|比例|比率|率|情况)?(?:[(（]?[%％][)）]?)?$|增幅|增速|YoY", re.IGNORECASE
)
_NOW_HEAD = re.compile(r"本期|本年|报告期|期末|年末|当期|本月")
_BEFORE_HEAD = re.compile(r"上期|上年|去年|同期|期初|年初|上月")
_RATE_ROW = re.compile(r"率|比重|占比|比例|%|％|百分")
_YEAR = re.compile(r"20\d\d")
_PERIOD_MARK = re.compile(r"20\d\d|(?<=\d)[AEF]\b")
_GROWTH_ROW = re.compile(
    r"(?P<of>.{0,12}?)[-—(（]?(?:同比)?(?:增长率|增速|增长|增幅|变动|YoY|同比)(?:比例|率)?[)）]?(?:[(（]?[%％][)）]?)?",
    re.IGNORECASE,
)
_MOST_COLUMNS = 9
_PROVING_ROWS = 60
"""Rows that decide whether a column is a rate of two others."""
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Rate:
    """A column that is a rate of two others."""

    rate: int
    first: int
    second: int


Formula = Callable[[Figure, Figure], tuple[Decimal, Decimal] | None]
"""From two figures the rate in percent, and how far rounding can take it; None where it has no meaning."""


def growth_of(now: Figure, before: Figure) -> tuple[Decimal, Decimal] | None:
    """Growth in percent; None unless both figures are positive: companies count losses in different ways."""
    if before.value <= 0 or now.value < 0:
        return None
    rate = (now.value / before.value - 1) * _HUNDRED
    slack = (now.half + before.half * now.value / before.value) / before.value * _HUNDRED
    return rate, slack


def margin_of(revenue: Figure, cost: Figure) -> tuple[Decimal, Decimal] | None:
    if revenue.value <= 0 or cost.value < 0:
        return None
    rate = (1 - cost.value / revenue.value) * _HUNDRED
    slack = (cost.half + revenue.half * cost.value / revenue.value) / revenue.value * _HUNDRED
    return rate, slack


def share_of(part: Figure, whole: Figure) -> tuple[Decimal, Decimal] | None:
    if whole.value <= 0 or part.value < 0:
        return None
    rate = part.value / whole.value * _HUNDRED
    slack = (part.half + whole.half * part.value / whole.value) / whole.value * _HUNDRED
    return rate, slack


def fits(rate: Figure, truth: tuple[Decimal, Decimal]) -> bool:
    """Whether a printed rate can be the true one, given all rounding. 1.5倍 is 150 %."""
    value, half = (rate.value, rate.half) if rate.suffix != "倍" else (rate.value * 100, rate.half * 100)
    return abs(value - truth[0]) <= half + truth[1] + Decimal("0.0001")


def rate_alarms(document: Document, table: Table) -> list[Finding]:
    """The rates of ``table`` that don't follow from its figures."""
    grid = _Grid.of(table)
    if grid is None:
        return []
    return [
        *_growth(document, grid),
        *_growth_rows(document, grid),
        *_margins(document, grid),
        *_shares(document, grid),
    ]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The rows of a table that have all their cells, and the names of the columns ("" where unknown)."""

    rows: tuple[Row, ...]
    names: tuple[str, ...]
    headed: bool
    head: str
    """All texts of the head, for names that wrap."""
    labels: Mapping[Row, str]

    @staticmethod
    def of(table: Table) -> _Grid | None:
        named = ((row, name_of_row(table, i)[0]) for i, row in enumerate(table.rows) if row.is_value_row)
        labels = {row: name for row, name in named if name}
        rows = list(labels)
        widths = [len(row.body) for row in rows]
        if not widths:
            return None
        width = max(set(widths), key=lambda w: (widths.count(w), w))
        if not 2 <= width <= _MOST_COLUMNS:
            return None
        names = table.column_names(width)
        whole = tuple(row for row in rows if len(row.body) == width)
        head = re.sub(r"\s", "", "".join(c.text for row in table.head for c in row.cells))
        return _Grid(whole, names or ("",) * width, names is not None, head, labels)

    def figures(self, row: Row, *columns: int) -> tuple[Figure, ...] | None:
        found = tuple(f for i in columns if (f := row.body[i].figure))
        return found if len(found) == len(columns) else None


# --- growth -----------------------------------------------------------------------------------------------------------


def _growth(document: Document, grid: _Grid) -> Iterator[Finding]:
    if grid.head and not _GROWTH_HEAD.search(grid.head):
        return
    for rate in range(len(grid.names)):
        proved = _proved_rate(grid, rate, growth_of, _is_growth_row, least=2 if grid.headed else 3)
        found = proved or _named_growth(grid, rate)
        if found is None:
            continue
        wrong = [(row, truth) for row in grid.rows if (truth := _wrong_growth(grid, row, found)) is not None]
        if proved or len(wrong) <= max(1, _proofs(grid, found, growth_of, _is_growth_row)[0]):
            yield from (_growth_alarm(document, grid, row, found, truth) for row, truth in wrong)
            yield from _wrong_points(document, grid, found)


def _is_growth_row(label: str, rate: Figure) -> bool:
    return not rate.points and not _RATE_ROW.search(label)


def _wrong_growth(grid: _Grid, row: Row, columns: _Rate) -> Decimal | None:
    """The true growth, where the printed one can't be it by any usual way of counting."""
    figures = grid.figures(row, columns.rate, columns.first, columns.second)
    if figures is None:
        return None
    rate, now, before = figures
    if rate.points or now.points or (_POINTS_HEAD.search(grid.names[columns.rate]) and not rate.percent):
        return None
    truth = growth_of(now, before)
    if truth is None or fits(rate, truth) or _is_difference(rate, now, before):
        return None
    if _RATE_ROW.search(grid.labels[row]) or now.percent:
        return None  # rates: some print points, some the change of the rate
    downwards = rate.value >= 0 and truth[0] < 0 and fits(rate.negated(), truth)
    if downwards and re.search(r"降|减|幅度", grid.names[columns.rate]):
        return None
    return truth[0]


def _wrong_points(document: Document, grid: _Grid, columns: _Rate) -> Iterator[Finding]:
    """Rates whose change the same column tells in percentage points."""
    for row in grid.rows:
        figures = grid.figures(row, columns.rate, columns.first, columns.second)
        if figures is None or not figures[0].points:
            continue
        points, now, before = figures
        gap = now.value - before.value
        if abs(gap - points.value) <= points.half + now.half + before.half or abs(gap) > _HUNDRED:
            continue
        label, shown = grid.labels[row], f"{gap:+.{max(now.decimals, before.decimals)}f} 个百分点"
        yield table_alarm(
            document,
            GROWTH,
            f"{label} {points}，应为 {shown}",
            Reckoned(label, row.span, [row.body[at].span for at in (columns.rate, columns.first, columns.second)]),
            Text(
                f"“{label}”：{now} - {before} = {shown}，表内写作 {points}",
                f"“{label}”: {now} - {before} = {gap:+} points",
            ),
        )


def _is_difference(rate: Figure, now: Figure, before: Figure) -> bool:
    """Whether the column holds the plain difference."""
    return not rate.percent and abs(now.value - before.value - rate.value) <= now.half + before.half + rate.half


def _named_growth(grid: _Grid, rate: int) -> _Rate | None:
    """A growth column that too few rows prove, but whose head leaves no doubt: it and both periods are named."""
    if sum(bool(_GROWTH_HEAD.search(name)) for name in grid.names) != 1 or not _RATE_NAME.search(grid.names[rate]):
        return None
    others = [i for i in range(len(grid.names)) if i != rate]
    years = sorted(((m.group(), i) for i in others if (m := _YEAR.search(grid.names[i]))), reverse=True)
    if years:
        certain = (
            len(years) == len(others) >= 2
            and years[0][0] > years[1][0]
            and _same_but_year([grid.names[i] for i in others])
        )
        return _Rate(rate, years[0][1], years[1][1]) if certain else None
    now = [i for i in others if _NOW_HEAD.search(grid.names[i]) and not _BEFORE_HEAD.search(grid.names[i])]
    before = [i for i in others if _BEFORE_HEAD.search(grid.names[i])]
    return _Rate(rate, now[0], before[0]) if len(others) == 2 and len(now) == len(before) == 1 else None


def _same_but_year(names: Sequence[str]) -> bool:
    return len({_PERIOD_MARK.sub("", name) for name in names}) == 1


def _growth_alarm(
    document: Document, grid: _Grid, row: Row, columns: _Rate, truth: Decimal, above: Row | None = None
) -> Finding:
    """``above``: the row that the figures stand in, where it is not the rate's own."""
    rate, figures = row.body[columns.rate].figure, above or row
    now, before = figures.body[columns.first].text.strip(), figures.body[columns.second].text.strip()
    label = grid.labels[figures]
    assert rate
    shown = f"{truth:.{max(rate.decimals, 2)}f}%"
    printed = str(rate).rstrip("%") + "%"
    formula = f"{now} ÷ {before} - 1 = {shown}"
    cells = [row.body[columns.rate].span, figures.body[columns.first].span, figures.body[columns.second].span]
    return table_alarm(
        document,
        GROWTH,
        f"{label} {printed}，应为 {shown}",
        Reckoned(grid.labels[row], row.span, cells),
        Text(
            f"“{label}”由 {before} 变为 {now}：{formula}，表内写作 {printed}",
            f"“{label}” went from {before} to {now}: {formula}, the table says {printed}",
        ),
    )


def _growth_rows(document: Document, grid: _Grid) -> Iterator[Finding]:
    """Growth in a row of its own, below the figures: the columns are periods, as in forecasts."""
    years = [_YEAR.search(name) for name in grid.names]
    if len(years) < 3 or not all(years):
        return
    order = [int(m.group()) for m in years if m]
    step = order[1] - order[0]
    if abs(step) != 1 or any(b - a != step for a, b in pairwise(order)) or not _same_but_year(grid.names):
        return
    for above, row in pairwise(grid.rows):
        if _is_growth_of(grid.labels[row], grid.labels[above]):
            yield from _check_growth_row(document, grid, above, row, step)


def _is_growth_of(label: str, above: str) -> bool:
    """Whether a row is called the growth of the row above: 增长率, 同比, 营业收入增速 below 营业收入（百万元）."""
    match = _GROWTH_ROW.fullmatch(re.sub(r"\s", "", label))
    return match is not None and not _RATE_ROW.search(above) and above.startswith(match["of"])


def _check_growth_row(document: Document, grid: _Grid, above: Row, row: Row, step: int) -> Iterator[Finding]:
    right = 0
    wrong: list[tuple[_Rate, Decimal]] = []
    for column in range(len(row.body)):
        before_at = column - step
        if not 0 <= before_at < len(row.body):
            continue
        rate, now, before = row.body[column].figure, above.body[column].figure, above.body[before_at].figure
        truth = growth_of(now, before) if now and before else None
        if rate is None or truth is None:
            continue
        if fits(rate, truth):
            right += 1
        else:
            wrong.append((_Rate(column, column, before_at), truth[0]))
    if right < max(1, len(wrong)):
        return
    for columns, truth in wrong:
        yield _growth_alarm(document, grid, row, columns, truth, above)


# --- any rate ---------------------------------------------------------------------------------------------------------


def _proved_rate(
    grid: _Grid, rate: int, formula: Formula, counts: Callable[[str, Figure], bool], least: int = 2
) -> _Rate | None:
    """The two columns of which most rows prove ``rate`` to be the rate; ``least`` rows, and nearly twice the others."""
    best: tuple[int, _Rate] | None = None
    others = [i for i in range(len(grid.names)) if i != rate]
    for first in others:
        for second in others:
            if first == second or (grid.headed and _GROWTH_HEAD.search(grid.names[first] + grid.names[second])):
                continue
            right, wrong = _proofs(grid, _Rate(rate, first, second), formula, counts)
            if right >= max(least, 2 * wrong - 1) and (best is None or right > best[0]):
                best = right, _Rate(rate, first, second)
    return best[1] if best else None


def _proofs(grid: _Grid, columns: _Rate, formula: Formula, counts: Callable[[str, Figure], bool]) -> tuple[int, int]:
    """How many rows prove the rate, and how many contradict it."""
    right = wrong = 0
    for row in grid.rows[:_PROVING_ROWS]:
        rate, first, second = (row.body[i].figure for i in (columns.rate, columns.first, columns.second))
        if rate is None or first is None or second is None or not rate.value or not counts(grid.labels[row], rate):
            continue
        truth = formula(first, second)
        if truth is None:
            continue
        if fits(rate, truth):
            right += truth[1] < 1
        else:
            wrong += 1
            if wrong > 3 and not right:
                break
    return right, wrong


# --- margins and shares -----------------------------------------------------------------------------------------------


def _margins(document: Document, grid: _Grid) -> Iterator[Finding]:
    """Gross margins beside revenue and cost."""
    rates = [i for i, name in enumerate(grid.names) if _MARGIN_HEAD.search(name) and not _GROWTH_HEAD.search(name)]
    for rate in rates:
        columns = _proved_rate(grid, rate, margin_of, lambda label, rate: True)
        for row in grid.rows if columns else ():
            assert columns
            figures = grid.figures(row, rate, columns.first, columns.second)
            truth = margin_of(figures[1], figures[2]) if figures else None
            if figures is None or truth is None or fits(figures[0], truth):
                continue
            cells = [row.body[at].span for at in (rate, columns.second, columns.first)]
            formula = f"1 - {figures[2]} ÷ {figures[1]}"
            yield _rate_alarm(
                document, MARGIN, Reckoned(grid.labels[row], row.span, cells), figures[0], truth[0], formula
            )


def _shares(document: Document, grid: _Grid) -> Iterator[Finding]:
    """Shares of the last total, which is a row of the same table."""
    whole = next((row for row in reversed(grid.rows) if total_level(row) >= 2), None)
    if whole is None:
        return
    for rate in range(1, len(grid.names)):
        printed = whole.body[rate].figure
        if printed is None or printed.value != 100 or (grid.headed and not _SHARE_HEAD.search(grid.names[rate])):
            continue
        column = _share_column(grid, rate, whole)
        for row in grid.rows if column is not None else ():
            assert column is not None
            figures, total = grid.figures(row, rate, column), whole.body[column].figure
            truth = share_of(figures[1], total) if figures and total else None
            if figures is None or truth is None or fits(figures[0], truth) or _evens_out(figures[0], truth[0]):
                continue
            cells = [row.body[rate].span, row.body[column].span, whole.body[column].span]
            formula = f"{figures[1]} ÷ {total}"
            yield _rate_alarm(
                document, SHARE, Reckoned(grid.labels[row], row.span, cells), figures[0], truth[0], formula
            )


def _evens_out(rate: Figure, truth: Decimal) -> bool:
    """Whether a share is off by one in its last digit: so that the printed shares make 100."""
    return abs(rate.value - truth) < 3 * rate.half


def _share_column(grid: _Grid, rate: int, whole: Row) -> int | None:
    """The column whose parts of the total ``rate`` gives; three rows at least prove it, and three times the others."""
    for column in range(rate - 1, -1, -1):
        total = whole.body[column].figure
        if total is None or total.value <= 0:
            continue
        right = wrong = 0
        for row in grid.rows[:_PROVING_ROWS]:
            figures = grid.figures(row, rate, column)
            truth = share_of(figures[1], total) if figures and row is not whole else None
            if figures and truth and figures[0].value:
                right += fits(figures[0], truth)
                wrong += not fits(figures[0], truth)
        if right >= max(2, 2 * wrong):
            return column
    return None


def _rate_alarm(document: Document, item: str, at: Reckoned, printed: Figure, truth: Decimal, formula: str) -> Finding:
    """``at``: the cells are the rate's, then those of the formula."""
    shown = f"{truth:.{max(printed.decimals, 2)}f}%"
    said = str(printed).rstrip("%") + "%"
    label = at.label
    return table_alarm(
        document,
        item,
        f"{label} {said}，应为 {shown}",
        at,
        Text(
            f"“{label}”：{formula} = {shown}，表内写作 {said}", f"“{label}”: {formula} = {shown}, the table says {said}"
        ),
        "medium",
    )
