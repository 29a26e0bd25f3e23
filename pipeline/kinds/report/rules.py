"""All that code alone can say of a report: profile, key figures, risks, outlook, and what contradicts itself."""

from __future__ import annotations

from pipeline.kinds.report.growth import growth_alarms
from pipeline.kinds.report.mentions import mention_alarms, mentions_in
from pipeline.kinds.report.metrics import metric_findings, table_metrics
from pipeline.kinds.report.opinions import opinion_alarms
from pipeline.kinds.report.profile import main_period, outlook_findings, profile_findings, risk_findings
from pipeline.kinds.report.prose import change_alarms, told_shares
from pipeline.kinds.report.quarters import quarter_alarms
from pipeline.kinds.report.rates import Grid
from pipeline.kinds.report.ratios import ratio_alarms
from pipeline.kinds.report.reasons import reason_alarms
from pipeline.kinds.report.shares import share_alarms
from pipeline.kinds.report.statements import statement_alarms
from pipeline.kinds.report.sums import sum_alarms
from pipeline.kinds.report.tables import tables_in
from pipeline.kinds.report.told import told_alarms
from pipeline.types import Document, Finding


def findings_in(document: Document) -> list[Finding]:
    """The findings of the rules, by category and there by position. Every quote is a slice of the text."""
    period = main_period(document)
    tables = tables_in(document.text, document.tables)
    figures = table_metrics(tables, period)
    mentions = mentions_in(document, period)
    told = [mention.value for mention in mentions if mention.value]
    changes, checked = change_alarms(document)
    alarms = [alarm for table in tables for alarm in sum_alarms(document, table)]
    for grid in filter(None, map(Grid.of, tables)):
        alarms += [*growth_alarms(document, grid), *share_alarms(document, grid)]
    alarms += [*quarter_alarms(document, figures), *reason_alarms(document, tables)]
    alarms += statement_alarms(document, tables)
    alarms += [*changes, *told_shares(document)]
    alarms += mention_alarms(document, mentions, figures, checked)
    alarms += [*ratio_alarms(document, mentions, [*figures, *told], tables), *told_alarms(document, tables)]
    alarms += opinion_alarms(document)
    return [
        *profile_findings(document, period),
        *metric_findings(document, [*figures, *told]),
        *risk_findings(document),
        *outlook_findings(document, period),
        *sorted(_unique(alarms), key=_position),
    ]


def _unique(alarms: list[Finding]) -> list[Finding]:
    """Without what two checks raised alike about the same place."""
    kept: dict[tuple[str, str, object], Finding] = {}
    for alarm in alarms:
        kept.setdefault((alarm.item, alarm.value, alarm.evidence[0].span if alarm.evidence else None), alarm)
    return list(kept.values())


def _position(alarm: Finding) -> int:
    span = alarm.evidence[0].span if alarm.evidence else None
    return span.start if span else 0
