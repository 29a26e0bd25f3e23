"""The four quarters of a year, which make up the year: 分季度主要财务数据 against the annual figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipeline.kinds.report.alarms import TABLE_SUM, alarm
from pipeline.kinds.report.metrics import Metric
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_QUARTERS = ("q1", "q2", "q3", "q4")


def quarter_alarms(document: Document, figures: Sequence[Metric]) -> Iterator[Finding]:
    """Rows of four quarters that don't add up to the year, where other rows of theirs do."""
    rows: dict[Span, list[Metric]] = {}
    years: dict[tuple[str, int], list[Metric]] = {}
    for metric in figures:
        if metric.period is None or metric.metric.sort != "flow" or metric.yuan is None or metric.period.forecast:
            continue
        if metric.period.part in _QUARTERS:
            rows.setdefault(metric.span, []).append(metric)
        elif metric.period.part == "year":
            years.setdefault((metric.metric.name, metric.period.year), []).append(metric)
    wrong: list[tuple[list[Metric], Metric]] = []
    right = 0
    for quarters in rows.values():
        first = quarters[0].period
        annual = years.get((quarters[0].metric.name, first.year), []) if first else []
        if sorted(m.period.part for m in quarters if m.period) != list(_QUARTERS) or not annual:
            continue
        if any(_gap(quarters, year) <= _room(quarters, year) for year in annual):
            right += 1
        else:
            wrong.append((quarters, min(annual, key=lambda year: _gap(quarters, year))))
    for quarters, year in wrong if right >= len(wrong) else ():
        yield _alarm(document, quarters, year)


def _gap(quarters: Sequence[Metric], year: Metric) -> Decimal:
    return abs(sum((m.yuan or Decimal(0) for m in quarters), Decimal(0)) - (year.yuan or Decimal(0)))


def _room(quarters: Sequence[Metric], year: Metric) -> Decimal:
    return sum((m.half_yuan for m in quarters), year.half_yuan)


def _alarm(document: Document, quarters: Sequence[Metric], year: Metric) -> Finding:
    terms = " + ".join(str(m.figure) for m in quarters)
    total = sum((m.figure.value for m in quarters), Decimal(0))
    shown, unit = f"{total:,.{max(m.figure.decimals for m in quarters)}f}", quarters[0].unit
    annual = f"{year.figure}{year.unit}"
    return alarm(
        document,
        TABLE_SUM,
        f"四个季度{year.printed} {shown}{unit}，全年 {annual}",
        [quarters[0].span, year.span],
        Text(
            f"{year.period}{year.printed}：四个季度 {terms} = {shown}{unit}，全年为 {annual}",
            f"{year.printed}, {year.period}: the quarters add up to {terms} = {shown}{unit}, the year is {annual}",
        ),
    )
