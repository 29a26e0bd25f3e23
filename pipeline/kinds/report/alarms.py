"""How a check says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.ground import evidence_at
from pipeline.kinds.report.trace import trace_of
from pipeline.kinds.terms import in_english
from pipeline.lang import Text
from pipeline.types import Document, Finding, Severity, Span

TABLE_SUM = "表内合计不符"
GROWTH = "增长率与数据不符"
BALANCE = "资产负债不平"
SHARE = "占比与数据不符"
MARGIN = "毛利率与数据不符"
RATIO = "比率与数据不符"
CONTRADICTION = "同一指标前后不一"
UNIT_SLIP = "单位疑似有误"
POINTS = "百分点误作百分比"

_SUGGESTIONS = {
    TABLE_SUM: Text(
        "核对该行各项与合计数，以原始报表为准", "Check the items and the total against the original statements"
    ),
    GROWTH: Text("按本期与上期数据重新计算增长率", "Recompute the growth rate from the two periods' figures"),
    BALANCE: Text("核对资产、负债与权益各项", "Check assets, liabilities and equity"),
    SHARE: Text("按分项与合计重新计算占比", "Recompute the share from the item and the total"),
    MARGIN: Text("按收入与成本重新计算毛利率", "Recompute the margin from revenue and cost"),
    RATIO: Text("按报表数据重新计算该比率", "Recompute the ratio from the statements' figures"),
    CONTRADICTION: Text("核实口径是否相同，统一表述", "Check whether both mean the same, and state one figure"),
    UNIT_SLIP: Text("核对单位（元、万元、亿元）", "Check the unit (yuan, ten thousands, hundred millions)"),
    POINTS: Text("两个比率之差应写作百分点", "Write the difference of two rates in percentage points"),
}


def alarm(
    document: Document, item: str, value: str, spans: Sequence[Span], detail: Text, severity: Severity = "high"
) -> Finding:
    """A ``checks`` finding: what contradicts what, with the arithmetic in ``detail``."""
    return Finding(
        category="checks",
        item=item,
        value=value,
        source="rule",
        evidence=tuple(evidence_at(document, span) for span in spans),
        detail=str(Text(detail.zh, in_english(detail.en))),
        severity=severity,
        status="conflict",
        suggestion=str(_SUGGESTIONS[item]),
    )


class Reckoned(NamedTuple):
    """Where a figure of a table stands that was worked out."""

    label: str
    """Its row's name."""
    line: Span
    """Its row's line."""
    cells: Sequence[Span]
    """All that the arithmetic takes, the doubtful one first."""


def table_alarm(
    document: Document, item: str, value: str, at: Reckoned, detail: Text, severity: Severity = "high"
) -> Finding:
    """An alarm about a figure of a table. The evidence is its row's line and each cell."""
    trace = trace_of(document, at.cells[0], at.label)
    if trace is not None:
        detail = Text(f"{trace.zh}：{detail.zh}", f"{trace.en}: {detail.en}")
    return alarm(document, item, value, [at.line, *at.cells], detail, severity)
