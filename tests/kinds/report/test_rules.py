"""What the rules say of a report, on literal texts, on the samples' gold and on a real annual report."""

import asyncio
import gc
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kinds.report.names import METRICS, PROSE_NAME, metric_by_label
from pipeline.kinds.report.periods import Period, period_in, report_period
from pipeline.kinds.report.rules import findings_in
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.types import Document, Finding
from tests.kinds.report.documents import document

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "data" / "samples"
CORPUS = ROOT.parent / "shared" / "corpus" / "zh"


def found(text: str, category: str) -> list[tuple[str, str, str]]:
    return [(f.item, f.value, f.detail) for f in findings_in(document(text)) if f.category == category]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("2025年年度报告", "2025年"),
        ("某某股份有限公司 2025 年半年度报告全文", "2025年上半年"),
        ("2025年第三季度报告", "2025年前三季度"),
        ("2025年第一季度报告", "2025年第一季度"),
        ("二〇二五年年度报告", "2025年"),
        ("2025年度审计报告", "2025年"),
    ],
)
def test_a_title_names_its_period(title: str, expected: str) -> None:
    assert str(report_period(title)) == expected


@pytest.mark.parametrize(
    ("head", "stock", "expected"),
    [
        ("2025年", False, "2025年"),
        ("2025年", True, "2025年末"),
        ("2025年12月31日", True, "2025年末"),
        ("2024年末", True, "2024年末"),
        ("2025年1-6月", False, "2025年上半年"),
        ("2026E", False, "2026年（预测）"),
        ("2025A", False, "2025年"),
        ("2025", False, "2025年"),
        ("本期发生额", False, "2025年"),
        ("上期发生额", False, "2024年"),
        ("上年同期", False, "2024年"),
        ("期末余额", True, "2025年末"),
        ("期初余额", True, "2024年末"),
        ("第三季度（7-9月份）", False, "2025年第三季度"),
        ("本期比上年同期增减（%）", False, "None"),
        ("附注", False, "None"),
    ],
)
def test_a_column_head_names_its_period(head: str, stock: bool, expected: str) -> None:
    assert str(period_in(head, Period(2025, "year"), stock=stock)) == expected


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("营业收入（百万元）", "营业收入"),
        ("一、营业总收入", "营业总收入"),
        ("归属于上市公司股东的净利润", "归母净利润"),
        ("归属于母公司所有者的净利润", "归母净利润"),
        ("归属于上市公司股东的扣除非经常性损益的净利润", "扣非净利润"),
        ("扣除非经常性损益后的基本每股收益（元/股）", "扣非每股收益"),
        ("加权平均净资产收益率（%）", "净资产收益率"),
        ("经营活动产生的现金流量净额", "经营现金流"),
        ("归属于上市公司股东的净资产", "归母净资产"),
        ("所有者权益（或股东权益）合计", "净资产"),
        ("EPS（元）", "每股收益"),
    ],
)
def test_a_label_names_its_metric(label: str, name: str) -> None:
    metric = metric_by_label(label)
    assert metric is not None and metric.name == name


@pytest.mark.parametrize("label", ["营业收入分产品情况", "其他收入", "净利润率分析", "", "甲"])
def test_another_label_names_none(label: str) -> None:
    assert metric_by_label(label) is None


def test_every_metric_is_found_in_prose_too() -> None:
    short = {"投资现金流": "投资活动现金流量净额", "筹资现金流": "筹资活动现金流量净额"}
    missed = [m.name for m in METRICS if m.prose and not PROSE_NAME.fullmatch(short.get(m.name, m.name))]
    assert missed == []


def test_key_figures_have_unit_and_period() -> None:
    text = (
        "某某股份有限公司\n2025年年度报告\n单位：万元\n主要会计数据\t2025年\t2024年\t增减\n营业收入\t1,200.50\t1,000.00\t20.05%\n"
        "归属于上市公司股东的\n净利润\n100.00\t80.00\t25.00%\n基本每股收益（元/股）\t0.50\t0.40\t25.00%\n"
    )
    assert found(text, "metrics") == [
        ("营业收入", "1200.50万元", "2025年"),
        ("营业收入", "1000.00万元", "2024年"),
        ("归属于上市公司股东的净利润", "100.00万元", "2025年"),
        ("归属于上市公司股东的净利润", "80.00万元", "2024年"),
        ("基本每股收益", "0.50元/股", "2025年"),
        ("基本每股收益", "0.40元/股", "2024年"),
    ]


def test_a_table_may_have_metrics_as_columns() -> None:
    text = "年份\t营业收入（亿元）\t净利润（亿元）\n2024年\t10.00\t1.00\n2025年\t12.00\t1.50\n"
    assert ("净利润", "1.50亿元", "2025年") in found(text, "metrics")


def test_key_figures_in_prose() -> None:
    text = (
        "2025年年度报告\n报告期内，公司实现营业收入12.5亿元，同比增长8.3%；净利润1.2亿元。截至报告期末，公司在手订单42.60亿元。\n"
        "预计公司2026年至2027年营业收入分别为15.0亿元和18.0亿元。\n子公司营业收入3亿元。"
    )
    assert found(text, "metrics") == [
        ("营业收入", "12.5亿元", "2025年"),
        ("净利润", "1.2亿元", "2025年"),
        ("在手订单", "42.60亿元", "2025年末"),
        ("营业收入", "15.0亿元", "2026年（预测）"),
        ("营业收入", "18.0亿元", "2027年（预测）"),
    ]


