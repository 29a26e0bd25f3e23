"""Growth in tables, recomputed from the columns beside it, or from the row above.

A column is taken for the growth of two others where most of its rows prove it, or where the head says so and names both
periods. Then the rows that don't fit are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from pipeline.kinds.report.alarms import GROWTH, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.rates import GROWTH_HEAD, HUNDRED, Grid, Rate, fits, growth_of, proofs, proved_rate
from pipeline.kinds.report.tables import Row
from pipeline.lang import Text
from pipeline.types import Document, Finding

_POINTS_HEAD = re.compile(r"百分点|pct|pp\b", re.IGNORECASE)
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


def growth_alarms(document: Document, grid: Grid) -> Iterator[Finding]:
    """The changes that don't follow from the figures of the same table."""
    yield from _growth(document, grid)
    yield from _growth_rows(document, grid)


def _growth(document: Document, grid: Grid) -> Iterator[Finding]:
    if grid.head and not GROWTH_HEAD.search(grid.head):
        return
    for rate in range(len(grid.names)):
        proved = proved_rate(grid, rate, growth_of, _is_growth_row, least=2 if grid.headed else 3)
        found = proved or _named_growth(grid, rate)
        if found is None:
            continue
        wrong = [(row, truth) for row in grid.rows if (truth := _wrong_growth(grid, row, found)) is not None]
        if proved or len(wrong) <= max(1, proofs(grid, found, growth_of, _is_growth_row)[0]):
            yield from (_growth_alarm(document, grid, row, found, truth) for row, truth in wrong)
            yield from _wrong_points(document, grid, found)


def _is_growth_row(label: str, rate: Figure) -> bool:
    return not rate.points and not _RATE_ROW.search(label)


def _wrong_growth(grid: Grid, row: Row, columns: Rate) -> Decimal | None:
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
    if downwards and re.search(r"降|减|幅度", grid.names[columns.rate]) and not _has_signs(grid, columns.rate):
        return None
    return truth[0]


def _has_signs(grid: Grid, column: int) -> bool:
    """Whether a column tells falls by a minus: then a fall without one is an error, not a way of writing."""
    return any((f := row.body[column].figure) and f.value < 0 and not f.points for row in grid.rows)


def _wrong_points(document: Document, grid: Grid, columns: Rate) -> Iterator[Finding]:
    """Rates whose change the same column tells in percentage points."""
    for row in grid.rows:
        figures = grid.figures(row, columns.rate, columns.first, columns.second)
        if figures is None or not figures[0].points:
            continue
        points, now, before = figures
        gap = now.value - before.value
        if abs(gap - points.value) <= points.half + now.half + before.half or abs(gap) > HUNDRED:
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


def _named_growth(grid: Grid, rate: int) -> Rate | None:
    """A growth column that too few rows prove, but whose head leaves no doubt: it and both periods are named."""
    if sum(bool(GROWTH_HEAD.search(name)) for name in grid.names) != 1 or not _RATE_NAME.search(grid.names[rate]):
        return None
    others = [i for i in range(len(grid.names)) if i != rate]
    years = sorted(((m.group(), i) for i in others if (m := _YEAR.search(grid.names[i]))), reverse=True)
    if years:
        certain = (
            len(years) == len(others) >= 2
            and years[0][0] > years[1][0]
            and _same_but_year([grid.names[i] for i in others])
        )
        return Rate(rate, years[0][1], years[1][1]) if certain else None
    now = [i for i in others if _NOW_HEAD.search(grid.names[i]) and not _BEFORE_HEAD.search(grid.names[i])]
    before = [i for i in others if _BEFORE_HEAD.search(grid.names[i])]
    return Rate(rate, now[0], before[0]) if len(others) == 2 and len(now) == len(before) == 1 else None


def _same_but_year(names: Sequence[str]) -> bool:
    return len({_PERIOD_MARK.sub("", name) for name in names}) == 1


def _growth_alarm(
    document: Document, grid: Grid, row: Row, columns: Rate, truth: Decimal, above: Row | None = None
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


def _growth_rows(document: Document, grid: Grid) -> Iterator[Finding]:
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


def _check_growth_row(document: Document, grid: Grid, above: Row, row: Row, step: int) -> Iterator[Finding]:
    right = 0
    wrong: list[tuple[Rate, Decimal]] = []
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
            wrong.append((Rate(column, column, before_at), truth[0]))
    if right < max(1, len(wrong)):
        return
    for columns, truth in wrong:
        yield _growth_alarm(document, grid, row, columns, truth, above)
