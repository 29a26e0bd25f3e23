"""The questions that are asked about a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pipeline.kinds.base import Answer, Extract, Group, Level, Long, Prove, Short, at_most, finding
from pipeline.lang import Text
from pipeline.types import Evidence, Finding


class Fact(Extract):
    item: Annotated[
        Short,
        Text(
            "名目：报告名称、公司全称、证券代码、报告期、审计意见、评级、目标价、主营业务等",
            "what it is, in the document's words: report title, full company name, securities code, reporting "
            "period, audit opinion, rating, target price, main business, etc.",
        ),
    ]
    value: Annotated[Long, Text("内容", "what is stated")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("profile", self.item, self.value, evidence)]


class Metric(Extract):
    name: Annotated[
        Short,
        Text(
            "指标名称，如 营业收入、归母净利润、毛利率",
            "name of the metric as printed: operating revenue, net profit, gross margin, etc.",
        ),
    ]
    value: Annotated[Short, Text("数值，照原文写，不换算", "the figure as printed, not converted")]
    unit: Annotated[
        Short,
        Text("单位：元、万元、亿元、%、百分点、元/股等", "the unit as printed: 元, 万元, 亿元, %, 百分点, 元/股, etc."),
    ]
    period: Annotated[
        Short,
        Text(
            "所属期间，如 2025年度、2025年1-6月、2026E",
            "the period it is for, as printed, e.g. 2025年度, 2025年1-6月, 2026E",
        ),
    ]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        unit = "" if self.value.strip().endswith(self.unit.strip()) else self.unit.strip()
        return [finding("metrics", self.name, f"{self.value.strip()}{unit}", evidence, self.period)]


class Change(Extract):
    subject: Annotated[Short, Text("变动的指标或事项", "the metric or matter that changed, as printed")]
    value: Annotated[Short, Text("变动幅度与方向", "size and direction of the change")]
    cause: Annotated[Long, Text("报告所述原因；没有则为空", "the cause that the report gives; empty if none")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("changes", self.subject, self.value, evidence, self.cause)]


class Risk(Extract):
    title: Annotated[Short, Text("风险的短名", "short name of the risk")]
    severity: Annotated[Level, Text("high、medium、low", "high, medium, low")]
    reason: Annotated[Long, Text("风险的内容与影响", "what the risk is, and its effect")]
    suggestion: Annotated[Long, Text("阅读者应当核实或关注什么", "what the reader should verify or watch")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [
            replace(
                finding("risks", self.title, "", evidence, self.reason),
                severity=self.severity,
                suggestion=self.suggestion.strip(),
            )
        ]


class Outlook(Extract):
    subject: Annotated[Short, Text("计划、目标或预测的名目", "the plan, target or forecast, in the document's words")]
    value: Annotated[Long, Text("内容，含数值与时间", "what is stated, with figures and dates")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("outlook", self.subject, self.value, evidence)]


class Profile(Answer):
    profile: Annotated[list[Fact], at_most(24), Text("报告与公司的概况", "the report and the company in outline")]


class Metrics(Answer):
    metrics: Annotated[
        list[Metric],
        at_most(32),
        Text("关键指标，每个期间一条", "key metrics, one item for each period"),
    ]


class Changes(Answer):
    changes: Annotated[list[Change], at_most(24), Text("重大变动与原因", "material changes and their causes")]


class Risks(Answer):
    risks: Annotated[
        list[Risk],
        at_most(16),
        Text(
            "报告披露的风险，以及数据或表述不一致之处",
            "risks that the report discloses, and figures or statements that disagree",
        ),
    ]


class Outlooks(Answer):
    outlook: Annotated[list[Outlook], at_most(16), Text("展望、计划、预测", "outlook, plans, forecasts")]


GROUPS = (
    Group("report/profile", Profile),
    Group("report/metrics", Metrics),
    Group("report/changes", Changes),
    Group("report/risks", Risks, thinks=True),
    Group("report/outlook", Outlooks),
)
