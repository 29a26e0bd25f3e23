"""Headings by pattern and context, and how they nest."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import TEXTS, parse

from pipeline.split.headings import find_sections
from pipeline.types import Bookmark, Page, Section, Span


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
@settings(max_examples=500, deadline=None)
def test_sections_nest_whatever_the_order_of_numbers(text: str) -> None:
    check_nesting(text, find_sections(text, (), ()))


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str) -> None:
    check_nesting(text, find_sections(text, [Bookmark(text[:20], 1, 1)], [page(1, 0, len(text))]))


HOSTILE = [" ", "\n", "第一条 ", "一、\n", "1.1 a\n", "附件一\n", "鉴于：\n", "目录\n", "第", "1.", "(", "\ud800"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_take_linear_time(unit: str) -> None:
    started = time.process_time()
    find_sections(unit * (300_000 // len(unit)), (), ())
    assert time.process_time() - started < 8
