"""Ratios that sentences and forecasts tell, recomputed from the tables' figures: gearing, margins, price to earnings.

A ratio that a table states itself is compared with that, elsewhere; here are those that only follow from other rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.kinds.report.alarms import MARGIN, RATIO, Reckoned, alarm, table_alarm
from pipeline.kinds.report.figures import SCALES, Figure
from pipeline.kinds.report.mentions import Mention
from pipeline.kinds.report.metrics import Metric
from pipeline.kinds.report.names import name_of_row
from pipeline.kinds.report.periods import Period
from pipeline.kinds.report.rates import margin_of, share_of, times_of
from pipeline.kinds.report.tables import Row, Table
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

Formula = Callable[[Figure, Figure], tuple[Decimal, Decimal] | None]


@dataclass(frozen=True, slots=True)
class _Ratio:
    """``formula`` of the figures of any of ``first`` and of any of ``second``; ``shown`` with those in its place."""

    item: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    formula: Formula
    shown: str


_SALES = ("营业收入", "营业总收入", "主营业务收入")
_RATIOS: Mapping[str, _Ratio] = {
    "资产负债率": _Ratio(RATIO, ("总负债",), ("总资产", "负债和权益总计"), share_of, "{0} ÷ {1}"),
    "毛利率": _Ratio(MARGIN, _SALES, ("营业成本",), margin_of, "1 - {1} ÷ {0}"),
    "净利率": _Ratio(RATIO, ("净利润", "归母净利润"), _SALES, share_of, "{0} ÷ {1}"),
    "研发费用率": _Ratio(RATIO, ("研发费用", "研发投入"), _SALES, share_of, "{0} ÷ {1}"),
    "销售费用率": _Ratio(RATIO, ("销售费用",), _SALES, share_of, "{0} ÷ {1}"),
    "管理费用率": _Ratio(RATIO, ("管理费用",), _SALES, share_of, "{0} ÷ {1}"),
    "流动比率": _Ratio(RATIO, ("流动资产",), ("流动负债",), times_of, "{0} ÷ {1}"),
    "不良贷款率": _Ratio(RATIO, ("不良贷款",), ("贷款总额",), share_of, "{0} ÷ {1}"),
    "核心一级资本充足率": _Ratio(RATIO, ("核心一级资本净额",), ("风险加权资产",), share_of, "{0} ÷ {1}"),
    "一级资本充足率": _Ratio(RATIO, ("一级资本净额",), ("风险加权资产",), share_of, "{0} ÷ {1}"),
    "资本充足率": _Ratio(RATIO, ("资本净额",), ("风险加权资产",), share_of, "{0} ÷ {1}"),
}
_OF_A_LINE = re.compile("主营|产品|业务")
_ROOM = Decimal("0.1")
"""Points by which a told ratio may miss: some count taxes or minorities in."""

Known = Mapping[tuple[str, Period], Sequence[Metric]]


def ratio_alarms(
    document: Document, mentions: Iterable[Mention], figures: Sequence[Metric], tables: Iterable[Table]
) -> Iterator[Finding]:
    known: dict[tuple[str, Period], list[Metric]] = {}
    for metric in figures:
        if metric.period:
            known.setdefault((metric.metric.name, metric.period), []).append(metric)
    for mention in mentions:
        if mention.value and not mention.planned and (found := _wrong(document, mention.value, known)):
            yield found
    yield from _printed_ratios(document, figures, known)
    for table in tables:
        yield from _multiples(document, table)


def _printed_ratios(document: Document, figures: Sequence[Metric], known: Known) -> Iterator[Finding]:
    """Ratios of a table that don't follow from its period's figures, where those beside them in the row do."""
    rows: dict[Span, list[Metric]] = {}
    for metric in figures:
        if metric.source == "table" and metric.metric.name in _RATIOS and not _OF_A_LINE.search(metric.printed):
            rows.setdefault(metric.span, []).append(metric)
    for told in rows.values():
        judged = [(metric, _misses(metric, known)) for metric in told]
        wrong = [metric for metric, misses in judged if misses]
        if sum(misses is False for _, misses in judged) >= max(1, len(wrong)):
            for metric in wrong:
                yield _ratio_alarm(document, metric, _RATIOS[metric.metric.name], known)


def _misses(said: Metric, known: Known) -> bool | None:
    """Whether a ratio follows from no pair of figures of its period; None where there is none."""
    ratio = _RATIOS[said.metric.name]
    pairs = _pairs(known, ratio, said.period) if said.period else []
    truths = [truth for pair in pairs if (truth := ratio.formula(*map(_in_yuan, pair)))]
    if not truths:
        return None
    room = _ROOM / 100 if ratio.formula is times_of else _ROOM
    return all(abs(said.figure.value - truth) > room + said.figure.half + slack for truth, slack in truths)


def _wrong(document: Document, said: Metric, known: Known) -> Finding | None:
    """A told ratio that no table states itself, and that its period's figures contradict; where that has none, those
    of any period."""
    ratio = _RATIOS.get(said.metric.name)
    if ratio is None or said.period is None or _OF_A_LINE.search(said.printed):
        return None
    if any(m.source == "table" for (name, _), told in known.items() if name == said.metric.name for m in told):
        return None
    periods = [said.period, *sorted({p for _, p in known}, key=str, reverse=True)]
    own = _misses(said, known)
    if own is False:
        return None
    if own is None:
        judged = [misses for period in periods if (misses := _misses(replace(said, period=period), known)) is not None]
        if not judged or not all(judged):
            return None
    return _ratio_alarm(document, said, ratio, known)


def _ratio_alarm(document: Document, said: Metric, ratio: _Ratio, known: Known) -> Finding:
    """With the figures of its own period, else of the latest."""
    assert said.period
    periods = [said.period, *sorted({p for _, p in known}, key=str, reverse=True)]
    first, second = next(pair for period in periods for pair in _pairs(known, ratio, period))
    truth = ratio.formula(_in_yuan(first), _in_yuan(second))
    assert truth
    unit = "" if ratio.formula is times_of else "%"
    formula = ratio.shown.format(f"{first.figure}{first.unit}", f"{second.figure}{second.unit}")
    shown = f"{truth[0]:.{max(said.figure.decimals, 2)}f}{unit}"
    return alarm(
        document,
        ratio.item,
        f"{said.printed} {said.figure}，应为 {shown}",
        [said.span, first.span, second.span],
        Text(
            f"{first.period}：{formula} = {shown}，{_place(said).zh}写作 {said.figure}",
            f"{first.period}: {formula} = {shown}, {_place(said).en} says {said.figure}",
        ),
        "medium",
    )


def _place(said: Metric) -> Text:
    return Text("表内", "the table") if said.source == "table" else Text("文中", "the text")


def _pairs(known: Known, ratio: _Ratio, period: Period) -> list[tuple[Metric, Metric]]:
    """The two figures of a period, in money; both of tables with the same caption come first."""
    firsts, seconds = (
        [m for name in names for m in known.get((name, period), ()) if m.yuan] for names in (ratio.first, ratio.second)
    )
    return sorted(((a, b) for a in firsts for b in seconds), key=lambda pair: pair[0].caption != pair[1].caption)


def _in_yuan(metric: Metric) -> Figure:
    scale = SCALES[metric.unit]
    return Figure(metric.figure.value * scale, metric.figure.decimals - (len(str(scale)) - 1))


# --- price to earnings ------------------------------------------------------------------------------------------------

_EARNINGS = ("每股收益", "基本每股收益", "稀释每股收益")
_LEAST_PROOFS = 3


def _multiples(document: Document, table: Table) -> Iterator[Finding]:
    """市盈率 times 每股收益 is one price in all columns; the column that gives another is told."""
    named = {
        metric.name: row
        for i, row in enumerate(table.rows)
        if row.is_value_row and (metric := name_of_row(table, i)[1])
    }
    earnings = next((named[name] for name in _EARNINGS if name in named), None)
    multiples = named.get("市盈率")
    if earnings is None or multiples is None or len(earnings.values) != len(multiples.values):
        return
    prices = [_price(multiples, earnings, column) for column in range(len(multiples.values))]
    ranges = [price for price in prices if price]
    usual = max(ranges, key=lambda one: sum(_overlap(one, other) for other in ranges), default=None)
    if usual is None or sum(_overlap(usual, other) for other in ranges) < max(_LEAST_PROOFS, len(ranges) - 1):
        return
    for column, price in enumerate(prices):
        if price and not _overlap(usual, price):
            yield _wrong_multiple(document, multiples, earnings, column, (usual[0] + usual[1]) / 2)


def _price(multiples: Row, earnings: Row, column: int) -> tuple[Decimal, Decimal] | None:
    """Between which prices a multiple and the earnings leave the share's."""
    multiple, earning = multiples.values[column].figure, earnings.values[column].figure
    if multiple is None or earning is None or multiple.value <= 0 or earning.value <= 0:
        return None
    return (
        (multiple.value - multiple.half) * (earning.value - earning.half),
        (multiple.value + multiple.half) * (earning.value + earning.half),
    )


def _overlap(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _wrong_multiple(document: Document, multiples: Row, earnings: Row, column: int, price: Decimal) -> Finding:
    multiple, earning = multiples.values[column], earnings.values[column]
    assert earning.figure and multiple.figure
    shown = f"{price / earning.figure.value:.1f}"
    return table_alarm(
        document,
        RATIO,
        f"市盈率 {multiple.text.strip()}，应为 {shown}",
        Reckoned(multiples.label, multiples.span, [multiple.span, earning.span]),
        Text(
            f"其他各列市盈率 × 每股收益约为股价 {price:.2f}：{price:.2f} ÷ {earning.figure} = {shown}，"
            f"此列写作 {multiple.text.strip()}",
            f"In all other columns price to earnings times earnings per share is about {price:.2f}: {price:.2f} ÷ "
            f"{earning.figure} = {shown}, this column says {multiple.text.strip()}",
        ),
        "medium",
    )
