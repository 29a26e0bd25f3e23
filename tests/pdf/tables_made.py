"""Tables drawn for the tests with their labels: what each page must be read as."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pdf_made import HEIGHT, LEFT, PARAGRAPH, font, wrapped
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

SIZE, PAD = 10.5, 4.0
ROW = 20.0

Merge = tuple[int, int, int, int]
"""Row, column, rows, columns."""


@dataclass(frozen=True)
class Drawn:
    """A table: ``cells[row][column]``, merged ones at their first place; ``\\n`` breaks a cell's line."""

    cells: Sequence[Sequence[str]]
    widths: Sequence[float]
    merges: Sequence[Merge] = ()
    rules: str = "all"
    """all; open (no left and right border); columns (no lines between body rows); three (三线表); levels (below each
    row, and no upright ones); none."""
    order: str = "rows"
    """Order of the content stream: rows, or columns."""
    right: frozenset[int] = frozenset()
    """Columns set flush right."""
    left: float = LEFT
    heights: Sequence[float] = field(default=())

    def row_heights(self) -> list[float]:
        return list(self.heights) or [6 + 14 * max(cell.count("\n") + 1 for cell in row) for row in self.cells]


def width_of(text: str) -> float:
    return stringWidth(text, font(), SIZE)


def draw(canvas: Canvas, table: Drawn, top: float) -> float:
    """Draw a table; returns its lower edge."""
    xs = [table.left]
    for width in table.widths:
        xs.append(xs[-1] + width)
    ys = [top]
    for height in table.row_heights():
        ys.append(ys[-1] - height)
    _rules(canvas, table, xs, ys)
    canvas.setFont(font(), SIZE)
    places = [(r, c) for r in range(len(table.cells)) for c in range(len(table.cells[r]))]
    if table.order == "columns":
        places.sort(key=lambda place: (place[1], place[0]))
    for row, column in places:
        for at, line in enumerate(table.cells[row][column].split("\n")):
            y = ys[row] - 14 - at * 14
            if column in table.right:
                canvas.drawRightString(xs[column + 1] - PAD, y, line)
            else:
                canvas.drawString(xs[column] + PAD, y, line)
    return ys[-1]


def _rules(canvas: Canvas, table: Drawn, xs: Sequence[float], ys: Sequence[float]) -> None:
    owner = {(r, c): (r, c) for r in range(len(ys) - 1) for c in range(len(xs) - 1)}
    for row, column, rows, columns in table.merges:
        owner |= {(r, c): (row, column) for r in range(row, row + rows) for c in range(column, column + columns)}
    last_row, last_column = len(ys) - 1, len(xs) - 1
    for at in range(len(ys)):
        inner = 0 < at < last_row
        if table.rules == "none" or (table.rules in ("columns", "three") and inner and at > 1):
            continue
        for column in range(last_column):
            if not inner or owner[at - 1, column] != owner[at, column]:
                canvas.line(xs[column], ys[at], xs[column + 1], ys[at])
    if table.rules in ("none", "three", "levels"):
        return
    for at in range(len(xs)):
        inner = 0 < at < last_column
        if table.rules == "open" and not inner:
            continue
        for row in range(last_row):
            if not inner or owner[row, at - 1] != owner[row, at]:
                canvas.line(xs[at], ys[row], xs[at], ys[row + 1])


def paragraph(canvas: Canvas, top: float, text: str = PARAGRAPH) -> float:
    canvas.setFont(font(), 12)
    for line in wrapped(text, 37):
        lead = len(line) - len(line.lstrip("　"))
        canvas.drawString(LEFT + lead * 12, top, line.lstrip("　"))
        top -= 20
    return top


def line(canvas: Canvas, top: float, text: str, size: float = 12) -> float:
    canvas.setFont(font(), size)
    canvas.drawString(LEFT, top, text)
    return top - 24


def page(path: Path, *drawers: Callable[[Canvas], None]) -> Path:
    canvas = Canvas(str(path), pagesize=(595.28, HEIGHT), invariant=1)
    for draw_page in drawers:
        canvas.setFont(font(), 12)
        draw_page(canvas)
        canvas.showPage()
    canvas.save()
    return path


RULED = Drawn(
    [
        ["项目", "期末余额", "期初余额"],
        ["货币资金", "68,412.35", "71,935.42"],
        ["应收票据", "", "4,118.90"],
        ["公允价值变动损失", "(1,230.18)", "-904.11"],
        ["合计", "67,182.17", "75,150.21"],
    ],
    [200, 110, 110],
    right=frozenset((1, 2)),
)
"""Empty cells, negative figures in brackets."""

NESTED = Drawn(
    [
        ["账龄", "期末余额", "", "期初余额", ""],
        ["", "金额", "比例(%)", "金额", "比例(%)"],
        ["1年以内", "6,389,800.32", "97.68", "12,381,878.91", "94.88"],
        ["1至2年", "151,618.00", "2.32", "667,483.00", "5.12"],
        ["合计", "6,541,418.32", "100.00", "13,049,361.91", "100.00"],
    ],
    [80, 100, 60, 100, 60],
    merges=[(0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2)],
)

MERGED_ROWS = Drawn(
    [
        ["类别", "名称", "数量"],
        ["疫苗", "口蹄疫疫苗", "120"],
        ["", "布病疫苗", "80"],
        ["", "禽流感疫苗", "45"],
        ["诊断试剂", "口蹄疫试剂盒", "300"],
    ],
    [90, 160, 80],
    merges=[(1, 0, 3, 1)],
)

