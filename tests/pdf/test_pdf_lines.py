"""Characters with places to lines: gaps of every kind."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pdf.layout import PageLines, lay_out
from pipeline.pdf.lines import Chars, is_cjk, lines_in

EM = 10.0


def chars_of(*rows: str) -> Chars:
    """Rows of text, top down. In them ``|n|`` is a gap of n points with PDFium's made-up space, ``~n~`` one that starts
    with a space that stands in the file."""
    text = ""
    edges: list[tuple[float, float, float, float]] = []
    generated: set[int] = set()
    for at, row in enumerate(rows):
        x, top = 50.0, 700.0 - 20 * at
        parts = row.replace("~", "|~").split("|")
        for index, part in enumerate(parts):
            typed = part.startswith("~")
            body = part.lstrip("~")
            if index % 2:
                if not typed:
                    generated.add(len(text))
                text += " "
                edges.append((x, top, x + (3 if typed else 0), top - EM))
                x += float(body)
                continue
            for char in body:
                width = EM if is_cjk(char) else EM / 2
                text += char
                edges.append((x, top, x + width, top - EM))
                x += width
        if at + 1 < len(rows):
            text += "\r\n"
            edges += [(x, top, x, top - EM)] * 2
    columns = [array("f", column) for column in zip(*edges, strict=True)]
    return Chars(text, columns[0], columns[1], columns[2], columns[3], frozenset(generated))


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ("共|2.5|3|2.5|页", "共3页"),  # typography between Chinese and figures
        ("第三|2|条", "第三条"),
        ("3.5|2.5|million", "3.5 million"),
        ("ABC|3|DEF", "ABC DEF"),
        ("甲方~3~乙方", "甲方 乙方"),  # a space that was typed stays
        ("项目|40|期末余额|35|期初余额", "项目\t期末余额\t期初余额"),
        ("7.20|10.8|5,031.00", "7.20\t5,031.00"),
        ("项目~30~附注~30~2026年", "项目\t附注\t2026年"),  # a trailing space, then a jump to the next cell
        ("第三条|10|交货与验收", "第三条 交货与验收"),
        ("（二）|20|主要指标", "（二） 主要指标"),
        ("3.1|15|甲方应当", "3.1 甲方应当"),
        ("3.1|60|甲方应当", "3.1\t甲方应当"),
        ("1|30|立式加工中心|30|台|30|4", "1\t立式加工中心\t台\t4"),
        ("税率|30|%", "税率\t%"),
        ("地|24|址：广州市", "地址：广州市"),
        ("开|12|户|12|行：工商银行", "开户行：工商银行"),
        ("目|24|录", "目录"),
        ("甲方（盖章）：|80|乙方（盖章）：", "甲方（盖章）：\t乙方（盖章）："),
        ("于|24|年|12|月|12|日前交付", "于    年    月    日前交付"),
        ("于2026年~24~月~12~日", "于2026年    月    日"),
        ("租金为人民币|40|元（大写：|60|）", "租金为人民币    元（大写：    ）"),
        ("期限为|24|个月，自", "期限为    个月，自"),
        ("　　甲方　　", "甲方"),
        ("甲" + "　" * 1500 + "乙", "甲 乙"),
        ("１２％", "12%"),
        ("目~6~录", "目录"),
        ("第一章~6~总~6~则", "第一章 总则"),
        ("关~3~于~3~红~3~军~3~作~3~战", "关于红军作战"),
        ("年~7~月~7~日", "年 月 日"),  # to be filled in
        ("是~3~否", "是 否"),
        ("甲~3~乙~3~丙公司", "甲 乙 丙公司"),
    ],
)
def test_gaps(row: str, read: str) -> None:
    (line,) = lines_in(chars_of(row), 0)
    assert line.text == read


@pytest.mark.parametrize(
    "row", ["共|2.5|3页", "于|24|年|12|月", "地|24|址：广州", "ﬁrst|3|word", "甲" + "　" * 1500 + "乙"]
)
def test_origins_lead_to_the_same_characters(row: str) -> None:
    chars = chars_of(row)
    for cell in lines_in(chars, 0)[0].cells:
        assert len(cell.text) == len(cell.origins)
        for char, origin in zip(cell.text, cell.origins, strict=True):
            if "\u4e00" <= char <= "\u9fff":
                assert chars.text[origin] == char


def test_lines_on_one_height_are_one_row() -> None:
    chars = chars_of("甲方：东海公司", "乙方：南山公司")
    moved = array("f", [x + (300 if at > 8 else 0) for at, x in enumerate(chars.left)])
    moved_right = array("f", [x + (300 if at > 8 else 0) for at, x in enumerate(chars.right)])
    level = array("f", [700.0] * len(chars.text)), array("f", [690.0] * len(chars.text))
    (line,) = lines_in(Chars(chars.text, moved, level[0], moved_right, level[1], frozenset()), 0)
    assert line.text == "甲方：东海公司\t乙方：南山公司"


@pytest.mark.parametrize("comma", [EM, 1.6], ids=["", "boxed around its ink"])
def test_vertical_writing_is_read_from_right_to_left_tier_by_tier(comma: float) -> None:
    tiers = [
        ["立合同人甲方，乙方", "经双方同意，订立如下", "第一条出卖房屋壹栋，"],
        ["第二条价金伍佰万元", "第三条交屋日期另定", "以上各条，双方遵守"],
    ]
    text, edges = "", []
    for tier, columns in enumerate(tiers):
        for number in (2, 0, 1):  # in an order of the file's own
            for row, char in enumerate(columns[number]):
                left, top = 500.0 - 20 * number, 700.0 - 150 * tier - 11 * row
                text += char
                size = comma if char == "，" else EM
                edges.append((left + EM - size, top, left + EM, top - size))
    found = [array("f", column) for column in zip(*edges, strict=True)]
    lines = lines_in(Chars(text, found[0], found[1], found[2], found[3], frozenset()), 0)
    assert [line.text for line in lines] == tiers[0] + tiers[1]
    assert {line.flow for line in lines} == {"down"}
    assert lay_out([PageLines(lines, 595.0, 842.0)]).text == "\n".join(tiers[0] + tiers[1])


def over(chars: Chars, other: Chars, right: float, down: float) -> Chars:
    """Two layers of print, the second one moved."""
    lefts, rights = (array("f", [x + right for x in edges]) for edges in (other.left, other.right))
    tops, bottoms = (array("f", [y - down for y in edges]) for edges in (other.top, other.bottom))
    between = array("f", [0.0, 0.0])
    text = chars.text + "\r\n" + other.text
    columns = [
        a + between + b
        for a, b in ((chars.left, lefts), (chars.top, tops), (chars.right, rights), (chars.bottom, bottoms))
    ]
    return Chars(text, columns[0], columns[1], columns[2], columns[3], frozenset())


@pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (1.2, 0.0), (2.0, -2.0)])
def test_what_is_printed_over_itself_is_read_once(right: float, down: float) -> None:
    chars = chars_of("第一条合同标的", "第二条合同价款")
    assert [line.text for line in lines_in(over(chars, chars, right, down), 0)] == ["第一条合同标的", "第二条合同价款"]
    assert [line.text for line in lines_in(over(chars, chars_of("合同标的"), 30 + right, down), 0)][:1] == [
        "第一条合同标的"
    ]


def test_a_shadow_on_the_same_line_is_read_once() -> None:
    title = chars_of("采购合同采购合同")
    moved = [array("f", [*edges[:4], *(x + 1.5 for x in edges[:4])]) for edges in (title.left, title.right)]
    (line,) = lines_in(replace(title, left=moved[0], right=moved[1]), 0)
    assert line.text == "采购合同"


def test_a_line_whose_characters_are_each_printed_twice_is_read_once() -> None:
    title = chars_of("采采购购合合同同")
    lefts = array("f", [50 + 10 * (at // 2) + 2 * (at % 2) for at in range(8)])
    (line,) = lines_in(replace(title, left=lefts, right=array("f", [x + 10 for x in lefts])), 0)
    assert line.text == "采购合同"


def test_the_same_words_below_each_other_stay() -> None:
    assert len(lines_in(chars_of("金额单位：元", "金额单位：元"), 0)) == 2


def test_nothing_gives_no_lines() -> None:
    empty = array("f")
    assert lines_in(Chars("", empty, empty, empty, empty, frozenset()), 0) == []
    assert lines_in(chars_of("　　"), 0) == []


edge = st.one_of(st.floats(-2000, 2000, width=32), st.sampled_from([0.0, 50.0, 700.0, 1e30, -1e30]))
letters = st.sampled_from("甲乙第三条年月日元：，（） \u3000aZ-15.%\x02\r\n")


@st.composite
def any_chars(draw: st.DrawFn) -> Chars:
    text = draw(st.text(letters, max_size=40))
    columns = [array("f", draw(st.lists(edge, min_size=len(text), max_size=len(text)))) for _ in range(4)]
    indexes = st.frozensets(st.integers(0, max(0, len(text) - 1)))
    spaces = frozenset(at for at in draw(indexes) if text[at : at + 1] == " ")
    added = draw(st.none() | st.integers(0, len(text)))
    return Chars(text, columns[0], columns[1], columns[2], columns[3], spaces, draw(indexes), added)


def _printed_over(chars: Chars) -> bool:
    """Whether a character occurs twice, so that one may be printed over the other (edges may be huge here)."""
    places: dict[str, list[tuple[float, float]]] = {}
    for char, left, top in zip(chars.text, chars.left, chars.top, strict=True):
        places.setdefault(char, []).append((left, top))
    tallest = max([4000.0, *(abs(top - bottom) for top, bottom in zip(chars.top, chars.bottom, strict=True))])
    return any(
        abs(a[0] - b[0]) <= tallest and abs(a[1] - b[1]) <= tallest
        for char, found in places.items()
        if not char.isspace()
        for a, b in combinations(found, 2)
    )


@given(any_chars())
def test_no_character_is_lost_wherever_it_stands(chars: Chars) -> None:
    lines = lines_in(chars, 0)
    cells = [cell for line in lines for cell in line.cells]
    assert all(cell.text and len(cell.text) == len(cell.origins) for cell in cells)
    assert all(cell.text == cell.text.strip() for cell in cells)
    found = Counter(char for cell in cells for char in cell.text if not char.isspace())
    wanted = Counter(char for char in chars.text.replace("\x02", "-") if not char.isspace())
    if _printed_over(chars):
        assert found <= wanted
        assert found.keys() == wanted.keys()
    else:
        assert found == wanted
    laid = lay_out([PageLines(lines, 595.0, 842.0)])
    assert len(laid.text) == len(laid.origins)
