"""Checks that look across rows, columns and tables: a whole that is not printed, quarters, reasons, ratios, units."""

import pytest

from pipeline.kinds.report.rules import findings_in
from tests.kinds.report.documents import checks, document

SHARE, RATIO, GROWTH, SUM, SLIP = "占比与数据不符", "比率与数据不符", "增长率与数据不符", "表内合计不符", "单位疑似有误"


def items(text: str) -> list[str]:
    return [item for item, _ in checks(findings_in(document(text)))]


HOLDERS = (
    "单位：股\n股东名称\t持股数量\t持股比例（%）\n甲公司\t138,240,000\t36.00\n乙公司\t46,080,000\t12.00\n"
    "丙公司\t11,520,000\t{}\n丁\t7,680,000\t2.00\n"
)
AGEING = (
    "单位：元\n账龄\t账面余额\t坏账准备\t计提比例\n一年以内\t312,456,789.01\t15,622,839.45\t5.00%\n"
    "一至二年\t45,678,901.23\t4,567,890.12\t10.00%\n二至三年\t12,345,678.90\t3,703,703.67\t30.00%\n"
    "三年以上\t8,765,432.10\t8,765,432.10\t100.00%\n合计\t379,246,801.24\t32,659,865.34\t{}\n"
)
LOANS = (
    "单位：百万元\n项目\t2025年末\t占比（%）\n正常类\t1,823,456\t97.34\n关注类\t23,456\t{}\n次级类\t8,765\t0.47\n"
    "可疑类\t9,876\t0.53\n损失类\t7,654\t0.41\n贷款和垫款总额\t1,873,207\t100.00\n不良贷款\t26,295\t1.40\n"
)
PROJECTS = (
    "单位：万元\n项目\t投入金额\t其中费用化\t占收入比例（%）\n甲\t1,798.84\t1,078.84\t1.14\n乙\t325.19\t325.19\t0.21\n"
    "丙\t505.92\t505.92\t0.32\n丁\t646.98\t646.98\t0.41\n戊\t209.94\t9.94\t0.13\n己\t{}\t232.11\t0.15\n"
)
QUARTERS = (
    "2025年年度报告\n主要会计数据\n单位：万元\n项目\t2025年\t2024年\n营业收入\t1,000.00\t900.00\n净利润\t100.00\t90.00\n"
    "归属于上市公司股东的净利润\t95.00\t85.00\n分季度主要财务数据\n单位：万元\n"
    "项目\t第一季度\t第二季度\t第三季度\t第四季度\n营业收入\t200.00\t250.00\t{}\t300.00\n"
    "净利润\t20.00\t25.00\t25.00\t30.00\n归属于上市公司股东的净利润\t19.00\t24.00\t24.00\t28.00\n"
)
REASONS = (
    "2026年第一季度报告\n项目名称\t变动比例（%）\t主要原因\n货币资金\t{}\t购买存款\n存货\t8.49\t备货\n"
    "在建工程\t18.01\t基地投入\n资产负债表\n单位：元\n项目\t2026年3月31日\t2025年12月31日\n"
    "货币资金\t523,456,789.01\t612,345,678.90\n存货\t567,890,123.45\t523,456,789.01\n"
    "在建工程\t234,567,890.12\t198,765,432.10\n"
)
CAPITAL = (
    "2025年年度报告\n单位：百万元\n项目\t2025年末\t2024年末\n资本净额\t244,566\t223,466\n"
    "风险加权资产\t1,765,432\t1,612,345\n资本充足率\t{}\t13.86%\n"
)


@pytest.mark.parametrize(
    ("text", "wrong", "right", "item"),
    [
        (HOLDERS, "3.50", "3.00", SHARE),
        (AGEING, "9.61%", "8.61%", RATIO),
        (LOANS, "1.52", "1.25", SHARE),
        (PROJECTS, "432.11", "232.11", SHARE),
        (QUARTERS, "240.00", "250.00", SUM),
        (REASONS, "-18.63", "-14.52", GROWTH),
        (CAPITAL, "14.36%", "13.85%", RATIO),
        ("机器人收入22.5亿元，占比39.9%；物流收入19.8亿元，占比35.1%；其他14.0亿元，占比{}。", "28.5%", "24.8%", SHARE),
        ("投资评级：买入。风险提示：需求不及预期。我们预计公司2025-2027年归母净利润分别为6.32/7.81/{}亿元。\n"
         "单位：百万元\n项目\t2024A\t2025E\t2026E\t2027E\n归母净利润\t498\t632\t781\t958\n",
         "9.85", "9.58", "同一指标前后不一"),
        ("2025年度报告\n（除特别注明外，金额单位为人民币百万元）\n一、数据\n项目\t2025年\t2024年\n净利润\t28,830\t25,676\n"
         "2025年，本行实现净利润{}亿元。", "2.88", "288.30", SLIP),
        ("单位：元\n项目\t本报告期\t上年同期\t本报告期比上年同期增减变动幅度（%）\n营业收入\t345,678,901.23\t298,765,432.10\t15.70\n"
         "净利润\t34,567,890.12\t41,234,567.89\t{}\n扣除非经常性损益的净利润\t30,123,456.78\t39,012,345.67\t-22.78\n",
         "16.17", "-16.17", GROWTH),
        ("单位：元\n项目\t2025年\t2024年\n处置损益\t-1,234,567.89\t456,789.01\n政府补助\t9,876,543.21\t8,765,432.10\n"
         "减：所得税影响额\t1,579,630.49\t1,350,000.00\n少数股东权益影响额（税后）\t598,200.00\t412,345.67\n"
         "合计\t{}\t7,459,875.44\n", "6,554,144.83", "6,464,144.83", SUM),
        ("现金流量表\n单位：千元\n项目\t附注\t2025年\t2024年\n五、现金及现金等价物净增加额\t五(59)\t33,815\t58,024\n"
         "加：期初现金及现金等价物余额\t\t456,789\t398,765\n六、期末现金及现金等价物余额\t\t{}\t456,789\n",
         "489,604", "490,604", SUM),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_told_and_what_follows_is_not(text: str, wrong: str, right: str, item: str) -> None:
    assert item in items(text.format(wrong))
    assert items(text.format(right)) == []


@pytest.mark.parametrize(
    ("heading", "told"),
    [("二、形成保留意见的基础", True), ("二、形成审计意见的基础", False), ("与持续经营相关的重大不确定性\n", True)],
)
def test_the_heading_of_an_audit_report_tells_its_opinion(heading: str, told: bool) -> None:
    text = f"审计报告\n我们审计了甲公司财务报表。\n{heading}\n我们按照审计准则的规定执行了审计工作。"
    assert ("审计意见非标准" in items(text)) is told


def test_a_figure_compared_with_the_year_before_is_of_this_year() -> None:
    text = (
        "2025年年度报告\n单位：元\n项目\t2025年\t2024年\n营业收入\t1,061,469,134.78\t921,345,678.90\n"
        "净利润\t100,468,024.68\t87,654,321.09\n"
        "公司实现营业收入10.61亿元，较上年同期增长15.21%；实现净利润10,046.80万元，同比增长14.62%。"
    )
    assert items(text) == []


def test_a_research_note_is_of_the_last_year_that_it_knows() -> None:
    text = "甲公司深度报告\n项目\t2024A\t2025A\t2026E\n营业收入（百万元）\t4,126\t5,318\t6,862\n"
    assert [f.value for f in findings_in(document(text)) if f.item == "报告期"] == ["2025年"]
