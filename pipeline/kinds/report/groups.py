"""The questions that are asked about a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from pipeline.kinds.base import Answer, Group, Item, Level, Long, Prove, Short, at_most, finding
from pipeline.types import Evidence, Finding


class Fact(Item):
    item: Short = Field(description="名目：报告名称、公司全称、证券代码、报告期、审计意见、评级、目标价、主营业务等")
    value: Long = Field(description="内容")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("profile", self.item, self.value, evidence)]


class Metric(Item):
    name: Short = Field(description="指标名称，如 营业收入、归母净利润、毛利率")
    value: Short = Field(description="数值，照原文写，不换算")
    unit: Short = Field(description="单位：元、万元、亿元、%、百分点、元/股等")
    period: Short = Field(description="所属期间，如 2025年度、2025年1-6月、2026E")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        unit = "" if self.value.strip().endswith(self.unit.strip()) else self.unit.strip()
        return [finding("metrics", self.name, f"{self.value.strip()}{unit}", evidence, self.period)]


class Change(Item):
    subject: Short = Field(description="变动的指标或事项")
    value: Short = Field(description="变动幅度与方向")
    cause: Long = Field(description="报告所述原因；没有则为空")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("changes", self.subject, self.value, evidence, self.cause)]


class Risk(Item):
    title: Short = Field(description="风险的短名")
    severity: Level = Field(description="high、medium、low")
    reason: Long = Field(description="风险的内容与影响")
    suggestion: Long = Field(description="阅读者应当核实或关注什么")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [
            replace(
                finding("risks", self.title, "", evidence, self.reason),
                severity=self.severity,
                suggestion=self.suggestion.strip(),
            )
        ]


class Outlook(Item):
    subject: Short = Field(description="计划、目标或预测的名目")
    value: Long = Field(description="内容，含数值与时间")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("outlook", self.subject, self.value, evidence)]


class Profile(Answer):
    profile: Annotated[list[Fact], at_most(24)] = Field(description="报告与公司的概况")


class Metrics(Answer):
    metrics: Annotated[list[Metric], at_most(32)] = Field(description="关键指标，每个期间一条")


class Changes(Answer):
    changes: Annotated[list[Change], at_most(24)] = Field(description="重大变动与原因")


class Risks(Answer):
    risks: Annotated[list[Risk], at_most(16)] = Field(description="报告披露的风险，以及数据或表述不一致之处")


class Outlooks(Answer):
    outlook: Annotated[list[Outlook], at_most(16)] = Field(description="展望、计划、预测")


GROUPS = (
    Group("report/profile", Profile),
    Group("report/metrics", Metrics),
    Group("report/changes", Changes),
    Group("report/risks", Risks, thinks=True),
    Group("report/outlook", Outlooks),
)
