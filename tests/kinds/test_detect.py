"""Kind and contract type from openings that read like the real thing, and from what is neither."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kinds.detect import contract_type, kind_of
from pipeline.types import Document

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
SAME = {"建设工程分包": "建设工程", "定作承揽": "委托加工", "框架采购": "采购", "运输": "其他", "仓储": "其他"}
"""Types that the samples name more finely."""
PARTIES = "甲方：甲某有限公司\n乙方：乙某有限公司\n经双方友好协商，订立本合同。\n第一条 标的\n……"


def document(text: str, *, filename: str = "a.pdf", title: str = "") -> Document:
    return Document("0" * 64, filename, title, text, ())


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("设备采购合同", "采购"),
        ("产 品 购 销 合 同", "采购"),
        ("阀门买卖合同（2026版）", "采购"),
        ("信息系统运维技术服务合同", "技术服务"),
        ("软件开发委托合同", "技术服务"),
        ("房屋租赁合同", "房屋租赁"),
        ("办公场所租赁协议", "房屋租赁"),
        ("设备租赁合同", "其他"),
        ("融资租赁合同", "其他"),
        ("保密协议", "保密"),
        ("商业秘密保密及不披露协议书", "保密"),
        ("借款合同", "借款"),
        ("流动资金贷款合同", "借款"),
        ("劳动合同书", "劳动"),
        ("竞业限制协议", "劳动"),
        ("建设工程施工合同", "建设工程"),
        ("钢结构安装工程专业分包合同", "建设工程"),
        ("软件许可使用协议", "软件许可"),
        ("软件采购合同", "采购"),
        ("股权转让协议", "股权转让"),
        ("委托加工合同", "委托加工"),
        ("物资采购框架协议", "采购"),
        ("劳务派遣协议", "其他"),
        ("特许经营合同", "其他"),
        ("战略合作协议", "框架协议"),
        ("赠与合同", "其他"),
    ],
)
def test_the_type_is_in_the_title(title: str, expected: str) -> None:
    found = document(f"{title}\n合同编号：HT-2026-001\n{PARTIES}")
    assert kind_of(found) == "contract"
    assert contract_type(found) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("出租方：张某\n承租方：李某\n出租方将房屋出租给承租方，租金每月3000元，押金6000元。", "房屋租赁"),
        ("借款人：张某\n出借人：李某\n借款金额10万元，借款期限一年，年利率6%，借款人按月还款。", "借款"),
        ("用人单位：某公司\n劳动者：王某\n试用期三个月，劳动报酬每月8000元，缴纳社会保险。", "劳动"),
        ("供方：某公司\n需方：某厂\n产品名称、型号见附表。供方于三日内交货。", "采购"),
    ],
)
def test_the_body_tells_the_type_where_the_title_does_not(body: str, expected: str) -> None:
    found = document(f"合同\n{body}\n双方协商一致，签订本合同。")
    assert kind_of(found) == "contract"
    assert contract_type(found) == expected


def test_the_file_name_stands_in_for_a_missing_title() -> None:
    assert contract_type(document(PARTIES, filename="2026年房屋租赁合同（盖章版）.pdf")) == "房屋租赁"


def test_an_english_agreement_is_a_contract() -> None:
    text = "NON-DISCLOSURE AGREEMENT\nThis Agreement is by and between\nParty A: X Ltd\nParty B: Y Ltd\nWHEREAS, ..."
    assert kind_of(document(text)) == "contract"
    assert contract_type(document(text)) == "保密"


@pytest.mark.parametrize(
    "text",
    [
        "某某股份有限公司2025年年度报告\n证券代码：600000\n报告期内公司营业收入同比增长8.3%，合同负债上升。甲方要求付款。",
        "关于签订日常经营重大合同的公告\n证券代码：000001 证券简称：某某\n公司与甲方签订设备采购合同。",
        "医药行业深度研究报告\n投资评级：增持\n目标价 25.00 元\n分析师：某某\n风险提示：政策变化。",
        "中华人民共和国劳动合同法\n第一条 为了完善劳动合同制度，制定本法。\n用人单位与劳动者订立劳动合同。",
        "北京市海淀区人民法院民事判决书\n原告：甲公司\n被告：乙公司\n原告诉称，双方签订本合同。被告辩称，违约责任不成立。本院认为，……",
        "Java开发手册\n一、编程规约\n（一）命名风格",
        "诗歌\n床前明月光",
        "",
    ],
)
def test_what_nobody_signs_is_a_report(text: str) -> None:
    assert kind_of(document(text)) == "report"


def test_a_tender_that_holds_a_contract_is_read_as_one() -> None:
    text = "某项目招标文件\n投标人须知\n" + "投标人应当提交文件。\n" * 1200 + "合同条款及格式\n甲方：\n乙方：\n"
    assert kind_of(document(text)) == "contract"


@given(st.text(alphabet="甲乙方：合同协议报告（）书\n 123年度\t", max_size=400))
def test_any_text_has_a_kind_and_a_type(text: str) -> None:
    assert kind_of(document(text)) in ("contract", "report")
    assert contract_type(document(text))


@pytest.mark.skipif(not any(SAMPLES.glob("*.gold.json")), reason="data/samples has no gold yet")
def test_samples_have_the_kind_and_type_of_their_gold() -> None:
    pytest.importorskip("pypdfium2")
    import pypdfium2

    wrong: list[str] = []
    for gold_path in sorted(SAMPLES.glob("*.gold.json")):
        gold = json.loads(gold_path.read_text("utf-8"))
        with pypdfium2.PdfDocument(SAMPLES / gold["file"]) as pdf:
            text = "\n".join(page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf)
        if len(text) < 100:  # scanned: OCR is the reader's matter
            continue
        found = document(text, filename="x.pdf")
        kind = kind_of(found)
        expected = SAME.get(gold["type"], gold["type"])
        if kind != gold["kind"] or (kind == "contract" and contract_type(found) != expected):
            wrong.append(f"{gold['file']}: {kind} {contract_type(found)}, gold {gold['kind']} {gold.get('type')}")
    assert not wrong