def test_profile() -> None:
    text = "某某科技股份有限公司\n2025年年度报告\n证券代码：600001 证券简称：某某科技\n"
    text += "甲会计师事务所出具了标准无保留意见的审计报告。"
    assert found(text, "profile") == [
        ("报告名称", "2025年年度报告", ""),
        ("公司全称", "某某科技股份有限公司", ""),
        ("报告期", "2025年", ""),
        ("证券代码", "600001", ""),
        ("证券简称", "某某科技", ""),
        ("审计意见", "标准无保留意见", ""),
    ]


def test_risks_by_heading_and_by_list() -> None:
    text = (
        "四、可能面对的风险\n1、市场竞争风险\n竞争者增多。\n2、原材料价格波动风险。铜价上涨将压缩毛利。\n五、其他\n1、接待调研\n"
        "风险提示：装机不及预期；汇率波动风险。"
    )
    assert {item for item, _, _ in found(text, "risks")} == {
        "市场竞争风险",
        "原材料价格波动风险",
        "装机不及预期",
        "汇率波动风险",
    }


def test_outlook_wants_a_figure_and_a_coming_time() -> None:
    text = "2025年年度报告\n2026年公司计划实现营业收入20亿元。2025年公司计划完成率98%。2026年公司将继续努力。"
    assert found(text, "outlook") == [("展望", "2026年公司计划实现营业收入20亿元", "")]


TEXT = st.text(
    alphabet="合计总小其中：资产负债营业收入同比增长由至上年期末2025年0123456789.,，%-()（）\t\t\n\n。；元万亿 ",
    max_size=400,
)


@settings(max_examples=200)
@given(TEXT)
def test_any_text_is_survived_and_every_quote_is_a_slice(text: str) -> None:
    for finding in findings_in(document(text)):
        for evidence in finding.evidence:
            assert evidence.span is not None
            assert evidence.quote == text[evidence.span.start : evidence.span.end]


@pytest.mark.parametrize(
    "line",
    [
        "合计\t1\t2\n",
        "甲\t1.00\t2.00\t3.00\n",
        "由1亿元增至",
        "营业收入",
        "1,",
        "（一）风险\n",
        "20\t",
        "2025年",
        "a\tb\tc\n",
        "1,234",
        "1",
        "公司",
        "（",
        "10亿元，",
        "由10亿元增至12亿元，",
        "风险提示：",
        "2025年预计",
        "合计\t1\n其中：\t1\n",
        "小计\t1\t2\n合计\t3\t4\n",
        "甲\n",
        "项目\t2025年\t2024年\n收入\t1\t2\n",
        "营业收入1亿元，同比增长1%，",
        "归属于上市公司股东的",
    ],
)
def test_time_grows_linearly(line: str) -> None:
    def seconds(count: int) -> float:
        doc = document(line * count)
        gc.collect()
        gc.disable()  # a collection of all that other tests left would count as ours
        try:
            start = time.process_time()
            findings_in(doc)
            return time.process_time() - start
        finally:
            gc.enable()

    size = 12_000 // len(line)
    seconds(size // 4)
    small, large = seconds(size), seconds(size * 4)
    assert large < 0.05 or large < small * 9


# --- real PDFs --------------------------------------------------------------------------------------------------------


def read(*paths: Path) -> list[Document]:
    async def work() -> list[Document]:
        limits = ReadLimits(workers=1, timeout_s=120, memory_mib=1024, ocr="off", ocr_page_timeout_s=60, passwords=())
        async with Reader(limits) as reader:
            return [await reader.read(path, identify(path)) for path in paths]

    return asyncio.run(work())


CODES = {"table_sum": "表内合计不符", "growth_rate": "增长率与数据不符", "balance_identity": "资产负债不平"}
GOLD = [path for path in sorted(SAMPLES.glob("*.gold.json")) if json.loads(path.read_text("utf-8"))["kind"] == "report"]


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.name)
def test_the_samples_gold(path: Path) -> None:
    gold = json.loads(path.read_text("utf-8"))
    (doc,) = read(SAMPLES / gold["file"])
    findings = findings_in(doc)
    assert [f.value for f in findings if f.item == "公司全称"] == [gold["fields"]["company"]]
    alarmed = sorted((f.item, f.evidence[0].page or 0) for f in findings if f.category == "checks")
    assert alarmed == sorted((CODES[d["code"]], d["page"]) for d in gold["defects"])
    metrics = [f for f in findings if f.category == "metrics"]
    missed = [m for m in gold["fields"]["metrics"] if not any(_is_metric(f, m) for f in metrics)]
    assert len(missed) <= len(gold["fields"]["metrics"]) // 10, missed


def _is_metric(finding: Finding, gold: dict[str, object]) -> bool:
    number = finding.value.rstrip("亿万千百元/股%倍")
    return (
        finding.item == gold["name"]
        and float(number) == gold["value"]
        and finding.value.removeprefix(number) == gold["unit"]
        and finding.detail.startswith(str(gold["period"] or ""))
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus/zh")
def test_a_real_annual_report_raises_no_false_alarm() -> None:
    (path,) = CORPUS.glob("FinGLM__*.pdf")
    (doc,) = read(path)
    findings = findings_in(doc)
    assert [f.value for f in findings if f.category == "checks"] == []
    metrics = {(f.item, f.detail): f.value for f in findings if f.category == "metrics"}
    assert metrics["营业收入", "2020年"] == "1581905632.48元"
    assert metrics["归属于上市公司股东的净利润", "2020年"] == "406195463.57元"
    assert metrics["总资产", "2020年末"] == "6278282683.24元"
    assert metrics["加权平均净资产收益率", "2020年"] == "8.37%"
