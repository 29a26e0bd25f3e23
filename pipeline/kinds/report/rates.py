"""Rates in percent: how they follow from two figures, and which columns of a table they are.

A column is taken for a rate of two others where most of its rows prove it. Every printed figure stands for the interval
that rounding leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.names import name_of_row
from pipeline.kinds.report.tables import Row, Table

GROWTH_HEAD = re.compile(r"增减|增长|同比|变动|增幅|变化|升降|涨跌|YoY|yoy")
_MOST_COLUMNS = 9
_PROVING_ROWS = 60
"""Rows that decide whether a column is a rate of two others."""
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
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
    rate = (now.value / before.value - 1) * HUNDRED
    slack = (now.half + before.half * now.value / before.value) / before.value * HUNDRED
    return rate, slack


def margin_of(revenue: Figure, cost: Figure) -> tuple[Decimal, Decimal] | None:
    if revenue.value <= 0 or cost.value < 0:
        return None
    rate = (1 - cost.value / revenue.value) * HUNDRED
    slack = (cost.half + revenue.half * cost.value / revenue.value) / revenue.value * HUNDRED
    return rate, slack


def share_of(part: Figure, whole: Figure) -> tuple[Decimal, Decimal] | None:
    if whole.value <= 0 or part.value < 0:
        return None
    rate = part.value / whole.value * HUNDRED
    slack = (part.half + whole.half * part.value / whole.value) / whole.value * HUNDRED
    return rate, slack


def times_of(one: Figure, other: Figure) -> tuple[Decimal, Decimal] | None:
    """One as a multiple of the other (流动比率)."""
    share = share_of(one, other)
    return (share[0] / HUNDRED, share[1] / HUNDRED) if share else None


def fits(rate: Figure, truth: tuple[Decimal, Decimal]) -> bool:
    """Whether a printed rate can be the true one, given all rounding. 1.5倍 is 150 %."""
    value, half = (rate.value, rate.half) if rate.suffix != "倍" else (rate.value * 100, rate.half * 100)
    return abs(value - truth[0]) <= half + truth[1] + Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a table that have all their cells, and the names of the columns ("" where unknown)."""

    rows: tuple[Row, ...]
    names: tuple[str, ...]
    headed: bool
    head: str
    """All texts of the head, for names that wrap."""
    labels: Mapping[Row, str]

    @staticmethod
    def of(table: Table) -> Grid | None:
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
        return Grid(whole, names or ("",) * width, names is not None, head, labels)

    def figures(self, row: Row, *columns: int) -> tuple[Figure, ...] | None:
        found = tuple(f for i in columns if (f := row.body[i].figure))
        return found if len(found) == len(columns) else None


def proved_rate(
    grid: Grid, rate: int, formula: Formula, counts: Callable[[str, Figure], bool], least: int = 2
) -> Rate | None:
    """The two columns of which most rows prove ``rate`` to be the rate; ``least`` rows, and nearly twice the others."""
    best: tuple[int, Rate] | None = None
    others = [i for i in range(len(grid.names)) if i != rate]
    for first in others:
        for second in others:
            if first == second or (grid.headed and GROWTH_HEAD.search(grid.names[first] + grid.names[second])):
                continue
            right, wrong = proofs(grid, Rate(rate, first, second), formula, counts)
            if right >= max(least, 2 * wrong - 1) and (best is None or right > best[0]):
                best = right, Rate(rate, first, second)
    return best[1] if best else None


def proofs(grid: Grid, columns: Rate, formula: Formula, counts: Callable[[str, Figure], bool]) -> tuple[int, int]:
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
