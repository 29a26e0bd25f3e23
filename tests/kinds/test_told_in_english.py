"""Under ``LONGDOC_LANG=en`` what rules and checklists tell is English, all but what they quote."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.examination import examine_alone
from pipeline.kinds import terms
from pipeline.kinds.contract.amounts import _LABELS
from pipeline.kinds.contract.chronology import _ITEM as DATES
from pipeline.kinds.injection import ITEM as INJECTION
from pipeline.kinds.packs.laws import articles
from pipeline.kinds.packs.load import load_packs
from pipeline.kinds.report.alarms import _SUGGESTIONS
from pipeline.kinds.report.names import METRICS
from pipeline.kinds.terms import ITEM, in_english, item_name, law_name, name_of, value_in_english
from pipeline.lang import set_language
from pipeline.run import review
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.types import Document, Finding, Page, Span, StoredAnalysis
from tests.goldset.__main__ import make

KINDS = Path(terms.__file__).parent
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TEXTS = sorted((Path(__file__).parent / "contract" / "texts").glob("*.txt"))
CHINESE = re.compile("[\u3400-\u9fff]")
QUOTED = re.compile("“[^”]*”|《[^》]*》|（[^）]*）|定金")
"""What an English sentence may hold in Chinese: what the document says, wording to put into it, a term of law."""
JUDGED = {"checks", "clauses", "liability"}
"""What rules say something of. The detail of other facts is in the document's own words: a condition, a period."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("zh")


def told(finding: Finding) -> dict[str, str]:
    texts = {"suggestion": finding.suggestion, "law": law_name(finding.legal_basis)}
    if finding.category in JUDGED:
        texts["detail"] = finding.detail
    if finding.category in ("checks", "clauses", "money", "metrics", "liability"):
        texts["name"] = name_of(finding)
    return texts


