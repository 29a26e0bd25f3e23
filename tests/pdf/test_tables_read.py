"""Tables: drawn pages read back, each cell in its row and column."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tables_made as made
from pdf_made import PARAGRAPH
from reading import read_here
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf import read as reading_process
from pipeline.pdf.places import boxes_of
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.steps import notes_on_reading
from pipeline.types import Document, Span, Table

TOP = 740.0


def read(path: Path) -> Document:
    async def run() -> Document:
        async with Reader(ReadLimits(workers=1, ocr="off")) as reader:
            return await reader.read(path, identify(path))

    return asyncio.run(run())


def grid(document: Document, table: Table) -> list[list[str]]:
    """The rows of the text, cut at TABs."""
    return [document.text[row.span.start : row.span.end].split("\t") for row in table.rows]


def one(tmp_path: Path, drawn: made.Drawn) -> tuple[Document, Table]:
    """The only table of a page that has a paragraph above and below it."""

    def draw(canvas: Canvas) -> None:
        end = made.paragraph(canvas, TOP)
        made.paragraph(canvas, made.draw(canvas, drawn, end - 10) - 30)

    document = read(made.page(tmp_path / "a.pdf", draw))
    assert [document.text.split("\n")[at] for at in (0, -1)] == [PARAGRAPH, PARAGRAPH]
    (table,) = document.tables
    return document, table


@pytest.mark.parametrize("name", made.ALONE)
def test_each_cell_stands_in_its_row_and_column(tmp_path: Path, name: str) -> None:
    drawn = made.ALONE[name]
    document, table = one(tmp_path, drawn)
    assert grid(document, table) == made.truth(drawn)
    assert table.columns == len(drawn.widths)
    assert table.found_by == ("alignment" if drawn.rules in ("three", "none") else "rules")
    for row in table.rows:
        assert [cell.column for cell in row.cells] == sorted({cell.column for cell in row.cells})
        for cell in row.cells:
            assert document.text[cell.span.start : cell.span.end] == drawn.cells[table.rows.index(row)][
                cell.column
            ].replace("\n", "").replace("86 ,672", "86,672")


def test_merged_cells_say_what_they_cover(tmp_path: Path) -> None:
    document, table = one(tmp_path, made.NESTED)
    assert [[(c.column, c.columns, c.rows) for c in row.cells] for row in table.rows[:3]] == [
        [(0, 1, 2), (1, 2, 1), (3, 2, 1)],
        [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)],
        [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)],
    ]
    assert [row.head for row in table.rows] == [True, True, False, False, False]
    assert table.place_of(document.text.index("667,483.00")) == (3, 3)
    assert table.place_of(document.text.index("期初余额")) == (0, 3)
    assert document.table_at(0) is None


def test_boxes_are_those_of_the_cells(tmp_path: Path) -> None:
    path = made.page(tmp_path / "a.pdf", lambda canvas: made.draw(canvas, made.RULED, 700.0) and None)
    (table,) = read(path).tables
    box = table.rows[1].cells[1].box
    assert box is not None and box.page == 1
    top = made.HEIGHT - 700.0
    assert box[1:] == pytest.approx((72 + 200, top + 20, 72 + 310, top + 40), abs=1)


def test_a_landscape_sheet_reads_as_shown(tmp_path: Path) -> None:
    """Drawn sideways and turned by /Rotate, as programs print wide tables."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        canvas.translate(595.28, 0)
        canvas.rotate(90)
        made.draw(canvas, made.RULED, 500.0)

    document = read(made.page(tmp_path / "a.pdf", draw))
    (table,) = document.tables
    assert grid(document, table) == made.truth(made.RULED)


