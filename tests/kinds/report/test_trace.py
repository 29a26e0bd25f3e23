"""What a check says of a table's figure: table, row, column, and each cell of the arithmetic as evidence."""

from __future__ import annotations

from pipeline.kinds.report.rules import findings_in
from pipeline.kinds.report.tables import tables_in
from pipeline.kinds.report.trace import column_names, trace_of
from pipeline.types import Document, Page, Span, Table, TableCell, TableRow


def document(
    above: str, rows: list[list[str]], heads: int = 1, merges: dict[tuple[int, int], int] | None = None
) -> Document:
    """A document that is a table below a few lines; ``merges``: columns covered by row and column."""
    text, at = above, len(above)
    lines: list[TableRow] = []
    for number, row in enumerate(rows):
        cells: list[TableCell] = []
        start, skip = at, 0
        for column, cell in enumerate(row):
            width = (merges or {}).get((number, column), 1)
            if not skip:
                cells.append(TableCell(Span(at, at + len(cell)), column, width))
                skip = width
            skip -= 1
            at += len(cell) + 1
        text += "\t".join(row) + "\n"
        lines.append(TableRow(Span(start, at - 1), 1, tuple(cells), head=number < heads))
    page = Page(1, Span(0, len(text)), None, 595.0, 842.0, "text", "pdfium")
    return Document(
        "0" * 64, "a.pdf", "2025年年度报告", text, (page,), tables=(Table(tuple(lines), len(rows[0]), "rules"),)
    )


SALES = [
    ["产品", "2025年", "", "2024年", ""],
    ["", "收入", "成本", "收入", "成本"],
    ["疫苗", "100.00", "60.00", "80.00", "50.00"],
    ["试剂", "50.00", "20.00", "40.00", "15.00"],
    ["饲料", "30.00", "25.00", "20.00", "18.00"],
    ["合计", "190.00", "105.00", "140.00", "83.00"],
]
MERGES = {(0, 1): 2, (0, 3): 2}


def test_nested_heads_name_each_column() -> None:
    doc = document("分产品情况\n", SALES, 2, MERGES)
    assert column_names(doc.text, doc.tables[0]) == ("产品", "2025年 收入", "2025年 成本", "2024年 收入", "2024年 成本")
    (table,) = tables_in(doc.text, doc.tables)
    assert table.column_names(4) == ("2025年 收入", "2025年 成本", "2024年 收入", "2024年 成本")


def test_a_wrong_total_names_its_place_and_proves_each_cell() -> None:
    doc = document("三、分产品情况\n单位：万元\n", SALES, 2, MERGES)
    (found,) = [f for f in findings_in(doc) if f.category == "checks"]
    assert found.value == "合计 190.00，应为 180.00"
    assert found.detail.startswith(
        "表“三、分产品情况”（第 1 页）“合计”行“2025年 收入”列：各项之和 100.00 + 50.00 + 30.00"
    )
    assert [e.quote for e in found.evidence] == [
        "合计\t190.00\t105.00\t140.00\t83.00", "190.00", "100.00", "50.00", "30.00"
    ]  # fmt: skip
    for evidence in found.evidence:
        assert evidence.span and doc.text[evidence.span.start : evidence.span.end] == evidence.quote
    assert [doc.tables[0].place_of(e.span.start) for e in found.evidence[1:] if e.span] == [
        (5, 1),
        (2, 1),
        (3, 1),
        (4, 1),
    ]


def test_a_wrong_balance_names_the_column() -> None:
    rows = [
        ["项目", "期末余额", "期初余额"],
        ["资产总计", "1,000.00", "900.00"],
        ["负债合计", "400.00", "300.00"],
        ["所有者权益合计", "600.00", "590.00"],
        ["负债和所有者权益总计", "1,000.00", "890.00"],
    ]
    (found,) = [f for f in findings_in(document("资产负债表\n单位：万元\n", rows)) if f.category == "checks"]
    assert found.detail.startswith("表“资产负债表”（第 1 页）“负债和所有者权益总计”行“期初余额”列：资产总计 900.00")
    assert [e.quote for e in found.evidence[1:]] == ["890.00", "900.00", "300.00", "590.00"]


def test_a_wrong_growth_names_the_column() -> None:
    rows = [
        ["项目", "2025年", "2024年", "同比增减"],
        ["营业收入", "120.00", "100.00", "20.00%"],
        ["营业成本", "66.00", "60.00", "10.00%"],
        ["净利润", "24.00", "20.00", "25.00%"],
    ]
    (found,) = [f for f in findings_in(document("主要会计数据\n", rows)) if f.category == "checks"]
    assert found.detail.startswith("表“主要会计数据”（第 1 页）“净利润”行“同比增减”列：")
    assert [e.quote for e in found.evidence[1:]] == ["25.00%", "24.00", "20.00"]


def test_a_column_without_a_name_is_counted() -> None:
    rows = [["疫苗", "1.00", "2.00"], ["试剂", "3.00", "4.00"]]
    doc = document("产量\n", rows, heads=0)
    assert column_names(doc.text, doc.tables[0]) == ("", "", "")
    trace = trace_of(doc, doc.tables[0].rows[1].cells[2].span, "试剂")
    assert trace and trace.zh == "表“产量”（第 1 页）“试剂”行第 3 列"


def test_a_second_table_right_below_keeps_to_itself() -> None:
    first = [["项目", "金额"], ["甲", "10.00"], ["乙", "20.00"], ["合计", "30.00"]]
    second = [["项目", "金额"], ["丙", "1.00"], ["丁", "2.00"], ["合计", "3.00"]]
    one, two = document("", first), document("", second)
    shift = len(one.text)
    moved = tuple(
        TableRow(
            Span(row.span.start + shift, row.span.end + shift), 1,
            tuple(TableCell(Span(c.span.start + shift, c.span.end + shift), c.column) for c in row.cells), row.head,
        )
        for row in two.tables[0].rows
    )  # fmt: skip
    text = one.text + two.text
    tables = tables_in(text, (*one.tables, Table(moved, 2, "rules")))
    assert [[row.label for row in table.rows] for table in tables] == [
        ["项目", "甲", "乙", "合计"],
        ["项目", "丙", "丁", "合计"],
    ]