WRAPPED = Drawn(
    [
        ["序号", "名称", "技术要求", "金额（元）"],
        ["1", "立式加工\n中心", "含自动换刀装置、冷却系统及\n随机备件，精度不低于2.0微米", "86 ,672元"],
        ["2", "数控车床", "主轴转速不低于4000转", "855,000.00"],
    ],
    [40, 70, 200, 90],
)
"""Cells that wrap, a figure that the program split."""

OPEN = Drawn(RULED.cells, RULED.widths, rules="open", right=RULED.right)
"""No left and right border, as annual reports print them."""

COLUMN_BY_COLUMN = Drawn(WRAPPED.cells, WRAPPED.widths, order="columns")

NO_LINES_BETWEEN_ROWS = Drawn(
    [["产品", "产量", "销量"], ["疫苗", "87,584.48", "77,315.13"], ["试剂", "9,431.70", "9,590.90"],
     ["饲料", "1,763.98", "2,068.70"]],
    [120, 100, 100], rules="columns",
)  # fmt: skip

THREE_LINES = Drawn(
    [["变量", "系数", "标准误", "t值"], ["常数项", "0.512", "0.104", "4.92"], ["规模", "-0.083", "", "-2.11"],
     ["杠杆", "0.217", "0.066", "3.29"], ["样本量", "", "", "1,204"]],
    [120, 90, 90, 90], rules="three", right=frozenset((1, 2, 3)),
)  # fmt: skip

NO_RULES = Drawn(
    [
        ["项目", "2025年", "2024年", "同比"],
        ["营业收入", "1,863.42", "1,592.76", "16.99%"],
        ["营业成本", "1,244.75", "", "-"],
        ["销售费用", "82.14", "74.02", "10.97%"],
        ["研发费用", "", "81.06", ""],
        ["净利润", "214.58", "187.25", "14.60%"],
    ],
    [140, 90, 90, 90],
    rules="none",
    right=frozenset((1, 2, 3)),
)

_NAMES = ["营业收入", "营业成本", "税金及附加", "销售费用", "净利润", "货币资金", "应收账款", "存货", "固定资产"]
_HEADS = ["2025年", "2024年", "同比增减", "占比", "期末余额", "期初余额", "本期增加", "数量", "单价", "金额"]
_TEXTS = ["浦东新区", "含税", "合格", "华东", "已签收", "待付款", "一次性支付", "分期付款", "王建国", "甲方采购"]


def without_rules(chance: random.Random) -> Drawn:
    """A table without a line: figures flush right or left, texts, cells that are empty, a name that wraps, a head over
    two columns; in the order of its rows or of its columns."""
    columns, rows = chance.randint(2, 6), chance.randint(3, 9)
    kinds = [chance.choice(("figure", "figure", "percent", "count", "text")) for _ in range(columns - 1)]
    if columns == 2:
        kinds = ["figure"]
    empty = chance.choice((0, 0, 0.1, 0.25))
    body = [[chance.choice(_NAMES), *(_any(kind, chance, empty) for kind in kinds)] for _ in range(rows)]
    if chance.random() < 0.3:
        chance.choice(body)[0] = "以公允价值计量且其变动计\n入当期损益的金融资产"
    cells = [["项目", *chance.sample(_HEADS, columns - 1)], *body]
    merges: list[Merge] = []
    if columns >= 5 and chance.random() < 0.3:
        cells.insert(0, ["", "本公司", "", "合并", ""] + [""] * (columns - 5))
        merges = [(0, 1, 1, 2), (0, 3, 1, 2)]
    right = frozenset(at for at, kind in enumerate(kinds, 1) if kind != "text" and chance.random() < 0.8)
    widths = [140, *(chance.choice((76, 80, 90)) for _ in kinds)]
    return Drawn(cells, widths, merges, "none", chance.choice(("rows", "rows", "columns")), right, left=40)


def _any(kind: str, chance: random.Random, empty: float) -> str:
    if chance.random() < empty:
        return chance.choice(("", "-", "—"))
    if kind == "text":
        return chance.choice(_TEXTS)
    if kind == "count":
        return str(chance.randint(1, 5000))
    return f"{chance.uniform(-30, 90):.2f}%" if kind == "percent" else f"{chance.uniform(-9e5, 9e5):,.2f}"


LEFT_ONE = Drawn([["产品", "收入"], ["甲", "11.00"], ["乙", "22.00"]], [90, 90])
RIGHT_ONE = Drawn([["地区", "收入"], ["华东", "20.00"], ["华中", "13.00"]], [90, 90], left=LEFT + 230)

ALONE: dict[str, Drawn] = {
    "ruled": RULED, "open": OPEN, "nested head": NESTED, "merged rows": MERGED_ROWS, "wrapped": WRAPPED,
    "column by column": COLUMN_BY_COLUMN, "no lines between rows": NO_LINES_BETWEEN_ROWS,
    "three lines": THREE_LINES, "no rules": NO_RULES,
}  # fmt: skip


def truth(table: Drawn) -> list[list[str]]:
    """The cells as they must be read: lines joined, split figures whole."""
    return [[cell.replace("\n", "").replace("86 ,672", "86,672") for cell in row] for row in table.cells]