def chinese_in(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {
        (f.item, field, text)
        for f in findings
        for field, text in told(f).items()
        if CHINESE.search(QUOTED.sub("", text))
    }


def analysed(paths: list[Path], folder: Path) -> list[StoredAnalysis]:
    settings = Settings(engine="rules", ocr="off", database=f"sqlite:///{folder / 'a.db'}", out=folder / "out")
    asyncio.run(review(paths, settings))
    with Store.open(settings.database) as store:
        return list(store.analyses())


def test_no_finding_of_a_run_in_english_is_told_in_chinese(tmp_path: Path) -> None:
    make(tmp_path / "gold", seed=11, contract_count=20, report_count=6)
    paths = [*SAMPLES.glob("*.pdf"), *(tmp_path / "gold").rglob("*.pdf")]
    stored = [one for one in analysed(paths, tmp_path) if one.analysis.status == "done"]
    findings = [finding for one in stored for finding in one.analysis.findings]
    assert len(stored) >= len(paths) - 1
    assert len({f.item for f in findings if f.category == "checks"}) >= 12
    assert not chinese_in(findings)
    assert not [
        note for one in stored for note in (*one.analysis.notes, one.analysis.strategy_reason) if CHINESE.search(note)
    ]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_none_of_our_own_texts_either(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pages = (Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium"),)
    findings = examine_alone(Document("0" * 64, "a.pdf", "", text, pages), Settings()).findings
    assert not chinese_in(findings)


def test_every_check_has_an_english_name() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in KINDS.rglob("*.py"))
    named = re.findall(r'(?:Defect|_alarm|_finding)\(\s*"([^"]*[\u4e00-\u9fff][^"]*)"', sources)
    assert len(set(named)) >= 25
    assert not [item for item in (*named, *_SUGGESTIONS, INJECTION, DATES) if item not in ITEM]


def test_a_checklist_asks_in_english_and_suggests_chinese_wording() -> None:
    for one in load_packs(None).values():
        for item in one.pack.items:
            assert not CHINESE.search(
                QUOTED.sub(
                    "",
                    f"{item.named}{item.asked}{item.reason}".replace("押金", "")
                    .replace("保证金", "")
                    .replace("订金", ""),
                )
            ), item.id
            assert CHINESE.search(str(item.advice("")))


def test_an_item_without_english_is_told_in_chinese() -> None:
    item = next(iter(load_packs(None).values())).pack.items[0]
    bare = item.model_copy(update={"title_en": "", "question_en": "", "why_en": ""})
    assert (str(bare.named), str(bare.asked), str(bare.reason)) == (item.title, item.question, item.why)


@pytest.mark.parametrize(
    ("value", "english"),
    [
        ("1280000.00元", "CNY 1,280,000.00"),
        ("1234.56万元", "CNY 12,345,600"),
        ("1.5亿元", "CNY 150 million"),
        ("300000.00美元", "USD 300,000.00"),
        ("0.05%/日", "0.05% per day"),
        ("12个月", "12 months"),
        ("一年", "1 year"),
        ("30个工作日", "30 working days"),
        ("仲裁：上海仲裁委员会", "Arbitration: 上海仲裁委员会"),
        ("小写100.00元，大写200.00元", "in figures CNY 100.00, in words CNY 200.00"),
        ("2026-03-01／2026-02-01", "2026-03-01 / 2026-02-01"),
        ("付款：乙方", "Payment: Party B"),
        ("争议解决", "Dispute resolution"),
        ("营业收入 12.30%，应为 11.00%", "Revenue 12.30%, should be 11.00%"),
        ("2025年", "2025"),
        ("2025年末", "end of 2025"),
        ("2025年第一季度", "Q1 2025"),
        ("2026年（预测）", "2026 (forecast)"),
        ("2026年3月", "2026-03"),
        ("前三季度", "前三季度"),
        ("4126百万元", "CNY 4,126 million"),
        ("0.5365元/股", "CNY 0.5365 per share"),
        ("1000.00元/人次", "CNY 1,000.00 per person and occasion"),
        ("55.00元/平方米", "CNY 55.00 per m²"),
        ("40.8倍", "40.8×"),
        ("第一百六十三条", "clause 163"),
        ("附件四", "attachment 4"),
        ("附件四所列设备", "附件四所列设备"),
        ("下降3.10%，应为 2.90%", "down 3.10%, should be 2.90%"),
        ("期间费用合计 34,853.54，应为 34,583.54", "Total period expenses 34,853.54, should be 34,583.54"),
        ("增长19.76%，应为 17.96%", "up 19.76%, should be 17.96%"),
        ("2025年年度报告（摘录）", "2025年年度报告（摘录）"),
        ("设备、安装和培训：全部", "设备、安装和培训：全部"),
        ("甲方股份有限公司", "甲方股份有限公司"),
    ],
)  # fmt: skip
def test_values_are_told_in_english(value: str, english: str) -> None:
    assert value_in_english(value) == english


@pytest.mark.parametrize(
    ("label", "english"),
    [
        ("试用期月工资", "Probation monthly pay"),
        ("预计金额", "Estimated amount"),
        ("不含税价款", "Tax-exclusive price"),
        ("增值税税额", "VAT"),
        ("设备安装调试费", "Equipment installation commissioning fee"),
        ("招标人·地址", "Tendering party · Address"),
        ("扣除非经常性损益后的基本每股收益", "Basic earnings per share excl. non-recurring items"),
        ("应收账款", "Accounts receivable"),
        ("应收账款回收风险", "应收账款回收风险"),
        ("违约", "违约"),
        ("合同", "合同"),
    ],
)
def test_labels_are_put_together_from_words_that_are_known(label: str, english: str) -> None:
    assert item_name(label) == english


def test_every_metric_and_every_sum_that_rules_name_has_an_english_label() -> None:
    sums = {label for label in re.findall(r"[\u4e00-\u9fff]{1,8}", _LABELS) if re.fullmatch(_LABELS, label)}
    assert len(sums) > 80
    known = {*sums, *(metric.name for metric in METRICS)}
    assert not {label for label in known if CHINESE.search(item_name(label))}


def test_a_quote_in_an_english_sentence_stays() -> None:
    assert in_english("甲方 pays 100.00元 “甲方支付100.00元”") == "Party A pays CNY 100.00 “甲方支付100.00元”"


@pytest.mark.parametrize(
    ("basis", "english"),
    [
        ("民法典（2020）第585条 违约金；民法典第五百一十条", "Civil Code, art. 585; Civil Code, art. 510"),
        ("城市暂行办法第三条", "城市暂行办法第三条"),
        ("最高人民法院关于适用《中华人民共和国仲裁法》若干问题的解释第三条至第六条",
         "Interpretation on the Arbitration Law, Supreme People's Court, art. 3 to 6"),
    ],
)  # fmt: skip
def test_laws_are_cited_in_english(basis: str, english: str) -> None:
    assert law_name(basis) == english


@pytest.mark.parametrize(
    ("basis", "cited"),
    [
        ("民法典（2020）第585条 违约金；民法典第五百一十条", "《民法典》第585条（违约金）；《民法典》第510条"),
        ("公司法（2023修订）第88条", "《公司法》（2023修订）第88条"),
        ("最高人民法院关于适用《中华人民共和国仲裁法》若干问题的解释第七条",
         "《最高人民法院关于适用〈中华人民共和国仲裁法〉若干问题的解释》第7条"),
        ("见主合同", "见主合同"),
    ],
)  # fmt: skip
def test_laws_are_cited_as_chinese_lawyers_do(basis: str, cited: str) -> None:
    set_language("zh")
    assert law_name(basis) == cited


def test_every_law_of_the_table_has_an_english_name() -> None:
    assert not [law for law, article in articles() if CHINESE.search(law_name(f"{law}第{article}条"))]


def test_the_headline_is_kept_in_the_language_of_the_run(tmp_path: Path) -> None:
    [one] = analysed([SAMPLES / "01_设备采购合同.pdf"], tmp_path)
    lacking = next(f for f in one.analysis.findings if f.category == "clauses")
    assert CHINESE.search(lacking.item)
    assert not CHINESE.search(lacking.title)
    set_language("zh")
    assert name_of(lacking) == lacking.title
    assert name_of(replace(lacking, title="")) == lacking.item
