"""Ratios in tables, recomputed from the columns beside them: gross margins, shares of a total, any part of another.

Where the whole is not printed, rows that agree on it prove it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.report.alarms import MARGIN, RATIO, SHARE, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.rates import GROWTH_HEAD, HUNDRED, Formula, Grid, fits, margin_of, proved_rate, share_of
from pipeline.kinds.report.sums import total_level
from pipeline.kinds.report.tables import Row
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_SHARE_HEAD = re.compile(r"占|比例|比重|构成|份额")
_RATE_HEAD = re.compile(r"占|比例|比重|率")
_MARGIN_HEAD = re.compile(r"毛利率")
_AGREEING = 3
"""Least rows that prove a whole which is not printed, or that a column is the ratio of two others."""
_NARROW = Decimal("0.02")
"""Widest range, of its value, in which such a whole may lie: else anything agrees."""


def share_alarms(document: Document, grid: Grid) -> Iterator[Finding]:
    """The ratios that don't follow from the figures of the same table."""
    margins = [i for i, name in enumerate(grid.names) if _MARGIN_HEAD.search(name) and not GROWTH_HEAD.search(name)]
    for rate in margins:
        yield from _quotients(document, grid, rate, margin_of, MARGIN)
    for rate in range(1, len(grid.names)):
        name = grid.names[rate]
        if grid.headed and (GROWTH_HEAD.search(name) or not _RATE_HEAD.search(name) or rate in margins):
            continue
        if whole := _whole(grid, rate):
            yield from _shares(document, grid, rate, whole)
        elif grid.headed:
            yield from _quotients(document, grid, rate, share_of, RATIO)


def _quotients(document: Document, grid: Grid, rate: int, formula: Formula, item: str) -> Iterator[Finding]:
    """Rates of two other columns, as most rows prove it."""
    least = 2 if item == MARGIN else _AGREEING
    columns = proved_rate(grid, rate, formula, lambda label, rate: rate.value != HUNDRED, least)
    if columns is None:
        return
    for row in grid.rows:
        figures = grid.figures(row, rate, columns.first, columns.second)
        truth = formula(figures[1], figures[2]) if figures else None
        if figures is None or truth is None or fits(figures[0], truth):
            continue
        cells = [row.body[at].span for at in (rate, columns.second, columns.first)]
        shown = f"1 - {figures[2]} ÷ {figures[1]}" if item == MARGIN else f"{figures[1]} ÷ {figures[2]}"
        yield _rate_alarm(document, item, Reckoned(grid.labels[row], row.span, cells), figures[0], truth[0], shown)


# --- shares of one whole ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the shares of a column are shares of."""

    column: int
    """Of the parts."""
    value: Figure
    printed: Span | None
    """Where it stands; None where only the shares tell it."""


def _whole(grid: Grid, rate: int) -> _Whole | None:
    """The whole of a column of shares: the row of 100 %, or what nearly all parts and shares agree on.

    Of several columns that may hold the parts, the one that most rows prove.
    """
    last = next((row for row in reversed(grid.rows) if (f := row.body[rate].figure) and f.value == HUNDRED), None)
    best, most = None, 0
    for column in range(rate - 1, -1, -1):
        if last and (total_level(last) >= 2 or grid.headed):
            found, proofs = _printed_whole(grid, rate, column, last)
        elif grid.headed and _SHARE_HEAD.search(grid.names[rate]):
            found, proofs = _agreed_whole(grid, rate, column)
        else:
            continue
        if found and proofs > most:
            best, most = found, proofs
    return best


def _printed_whole(grid: Grid, rate: int, column: int, last: Row) -> tuple[_Whole | None, int]:
    """With the number of rows that prove it, less those that don't."""
    total = last.body[column].figure
    if total is None or total.value <= 0:
        return None, 0
    right = wrong = 0
    for row in grid.rows:
        figures = grid.figures(row, rate, column)
        truth = share_of(figures[1], total) if figures and row is not last else None
        if figures and truth and figures[0].value:
            right += fits(figures[0], truth)
            wrong += not fits(figures[0], truth) and not _evens_out(figures[0], truth[0])
    proved = right >= max(2, 2 * wrong)
    return _Whole(column, total, last.body[column].span) if proved else None, right - wrong


def _agreed_whole(grid: Grid, rate: int, column: int) -> tuple[_Whole | None, int]:
    """From ``_AGREEING`` different shares or more, and three times as many as differ; and the margin between both."""
    ranges: list[tuple[Decimal, Decimal, Decimal]] = []
    for row in grid.rows:
        figures = grid.figures(row, rate, column)
        if figures and figures[0].value > figures[0].half and figures[1].value > 0:
            share, part = figures
            low = (part.value - part.half) / (share.value + share.half)
            ranges.append((low, (part.value + part.half) / (share.value - share.half), share.value))
    best: list[tuple[Decimal, Decimal, Decimal]] = []
    for one in ranges:
        agreeing = [other for other in ranges if one[0] <= other[1] and other[0] <= one[1]]
        if len({share for *_, share in agreeing}) > len({share for *_, share in best}):
            best = agreeing
    wrong = len(ranges) - len(best)
    if len({share for *_, share in best}) < _AGREEING or 3 * wrong > len(best):
        return None, 0
    low, high = max(low for low, *_ in best), min(high for _, high, _ in best)
    if low > high or high - low > low * _NARROW:
        return None, 0
    return _Whole(column, Figure((low + high) / 2 * HUNDRED, 0), None), len(best) - wrong


def _shares(document: Document, grid: Grid, rate: int, whole: _Whole) -> Iterator[Finding]:
    for row in grid.rows:
        figures = grid.figures(row, rate, whole.column)
        truth = share_of(figures[1], whole.value) if figures else None
        if figures is None or truth is None or fits(figures[0], truth) or _evens_out(figures[0], truth[0]):
            continue
        cells = [row.body[rate].span, row.body[whole.column].span, *([whole.printed] if whole.printed else ())]
        value = str(whole.value) if whole.printed else f"{whole.value.value:,.0f}（由其他各行推得）"
        formula = f"{figures[1]} ÷ {value}"
        yield _rate_alarm(document, SHARE, Reckoned(grid.labels[row], row.span, cells), figures[0], truth[0], formula)


def _evens_out(rate: Figure, truth: Decimal) -> bool:
    """Whether a share is off by one in its last digit: so that the printed shares make 100."""
    return abs(rate.value - truth) < 3 * rate.half


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
