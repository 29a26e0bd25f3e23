"""What contradicts itself is told, and what only looks so is not."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kinds.report.rules import findings_in
from tests.kinds.report.documents import checks, document

SUM, GROWTH, BALANCE = "表内合计不符", "增长率与数据不符", "资产负债不平"
HEAD = "一、分产品情况\n单位：万元\n产品\t2025年\t2024年\n"


def alarms(text: str) -> list[tuple[str, str]]:
    return checks(findings_in(document(text)))


# --- sums -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (HEAD + "甲\t100.00\t90.00\n乙\t200.00\t180.00\n合计\t310.00\t270.00\n", "合计\t310.00\t270.00"),
        (HEAD + "甲\t100.00\t90.00\n乙\t200.00\t180.00\n合 计\t310.00\t270.00\n", "合 计\t310.00\t270.00"),
        ("单位：元\n部门\t人数\n研发\t120\n销售\t80\n生产\t300\n合计\t510\n", "合计\t510"),
        (HEAD + "合计\t310.00\t270.00\n其中：甲\t100.00\t90.00\n乙\t200.00\t180.00\n", "合计\t310.00\t270.00"),
        (
            HEAD
            + "甲\t100.00\t90.00\n乙\t200.00\t180.00\n小计\t300.00\t270.00\n丙\t50.00\t40.00\n总计\t360.00\t310.00\n",
            "总计\t360.00\t310.00",
        ),
        (
            HEAD + "一、流动\n甲\t10.00\t9.00\n乙\t20.00\t18.00\n流动资产合计\t30.00\t27.00\n"
            "丙\t5.00\t4.00\n丁\t6.00\t4.00\n"
            "非流动资产合计\t11.00\t8.00\n资产总计\t41.00\t53.00\n",
            "资产总计\t41.00\t53.00",
        ),
        (
            "单位：元\n项目\t期末\t期初\n甲\t1,000.00\t500.00\n减：乙\t100.00\t50.00\n合计\t900.00\t540.00\n",
            "合计\t900.00\t540.00",
        ),
    ],
)
def test_a_wrong_total_is_told(table: str, row: str) -> None:
    assert (SUM, row) in alarms(table)


@pytest.mark.parametrize(
    "table",
    [
        HEAD + "甲\t100.00\t90.00\n乙\t200.00\t180.00\n合计\t300.00\t270.00\n",
        HEAD + "甲\t33.33\t90.00\n乙\t33.33\t90.00\n丙\t33.33\t90.00\n合计\t100.00\t270.00\n",  # rounding
        HEAD + "甲\t100.00\t90.00\n其中：子\t60.00\t50.00\n乙\t200.00\t180.00\n合计\t300.00\t270.00\n",
        HEAD + "小计\t300.00\t270.00\n其中：甲\t100.00\t90.00\n",  # a part only
        "产品\t数量\t单价\t金额\n甲\t10\t5.00\t50.00\n乙\t20\t4.00\t80.00\n合计\t30\t-\t130.00\n",
        "产品\t数量\t单价\t金额\n甲\t10\t5.00\t50.00\n乙\t20\t4.00\t80.00\n合计\t30\t130.00\n",  # blank lost
        "产品\t毛利率\t收入\n甲\t30.00\t50.00\n乙\t20.00\t80.00\n合计\t24.00\t130.00\n",  # an average
        "项目\t期末\n甲\t1,234,56\n7.89\n乙\t100.00\n合计\t1,300,000.00\n",  # a broken cell
        "按组合计提坏账准备：\n项目\t期末\n甲\t10.00\n乙\t20.00\n按组合计提\t99.00\n",
        "合计\t310.00\n",
        "单位：万元\n项目\t金额\n一、收入\t100.00\n二、支出\t40.00\n合计\t9.00\n",  # far off: misread
    ],
)
def test_a_total_that_may_be_right_is_not(table: str) -> None:
    assert alarms(table) == []


def test_a_column_of_totals_is_proved_by_the_other_rows() -> None:
    head = "项目\t一季度\t二季度\t合计\n"
    rows = "甲\t100\t110\t210\n乙\t200\t220\t420\n丙\t300\t330\t630\n"
    assert alarms(head + rows) == []
    assert alarms(head + rows + "丁\t400\t440\t850\n") == [(SUM, "丁\t400\t440\t850")]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(100, 10**7), st.integers(100, 10**7)), min_size=2, max_size=12),
    st.integers(0, 10**6),
)
def test_right_totals_are_never_told_and_altered_ones_always(rows: list[tuple[int, int]], seed: int) -> None:
    def line(label: str, *cents: int) -> str:
        return "\t".join([label, *(f"{c / 100:,.2f}" for c in cents)])

    first, second = sum(a for a, _ in rows), sum(b for _, b in rows)
    body = [line(f"项目{chr(0x7532 + i)}", a, b) for i, (a, b) in enumerate(rows)]
    head = ["单位：元", "项目\t期末余额\t期初余额"]
    assert alarms("\n".join([*head, *body, line("合计", first, second)])) == []
    wrong = line("合计", first + max(2, int(first * Random(seed).uniform(0.01, 0.2))), second)
    assert alarms("\n".join([*head, *body, wrong])) == [(SUM, wrong)]


# --- growth and other rates -------------------------------------------------------------------------------------------

GROWTH_HEAD = "单位：万元\n项目\t2025年\t2024年\t同比增减\n"


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (
            GROWTH_HEAD + "甲\t110.00\t100.00\t10.00%\n乙\t240.00\t200.00\t20.00%\n丙\t50.00\t40.00\t52.00%\n",
            "丙\t50.00\t40.00\t52.00%",
        ),
        (GROWTH_HEAD + "营业收入\t110.00\t100.00\t12.00%\n", "营业收入\t110.00\t100.00\t12.00%"),
        ("项目\t本期\t上年同期\t增减变动幅度（%）\n收入\t90.00\t100.00\t10.00\n", "收入\t90.00\t100.00\t10.00"),
        (
            "项目\t2024A\t2025A\t2026E\t2027E\n营业收入（百万元）\t100\t120\t150\t180\n增长率（%）\t11.0\t20.0\t52.0\t20.0\n",
            "增长率（%）\t11.0\t20.0\t52.0\t20.0",
        ),
    ],
)
def test_a_wrong_growth_is_told(table: str, row: str) -> None:
    if "变动幅度" in table:
        assert alarms(table) == []  # 变动幅度 may be told without its sign
    else:
        assert alarms(table) == [(GROWTH, row)]


@pytest.mark.parametrize(
    "rows",
    [
        "甲\t110.00\t100.00\t10.00%\n乙\t240.00\t200.00\t20.00%\n",
        "甲\t1.1\t1.0\t12.00%\n",  # within rounding: 1.149 / 0.95
        "甲\t-10.00\t100.00\t不适用\n乙\t50.00\t-20.00\t350.00%\n",  # losses
        "毛利率（%）\t35.20\t33.10\t2.10\n",  # points
        "净资产收益率\t9.82%\t9.15%\t增加0.67个百分点\n",
        "甲\t300.00\t100.00\t2.0倍\n",
    ],
)
def test_a_growth_that_may_be_right_is_not(rows: str) -> None:
    assert alarms(GROWTH_HEAD + rows) == []


def test_a_head_that_wraps_still_names_its_columns() -> None:
    table = (
        "项目\t2025年末\t2024年末\n本期末比上年\n末增减\n总资产\t110.00\t100.00\t12.00%\n净资产\t60.00\t50.00\t20.00%\n"
    )
    assert alarms(table) == [(GROWTH, "总资产\t110.00\t100.00\t12.00%")]


def test_points_are_the_difference_of_two_rates() -> None:
    row = "加权平均净资产收益率\t9.82%\t9.15%\t{}\n"
    assert alarms(GROWTH_HEAD + row.format("增加0.67个百分点")) == []
    assert [item for item, _ in alarms(GROWTH_HEAD + row.format("增加0.76个百分点"))] == [GROWTH]


def test_a_growth_column_between_other_years_is_found_by_its_rows() -> None:
    head = "项目\t2025年\t2024年\t本期比上年同期增减（%）\t2023年\n"
    rows = "收入\t110.00\t100.00\t10.00\t80.00\n利润\t24.00\t20.00\t20.00\t15.00\n资产\t90.00\t60.00\t50.00\t50.00\n"
    assert alarms(head + rows) == []
    assert alarms(head + rows.replace("50.00\t50.00", "55.00\t50.00")) == [(GROWTH, "资产\t90.00\t60.00\t55.00\t50.00")]


def test_shares_follow_from_the_total() -> None:
    table = (
        "单位：万元\n客户\t金额\t占比\n甲\t50.00\t50.00%\n乙\t30.00\t30.00%\n丙\t20.00\t{}%\n合计\t100.00\t100.00%\n"
    )
    assert alarms(table.format("20.00")) == []
    assert ("占比与数据不符", "丙\t20.00\t26.00%") in alarms(table.format("26.00"))


def test_margins_follow_from_revenue_and_cost() -> None:
    table = "产品\t营业收入\t营业成本\t毛利率（%）\n"
    table += "甲\t100.00\t60.00\t40.00\n乙\t200.00\t150.00\t25.00\n丙\t50.00\t40.00\t{}\n"
    assert alarms(table.format("20.00")) == []
    assert alarms(table.format("28.00")) == [("毛利率与数据不符", "丙\t50.00\t40.00\t28.00")]


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (
            "海外收入由2024年的9.80亿元增至14.21亿元，同比增长54.0%。",
            "海外收入由2024年的9.80亿元增至14.21亿元，同比增长54.0%",
        ),
        ("运营收入从上年的100万元下降到80万元，下降25%。", "运营收入从上年的100万元下降到80万元，下降25%"),
        ("期末余额120万元，较期初的100万元增长25%。", "期末余额120万元，较期初的100万元增长25%"),
        (
            "2025年营业收入12.5亿元，上年同期11.2亿元，同比增长8.3%。",
            "2025年营业收入12.5亿元，上年同期11.2亿元，同比增长8.3%",
        ),
        ("营业收入12.5亿元，同比增长8.3%，上年同期为11.2亿元。", "营业收入12.5亿元，同比增长8.3%，上年同期为11.2亿元"),
        ("2026年装机达到96GWh，2025年为72GWh，同比增长23.3%。", "2026年装机达到96GWh，2025年为72GWh，同比增长23.3%"),
        ("前五名份额为48.5%，前一年为44.2%，提升3.4个百分点。", "前五名份额为48.5%，前一年为44.2%，提升3.4个百分点"),
    ],
)
def test_a_wrong_change_in_a_sentence_is_told(sentence: str, quote: str) -> None:
    assert alarms(sentence) == [(GROWTH, quote)]


@pytest.mark.parametrize(
    "sentence",
    [
        "海外收入由2024年的9.80亿元增至14.21亿元，同比增长45.0%。",
        "营业收入由约10亿元增至12亿元，同比增长30%。",
        "营业收入由10亿元增至12亿元左右，同比增长30%。",
        "2025年收入10亿元，2026年12亿元，同比增长20%。",
        "毛利率由33.1%升至35.2%，同比增长6.3%。",
        "产能由10万吨扩大至20GWh，同比增长30%。",
        "人员由100人增至120人，其中研发人员增长30%。",
        "2025年收入12亿元，2019年为6亿元，同比增长8%。",
        "第3条由10元改为12元。",
        "收入由2023年的5亿元增至2025年的10亿元，同比增长20%。",
        "收入由2023年的5亿元增至2025年的10亿元，年均复合增长41%。",
        "期末余额120万元，年初为100万元，同比增长30%。",
        "毛利率同比提升3.2个百分点至58.6%，净利率由8%升至9%。",
        "预计采购3.73亿元（较2024年实际额增长191.41%）。",
        "归母净利润10.3亿元，同比+2.9%，上年同期为10.01亿元。",
    ],
)
def test_a_change_that_may_be_right_is_not(sentence: str) -> None:
    assert alarms(sentence) == []


def test_percent_for_points_is_told_low() -> None:
    told = findings_in(document("毛利率由33.1%提高至35.2%，提高2.1%。"))
    (finding,) = (finding for finding in told if finding.category == "checks")
    assert (finding.item, finding.severity) == ("百分点误作百分比", "low")


# --- statements -------------------------------------------------------------------------------------------------------

SHEET = (
    "合并资产负债表\n2025年12月31日\n单位：万元\n项目\t期末余额\t期初余额\n资产总计\t{}\t900.00\n负债合计\t400.00\t{}\n"
    "归属于母公司所有者权益合计\t500.00\t450.00\n少数股东权益\t100.00\t100.00\n所有者权益合计\t600.00\t550.00\n"
    "负债和所有者权益总计\t1,000.00\t{}\n"
)


def test_assets_equal_liabilities_and_equity() -> None:
    assert alarms(SHEET.format("1,000.00", "350.00", "900.00")) == []
    ((item, quote),) = alarms(SHEET.format("1,000.00", "350.00", "990.00"))
    assert (item, quote) == (BALANCE, "负债和所有者权益总计\t1,000.00\t990.00")
    assert BALANCE in {item for item, _ in alarms(SHEET.format("1,000.00", "380.00", "900.00"))}


def test_equity_of_the_owners_alone_is_no_contradiction() -> None:
    text = "主要数据\n项目\t2025年末\t2024年末\n"
    text += "总资产\t1,000.00\t900.00\n总负债\t400.00\t350.00\n归属于上市公司股东的净资产\t500.00\t450.00\n"
    assert alarms(text) == []
    assert alarms(text.replace("归属于上市公司股东的净资产", "净资产")) == []


def test_net_profit_follows_from_total_profit_and_tax() -> None:
    text = "利润表\n单位：元\n项目\t本期\t上期\n"
    text += "四、利润总额\t100.00\t90.00\n减：所得税费用\t25.00\t20.00\n五、净利润\t{}\t70.00\n"
    assert alarms(text.format("75.00")) == []
    assert alarms(text.format("57.00")) == [(SUM, "五、净利润\t57.00\t70.00")]


INCOME = (
    "合并利润表\n单位：万元\n项目\t本期发生额\t上期发生额\n一、营业总收入\t1,000.00\t900.00\n二、营业总成本\t{}\t730.00\n"
    "其中：营业成本\t600.00\t550.00\n税金及附加\t10.00\t9.00\n销售费用\t80.00\t71.00\n管理费用\t110.00\t100.00\n"
    "其中：利息费用\t5.00\t4.00\n加：其他收益\t20.00\t15.00\n信用减值损失\t-30.00\t-25.00\n三、营业利润\t{}\t160.00\n"
)


def test_operating_profit_follows_from_revenue_costs_and_gains() -> None:
    assert alarms(INCOME.format("800.00", "190.00")) == []
    assert alarms(INCOME.format("800.00", "777.00")) == []  # far off: a line was misread
    assert alarms(INCOME.format("800.00", "160.00")) == [(SUM, "三、营业利润\t160.00\t160.00")]
    assert (SUM, "二、营业总成本\t880.00\t730.00") in alarms(INCOME.format("880.00", "190.00"))


def test_an_income_statement_that_no_column_proves_is_left_alone() -> None:
    text = INCOME.format("800.00", "160.00").replace("900.00", "950.00")
    assert alarms(text) == []


def test_cash_flow_with_blanks_lost_is_left_alone() -> None:
    text = "项目\t本期\t上期\n筹资活动现金流入小计\t3,000.00\n"
    text += "筹资活动现金流出小计\t350.00\n筹资活动产生的现金流量净额\t-350.00\t3,000.00\n"
    assert alarms(text) == []


# --- prose against tables ---------------------------------------------------------------------------------------------

KEY = (
    "某某股份有限公司\n2025年年度报告\n{}\n一、主要会计数据\n单位：元\n主要会计数据\t2025年\t2024年\t增减\n"
    "营业收入\t1,863,427,915.40\t1,592,764,208.33\t16.99%\n"
    "归属于上市公司股东的净利润\t214,586,303.72\t187,251,940.16\t14.60%\n"
    "综合毛利率（%）\t33.20\t34.32\t减少1.12个百分点\n"
)


@pytest.mark.parametrize(
    ("sentence", "item"),
    [
        ("报告期内，公司实现营业收入18.63万元。", "单位疑似有误"),
        ("报告期内，公司实现营业收入186,342.79亿元。", "单位疑似有误"),
        ("2025年，公司实现营业收入18.36亿元。", "同一指标前后不一"),
        ("报告期内，公司实现营业收入18.63亿元，同比增长19.66%。", GROWTH),
        ("报告期内，公司归属于上市公司股东的净利润同比下降14.60%。", GROWTH),
        ("报告期内，公司综合毛利率较上年下降2.12个百分点。", GROWTH),
        ("归属于上市公司股东的净利润同比增长41.60%，主要系收入增长。", GROWTH),
        ("公司全年研发费用9,000.00万元，占营业收入的6.83%。", "占比与数据不符"),
    ],
)
def test_prose_that_contradicts_the_table_is_told(sentence: str, item: str) -> None:
    assert [found for found, _ in alarms(KEY.format(sentence))] == [item]


@pytest.mark.parametrize(
    "sentence",
    [
        "报告期内，公司实现营业收入18.63亿元，同比增长16.99%；归属于上市公司股东的净利润2.15亿元，同比增长14.60%。",
        "报告期内，公司实现营业收入约18.5亿元。",
        "报告期内，子公司甲公司实现营业收入1.86亿元，同比增长30%。",
        "海外业务实现营业收入17.63亿元。",
        "2026年，公司计划实现营业收入20.00亿元。",
        "2024年，公司实现营业收入15.93亿元。",
        "第一季度，公司实现营业收入4.10亿元。",
        "母公司实现营业收入17.20亿元。",
        "毛利率同比下降5.00个百分点。",
        "公司全年研发费用9,000.00万元，占营业收入的4.83%，较上年增长8.77%。",
        "公司综合毛利率33.20%，较上年下降1.12个百分点。",
    ],
)
def test_prose_that_agrees_or_means_another_thing_is_not(sentence: str) -> None:
    assert alarms(KEY.format(sentence)) == []


# --- sentences of every kind against one report's tables ---------------------------------------------------------

ANNUAL = (
    "海丰股份有限公司2025年年度报告\n"
    "一、主要会计数据\n"
    "单位：万元\n"
    "项目\t2025年\t2024年\t增减\n"
    "营业收入\t186,300.00\t159,240.00\t16.99%\n"
    "营业成本\t124,448.40\t105,098.40\t18.41%\n"
    "归属于上市公司股东的净利润\t21,500.00\t18,760.00\t14.61%\n"
    "经营活动产生的现金流量净额\t30,120.00\t25,480.00\t18.21%\n"
    "研发费用\t9,000.00\t8,274.00\t8.77%\n"
    "二、分行业收入\n"
    "单位：万元\n"
    "行业\t2025年\t2024年\t增减\n"
    "电机\t98,200.00\t81,640.00\t20.28%\n"
    "泵阀\t56,700.00\t50,300.00\t12.72%\n"
    "仪表\t31,400.00\t27,300.00\t15.02%\n"
    "合计\t186,300.00\t159,240.00\t16.99%\n"
    "三、资产状况\n"
    "单位：万元\n"
    "项目\t2025年末\t2024年末\n"
    "资产总计\t412,000.00\t386,500.00\n"
    "负债合计\t164,800.00\t158,465.00\n"
    "所有者权益合计\t247,200.00\t228,035.00\n"
    "四、经营讨论\n"
    "{}\n"
    "五、可能面对的风险\n"
    "原材料价格波动的风险。\n"
)


@pytest.mark.parametrize(
    "sentence",
    [
        "截至报告期末，公司资产负债率为42.00%。",
        "期末资产负债率由上年末的41.00%降至39.00%。",
        "公司综合毛利率为36.20%，盈利能力稳定。",
        "报告期内公司毛利率达到31.20%。",
        "电机业务实现收入92,800.00万元，为公司第一大业务。",
        "其中，泵阀收入5.76亿元，仪表收入3.14亿元。",
        "仪表业务收入同比增长25.02%，增速最快。",
        "报告期内，电机收入98,200.00万元，同比增长10.28%。",
        "公司全年实现营业收入16.83亿元。",
        "归属于上市公司股东的净利润21,500.00万元，同比增长24.61%。",
        "经营活动产生的现金流量净额30,120.00亿元。",
        "报告期内公司研发费用9,000.00万元，占营业收入的比例为6.83%。",
        "公司营业收入为186,300.00亿元，同比增长16.99%。",
        "泵阀收入较上年下降12.72%。",
        "报告期末，公司总资产为41.20亿元，较年初增长8.60%。",
        "研发费用率为5.83%，研发投入持续加大。",
        "公司实现归属于上市公司股东的净利润2.51亿元。",
        "毛利率36.20%，较上年减少0.80个百分点。",
        "经营现金流净额3.21亿元，同比增长18.21%。",
        "公司营业收入由上年的159,240.00万元增至186,300.00万元，增长19.99%。",
    ],
)
def test_a_sentence_that_no_table_bears_out_is_told(sentence: str) -> None:
    assert len(alarms(ANNUAL.format(sentence))) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "截至报告期末，公司资产负债率为40.00%。",
        "公司综合毛利率为33.20%，盈利能力稳定。",
        "电机业务实现收入98,200.00万元，为公司第一大业务。",
        "其中，泵阀收入5.67亿元，仪表收入3.14亿元。",
        "仪表业务收入同比增长15.02%，增速最快。",
        "报告期内，电机收入9.82亿元，同比增长20.28%。",
        "电机销量同比增长31.50%。",
        "电机业务毛利率为38.20%。",
        "泵阀出口收入1.20亿元，同比增长8.00%。",
        "公司预计2026年电机收入120,000.00万元。",
        "华东地区电机收入45,000.00万元。",
        "资产负债率同行业平均为55.00%。",
        "上年末资产负债率为41.00%。",
        "公司资产负债率上限为70.00%。",
        "主营业务毛利率为34.50%。",
        "研发费用率为4.83%。",
        "归母净利率为11.54%，较上年下降0.24个百分点。",
        "仪表新签订单3.90亿元，同比增长40.00%。",
        "泵阀收入约5.7亿元。",
        "公司对子公司电机厂增资1,000.00万元。",
        "公司货币资金186,300.00元用于质押。",
    ],
)
def test_a_sentence_that_agrees_or_speaks_of_something_else_is_not(sentence: str) -> None:
    assert alarms(ANNUAL.format(sentence)) == []


FORECAST = (
    "某公司点评\n当前价：28.50元\n盈利预测（单位：百万元）\n项目\t2024A\t2025E\t2026E\t2027E\n"
    "归母净利润\t517\t668\t829\t1,004\n每股收益（元）\t0.86\t1.11\t1.38\t1.67\n市盈率（倍）\t33.1\t{}\t20.7\t17.1\n"
)


@pytest.mark.parametrize(("multiple", "hit"), [("25.7", False), ("28.7", True), ("25.6", False), ("-", False)])
def test_price_to_earnings_in_forecasts(multiple: str, hit: bool) -> None:
    assert [item for item, _ in alarms(FORECAST.format(multiple))] == (["比率与数据不符"] if hit else [])


RATED = (
    "某集团跟踪评级报告\n项目\t本次评级\t上次评级\n主体信用等级\tAA+\tAA\n单位：亿元\n指标\t2024年\t2023年\n"
    "政府补助\t7.86\t7.12\n净利润\t5.63\t5.48\n{}\n"
)


@pytest.mark.parametrize(
    ("sentence", "items"),
    [
        ("本机构维持公司主体信用等级为AA-。", ["同一指标前后不一"]),
        ("本机构维持公司主体信用等级为AA+，评级展望为稳定。", []),
        ("此前公司主体信用等级为AA。", []),
        ("2024年，公司获得财政补贴7.86万元。", ["单位疑似有误"]),
        ("2024年，公司获得财政补贴7.86亿元。", []),
        ("本期债券信用等级为AAA。", []),
    ],
)
def test_grades_and_units_that_the_tables_contradict(sentence: str, items: list[str]) -> None:
    assert [item for item, _ in alarms(RATED.format(sentence))] == items


def test_a_ratio_without_a_period_is_told_the_latest_one() -> None:
    text = (
        "某集团2025年度跟踪评级报告\n单位：亿元\n指标\t2024年末\t2023年末\n资产总额\t1286.45\t1203.18\n"
        "负债总额\t798.32\t731.06\n资本结构\n随着融资规模扩大，资产负债率升至63.05%，较上年末上升。\n"
    )
    found = [f.value for f in findings_in(document(text)) if f.item == "比率与数据不符"]
    assert found == ["资产负债率 63.05%，应为 62.06%"]
