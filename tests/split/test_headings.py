"""Headings by pattern and context, and how they nest."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import TEXTS, parse

from pipeline.split.headings import find_sections
from pipeline.types import Bookmark, Page, Prominent, Section, Span


def found(text: str) -> list[tuple[int, str]]:
    return [(s.level, text[s.span.start :].split("\n", 1)[0]) for s in find_sections(text, (), ())]


@pytest.mark.parametrize("name", TEXTS)
def test_labelled_headings_are_found_with_their_levels(name: str) -> None:
    text, expected = parse(TEXTS[name])
    assert found(text) == expected


@pytest.mark.parametrize(
    ("line", "number", "title"),
    [
        ("第三条 付款方式", "第三条", "付款方式"),
        ("第三条　付款方式：甲方应于收到发票后付款。", "第三条", "付款方式"),
        ("第三条 甲方应当于收到发票后七日内付款，逾期承担违约责任。", "第三条", ""),
        ("第三条 付款方式 甲方应于收到货物并验收合格后三十日内付款。", "第三条", "付款方式"),
        ("第 三 条 付款方式", "第三条", "付款方式"),
        ("第3条 付款方式", "第3条", "付款方式"),
        ("第三条之一 付款方式", "第三条之一", "付款方式"),
        ("一、租赁房屋", "一、", "租赁房屋"),
        ("1、 租赁房屋", "1、", "租赁房屋"),
        ("1．租赁房屋", "1．", "租赁房屋"),
        ("附件1：技术规格书", "附件1", "技术规格书"),
        ("附录A 术语", "附录A", "术语"),
        ("Article 1 Definitions", "Article 1", "Definitions"),
    ],
)
def test_number_and_title_are_told_from_the_body(line: str, number: str, title: str) -> None:
    (section,) = find_sections(f"{line}\n正文在这里。\n", (), ())
    assert (section.number, section.title) == (number, title)
    assert section.heading.start == section.span.start
    heading = line[: section.heading.end]
    assert heading.endswith(title or line[: section.heading.end])
    assert section.heading.end <= len(line)


@pytest.mark.parametrize(
    "line",
    [
        "第五条约定的付款条件",
        "第五条、第六条",
        "第五条第二款",
        "第五条规定",
        "第五条的规定不适用于本合同",
        "第五条所述情形",
        "第一节课于九点开始",
        "1.5元",
        "1.5 万元以上",
        "3.5%的利率",
        "2024.1.1",
        "2024年1月1日",
        "三、四线城市",
        "一、二季度",
        "1.\t付款\t100",
        "第一条\t付款方式\t详见附件",
        "第一章 总则………………3",
        "第一章 总则.............. 3",
        "附件一所列设备",
        "附件一、附件二",
        "附件：",
        "（1）身份证复印件；",
        "①合同正本",
        "Article 5 of this Agreement",
        "12个月",
        "三、营业利润（亏损以“－”号填",
        "100.00",
    ],
)
def test_what_only_looks_like_a_heading_is_none(line: str) -> None:
    assert not find_sections(f"双方约定如下。\n{line}\n以上为正文。\n", (), ())


def test_a_line_that_goes_on_a_sentence_is_no_heading() -> None:
    text = "甲方应当依照本合同和\n第一条 付款方式\n履行。\n"
    assert not find_sections(text, (), ())


def page(number: int, start: int, end: int) -> Page:
    return Page(number, Span(start, end), None, 595, 842, "text", "pdfium")


def test_bookmarks_add_unnumbered_headings_and_give_levels() -> None:
    first = "公司概况\n公司成立于1995年。\n股权结构\n实际控制人持股。\n"
    second = "行业分析\n一、市场规模\n市场很大。\n二、竞争格局\n竞争激烈。\n"
    text = first + second
    pages = [page(1, 0, len(first)), page(2, len(first), len(text))]
    bookmarks = [
        Bookmark("公司概况", 1, 1),
        Bookmark("股权结构", 1, 2),
        Bookmark("行业分析", 2, 1),
        Bookmark("不存在的标题", 2, 1),
        Bookmark("无处可去", None, 1),
        Bookmark("页外", 9, 1),
    ]
    sections = find_sections(text, bookmarks, pages)
    assert [(s.level, s.number, s.title) for s in sections] == [
        (1, "", "公司概况"),
        (2, "", "股权结构"),
        (1, "", "行业分析"),
        (2, "一、", "市场规模"),
        (2, "二、", "竞争格局"),
    ]


def check_nesting(text: str, sections: tuple[Section, ...]) -> None:
    starts = [section.span.start for section in sections]
    assert starts == sorted(set(starts))
    for index, section in enumerate(sections):
        assert 0 <= section.span.start < section.span.end <= len(text)
        assert section.span.holds(section.heading)
        if section.parent is None:
            assert section.level == 1
        else:
            parent = sections[section.parent]
            assert section.parent < index
            assert parent.span.holds(section.span)
            assert section.level == parent.level + 1
    for a, b in pairwise(sections):
        assert a.span.end <= b.span.start or a.span.holds(b.span)


SOME_LINES = """
第一章 总则/第二章 附则/第一条 定义/第二条 付款/第三条 甲方应当付款。/第三条之一 乙/一、甲/二、乙/（一）丙
（二）丁/1. 戊/2. 己/1.1 庚
1.2 辛/2.1.1 壬/（1）癸/①子/附件一 清单/附件二 图纸/鉴于：/目录/正文到此为止。/表\t格/Article 1 A//
"""
LINES = st.lists(st.sampled_from(SOME_LINES.strip().replace("\n", "/").split("/")), max_size=40).map("\n".join)


@given(LINES)
@settings(max_examples=500)
def test_sections_nest_whatever_the_order_of_numbers(text: str) -> None:
    check_nesting(text, find_sections(text, (), ()))


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_any_text_is_read(text: str) -> None:
    check_nesting(text, find_sections(text, [Bookmark(text[:20], 1, 1)], [page(1, 0, len(text))]))


HOSTILE = [" ", "\n", "第一条 ", "一、\n", "1.1 a\n", "附件一\n", "鉴于：\n", "目录\n", "第", "1.", "(", "\ud800"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_take_linear_time(unit: str) -> None:
    started = time.process_time()
    find_sections(unit * (300_000 // len(unit)), (), ())
    assert time.process_time() - started < 8


def set_off(text: str, *lines: tuple[str, float, bool]) -> list[tuple[int, str, str]]:
    """Level, number and title of each section; ``lines`` say which are larger or bold."""
    prominent = [Prominent(text.index(f"{line}\n"), size, heavy) for line, size, heavy in lines]
    sections = find_sections(text, (), (), sorted(prominent))
    return [(section.level, section.number, section.title) for section in sections]


BODY = "甲方应当按照本合同的约定向乙方支付全部价款，乙方应当按期交付。"


def test_titles_without_a_number_are_found_by_their_type() -> None:
    text = f"财产保险条款\n总则\n第一条 {BODY}\n保险责任\n第二条 {BODY}\n被保险人义务\n第三条 {BODY}\n"
    titles = [(line, 1.0, True) for line in ("总则", "保险责任", "被保险人义务")]
    found = set_off(text, ("财产保险条款", 1.6, True), *titles)
    assert [(level, title) for level, number, title in found if not number] == [
        (1, "总则"),
        (1, "保险责任"),
        (1, "被保险人义务"),
    ]
    assert {level for level, number, _ in found if number} == {2}


def test_a_statement_between_two_numbers_stands_under_the_first() -> None:
    text = (
        f"四、财务报表\n（一）审计类型\n{BODY}\n（二）财务报表\n合并资产负债表\n2026年9月30日\n项目\t期末\n"
        f"合并利润表\n2026年1—9月\n项目\t本期\n（三）其他\n{BODY}\n"
    )
    found = set_off(text, ("四、财务报表", 1.1, True), ("合并资产负债表", 1.1, True), ("合并利润表", 1.1, True))
    assert [(level, title) for level, _, title in found] == [
        (1, "财务报表"),
        (2, "审计类型"),
        (2, "财务报表"),
        (3, "合并资产负债表"),
        (3, "合并利润表"),
        (2, "其他"),
    ]


@pytest.mark.parametrize(
    "line", ["2026年3月1日", "图1 系统架构", "甲方：东海公司", "（盖章）", "Table 2", "某某公司董事会"]
)
def test_bold_labels_captions_and_dates_are_no_titles(line: str) -> None:
    text = f"{BODY}\n{line}\n{BODY}\n"
    assert not set_off(text, (line, 1.3, True))


def test_roman_numbers_and_letters_nest() -> None:
    text = (
        "I. DEFINITIONS\nA. Defined Terms\nTerms have a meaning.\nB. Headings\nThey don't count.\nC. Time\nLocal.\n"
        "II. THE LOAN\nA. Commitment\nThe Lender lends.\nB. Interest\nIt bears interest.\n"
    )
    found = [(section.level, section.number) for section in find_sections(text, (), ())]
    assert found == [(1, "I."), (2, "A."), (2, "B."), (2, "C."), (1, "II."), (2, "A."), (2, "B.")]


def test_a_number_alone_has_its_title_on_the_next_line() -> None:
    text = f"第一章\n总 则\n第一条 {BODY}\n第二章\n附 则\n第二条 {BODY}\n附件一\n审批权限表\n名称\t数量\n"
    found = [(s.number, s.title, text[s.heading.start : s.heading.end]) for s in find_sections(text, (), ())]
    assert [one for one in found if "条" not in one[0]] == [
        ("第一章", "总则", "第一章\n总 则"),
        ("第二章", "附则", "第二章\n附 则"),
        ("附件一", "审批权限表", "附件一\n审批权限表"),
    ]


def test_appendices_with_letters() -> None:
    text = "1 Introduction\nText.\n1.1 Aim\nText.\n2 Method\nText.\nA Proofs\nA.1 First\nText.\nA.2 Second\nText.\n"
    assert [(s.level, s.number) for s in find_sections(text, (), ())] == [
        (1, "1"),
        (2, "1.1"),
        (1, "2"),
        (1, "A"),
        (2, "A.1"),
        (2, "A.2"),
    ]


def test_forms_of_english_and_signed_numbers() -> None:
    text = (
        "PART I\nFINANCIAL INFORMATION\nItem 1. Financial Statements\nSee below.\nItem 1A. Risk Factors\nNone.\n"
        "PART II\nOTHER INFORMATION\nItem 1. Legal Proceedings\nNone.\n"
    )
    assert [(s.level, s.number, s.title) for s in find_sections(text, (), ())] == [
        (1, "PART I", "FINANCIAL INFORMATION"),
        (2, "Item 1.", "Financial Statements"),
        (2, "Item 1A.", "Risk Factors"),
        (1, "PART II", "OTHER INFORMATION"),
        (2, "Item 1.", "Legal Proceedings"),
    ]
    text = "§1 重要提示\n1.1 董事会保证真实。\n§2 基本情况\n2.1 主要会计数据\n见下表。\n"
    assert [(s.level, s.number) for s in find_sections(text, (), ())] == [(1, "§1"), (2, "1.1"), (1, "§2"), (2, "2.1")]


def test_the_signature_page_ends_the_last_clause() -> None:
    text = "第十条 生效\n自签字生效。\n（本页无正文，为《合同》签署页）\n甲方（盖章）：\n附件一 清单\n名称\t数量\n"
    assert [text[s.span.start : s.span.end].count("盖章") for s in find_sections(text, (), ())] == [0, 1, 0]


def test_multiple_choice_and_names_are_no_outline() -> None:
    text = "1. 合同成立的时间是？\nA. 签字时\nB. 盖章时\nC. 承诺生效时\n2. 下列哪项属于要约？\nA. 价目表\nB. 招标公告\n"
    assert [s.number for s in find_sections(text, (), ())] == ["1.", "2."]
    assert not find_sections("A. Smith and B. Jones. Law. 2020.\nB. Lee. Contracts. 2019.\n", (), ())


def test_outlines_of_letters_alone_nest() -> None:
    text = "A. Scope\nIt is set out here.\nA.A Terms\nThey are defined.\nA.A.1 Plan\nThis plan.\nB. Term\nFive years.\n"
    assert [(s.level, s.number) for s in find_sections(text, (), ())] == [
        (1, "A."),
        (2, "A.A"),
        (3, "A.A.1"),
        (1, "B."),
    ]
    assert not find_sections("The U.S. Government shall pay.\nA.I systems are used.\nE.U law applies.\n", (), ())


def test_capitalised_lines_between_paragraphs_are_titles_where_there_are_several() -> None:
    paragraph = "Each party keeps all information of the other party in strict confidence for five years."
    titles = ["Purpose", "Exclusions from Confidential Information", "Governing Law"]
    text = f"{paragraph}\n" + "".join(f"{title}\n{paragraph}\n" for title in titles)
    assert [s.title for s in find_sections(text, (), ())] == titles
    assert not find_sections(f"{paragraph}\nJohn Smith\n{paragraph}\n", (), ())


def test_an_inner_list_does_not_take_the_numbers_of_the_outer_one_later() -> None:
    inner = "".join(f"{number}、说明{number}\n正文。\n" for number in "一二三")
    outer = "".join(f"{number}、事项{number}\n正文。\n" for number in "二三四五")
    text = f"一、审计报告\n报告全文如下。\n{inner}{outer}"
    found = [(s.level, s.number) for s in find_sections(text, (), ())]
    assert found == [(1, "一、"), *[(2, f"{n}、") for n in "一二三"], *[(1, f"{n}、") for n in "二三四五"]]


def test_a_line_that_is_bold_to_its_end_is_a_title_with_its_colon() -> None:
    line = "一、行业：需求从政策驱动走向经济性驱动"
    text = f"{line}\n{BODY}\n二、公司\n{BODY}\n"
    assert set_off(text, (line, 1.0, True))[0] == (1, "一、", "行业：需求从政策驱动走向经济性驱动")
    assert set_off(text)[0] == (1, "一、", "行业")


def test_clauses_that_count_chapters_and_articles_in_one_number() -> None:
    text = (
        "第一章 定义\n第1.1条 本协议所称“日”均指自然日。\n第1.2条 知情权。公司应向投资方提供财务报表，并说明依据。\n"
        "第二章 增资\n第2.1条 各方同意，投资方依\n第1.2条所列条件认购新增注册资本。\n第2.2条 增资款用于研发。\n"
    )
    assert [level for level, _ in found(text)] == [1, 2, 2, 1, 2, 2]
    assert [s.title for s in find_sections(text, (), ())][2] == "知情权"


def test_formal_numerals_count_clauses() -> None:
    text = "壹、标的\n许可人许可被许可人使用。\n贰、费用\n费用为一万元。\n" + "".join(
        f"{number}、其他\n从其约定。\n" for number in ("叁", "肆", "伍", "陆", "柒", "捌", "玖", "拾", "拾壹")
    )
    assert len(found(text)) == 11
    assert found("甲方应付\n壹佰、贰佰元。\n") == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1. 后续款项\n1.1 2026年3月31日前支付余款。\n1.2 余款付清后开具发票。\n2. 其他\n", 4),
        ("1. 终止\n1.1 双方协商一致可以终止。\n1.2 月度可用率低于99%的可以解除。\n1.3 其他情形。\n2. 其他\n", 5),
        ("1. 显存\n3.5 GB 的显存即可运行。\n2. 内存\n1.5元一个，\n2.6元两个。\n", 2),
    ],
)
def test_a_clause_may_begin_with_a_figure_where_its_number_goes_on(text: str, lines: int) -> None:
    assert len(found(text)) == lines


def test_a_title_that_shares_its_line_with_a_unit_or_has_a_tab_behind_its_number() -> None:
    text = (
        "一、财务指标变动\n1、资产项目变动\t单位：元\n项目\t期末\t期初\n存货\t1\t2\n"
        "2、利润项目变动\t单位：元\n项目\t本期\t上期\n收入\t3\t4\n"
    )
    assert [number.split("、")[0] for _, number in found(text)] == ["一", "1", "2"]
    paper = "I.\tINTRODUCTION\nLanguage models are used widely.\nII. METHOD\nWe ask.\nIII.RESULTS\nThey answer.\n"
    assert len(found(paper)) == 3
    assert found("说明如下。\n1.\t甲\t2\n2.\t乙\t3\n3.\t丙\t4\n") == []


def test_english_titles_stand_between_numbered_paragraphs() -> None:
    body = "{}. The Recipient will keep the Confidential Information of the other party confidential at all times.\n"
    titles = ("Scope of Information", "Obligation to Maintain Secrecy", "Return of Documents", "General")
    text = "".join(f"{title}\n{body.format(2 * n + 1)}{body.format(2 * n + 2)}" for n, title in enumerate(titles))
    assert {"Obligation to Maintain Secrecy", "Return of Documents", "General"} <= {line for _, line in found(text)}
