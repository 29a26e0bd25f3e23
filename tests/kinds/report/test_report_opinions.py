"""Audit opinions, warnings of risk and units in running text."""

from __future__ import annotations

import pytest
from documents import document

from pipeline.kinds.report.opinions import opinion_alarms


def items(text: str) -> list[str]:
    return [f.item for f in opinion_alarms(document(text))]


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("大华会计师事务所为本公司出具了保留意见的审计报告。", "审计意见非标准"),
        ("会计师事务所对公司2025年度财务报告出具了无法表示意见的审计报告。", "审计意见非标准"),
        ("审计意见类型：否定意见", "审计意见非标准"),
        ("出具了带强调事项段的无保留意见审计报告。", "审计意见非标准"),
        ("公司持续经营能力存在重大不确定性。", "审计意见非标准"),
        ("会计师事务所出具了标准无保留意见的审计报告。", ""),
        ("会计师事务所出具了无保留意见的审计报告。", ""),
        ("董事会对非标准审计意见的说明：□适用 √不适用", ""),
        ("如被出具保留意见的审计报告，公司股票将被警示。", ""),
        ("会计师事务所“非标准审计报告”的说明（不适用）。", ""),
        ("本报告期财务报告未经审计。", "数据未经审计"),
        ("公司第三季度财务会计报告未经会计师事务所审计。", "数据未经审计"),
        ("本年度财务报告已经审计。", ""),
        ("盈利预测数据未经审计。", ""),
        ("维持买入评级，目标价35.6元。行业景气度上行。", "缺少风险提示"),
        ("维持买入评级，目标价35.6元。风险提示：需求不及预期。", ""),
        ("公司治理情况良好。", ""),
        ("营业收入12.35亿元。报告末称营业收入为12.35万元。", "单位疑似有误"),
        ("营业收入12.35亿元，净利润1.2亿元；营业收入12.35亿元。", ""),
        ("营业收入12.35亿元，净利润12.35万元。", ""),
        ("营业收入12.35亿元，即营业收入123,500万元。", ""),
    ],
)
def test_what_a_reader_must_know_first(text: str, item: str) -> None:
    assert items(text) == ([item] if item else [])


def test_the_quote_is_the_sentence_and_an_absence_has_none() -> None:
    [found] = opinion_alarms(document("一、概述\n会计师事务所出具了保留意见的审计报告。以下从略。"))
    assert found.evidence[0].quote == "会计师事务所出具了保留意见的审计报告" and found.severity == "high"
    [absent] = opinion_alarms(document("给予增持评级。"))
    assert absent.status == "absent" and absent.grounded and not absent.evidence
