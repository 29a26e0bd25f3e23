"""References find the clause that they name; terms are collected where they are defined."""

from __future__ import annotations

from dataclasses import replace

import pytest
from split_made import document_of

from pipeline.split.context import Context
from pipeline.split.definitions import definitions_in
from pipeline.split.resolve import resolve
from pipeline.types import Span, Table, TableCell, TableRow

TEXT = """采购合同
甲方（买方）：长河机械有限公司
乙方（卖方）：东岭物资有限公司（以下简称“东岭”）
第一条 定义
1.1 “设备”是指附件一所列的机床。
1.2 本合同所称工作日，是指法定工作日。
第二条 付款
买方收到发票后三十日内付款。
逾期付款的，按本条第一款计算的期限届满之日起计息。
买方有下列情形之一的，卖方可以停止供货：
（一）拒绝付款；
（二）停业。
第三条 交货
东岭应当按照第二条第二款的约定交付设备。
第四条 违约责任
任何一方违约的，应当赔偿损失。
附件一 设备清单
机床十台。
附件二 服务条款
第一条 响应
四小时内响应。
第二条 备件
备件按本附件第一条处理。
第三条 费用
费用由卖方承担。
"""
DOCUMENT = document_of(TEXT)


@pytest.mark.parametrize(
    ("reference", "begins"),
    [
        ("第二条", ["第二条 付款"]),
        ("第2条", ["第二条 付款"]),
        ("第1.2条", ["1.2 本合同所称"]),
        ("1.2款", ["1.2 本合同所称"]),
        ("第一条第二款", ["1.2 本合同所称"]),
        ("第二条第二款", ["逾期付款的"]),
        ("第二条第三款第（二）项", ["（二）停业"]),
        ("第二条第（二）项", ["（二）停业"]),
        ("附件一", ["附件一 设备清单"]),
        ("附件二第3条", ["第三条 费用"]),
        ("附件二第三条", ["第三条 费用"]),
        ("第二条至第四条", ["第二条 付款", "第三条 交货", "第四条 违约责任"]),
        ("第九条", []),
        ("第二条第九款", []),
        ("第9.9条", []),
        ("附件三", []),
        ("附件一第三条", []),
        ("本条第一款", []),
        ("没有编号", []),
    ],
)
def test_a_reference_finds_what_it_names(reference: str, begins: list[str]) -> None:
    found = resolve(DOCUMENT, reference)
    assert len(found) == len(begins)
    for target, start in zip(found, begins, strict=True):
        assert TEXT[target.span.start :].lstrip().startswith(start)
        assert target.section.span.holds(target.span)


def test_this_clause_is_the_one_around_the_reference() -> None:
    at = TEXT.index("按本条第一款")
    (target,) = resolve(DOCUMENT, "本条第一款", at)
    assert TEXT[target.span.start :].startswith("买方收到发票")
    assert resolve(DOCUMENT, "本条", 0) == ()


def test_an_attachment_means_its_own_clauses_first() -> None:
    body, annex = TEXT.index("按照第二条第二款"), TEXT.index("备件按本附件")
    assert resolve(DOCUMENT, "第三条", body)[0].section.title == "交货"
    assert resolve(DOCUMENT, "第三条", annex)[0].section.title == "费用"


def test_a_chapter_means_its_own_clauses_first() -> None:
    notice = "第一章 公告\n1. 条件\n1.1 资金已落实。\n1.2 已批准。\n"
    text = f"{notice}第二章 须知\n1. 总则\n1.1 本章适用于投标。\n1.2 费用按第1.1条。\n"
    document = document_of(text)
    assert resolve(document, "第1.1条", text.index("按第1.1条"))[0].span.start == text.index("1.1 本章")
    assert resolve(document, "第1.1条", text.index("已批准"))[0].span.start == text.index("1.1 资金")


def test_lettered_items_are_lines_of_their_clause() -> None:
    text = "5.1 借款人有效存续。\n5.2 借款人承诺：\n（a）提供报表；\n（b）负债率不高于70%。\n5.3 其他\n"
    (item,) = resolve(document_of(text), "第5.2条第（b）项")
    assert text[item.span.start :].startswith("（b）负债率")
    assert resolve(document_of(text), "Section 5.2(a)")[0].span.start == text.index("（a）")
    assert resolve(document_of(text), "第5.2条第（c）项") == resolve(document_of(text), "5.3(a)") == ()


