"""A figure that the source has is traced however it is written; any other is named."""

from __future__ import annotations

import pytest

from pipeline.kinds.tracing import Figures, marked
from pipeline.types import Evidence, Finding, Span

SOURCE = Figures.of(
    "合同总价为人民币120,000,000.00元（大写：壹亿贰仟万元整），分三期支付，首期30%，二期百分之六十五。\n"
    "甲方应于2026年3月1日前付款，质保期为二十四个月，逾期每日按万分之五支付违约金。第3.2条约定的30日内答复。\n"
    "单位：万元\n项目\t金额\n设备\t8,560.25\n2026年9月完成初验，12月31日前终验。"
)


@pytest.mark.parametrize(
    ("prose", "lacking"),
    [
        ("合同总价1.2亿元", []),
        ("合同总价12000万元", []),
        ("合同总价120,000,000元", []),
        ("合同总价1.3亿元", ["1.3亿元"]),
        ("总价 120 000 000 元", []),
        ("大写为壹亿贰仟万元整", []),
        ("设备款8560.25万元", []),
        ("设备款85,602,500元", []),
        ("设备款8,560.26万元", ["8,560.26万元"]),
        ("首期付30%，二期付65%", []),
        ("首期付百分之三十", []),
        ("尾款5%", ["5%"]),
        ("每日0.05%的违约金", []),
        ("每日0.5‰的违约金", []),
        ("每日0.5%的违约金", ["0.5%"]),
        ("2026-03-01前付款", []),
        ("二〇二六年三月一日前付款", []),
        ("3月1日前付款", []),
        ("2026年3月前付款", []),
        ("2026年3月2日前付款", ["2026年3月2日"]),
        ("2026年9月初验", []),
        ("2026年10月初验", ["2026年10月"]),
        ("质保期24个月", []),
        ("质保期二十四个月", []),
        ("质保期三十六个月", ["三十六"]),
        ("三期支付", []),
        ("30日内答复", []),
        ("45日内答复", ["45"]),
        ("依据民法典第五百八十五条第二款", []),
        ("依据《中华人民共和国民法典》第585条", []),
        ("（1）付款过快；（2）质保过短", []),
        ("没有数字的说明", []),
    ],
)
def test_figures_are_traced_by_worth(prose: str, lacking: list[str]) -> None:
    assert SOURCE.lacks(prose) == lacking


def test_strange_figures_of_prose_are_marked_where_they_stand() -> None:
    prose = "首期30%，尾款5%；第三方于三十六日内付120 000 001元，逾期5%。"
    told, lacking = SOURCE.marked(prose, "〔？〕", Figures.of("年化5%"))
    assert told == "首期30%，尾款5%；第三方于三十六〔？〕日内付120000001元〔？〕，逾期5%。"
    assert lacking == ["三十六", "120000001元"]
    assert SOURCE.marked("首期 30%，共 120 000 000 元", "〔？〕", SOURCE) == ("首期 30%，共 120 000 000 元", [])


def test_the_models_findings_are_marked_and_the_rules_left_alone() -> None:
    evidence = (Evidence("首期30%", Span(0, 5), 1, "exact"),)
    said = Finding("risks", "首付偏高", "30%", "llm", evidence, "首期30%，高于行业的20%。", suggestion="改为10%以内。")
    [shown] = marked([said], SOURCE)
    assert shown.detail == "首期30%，高于行业的20%。〔数字核对：说明中的 20%；建议中的 10% 不见于原文〕"
    rule = Finding("money", "x", "99%", "rule", evidence)
    clean = Finding("risks", "x", "30%", "llm", evidence, "首期30%。")
    assert marked([rule, clean], SOURCE) == [rule, clean]