def test_two_tables_side_by_side(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        end = made.paragraph(canvas, TOP)
        made.draw(canvas, made.LEFT_ONE, end - 10)
        made.paragraph(canvas, made.draw(canvas, made.RIGHT_ONE, end - 10) - 30)

    document = read(made.page(tmp_path / "a.pdf", draw))
    assert document.text.split("\n") == [
        PARAGRAPH, "产品\t收入", "甲\t11.00", "乙\t22.00", "地区\t收入", "华东\t20.00", "华中\t13.00", PARAGRAPH
    ]  # fmt: skip
    assert [grid(document, table) for table in document.tables] == [
        made.truth(made.LEFT_ONE), made.truth(made.RIGHT_ONE)
    ]  # fmt: skip


# --- over page breaks -------------------------------------------------------------------------------------------------

HEAD = ["序号", "设备名称", "金额（元）"]
WIDTHS = [50, 200, 110]


def rows_from(first: int, last: int) -> list[list[str]]:
    return [[str(n), f"{n}号离心机", f"{n},000.00"] for n in range(first, last)]


def over(
    tmp_path: Path, second: list[list[str]], between: str = "", rules: str = "all"
) -> tuple[Document, list[Table]]:
    def start(canvas: Canvas) -> None:
        end = made.paragraph(canvas, TOP)
        made.draw(canvas, made.Drawn([HEAD, *rows_from(1, 9)], WIDTHS, rules=rules), end - 10)

    def go_on(canvas: Canvas) -> None:
        top = made.line(canvas, TOP, between) if between else TOP + 20
        made.paragraph(canvas, made.draw(canvas, made.Drawn(second, WIDTHS, rules=rules), top) - 30)

    document = read(made.page(tmp_path / "a.pdf", start, go_on))
    return document, list(document.tables)


@pytest.mark.parametrize("rules", ["all", "open", "none"])
@pytest.mark.parametrize("between", ["", "续表", "表3-1 设备明细表（续）"])
def test_a_repeated_head_carries_the_table_on(tmp_path: Path, between: str, rules: str) -> None:
    document, (table,) = over(tmp_path, [HEAD, *rows_from(9, 14)], between, rules)
    assert grid(document, table) == [HEAD, *rows_from(1, 9), HEAD, *rows_from(9, 14)]
    assert [row.repeated for row in table.rows] == [False] * 9 + [True] + [False] * 5
    assert [row.head for row in table.rows] == [True] + [False] * 8 + [True] + [False] * 5
    assert [row.page for row in table.rows] == [1] * 9 + [2] * 6
    if between:
        assert between in document.text.split("\n")


@pytest.mark.parametrize("between", ["", "续表："])
def test_a_table_goes_on_without_its_head(tmp_path: Path, between: str) -> None:
    document, (table,) = over(tmp_path, rows_from(9, 14), between)
    assert grid(document, table) == [HEAD, *rows_from(1, 9), *rows_from(9, 14)]
    assert [row.head for row in table.rows] == [True] + [False] * 13


def test_another_table_on_the_next_page_is_another(tmp_path: Path) -> None:
    second = [["编号", "地点", "数量"], *rows_from(1, 4)]
    document, tables = over(tmp_path, second, "二、交货地点")
    assert [grid(document, table) for table in tables] == [[HEAD, *rows_from(1, 9)], second]
    assert [row.head for row in tables[1].rows] == [True, False, False, False]


# --- rows over page breaks --------------------------------------------------------------------------------------------

FULL = ["5,213,876,402.1", "4,678,120,993.4"]
AMOUNTS = [["项目", "2025年", "2024年"], ["净利润", "412,889,340.76", "365,201,775.32"]]


AFTER = [["净资产", "91,005,327.40", "84,770,219.66"], ["总资产", "203,118,640.05", "196,402,871.13"]]


def cut(
    tmp_path: Path,
    last: list[str],
    rest: list[list[str]],
    *,
    above: list[list[str]] = AMOUNTS,
    after: list[list[str]] = AFTER,
) -> Document:
    """A table whose pieces both have borders, as word processors draw them; ``FULL`` fills its column."""
    widths = [120, *(made.width_of(figure) + 2 * made.PAD + 2 for figure in FULL)]

    def start(canvas: Canvas) -> None:
        made.paragraph(canvas, TOP)
        made.draw(canvas, made.Drawn([*above, last], widths), 140)

    def go_on(canvas: Canvas) -> None:
        made.paragraph(canvas, made.draw(canvas, made.Drawn([*rest, *after], widths), TOP + 20) - 30)

    return read(made.page(tmp_path / "a.pdf", start, go_on))


@pytest.mark.parametrize("heads", [[], AMOUNTS[:1]])
def test_a_row_that_a_page_break_divides_is_one(tmp_path: Path, heads: list[list[str]]) -> None:
    document = cut(tmp_path, ["营业收入", *FULL], [*heads, ["", "1", "5"]])
    (table,) = document.tables
    whole = "5,213,876,402.11"
    assert grid(document, table) == [*AMOUNTS, ["营业收入", whole, "4,678,120,993.45"], *heads, *AFTER]
    assert [row.repeated for row in table.rows] == [False] * 3 + [True] * len(heads) + [False] * 2
    at = document.text.index(whole)
    assert table.place_of(at + len(whole) - 1) == (2, 1)
    upper, lower = boxes_of(document, [Span(at, at + len(whole))])[0]
    column = table.rows[2].cells[1].box
    assert (upper.page, lower.page) == (1, 2) and column is not None
    assert column.left < upper.left == pytest.approx(lower.left, abs=1) and lower.right < upper.left + 8
    assert upper.top > document.pages[0].height - 110 and lower.bottom < 140


@pytest.mark.parametrize("blank", [False, True])
def test_a_label_goes_on_where_no_row_of_the_table_is_a_label_alone(tmp_path: Path, *, blank: bool) -> None:
    last, rest = ["归属于母公司股东的净", "1.00", "2.00"], ["利润", "", ""]
    before = [*AMOUNTS, ["存货", "", ""]] if blank else [*AMOUNTS, *AFTER]
    document = cut(tmp_path, last, [rest], above=before)
    (table,) = document.tables
    body = [last, rest] if blank else [["归属于母公司股东的净利润", "1.00", "2.00"]]
    assert grid(document, table) == [*before, *body, *AFTER]


def test_the_last_digits_of_a_table_go_back_to_their_row(tmp_path: Path) -> None:
    document = cut(tmp_path, ["营业收入", *FULL], [["", "1", "5"]], after=[])
    (table,) = document.tables
    assert grid(document, table) == [*AMOUNTS, ["营业收入", "5,213,876,402.11", "4,678,120,993.45"]]
    assert document.text.split("\n")[-1] == PARAGRAPH


def test_places_on_the_next_page_are_told_from_the_own_ones(tmp_path: Path) -> None:
    """Also where a file gives the characters backwards, and the first one of a page follows."""
    document = cut(tmp_path, ["营业收入", *FULL], [["", "1", "5"]])
    origins = document.origins[:]
    origins[:4] = array("i", [-3, -2, -1, 0])
    boxes = boxes_of(replace(document, origins=origins), [Span(0, 4)])[0]
    assert boxes[0] == boxes_of(document, [Span(0, 1)])[0][0]
    assert [box.page for box in boxes] == [1, *[2] * (len(boxes) - 1)] != [1]


def test_a_merged_cell_goes_on_where_its_row_is_cut(tmp_path: Path) -> None:
    rows = [["类别", "名称", "评分标准"], ["技术部分", "施工组织设计", "内容完整针对性强得十五分一"]]
    rest = [["", "", "般得八分"], ["", "质量措施", "措施得力得十分"], ["报价", "投标报价", "等于基准价得满分"]]
    widths = [90, 100, made.width_of(rows[1][2]) + 2 * made.PAD + 2]
    drawn = made.Drawn(rest, widths, merges=[(0, 0, 2, 1)])

    def start(canvas: Canvas) -> None:
        made.paragraph(canvas, TOP)
        made.draw(canvas, made.Drawn(rows, widths), 110)

    def go_on(canvas: Canvas) -> None:
        made.draw(canvas, drawn, TOP + 20)

    document = read(made.page(tmp_path / "a.pdf", start, go_on))
    (table,) = document.tables
    assert grid(document, table) == [
        rows[0], [*rows[1][:2], "内容完整针对性强得十五分一般得八分"], *rest[1:]
    ]  # fmt: skip
    assert [cell.rows for cell in table.rows[1].cells] == [2, 1, 1]


@pytest.mark.parametrize(
    ("last", "rest", "above"),
    [
        (["营业收入", *FULL], ["合计", "1", "5"], AMOUNTS),  # a row of its own
        (["营业收入", "213,876,402.1", "678,120,993.4"], ["", "1", "5"], AMOUNTS),  # there was room for one more digit
        (["营业收入", *FULL], ["", "1", "5"], [AMOUNTS[0], ["净利润", "340.7", "75.3"]]),  # one decimal is whole
        (["营业收入", "5,213,876,402.11", FULL[1]], ["", "1", "5"], AMOUNTS),  # one of them is whole
        (["营业收入", *FULL], ["", "", "1,204.50"], AMOUNTS),  # the row of a merged label
        (["营业收入", *FULL], ["", "第一季度", "第二季度"], AMOUNTS),
        (["一年内到期的非流动负债", "", ""], ["", "12.50", ""], AMOUNTS),
    ],
)
def test_two_rows_at_a_page_break_stay_two(
    tmp_path: Path, last: list[str], rest: list[str], above: list[list[str]]
) -> None:
    document = cut(tmp_path, last, [rest], above=above)
    assert [row for table in document.tables for row in grid(document, table)] == [*above, last, rest, *AFTER]


def test_a_figure_too_long_for_its_cell_is_one(tmp_path: Path) -> None:
    widths = [120, *(made.width_of(figure) + 2 * made.PAD + 2 for figure in FULL)]
    wrapped = [f"{figure}\n{digit}" for figure, digit in zip(FULL, "15", strict=True)]
    document, table = one(tmp_path, made.Drawn([*AMOUNTS, ["营业收入", *wrapped]], widths))
    assert grid(document, table)[2] == ["营业收入", "5,213,876,402.11", "4,678,120,993.45"]


# --- what is no table -------------------------------------------------------------------------------------------------


def test_prose_in_a_frame_is_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(60, 300, 480, 480)
        canvas.line(60, 770, 540, 770)
        made.paragraph(canvas, TOP)

    document = read(made.page(tmp_path / "a.pdf", draw))
    assert document.tables == ()
    assert document.text == PARAGRAPH


def test_a_contents_page_is_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for at, (title, number) in enumerate(
            [("第一章 总则", "1"), ("第二章 招标", "7"), ("第三章 投标", "12"), ("附则", "30")]
        ):
            canvas.drawString(72, TOP - 24 * at, title)
            canvas.drawRightString(520, TOP - 24 * at, number)

    assert read(made.page(tmp_path / "a.pdf", draw)).tables == ()


def test_a_chart_is_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for at in range(9):
            canvas.line(100, 400 + 30 * at, 500, 400 + 30 * at)
            canvas.line(100 + 50 * at, 400, 100 + 50 * at, 640)
        for at, text in enumerate(["2019", "2020", "2021", "2022"]):
            canvas.drawString(110 + 100 * at, 380, text)
        canvas.drawString(150, 455, "12.5")
        canvas.drawString(350, 515, "17.1")
        made.paragraph(canvas, 300)

    assert [table for table in read(made.page(tmp_path / "a.pdf", draw)).tables if table.found_by == "rules"] == []


# --- a table process that fails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "import os; os._exit(7)",
        "import time; time.sleep(60)",
        "return {'grids': {'1': [[[0, 1], 'x', 3]]}}",
        "return {'grids': 3}",
        "return {}",
        "raise ValueError",
    ],
)
def test_a_page_keeps_its_lines_when_its_tables_cannot_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    def draw(canvas: Canvas) -> None:
        made.draw(canvas, made.RULED, TOP)

    path = made.page(tmp_path / "a.pdf", draw)
    (tmp_path / "fake_tables.py").write_text(
        f"from pipeline.pdf.process import serve\ndef answer(request):\n    {body}\nserve(answer)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(reading_process, "_TABLES_WORKER", "fake_tables")
    monkeypatch.setattr(reading_process, "_TABLES_S", 1.0)
    document = read(path)
    assert document.tables_unseen == (1,)
    assert "货币资金\t68,412.35\t71,935.42" in document.text.split("\n")


def test_one_hostile_page_costs_only_its_own_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(canvas: Canvas) -> None:
        made.draw(canvas, made.RULED, TOP)

    path = made.page(tmp_path / "a.pdf", *[draw] * 6)
    (tmp_path / "fake_tables.py").write_text(
        "import os\nfrom pipeline.pdf import tables_finder\nfrom pipeline.pdf.process import serve\n"
        "def answer(request):\n"
        "    '4' in request['strokes'] and os._exit(9)\n"
        "    return tables_finder.answer(request)\n"
        "serve(answer)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(reading_process, "_TABLES_WORKER", "fake_tables")
    document = read(path)
    assert document.tables_unseen == (4,)
    (table,) = document.tables
    assert [(row.page, len(row.cells)) for row in table.rows if row.page in (3, 4, 5)] == [(3, 3)] * 5 + [
        (4, 3)
    ] * 5 + [(5, 3)] * 5
    boxes = {row.page: cell.box for row in table.rows for cell in row.cells[:1] if row.head and cell.box}
    assert boxes[3][1:] == boxes[5][1:] != boxes[4][1:]  # page 4 knows its columns from its text alone


def test_the_result_says_which_tables_could_not_be_found(tmp_path: Path) -> None:
    document = read(made.page(tmp_path / "a.pdf", lambda canvas: made.draw(canvas, made.RULED, TOP) and None))
    assert notes_on_reading(document) == []
    (note,) = notes_on_reading(replace(document, tables_unseen=(3, 7)))
    assert note.zh == "第 3、7 页的表格未能识别，按文字行分析"


def test_a_word_spread_over_its_column_is_one_cell(tmp_path: Path) -> None:
    rows = [
        ["类　　别", "年限", "方法"],
        ["土地使用权", "50", "直线法"],
        ["专利技术", "10", "直线法"],
        ["软件", "5", "直线法"],
    ]
    document, table = one(tmp_path, made.Drawn(rows, [140, 90, 90], rules="none"))
    assert grid(document, table) == [["类别", "年限", "方法"], *rows[1:]]


def test_lines_of_a_cell_that_are_figures_of_their_own_stay_apart(tmp_path: Path) -> None:
    rows = [
        ["项目", "数量", "说明"],
        ["备件", "120\n80", "A型\nB型"],
        ["工具", "5", "第一段落的说明文字写得很长很长\n的第二行"],
    ]
    document, table = one(tmp_path, made.Drawn(rows, [80, 120, 180]))
    assert grid(document, table) == [
        ["项目", "数量", "说明"],
        ["备件", "120 80", "A型B型"],
        ["工具", "5", "第一段落的说明文字写得很长很长的第二行"],
    ]


@pytest.mark.parametrize("rules", ["all", "open"])
def test_two_columns_one_after_the_other(tmp_path: Path, rules: str) -> None:
    rows = [["品名", "数量"], ["离心机", "4"], ["水泵", ""], ["阀门", "12"]]
    document, table = one(tmp_path, made.Drawn(rows, [200, 200], rules=rules, order="columns"))
    assert grid(document, table) == rows


def test_items_and_entries_in_a_cell_are_told_apart(tmp_path: Path) -> None:
    rows = [
        ["条款号", "编列内容"],
        ["1.1", "名称：华阳能源公司\n地址：矿区一矿\n联系人：樊鹏"],
        ["1.2", "（1）资质要求\n（2）财务要求"],
    ]
    document, table = one(tmp_path, made.Drawn(rows, [60, 300]))
    assert grid(document, table)[1:] == [
        ["1.1", "名称：华阳能源公司 地址：矿区一矿 联系人：樊鹏"],
        ["1.2", "（1）资质要求 （2）财务要求"],
    ]


def test_boxes_of_a_span_in_a_cell_lie_in_the_cell(tmp_path: Path) -> None:
    document, table = one(tmp_path, made.WRAPPED)
    for row in table.rows:
        for cell in row.cells:
            (found,) = boxes_of(document, [cell.span])
            assert cell.box and len(found) >= bool(cell.span.length)
            for box in found:
                assert cell.box.left - 2 < box.left < box.right < cell.box.right + 2
                assert cell.box.top - 2 < (box.top + box.bottom) / 2 < cell.box.bottom + 2


def test_tables_without_rules_in_any_order_are_read_cell_by_cell(tmp_path: Path) -> None:
    wrong = []
    for seed in range(40):
        drawn = made.without_rules(random.Random(seed))
        document = read_here(made.page(tmp_path / "page.pdf", lambda canvas, drawn=drawn: below_text(canvas, drawn)))
        if [grid(document, table) for table in document.tables] != [made.truth(drawn)]:
            wrong.append(seed)
    assert len(wrong) <= 2, wrong  # rows at a table's end of which only the label is there


def below_text(canvas: Canvas, drawn: made.Drawn) -> None:
    made.draw(canvas, drawn, made.paragraph(canvas, 740.0) - 10)


def test_a_form_and_columns_of_text_are_no_tables_column_by_column(tmp_path: Path) -> None:
    left = ["甲方（盖章）：", "法定代表人：", "地址：苏州市虎丘区", "电话：0512-68007721", "日期：2026年3月1日"]
    right = ["乙方（盖章）：", "法定代表人：", "地址：无锡市新吴区", "电话：0510-85304466", "日期：2026年3月1日"]

    def draw(canvas: Canvas) -> None:
        for lines, x in ((left, 72), (right, 320)):
            for at, text in enumerate(lines):
                canvas.drawString(x, 700 - 24 * at, text)

    assert read_here(made.page(tmp_path / "form.pdf", draw)).tables == ()


LEVELS = [
    ["阶段", "交付内容", "时间与金额", ""],
    ["第一阶段", "需求规格说明书、\n总体设计方案", "6月30日", "376,000.00"],
    ["第二阶段", "数据采集模块", "9月30日", "1,564,000.00"],
    ["质保金", "", "次年12月31日", "188,000.00"],
]


@pytest.mark.parametrize("widths", [(80, 120, 80, 80), (60, 90, 72, 66)], ids=["wide", "close"])
def test_level_lines_alone_make_rows(tmp_path: Path, widths: tuple[float, ...]) -> None:
    drawn = made.Drawn(LEVELS, widths, rules="levels", right=frozenset({3}))
    document, table = one(tmp_path, drawn)
    assert grid(document, table) == [[cell.replace("\n", "") for cell in row] for row in LEVELS]
    assert table.found_by == "rules"


def test_paragraphs_between_level_lines_are_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        top = TOP
        for number in range(4):
            canvas.line(made.LEFT, top, 520, top)
            top = made.line(canvas, top - 24, f"第{number}条    标的    数量")
            top = made.paragraph(canvas, top) - 10
        canvas.line(made.LEFT, top, 520, top)

    document = read(made.page(tmp_path / "a.pdf", draw))
    assert (document.tables, document.tables_unseen) == ((), ())


def test_rows_at_page_breaks_are_no_headers(tmp_path: Path) -> None:
    """Though they stand where headers and footers do, and differ only in their figures."""

    def page(row: list[str], top: float) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            made.paragraph(canvas, 600)
            made.draw(canvas, made.Drawn([row], (120, 110, 110), rules="none"), top)

        return draw

    rows = [["1至2年", "48,330,271.06", "39,870,554.12"], ["2至3年", "9,115,603.44", "12,008,790.35"]]
    document = read(made.page(tmp_path / "a.pdf", page(rows[0], 60), page(rows[1], 820)))
    assert [line for line in document.text.split("\n") if "年" in line] == ["\t".join(row) for row in rows]