LOAN = """借款合同
第一章 借款
第一条 金额
1.1 借款金额为人民币壹佰万元。
1.2 借款用于下列用途：
（一）购买原料；
（二）支付运费。
1.3 前款所列用途以外的支出，应经贷款人同意。
第二条 利息
利率为百分之四。
前款利率按年调整。
逾期的，适用本条第二款及前条的规定。
有下列情形之一的，利率上浮：
（一）逾期三十日；
（二）挪用借款，但属于（一）的除外。
第三条 提款
提款条件见附件二第三条。
第二章 担保
第四条 保证
保证人承担连带责任。
附件一 账户
账户名称如下。
附件二 提款条件
第一条 文件
应提交下列文件。
第二条 时间
按本附件第一条办理。
第三条 通知
应提前三日通知。
"""


@pytest.mark.parametrize(
    ("reference", "around", "begins"),
    [
        ("第1.2条", "", "1.2 借款用于"),
        ("第1.2款第（二）项", "", "（二）支付运费"),
        ("第1.2条第二项", "", "（二）支付运费"),
        ("第一条第二款第（一）项", "", "（一）购买原料"),
        ("第一条第2款", "", "1.2 借款用于"),
        ("第二条第二款", "", "前款利率"),
        ("第二条第四款第（二）项", "", "（二）挪用"),
        ("第2条第4款", "", "有下列情形"),
        ("本条第二款", "逾期的，适用", "前款利率"),
        ("本条第（一）项", "但属于", "（一）逾期三十日"),
        ("第（一）项", "但属于", "（一）逾期三十日"),
        ("前款", "前款利率按年", "利率为百分之四"),
        ("前款", "前款所列用途", "1.2 借款用于"),
        ("前条", "逾期的，适用", "第一条 金额"),
        ("本章", "提款条件见", "第一章 借款"),
        ("本合同第四条", "", "第四条 保证"),
        ("本合同项下第四条", "", "第四条 保证"),
        ("上述第三条", "提款条件见", "第三条 提款"),
        ("附件二第三条", "", "第三条 通知"),
        ("附件2第3条", "", "第三条 通知"),
        ("本附件第一条", "按本附件", "第一条 文件"),
        ("第三条", "按本附件", "第三条 通知"),
        ("第三条", "利率为", "第三条 提款"),
        ("第二章第四条", "", "第四条 保证"),
        ("第二章第一条", "", ""),
        ("第二条第五款", "", ""),
        ("第1.4条", "", ""),
        ("附件三第一条", "", ""),
        ("前款", "利率为百分之四", ""),
        ("前条", "借款金额为", ""),
    ],
)
def test_a_chinese_reference_means_one_place(reference: str, around: str, begins: str) -> None:
    at = LOAN.index(around) if around else None
    found = [LOAN[target.span.start :].lstrip() for target in resolve(document_of(LOAN), reference, at)]
    assert len(found) == bool(begins)
    assert all(text.startswith(begins) for text in found)


def test_the_item_of_a_list_answers_only_where_no_clause_is_called_so() -> None:
    items = "".join(f"{i}. 第{i}类设备\n" for i in range(1, 10))
    text = f"第一条 范围\n{items}第二条 价款\n价款一万元。\n"
    assert resolve(document_of(text), "第二条")[0].section.title == "价款"
    assert resolve(document_of(text), "第九条") == ()
    plain = "1. 范围\n设备。\n2. 价款\n价款一万元。\n3. 交付\n十日内。\n"
    assert resolve(document_of(plain), "第三条")[0].section.title == "交付"


ENGLISH = """SERVICE AGREEMENT
Article 1 Definitions
Section 1.1 Terms
Terms have the meaning given here.
Section 1.2 Interpretation
Headings are for convenience.
Article 2 Services
Section 2.1 Scope
The Provider shall:
(a) deliver the services,
(i) in time; and
(ii) in full;
(b) report monthly.
Section 2.2 Fees
Fees are due under Section 2.1(b).
"""


@pytest.mark.parametrize(
    ("reference", "begins"),
    [
        ("Article 2", "Article 2 Services"),
        ("Section 2.1", "Section 2.1 Scope"),
        ("Section 2.1(b)", "(b) report"),
        ("Section 2.1 (a)", "(a) deliver"),
        ("Section 2.1(a)(ii)", "(ii) in full"),
        ("Section 2.1(c)", ""),
        ("Section 3.1", ""),
    ],
)
def test_an_english_reference_means_one_place(reference: str, begins: str) -> None:
    found = [ENGLISH[target.span.start :].lstrip() for target in resolve(document_of(ENGLISH), reference)]
    assert len(found) == bool(begins)
    assert all(text.startswith(begins) for text in found)


