"""Documents set in many ways by reportlab's own line breaking: what went in must come out, paragraph by paragraph."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pdf_made as made
import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

SENTENCES = (
    "甲方应于本合同生效之日起十个工作日内向乙方支付合同总价的30%作为预付款。",
    "乙方收到预付款后应在六十日内将全部设备运抵甲方指定的交货地点，由双方共同开箱检验。",
    "逾期交货的，每逾期一日按未交货部分价款的0.05%支付违约金，累计不超过合同总价的10%。",
    "本合同总价为人民币1,280,000.00元（大写：壹佰贰拾捌万元整），含13%增值税。",
    "设备型号为HY-VMC850，数控系统为Siemens 828D，配套软件版本不低于V3.2。",
    "双方应当按照《中华人民共和国民法典》第五百零九条的规定全面履行各自的义务。",
    "任何一方违反本合同第三条、第5.2条约定的，守约方有权解除合同并要求赔偿损失。",
    "仲裁地为上海，仲裁语言为中文；仲裁裁决是终局的，对双方均有约束力。",
    "通知应发送至legal@example.com.cn，自发出之日起第3日视为送达。",
    "租赁期限自2026年3月1日起至2027年2月28日止，共计12个月。",
)


def paragraphs(rng: random.Random) -> list[str]:
    """A contract's paragraphs: clauses with headings, some numbered."""
    found: list[str] = []
    for clause in "一二三四五六":
        found.append(f"第{clause}条 {rng.choice(['付款方式', '交货与验收', '违约责任', '争议解决', '保密义务'])}")
        for number in range(1, rng.randint(2, 5)):
            text = "".join(rng.choice(SENTENCES) for _ in range(rng.randint(1, 6)))
            mark = rng.choice(["", "", f"{number}.{number} ", f"（{'一二三四'[number - 1]}）", f"{number}、"])
            found.append(mark + text)
    return found


def typeset(path: Path, texts: list[str], rng: random.Random) -> Path:
    """Random type size, leading, indents, justification, spacing, margins, page size, header and footer."""
    size = rng.choice([10.5, 12.0, 14.0, 16.0])
    style = ParagraphStyle(
        "body",
        fontName=made.font(),
        fontSize=size,
        leading=size * rng.choice([1.3, 1.5, 1.75, 2.0]),
        firstLineIndent=2 * size,
        alignment=rng.choice([0, 4]),
        spaceAfter=rng.choice([0, 0, 4, 8]),
        wordWrap="CJK",
    )
    heading = ParagraphStyle("heading", parent=style, firstLineIndent=rng.choice([0, 2 * size]))
    margin, page = rng.choice([60, 72, 90]), rng.choice([A4, A4, landscape(A4), letter])
    header = rng.choice(["", "设备采购合同  编号：CG-2026-01"])
    footer = rng.choice(["", "%d", "- %d -", "第 %d 页"])

    def margins(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont(made.font(), 9)
        canvas.drawString(margin, page[1] - 35, header)
        canvas.drawCentredString(page[0] / 2, 30, footer % document.page if footer else "")

    story = [Paragraph(text, heading if text.startswith("第") else style) for text in texts]
    SimpleDocTemplate(
        str(path), pagesize=page, leftMargin=margin, rightMargin=margin, topMargin=72, bottomMargin=72, invariant=1
    ).build(story, onFirstPage=margins, onLaterPages=margins)
    return path


def read(*paths: Path) -> list[Document]:
    async def run() -> list[Document]:
        async with Reader(ReadLimits(workers=2, ocr="off")) as reader:
            return list(await asyncio.gather(*(reader.read(path, "x") for path in paths)))

    return asyncio.run(run())


def test_paragraphs_come_out_as_they_went_in(tmp_path: Path) -> None:
    wanted: list[list[str]] = []
    files: list[Path] = []
    for seed in range(16):
        rng = random.Random(seed)
        wanted.append(paragraphs(rng))
        files.append(typeset(tmp_path / f"{seed}.pdf", wanted[-1], rng))
    total = wrong = 0
    for texts, document in zip(wanted, read(*files), strict=True):
        found = document.text.split("\n")
        total += len(texts)
        wrong += sum(text not in found for text in texts)
        assert document.text.replace("\n", "") == "".join(texts)  # nothing lost, nothing added, in order
    assert total > 300
    assert wrong <= total * 0.01


@pytest.mark.parametrize("valign", ["TOP", "MIDDLE", "BOTTOM"])
def test_tables_come_out_row_by_row(tmp_path: Path, valign: str) -> None:
    cell = ParagraphStyle("cell", fontName=made.font(), fontSize=10.5, leading=14, wordWrap="CJK")
    rows = [
        ["序号", "名称", "规格及说明", "数量", "单价（元）", "金额（元）"],
        [
            "1",
            "立式加工中心及其附属装置与备件",
            "HY-VMC850，含自动换刀装置、冷却系统",
            "4",
            "268,000.00",
            "1,072,000.00",
        ],
        ["2", "数控车床", "HY-CK6150", "6", "142,500.00", "855,000.00"],
        ["3", "三坐标测量机", "HY-CMM686，测量范围600×800×600毫米，精度不低于2.0微米", "1", "396,000.00", "396,000.00"],
    ]
    data = [rows[0], *([row[0], Paragraph(row[1], cell), Paragraph(row[2], cell), *row[3:]] for row in rows[1:])]
    table = Table([*data, ["合计", "", "", "", "", "2,323,000.00"]], colWidths=[35, 90, 150, 40, 70, 80])
    table.setStyle(
        [
            ("FONT", (0, 0), (-1, -1), made.font(), 10.5),
            ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
            ("VALIGN", (0, 0), (-1, -1), valign),
            ("ALIGN", (3, 0), (-1, -1), "RIGHT"),
        ]
    )
    body = ParagraphStyle("body", parent=cell, firstLineIndent=21)
    story = [Paragraph(made.PARAGRAPH, body), Spacer(1, 10), table, Spacer(1, 10), Paragraph(made.PARAGRAPH, body)]
    path = tmp_path / "table.pdf"
    SimpleDocTemplate(str(path), invariant=1).build(story)
    (document,) = read(path)
    assert document.text.split("\n") == [
        made.PARAGRAPH,
        *("\t".join(row) for row in rows),
        "合计\t\t\t\t\t2,323,000.00",
        made.PARAGRAPH,
    ]
