"""Key figures from tables: which row is which metric, which column is which period, and in what unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.ground import evidence_at
from pipeline.kinds.report.figures import SCALES, Figure, plain, unit_of_label
from pipeline.kinds.report.names import MetricName, metric_by_label, name_of_row, printed_name
from pipeline.kinds.report.periods import Period, is_change, period_in
from pipeline.kinds.report.tables import Cell, Row, Table
from pipeline.types import Document, Finding, Span

MOST = 120
"""Key figures kept of one document, the first ones."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A key figure for one period."""

    metric: MetricName
    printed: str
    """Its name as printed."""
    figure: Figure
    unit: str
    """元, 万元, %, 元/股 ...; empty where none is stated."""
    period: Period | None
    span: Span
    """Of its evidence."""
    source: str
    """``table`` or ``prose``."""
    caption: str = ""
    """Of its table."""

    @property
    def yuan(self) -> Decimal | None:
        """In 元; None for what is no money, or has no unit."""
        scale = SCALES.get(self.unit)
        return None if scale is None or self.metric.sort not in ("flow", "stock") else self.figure.value * scale

    @property
    def half_yuan(self) -> Decimal:
        """How far rounding leaves it open, in 元."""
        return self.figure.half * SCALES.get(self.unit, Decimal(0))


def table_metrics(tables: Iterable[Table], report: Period | None) -> list[Metric]:
    """The key figures of all tables, in order."""
    found: list[Metric] = []
    for table in tables:
        for at, row in enumerate(table.rows):
            if row.is_value_row:
                found += _of_row(table, at, row, report)
    return found


def _of_row(table: Table, at: int, row: Row, report: Period | None) -> Iterator[Metric]:
    name, metric = name_of_row(table, at)
    if metric is None:
        yield from _of_columns(table, at, row, report)
        return
    for head, cell in _columns(table, at, row, report):
        period = period_in(head, report, stock=metric.at_end)
        if period is None or cell.figure is None or (metric.sort == "flow" and period.part == "end"):
            continue
        if (unit := _unit(metric, cell.figure, (name, head), table)) is not None:
            yield Metric(metric, printed_name(name), cell.figure, unit, period, row.span, "table", table.caption)


def _columns(table: Table, at: int, row: Row, report: Period | None) -> list[tuple[str, Cell]]:
    """The cells of a row with the names of their columns, where these are certain."""
    for names in table.heads_above(at):
        named = [name for name in names if period_in(name, report)]
        behind = names if names[0] in named else names[1:]
        if len(named) == len(row.values) and (len(named) >= 2 or _names_one(names, row)):
            return list(zip(named, row.values, strict=True))
        if len(named) >= 2:
            whole = len(behind) == len(row.body)
            leading = tuple(named) == behind[: len(named)] and len(behind) < len(row.body)  # further names wrapped
            return list(zip(behind, row.body, strict=False)) if whole or leading else []
    return []


def _names_one(names: Sequence[str], row: Row) -> bool:
    """Whether a head is whole though it names one period only: a label column and that one."""
    return len(names) == len(row.cells) == 2 and period_in(names[1], None) is not None and not is_change(names[0])


def _of_columns(table: Table, at: int, row: Row, report: Period | None) -> Iterator[Metric]:
    """A table whose columns are metrics and whose rows are periods."""
    if not row.label[:2].isdigit():
        return
    names = next((names[1:] for names in table.heads_above(at) if len(names) == len(row.body) + 1), ())
    for name, cell in zip(names, row.body, strict=False):
        metric = metric_by_label(name)
        if metric is None or cell.figure is None:
            continue
        period = period_in(row.label, report, stock=metric.at_end)
        if period and (unit := _unit(metric, cell.figure, (name,), table)) is not None:
            yield Metric(metric, printed_name(name), cell.figure, unit, period, row.span, "table", table.caption)


def _unit(metric: MetricName, figure: Figure, labels: Sequence[str], table: Table) -> str | None:
    """The unit of a figure; None where it can't be a figure of this metric at all."""
    stated = next((unit for label in labels if (unit := unit_of_label(label))), "")
    if figure.points:
        return None
    if metric.sort == "rate":
        return "%" if abs(figure.value) < 1000 else None
    if figure.percent or stated == "%":
        return None
    if metric.sort == "times":
        return figure.suffix or stated or "倍"
    if metric.sort == "per_share":
        return stated or figure.suffix or "元/股"
    unit = figure.suffix or stated or table.unit or ""
    return unit if unit in SCALES or "元" in unit or not unit else None


def metric_findings(document: Document, metrics: Iterable[Metric]) -> list[Finding]:
    """A finding per metric and period: the first mention."""
    seen: set[tuple[str, str]] = set()
    found: list[Finding] = []
    for metric in metrics:
        key = metric.metric.name, str(metric.period)
        if key in seen or len(found) == MOST:
            continue
        seen.add(key)
        value = f"{plain(metric.figure.value, metric.figure.decimals)}{metric.unit}"
        evidence = (evidence_at(document, metric.span),)
        found.append(Finding("metrics", metric.printed, value, "rule", evidence, str(metric.period or "")))
    return found