def test_definitions_are_collected_with_the_passage_that_defines() -> None:
    found = {one.term: TEXT[one.span.start : one.span.end] for one in definitions_in(DOCUMENT)}
    assert found == {
        "甲方": "甲方（买方）：长河机械有限公司",
        "乙方": "乙方（卖方）：东岭物资有限公司（以下简称“东岭”）",
        "东岭": "乙方（卖方）：东岭物资有限公司（以下简称“东岭”）",
        "设备": "“设备”是指附件一所列的机床。",
        "工作日": "本合同所称工作日，是指法定工作日。",
    }
    assert all(TEXT[one.at.start : one.at.end] == one.term for one in definitions_in(DOCUMENT))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("“Services” means the services in Annex A.", "Services"),
        ("Acme Ltd (the “Client”) agrees.", "Client"),
        ("劳动者和用人单位（以下称用人单位）", "用人单位"),
        ("本办法所称“平台”是指网站。", "平台"),
        ("东海公司（下称：甲方）", "甲方"),
        ("东海公司，以下简称甲方。", "甲方"),
        ("本股权转让协议（“本协议”）由双方签订", "本协议"),
        ("“关联方”，就任何人而言，指控制该人的人", "关联方"),
        ("1.1 交割日：是指第3条所述之日", "交割日"),
        ("“工作日”应指法定节假日外的日子", "工作日"),
        ('打印（"ok"）', None),
        ("投标人：（盖章）", None),
        ("法定代表人：张三", None),
        ("“设备”指定由甲方采购", None),
    ],
)
def test_forms_of_definitions(text: str, term: str | None) -> None:
    assert [one.term for one in definitions_in(document_of(text))] == ([term] if term else [])


def test_a_part_is_shown_the_terms_that_it_uses_and_others_define() -> None:
    context = Context(DOCUMENT)
    delivery = Span(TEXT.index("第三条 交货"), TEXT.index("第四条"))
    assert context.definitions_for(delivery) == [
        "乙方（卖方）：东岭物资有限公司（以下简称“东岭”）",
        "“设备”是指附件一所列的机床。",
    ]
    assert context.definitions_for(Span(0, len(TEXT))) == []
    liability = Span(TEXT.index("第四条"), TEXT.index("附件一 设备"))
    assert context.definitions_for(liability) == []


@pytest.mark.parametrize(
    ("parties", "shown"),
    [
        ("甲方：长河机械有限公司\n乙方：东岭物资有限公司\n", []),
        ("甲方（买方）：长河机械有限公司\n乙方：东岭物资有限公司\n", ["甲方（买方）"]),
        ("出租方：长河公司（以下简称“甲方”）\n乙方：东岭公司\n", ["出租方（以下简称“甲方”）"]),
        ("长河公司（以下简称“甲方”）与东岭公司（以下简称“乙方”）约定如下。\n", []),
    ],
)
def test_of_a_party_a_part_is_shown_the_roles_alone(parties: str, shown: list[str]) -> None:
    text = f"{parties}第一条 付款\n甲方向乙方付款。\n"
    clause = Span(text.index("第一条"), len(text))
    assert Context(document_of(text)).definitions_for(clause) == shown


def test_the_title_is_shown_where_a_period_is_left_open() -> None:
    text = "第一节 收入\n本期收入为3亿元。\n第二节 风险\n原料价格上涨。\n"
    context, at = Context(document_of(text)), text.index("第二节")
    title = document_of(text).title
    assert title and (context.title_for(Span(0, at)), context.title_for(Span(at, len(text)))) == (title, "")


def test_a_part_that_starts_inside_a_table_is_shown_its_head() -> None:
    text = "清单\n名称\t单价\n机床\t10\n车床\t20\n刨床\t30\n说明\n"
    starts = [text.index(line) for line in ("名称", "机床", "车床", "刨床")]
    rows = [
        TableRow(
            Span(start, text.index("\n", start)),
            1,
            tuple(TableCell(Span(start + 3 * at, start + 3 * at + 2), at) for at in (0, 1)),
            head=start == starts[0],
        )
        for start in starts
    ]
    context = Context(replace(document_of(text), tables=(Table(tuple(rows), 2, "rules"),)))
    inside, outside = Span(starts[2], len(text)), Span(text.index("说明"), len(text))
    assert context.columns_for(inside) == "名称 | 单价"
    assert [context.columns_for(span) for span in (Span(starts[0], len(text)), Span(0, 9), outside)] == ["", "", ""]
