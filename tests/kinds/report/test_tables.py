"""Cells, rows and tables as the reader gives them: TABs, wrapped labels, missing blanks."""

from decimal import Decimal

import pytest

from pipeline.kinds.report.figures import parse_cell, unit_of_label, unit_of_line
from pipeline.kinds.report.tables import tables_in


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("1,234.56", "1234.56", 2),
        ("(12.3)", "-12.3", 1),
        ("（12.3）", "-12.3", 1),
        ("-5.2%", "-5.2", 1),
        ("－5.2％", "-5.2", 1),
        ("0", "0", 0),
        ("增加1.2个百分点", "1.2", 1),
        ("减少 0.5 个百分点", "-0.5", 1),
        ("下降8.47%", "-8.47", 2),
        ("12.5亿元", "12.5", 1),
        ("1.5倍", "1.5", 1),
        ("¥3,000.00", "3000.00", 2),
    ],
)
def test_a_cell_that_is_a_figure(text: str, value: str, decimals: int) -> None:
    figure = parse_cell(text)
    assert figure is not None
    assert (figure.value, figure.decimals) == (Decimal(value), decimals)


@pytest.mark.parametrize(
    "text", ["", "-", "不适用", "2025年", "1,23", "12.3.4", "(12.3", "第3季度", "七、1", "1-6月", ",394.9"]
)
def test_a_cell_that_is_none(text: str) -> None:
    assert parse_cell(text) is None


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("单位：万元", "万元"),
        ("单位:元 币种:人民币", "元"),
        ("金额单位：人民币亿元", "亿元"),
        ("（人民币百万元）", "百万元"),
        ("（一）营业收入分产品情况单位：万元", "万元"),
        ("编制单位：某某股份有限公司", None),
        ("编制单位：某某公司  2025年12月31日  单位：千元", "千元"),
        ("公司单位分布", None),
    ],
)
def test_the_unit_above_a_table(line: str, unit: str | None) -> None:
    assert unit_of_line(line) == unit


def test_the_unit_in_a_label() -> None:
    assert unit_of_label("基本每股收益（元/股）") == "元/股"
    assert unit_of_label("毛利率(%)") == "%"
    assert unit_of_label("营业收入（百万元）") == "百万元"
    assert unit_of_label("实收资本（或股本）") is None


def test_a_table_has_its_unit_head_and_rows() -> None:
    text = "前文。\n单位：万元\n项目\t2025年\t2024年\n收入\t10.00\t8.00\n成本\t6.00\t5.00\n后文在此，不属于表格。"
    (table,) = tables_in(text)
    assert table.unit == "万元"
    assert table.column_names(2) == ("2025年", "2024年")
    assert [row.label for row in table.rows if row.is_value_row] == ["收入", "成本"]
    assert text[table.span.start : table.span.end].endswith("5.00")


def test_wrapped_labels_stay_in_the_table() -> None:
    text = "项目\t2025年\t2024年\n归属于上市公司股东的\n净利润\n10.00\t8.00\n总资产\t9.00\t7.00\n"
    (table,) = tables_in(text)
    assert table.wrapped_above(3) == ["归属于上市公司股东的", "净利润"]


def test_a_second_head_begins_a_second_table_that_keeps_the_unit() -> None:
    text = "单位：元\n项目\t2025年\t2024年\n收入\t10\t8\n项目\t2025年末\t2024年末\n总资产\t30\t20\n"
    first, second = tables_in(text)
    assert (first.unit, second.unit) == ("元", "元")
    assert first.clean and not second.clean


def test_a_head_repeated_by_a_page_break_does_not() -> None:
    text = "项目\t2025年\t2024年\n收入\t10\t8\n项目\t2025年\t2024年\n成本\t3\t2\n"
    assert len(tables_in(text)) == 1


def test_figures_parted_by_spaces_are_cells() -> None:
    (table,) = tables_in("项目\t本期\t增减\t上期\n收入\t10.00\t40.39 1,896.19\n")
    assert [cell.text for cell in table.rows[1].cells] == ["收入", "10.00", "40.39", "1,896.19"]


def test_years_are_a_head_not_figures() -> None:
    (table,) = tables_in("项目\t2025\t2024\n收入\t10\t8\n")
    assert table.rows[0].is_years and not table.rows[0].is_value_row
