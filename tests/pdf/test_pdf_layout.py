"""Lines to text: what joins and what does not, as literal tables; and what must hold for any page."""

from __future__ import annotations

import unicodedata
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pdf.layout import PageLines, lay_out, title_of
from pipeline.pdf.lines import Cell, Line, is_cjk
from pipeline.pdf.regions import take_margins

EM, PITCH, LEFT, TOP, COLUMNS = 12.0, 20.0, 72.0, 720.0, 34
WIDTH, HEIGHT = 595.0, 842.0
FULL = "双方应当按照诚实信用的原则全面履行本合同约定的各项义务并及时通知对方协助保密不"
FULL = FULL[:COLUMNS]


def cell(text: str, left: float, top: float, em: float = EM) -> Cell:
    width = sum(em if is_cjk(char) else em / 2 for char in text)
    return Cell(text, array("i", range(len(text))), left, top, left + width, top - em, em)


def line(text: str, row: float = 0, page: int = 0, left: float = LEFT, em: float = EM) -> Line:
    """A line; a TAB in ``text`` starts a cell at the next multiple of 120 points, leading blanks indent."""
    top = TOP - row * PITCH
    indent = (len(text) - len(text.lstrip("　"))) * em
    cells = [cell(part, left + indent + 120 * at, top, em) for at, part in enumerate(text.strip("　").split("\t"))]
    return Line(cells, page)


def text_of(*pages: list[str], pitch: float = 1) -> str:
    laid = lay_out(
        [
            PageLines([line(text, at * pitch, index) for at, text in enumerate(texts) if text], WIDTH, HEIGHT)
            for index, texts in enumerate(pages)
        ]
    )
    return laid.text


BODY = ["　　" + FULL[:-2], FULL, FULL, "至此为止。"]
"""A paragraph of the document around each case, so that its margins are known."""


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        # full lines that end mid-sentence
        (FULL, "得无故拖延。", True),
        ("　　" + FULL[:-2], "得无故拖延。", True),
        (FULL[:-1] + "，", "乙方不得拖延。", True),
        (FULL[:-3] + "人民币1", "2.5万元。", True),
        (FULL[:-4] + "1,280,", "000.00元。", True),
        # a full line that ends its sentence: indented documents go on flush left, new paragraphs are indented
        (FULL[:-1] + "。", "乙方应当及时通知甲方。", True),
        (FULL[:-1] + "。", "　　乙方应当及时通知甲方。", False),
        # short lines
        ("以上所述。", "乙方应当及时通知甲方。", False),
        ("设备采购合同", "甲方与乙方订立", False),
        # headings, list items, labels, even after a full line
        (FULL[:-1] + "。", "第三条 交货与验收", False),
        (FULL[:-1] + "。", "3.2 乙方应当在", False),
        (FULL[:-1] + "。", "（二）乙方应当在", False),
        (FULL[:-1] + "；", "2、乙方应当在", False),
        (FULL[:-1] + "：", "①乙方应当在", False),
        (FULL, "甲方（盖章）：", False),
        (FULL, "法定代表人：王伟", False),
        (FULL, "附件一：技术规格书", False),
        # a reference at a line's start is no heading
        (FULL[:-3] + "本合同", "第三条约定的交货期届满后，甲方可以解除。", True),
        (FULL[:-2] + "根据", "第三条及第四条的约定执行。", True),
        (FULL[:-3] + "违反了", "第十二条的约定的，应当赔偿。", True),
        (FULL[:-3] + "（以下", "一、二期工程合称）", True),
        # rows never join
        ("序号\t名称\t金额", "1\t设备\t100.00", False),
        (FULL, "1\t设备\t100.00", False),
        ("1\t设备\t100.00", "乙方应当及时通知甲方。", False),
    ],
)
def test_joins(a: str, b: str, joined: bool) -> None:
    text = text_of([*BODY, a, b, *BODY])
    first, second = a.lstrip("　"), b.lstrip("　")
    assert (first + second in text) is joined, text
    assert (first + "\n" + second in text) is not joined, text


def test_words_keep_their_space_and_hyphens_go() -> None:
    pages = [
        "The supplier shall deliver all of the equipment to the premises of the",
        "purchaser and shall carry out the installation and the commis-",
        "sioning of the equipment at its own cost within thirty days of the deliv-",
        "ery date.",
    ]
    expected = (
        "The supplier shall deliver all of the equipment to the premises of the purchaser and shall carry out the "
        "installation and the commissioning of the equipment at its own cost within thirty days of the delivery date."
    )
    assert text_of(pages) == expected


def test_paragraph_runs_over_the_page_break() -> None:
    pages = [[*BODY, "　　" + FULL[:-2], FULL], ["得无故拖延。", *BODY]]
    laid = lay_out(
        [
            PageLines([line(text, at, index) for at, text in enumerate(texts)], WIDTH, HEIGHT)
            for index, texts in enumerate(pages)
        ]
    )
    assert FULL + "得无故拖延。" in laid.text
    assert laid.text[laid.spans[1].start :].startswith("得无故拖延。")
    assert laid.spans[0].end == laid.spans[1].start


def test_larger_type_is_another_paragraph() -> None:
    lines = [line(FULL, 0), line(FULL, 1), line(FULL[:20] + "得无故拖延。", 2, em=16)]
    assert lay_out([PageLines(lines, WIDTH, HEIGHT)]).text.count("\n") == 1


