"""A quote is found where it stands, or not at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ground import Locator, difference
from pipeline.split.headings import find_sections
from pipeline.types import Document, Page, Span

CLAUSE = (
    "第八条 违约责任：乙方逾期交货的，每逾期一日，应按合同总价的0.05%向甲方支付违约金，\n"
    "但违约金总额不超过合同总价的10%。"
)


BENCH = Path(__file__).parents[1] / "bench" / "grounding.py"


def document(text: str) -> Document:
    page = Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium")
    return Document("id", "f.pdf", "t", text, (page,))


def locate(quote: str, text: str = CLAUSE) -> tuple[str, str | None]:
    match, span = Locator(document(text)).locate(quote, Span(0, len(text)))
    return match, text[span.start : span.end] if span else None


@pytest.mark.parametrize(
    ("quote", "match", "found"),
    [
        ("每逾期一日", "exact", "每逾期一日"),
        ("  每逾期一日 ", "exact", "每逾期一日"),
        ("乙方逾期交货的,每逾期一日", "normalized", "乙方逾期交货的，每逾期一日"),  # half-width comma
        ("支付违约金，但违约金总额", "normalized", "支付违约金，\n但违约金总额"),  # over a line break
        ("合同总价的０．０５％向甲方", "normalized", "合同总价的0.05%向甲方"),  # full width
        ("第八条违约责任:乙方", "normalized", "第八条 违约责任：乙方"),  # lost space, other colon
        ("“每逾期一日，应按”", "normalized", "每逾期一日，应按"),  # quotation marks added
        ("不超过合同总价的10%……", "normalized", "不超过合同总价的10%"),  # ellipsis added
        ("第八条 | 违约责任：乙方", "normalized", "第八条 违约责任：乙方"),  # a table row with bars
        ("但违约金总额不超过合同总价10%", "fuzzy", "但违约金总额不超过合同总价的10%"),  # particle dropped
        ("应按合同总价的0.5%向甲方支付违约金", "none", None),  # altered figure
        ("违约金总额不超过合同总价的1%", "none", None),  # altered figure
        ("合同总价的1", "none", None),  # would cut 10%
        ("合同总价的0.05", "exact", "合同总价的0.05"),
        ("05%向甲方", "none", None),  # would cut 0.05%
        ("但违约金总额超过合同总价的10%", "none", None),  # negation dropped
        ("甲方逾期交货的，每逾期一日", "none", None),  # the other party
        ("乙方逾期付款的", "none", None),
        ("", "none", None),
        ("。", "none", None),
        ("……", "none", None),
    ],
)
def test_quotes_are_placed_or_refused(quote: str, match: str, found: str | None) -> None:
    assert locate(quote) == (match, found)


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("增长-5.2%", "本期增长5.2%。"),
        ("合计1,234元", "合计11,234元"),
        ("合计1,234元", "合计1,234.50元"),
        ("第12条", "第1 2条"),
        ("共12件", "共1，2件"),
        ("3年", "13年"),
    ],
)
def test_numbers_are_never_joined_split_or_turned(quote: str, text: str) -> None:
    assert locate(quote, text) == ("none", None)


def test_a_quote_is_looked_for_only_in_the_part_that_was_read() -> None:
    text = "保证金为合同价的5%。\n" * 3
    first = Locator(document(text)).locate("保证金为合同价的5%", Span(13, len(text)))
    assert first == ("exact", Span(13, 24)) or first[1].start >= 13
    assert Locator(document(text)).locate("保证金为合同价的5%", Span(0, 6)) == ("none", None)


def test_evidence_names_page_and_section() -> None:
    pages = (
        Page(1, Span(0, 4), None, 595, 842, "text", "pdfium"),
        Page(2, Span(4, 4), None, 595, 842, "scan", "none"),
        Page(3, Span(4, 8), None, 595, 842, "text", "pdfium"),
    )
    located = Locator(Document("id", "f", "t", "甲乙丙丁戊己庚辛", pages)).evidence("己庚", Span(0, 8))
    assert (located.page, located.match, located.span) == (3, "exact", Span(5, 7))


chinese = st.text(st.sampled_from("甲乙丙方应当支付元，。0123456789.%（）“”不 \n的了"), min_size=1, max_size=120)


@given(chinese, st.data())
def test_a_planted_quote_is_found_where_it_or_its_twin_stands(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    match, span = Locator(document(text)).locate(text[start:end], Span(0, len(text)))
    if span:
        assert match in ("exact", "normalized", "fuzzy")
        assert 0 <= span.start < span.end <= len(text)


@given(chinese.filter(lambda t: any(c.isdigit() for c in t)), st.data())
def test_a_quote_with_an_altered_digit_is_not_found_in_its_place(text: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit()]))
    altered = text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
    assert Locator(document(text)).locate(altered, Span(0, len(text)))[0] == "none"


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("十日内付清全部款项", "应在三十日内付清全部款项。"),
        ("违约金为百分之三", "违约金为百分之三十。"),
        ("合同总价为5", "合同总价为5万元。"),
        ("得转让本合同项下的权利", "乙方不得转让本合同项下的权利。"),
        ("经甲方书面同意转让的", "未经甲方书面同意转让的，无效。"),
        ("得转让本合同项下的权利", "乙方不\n得转让本合同项下的权利。"),
        ("5.2%，较上期下降", "增长率为-5.2%，较上期下降。"),
        ("支付订金一万元作为担保", "支付定金一万元作为担保。"),
        ("逾期末付款的应当承担责任", "逾期未付款的应当承担责任。"),
    ],
)
def test_a_cut_or_a_look_alike_that_turns_the_meaning_is_refused(quote: str, text: str) -> None:
    assert locate(quote, text) == ("none", None)


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("每逾期一日应按合同总价的0.05%支付", "每逾期一日，应按合同总价的0.05%支付", None),  # comma left out
        ("自己方收到账单之日起计算", "自已方收到帐单之日起计算", None),  # as recognition reads it
        ("货物共1,234件分三批交付完毕", "货物共1,234件，分三批交付完毕", None),
    ],
)
def test_fuzzy_quotes_are_placed_and_their_difference_told(quote: str, text: str, found: str | None) -> None:
    assert locate(quote, text) == ("fuzzy", found or text)
    assert "原文" in difference(quote, text) and "引文" in difference(quote, text)


def test_commas_within_numbers_are_never_left_out() -> None:
    assert locate("货物共1234件分三批交付完毕", "货物共1,234件，分三批交付完毕") == ("none", None)


def test_a_quote_runs_over_a_page_break() -> None:
    text = "乙方应于收到通知后三十日内\n完成全部货物的更换。"
    border = text.index("\n") + 1
    pages = (
        Page(1, Span(0, border), None, 595, 842, "text", "pdfium"),
        Page(2, Span(border, len(text)), None, 595, 842, "text", "pdfium"),
    )
    locator = Locator(Document("id", "f", "t", text, pages))
    placed = locator.evidence("收到通知后三十日内完成全部货物的更换", Span(0, len(text)))
    assert (placed.match, placed.page) == ("normalized", 1)
    assert placed.span and text[placed.span.end - 2 : placed.span.end] == "更换"


OFTEN = "费用由乙方承担。"
ARTICLES = f"第一条 运输\n{OFTEN}\n第二条 保险\n{OFTEN}\n第三条 检验\n报关由甲方办理，{OFTEN}\n{OFTEN}\n"


@pytest.mark.parametrize(
    ("about", "nth"),
    [("", 0), ("运输费用", 0), ("保险的费用", 1), ("第二条 费用承担", 1), ("检验", 2), ("与此无涉", 0)],
)
def test_a_quote_that_occurs_often_is_placed_by_what_it_is_quoted_for(about: str, nth: int) -> None:
    places = [at for at in range(len(ARTICLES)) if ARTICLES.startswith(OFTEN, at)]
    shown = document(ARTICLES)
    shown = replace(shown, sections=find_sections(ARTICLES, (), shown.pages))
    placed = Locator(shown).evidence(OFTEN, Span(0, len(ARTICLES)), about)
    assert placed.span and placed.span.start == places[nth]


def test_the_bench_of_grounding_holds() -> None:
    run = subprocess.run([sys.executable, str(BENCH), "--seed", "3"], capture_output=True, text=True, check=False)
    assert "altered quotes placed: 0 of 1001" in run.stdout and "citation recall 1.0000" in run.stdout, run.stdout