def test_headers_footers_and_page_numbers_go_to_the_margins() -> None:
    def page(index: int) -> PageLines:
        lines = [
            line("设备采购合同\t编号：2026-01", -3, index),
            *[line(text, at, index) for at, text in enumerate(BODY)],
            line(f"第 {index + 1} 页 共 5 页", 33, index, left=250),
        ]
        return PageLines(lines, WIDTH, HEIGHT)

    pages = [page(index) for index in range(5)]
    text = lay_out(pages).text
    assert "编号" not in text and "页" not in text
    assert [(found.kind, found.text) for found in pages[2].regions] == [
        ("header", "设备采购合同\t编号：2026-01"),
        ("page_number", "第 3 页 共 5 页"),
    ]
    box = pages[2].regions[0].box
    assert box is not None
    down = HEIGHT - TOP - 3 * PITCH
    assert (box.page, box.left, box.top, box.bottom) == (3, LEFT, down, down + EM)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("1", True),
        ("- 1 -", True),
        ("— 1 —", True),
        ("1/9", True),
        ("第1页", True),
        ("第 1 页 / 共 9 页", True),
        ("第1页，共9页", True),
        ("Page 1 of 9", True),
        ("iv", True),
        ("2026", False),  # a year, a sum, no page number of a short document
        ("合计：12,000.00元", False),
        ("甲方（盖章）：", False),
        ("123456", False),
    ],
)
def test_page_number_of_a_single_page(text: str, taken: bool) -> None:
    page = PageLines([*[line(body, at) for at, body in enumerate(BODY)], line(text, 33, left=290)], WIDTH, HEIGHT)
    take_margins([page], (), EM)
    assert bool(page.regions) is taken


def test_first_line_of_the_text_in_the_top_zone_stays() -> None:
    pages = [
        PageLines(
            [line(f"第{n}条 不同的标题{n * 7}款", -3, at)] + [line(b, i, at) for i, b in enumerate(BODY)], WIDTH, HEIGHT
        )
        for at, n in enumerate("一二三四五六")
    ]
    take_margins(pages, (), EM)
    assert not any(page.regions for page in pages)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("设备采购", "设备采购"),  # stands on the page
        ("房屋租赁合同范本", "设备采购合同"),  # the name of the template it was made from
        ("Microsoft Word - 合同终稿.doc", "设备采购合同"),
        ("untitled", "设备采购合同"),
        ("(anonymous)", "设备采购合同"),
        ("contract_final.docx", "设备采购合同"),
        ("无标题", "设备采购合同"),
        ("12345", "设备采购合同"),
        ("", "设备采购合同"),
    ],
)
def test_title(metadata: str, expected: str) -> None:
    lines = [line("合同编号：CG-2026-001", -1), line("设备采购合同", 0, left=220, em=20)]
    lines += [line(text, at + 2) for at, text in enumerate(BODY)]
    assert title_of(metadata, [PageLines(lines, WIDTH, HEIGHT)]) == expected


def test_rows_of_cells_with_several_lines() -> None:
    """As Word writes them: cell by cell, numbers centred beside wrapped names."""
    cells = [
        cell("序号", 72, 700), cell("名称", 130, 700), cell("金额", 300, 700),
        cell("1", 72, 670), cell("切削液集中供给装", 130, 680), cell("置", 130, 664), cell("88,200.00", 300, 670),
        cell("2", 72, 640), cell("数控车床", 130, 640), cell("142,500.00", 300, 640),
    ]  # fmt: skip
    lines = [Line(cells[:3], 0), *[Line([one], 0) for one in cells[3:7]], Line(cells[7:], 0)]
    text = lay_out([PageLines(lines, WIDTH, HEIGHT)]).text
    assert text == "序号\t名称\t金额\n1\t切削液集中供给装置\t88,200.00\n2\t数控车床\t142,500.00"


def test_signature_blocks_side_by_side_stay_apart() -> None:
    left = ["甲方（盖章）：", "法定代表人：", "日期："]
    right = ["乙方（盖章）：", "法定代表人：", "日期："]
    lines = [line(text, at) for at, text in enumerate(left)] + [
        line(text, at, left=320) for at, text in enumerate(right)
    ]
    text = lay_out([PageLines(lines, WIDTH, HEIGHT)]).text
    assert text.split("\n") == [*left, *right]


@st.composite
def any_pages(draw: st.DrawFn) -> list[PageLines]:
    pieces = st.text(st.sampled_from("甲乙。，：（第三条1.5%aBc -\x02é"), min_size=1, max_size=40).filter(
        lambda t: t.strip()
    )
    pages = []
    for index in range(draw(st.integers(1, 4))):
        lines = []
        for _ in range(draw(st.integers(0, 8))):
            left, row = draw(st.floats(0, 500)), draw(st.floats(-5, 40))
            found = [
                cell(draw(pieces).strip(), left + 100 * at, TOP - row * PITCH, draw(st.sampled_from([9.0, 12.0, 20.0])))
                for at in range(draw(st.integers(1, 3)))
            ]
            lines.append(Line(found, index))
        pages.append(PageLines(lines, WIDTH, HEIGHT))
    return pages


@given(any_pages())
def test_pages_tile_the_text(pages: list[PageLines]) -> None:
    before = sorted("".join(one.text for page in pages for whole in page.lines for one in whole.cells))
    laid = lay_out(pages)
    assert len(laid.origins) == len(laid.text)
    assert len(laid.spans) == len(pages)
    ends = 0
    for span in laid.spans:
        assert span.start == ends
        ends = span.end
    assert ends == len(laid.text)
    after = sorted(laid.text + "".join(found.text for page in pages for found in page.regions))
    ignored = " \n\t-"
    assert [c for c in before if c not in ignored] == [
        c for c in after if c not in ignored
    ]  # nothing lost, nothing new
    assert unicodedata.is_normalized("NFC", laid.text)
    assert "\n\n" not in laid.text
