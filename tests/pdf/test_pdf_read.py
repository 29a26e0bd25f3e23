"""Reading real PDFs, made here, through the worker processes."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pdf_made as made
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import ReadError
from pipeline.pdf.clean import fold
from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.places import boxes_of
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.types import Box, Document, Span

LIMITS = ReadLimits(workers=1, timeout_s=30, ocr="off")


def read(path: Path, limits: ReadLimits = LIMITS) -> Document:
    async def run() -> Document:
        async with Reader(limits) as reader:
            return await reader.read(path, identify(path))

    return asyncio.run(run())


def span_of(document: Document, quote: str) -> Span:
    at = document.text.index(quote)
    return Span(at, at + len(quote))


def contract_page(number: int, total: int, *bodies: Sequence[str]):
    def draw(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 9)
        canvas.drawString(made.LEFT, made.HEIGHT - 40, "设备采购合同　编号：CG-2026-001")
        canvas.drawCentredString(made.WIDTH / 2, 36, f"第 {number} 页 共 {total} 页")
        top = made.TOP
        for body in bodies:
            top = made.draw_lines(canvas, body, top)

    return draw


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "合同.pdf"
    lines = made.wrapped(made.PARAGRAPH, 36)
    cut = len(lines) - 2

    def title(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 20)
        canvas.drawCentredString(made.WIDTH / 2, made.TOP, "设备采购合同")
        canvas.bookmarkPage("one")
        canvas.bookmarkPage("two")
        canvas.addOutlineEntry("第一条 付款", "one", 0)
        canvas.addOutlineEntry("1.1 预付款", "two", 1)
        contract_page(1, 3)(canvas)
        made.draw_lines(canvas, ["第一条　付款", *lines], made.TOP - 40)

    def table(canvas: Canvas) -> None:
        contract_page(3, 3, ["第二条　明细"])(canvas)
        canvas.setFont(made.font(), 10)
        lefts = [80.0, 140.0, 300.0, 380.0]
        made.draw_row(canvas, ["序号", "名称", "数量", "金额（元）"], lefts, 700)
        made.draw_row(canvas, ["1", "切削液集中供\n给装置", "1", "88,200.00"], lefts, 676)
        made.draw_row(canvas, ["2", "数控车床", "6", "855,000.00"], lefts, 640)

    # a paragraph whose last two lines stand on the next page
    pages = [title, contract_page(2, 3, ["第三条　交货", *lines[:cut]]), contract_page(3, 3, lines[cut:])]
    return made.make(path, [*pages, table])


def test_contract(contract: Path) -> None:
    document = read(contract)
    assert document.id == hashlib.sha256(contract.read_bytes()).hexdigest()
    assert document.filename == "合同.pdf"
    assert document.title == "设备采购合同"
    lines = document.text.split("\n")
    assert lines[:2] == ["设备采购合同", "第一条 付款"]
    assert lines[2] == made.PARAGRAPH
    assert lines[3] == "第三条 交货"
    assert lines[4] == made.PARAGRAPH  # over the page break
    assert lines[6:] == [
        "序号\t名称\t数量\t金额（元）",
        "1\t切削液集中供给装置\t1\t88,200.00",
        "2\t数控车床\t6\t855,000.00",
    ]
    assert document.pages[1].margins == ("设备采购合同 编号：CG-2026-001", "第 2 页 共 3 页")
    assert [(mark.title, mark.page, mark.level) for mark in document.bookmarks] == [
        ("第一条 付款", 1, 1),
        ("1.1 预付款", 1, 2),
    ]
    assert {page.health for page in document.pages} <= {"text", "sparse"}
    assert {page.read_by for page in document.pages} == {"pdfium"}


def test_pages_tile_and_origins_lead_back(contract: Path) -> None:
    document = read(contract)
    assert len(document.origins) == len(document.text)
    assert document.pages[0].span.start == 0
    assert document.pages[-1].span.end == len(document.text)
    assert all(a.span.end == b.span.start for a, b in zip(document.pages, document.pages[1:], strict=False))
    assert unicodedata.is_normalized("NFC", document.text)
    with open_pdf(contract) as pdf:
        for page in document.pages:
            with pdf.page(page.number - 1) as loaded:
                assert loaded is not None
                source = fold(loaded.chars().text)
            for offset in range(*page.span):
                if document.origins[offset] >= 0:
                    assert source[document.origins[offset]] == document.text[offset]
                else:
                    assert document.text[offset] in "\n\t "


def ink(path: Path, box: Box) -> tuple[int, int]:
    """Dark pixels inside a box, and on a frame three points around it."""
    with open_pdf(path) as pdf, pdf.page(box.page - 1) as page:
        assert page is not None
        bitmap = page.render(144, 20_000_000)

    def dark(left: float, top: float, right: float, bottom: float) -> int:
        return sum(
            bitmap.data[y * bitmap.stride + 4 * x] < 128
            for y in range(max(0, int(top * 2)), min(bitmap.height, int(bottom * 2)))
            for x in range(max(0, int(left * 2)), min(bitmap.width, int(right * 2)))
        )

    inside = dark(box.left, box.top, box.right, box.bottom)
    around = dark(box.left - 3, box.top, box.right + 3, box.bottom)
    return inside, around - inside


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_boxes_cover_the_ink_of_planted_quotes(tmp_path: Path, rotation: int, crop: bool) -> None:
    quote = "违约金累计不超过合同总价的百分之十"
    path = tmp_path / "rotated.pdf"

    def draw(canvas: Canvas) -> None:
        if crop:
            canvas.setCropBox((40, 60, 560, 800))
        canvas.setPageRotation(rotation)
        if rotation == 90:  # upright once the viewer has turned the page (reportlab swaps the page's sides)
            canvas.translate(made.HEIGHT, 0)
            canvas.rotate(90)
        elif rotation == 180:
            canvas.translate(made.WIDTH, made.HEIGHT)
            canvas.rotate(180)
        elif rotation == 270:
            canvas.translate(0, made.WIDTH)
            canvas.rotate(-90)
        made.draw_lines(canvas, made.wrapped("甲" * 40, 30), top=400)
        canvas.drawString(120, 300, f"　{quote}　")

    made.make(path, [draw])
    document = read(path)
    (found,) = boxes_of(document, [span_of(document, quote)])
    assert len(found) == 1
    box = found[0]
    page = document.pages[0]
    assert 0 <= box.left < box.right <= page.width and 0 <= box.top < box.bottom <= page.height
    assert box.right - box.left == pytest.approx(12 * len(quote), rel=0.05)
    inside, around = ink(path, box)
    assert inside > 400 and around == 0


def test_a_quote_over_lines_and_pages_has_a_box_for_each_line(contract: Path) -> None:
    document = read(contract)
    second = document.text.index(made.PARAGRAPH, document.text.index("第三条"))
    (found, none) = boxes_of(document, [Span(second, second + len(made.PARAGRAPH)), Span(0, 0)])
    lines = made.wrapped(made.PARAGRAPH, 36)
    assert len(found) == len(lines)
    assert [box.page for box in found] == [2] * (len(lines) - 2) + [3] * 2
    assert min(ink(contract, box)[0] for box in found) > 10
    assert none == ()


def test_passwords(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    lock = StandardEncryption("geheim", ownerPassword="owner", strength=128)
    made.make(path, [contract_page(1, 1, ["本合同自双方签字盖章之日起生效。"])], encrypt=lock)
    with pytest.raises(ReadError, match="LONGDOC_PASSWORDS") as caught:
        read(path)
    assert "longdoc.toml" in caught.value.remedy.en
    document = read(path, ReadLimits(ocr="off", passwords=("wrong", "geheim")))
    assert "签字盖章" in document.text
    assert len(boxes_of(document, [span_of(document, "签字盖章")])[0]) == 1


def test_junk_before_the_header(contract: Path, tmp_path: Path) -> None:
    path = tmp_path / "junk.pdf"
    path.write_bytes(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" * 100 + contract.read_bytes())
    assert made.PARAGRAPH in read(path).text


def test_a_font_that_is_not_embedded_is_read_without_system_fonts(tmp_path: Path) -> None:
    """Text in a predefined CJK encoding, no font file: PDFium needs a CJK font of its own to read it."""
    text = "本合同一式两份，甲乙双方各执一份，具有同等法律效力。" * 6
    hexes = text.encode("utf-16-be").hex().encode()
    content = b"BT /F1 12 Tf 72 700 Td 16 TL "
    content += b" ".join(b"<%s> Tj T*" % hexes[i : i + 120] for i in range(0, len(hexes), 120)) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        made.stream(content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /FontDescriptor 7 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0"
        b" /Ascent 859 /Descent -141 /CapHeight 700 /StemV 80 >>",
    ]
    path = tmp_path / "simsun.pdf"
    path.write_bytes(made.raw_pdf(objects))
    document = read(path)
    assert document.text.replace("\n", "").replace(" ", "") == text


def test_watermarks_and_sidelines_do_not_cut_the_text(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 36)[:3])
        canvas.saveState()
        canvas.translate(300, 650)
        canvas.rotate(45)
        canvas.setFont(made.font(), 60)
        canvas.drawCentredString(0, 0, "内部资料 CONFIDENTIAL")
        canvas.restoreState()
        made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 36)[3:], made.TOP - 60)
        canvas.saveState()
        canvas.translate(560, 200)
        canvas.rotate(90)
        canvas.drawString(0, 0, "第一联 存根")
        canvas.restoreState()

    document = read(made.make(tmp_path / "mark.pdf", [draw]))
    assert document.text.split("\n") == [made.PARAGRAPH, "第一联 存根"]
    assert document.pages[0].margins == ("内部资料 CONFIDENTIAL",)


def test_filled_form_fields_are_read_beside_their_labels(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, ["Buyer:", "Seller:", "The parties agree as follows."])
        for name, row, value in (("a", 0, "Eastern Sea Ltd"), ("b", 1, "South Hill Inc")):
            canvas.acroForm.textfield(
                name=name, x=made.LEFT + 60, y=made.TOP - 20 * row - 4, width=200, height=16, value=value, fontSize=10
            )

    path = made.make(tmp_path / "form.pdf", [draw])
    document = read(path)
    assert document.text.split("\n") == [
        "Buyer: Eastern Sea Ltd",
        "Seller: South Hill Inc",
        "The parties agree as follows.",
    ]
    (found,) = boxes_of(document, [span_of(document, "Eastern Sea Ltd")])
    assert len(found) == 1 and ink(path, found[0])[0] > 100


def test_text_drawn_twice_is_read_once(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for shift in (0, 0.4):
            canvas.drawString(made.LEFT + shift, made.TOP, "合同总价为人民币叁拾万元整")

    assert read(made.make(tmp_path / "bold.pdf", [draw])).text == "合同总价为人民币叁拾万元整"


def test_two_columns_drawn_line_by_line(tmp_path: Path) -> None:
    running = made.PARAGRAPH.replace("，", "").replace("。", "")
    left, right = made.wrapped(running * 3, 17), made.wrapped(running[30:] * 3, 17, indent=0)

    def draw(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 12)
        for at in range(12):
            for lines, x in ((left, 72), (right, 312)):
                line = lines[at]
                canvas.drawString(x + 12 * (len(line) - len(line.lstrip("　"))), made.TOP - 20 * at, line.lstrip("　"))

    text = read(made.make(tmp_path / "columns.pdf", [draw])).text
    assert text == "".join(left[:12]).strip("　") + "".join(right[:12])


def test_two_columns_whose_lines_start_like_the_end_of_a_blank(tmp_path: Path) -> None:
    left, right = made.PARAGRAPH * 3, made.PARAGRAPH[57:] * 3  # lines of it start with 款, 元, 条 as 第　款 goes on

    def draw(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 10)
        for line in range(12):
            for text, x in ((left, 60), (right, 310)):
                canvas.drawString(x, 740 - 15 * line, text[22 * line : 22 * line + 22])

    document = read(made.make(tmp_path / "two.pdf", [draw]))
    assert document.text.replace("\n", "") == left[: 22 * 12] + right[: 22 * 12]


def test_columns_of_vertical_writing_become_paragraphs(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 12)
        columns = [line for text in (made.PARAGRAPH, made.PARAGRAPH[57:]) for line in made.wrapped(text, 40)]
        for at, column in enumerate(columns):
            for down, char in enumerate(column):
                canvas.drawString(500 - 22 * at, 760 - 14 * down, char)

    document = read(made.make(tmp_path / "vertical.pdf", [draw]))
    assert document.text.split("\n") == [made.PARAGRAPH, made.PARAGRAPH[57:]]


def test_readings_and_emphasis_marks_do_not_cut_the_text(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for at, line in enumerate(made.wrapped(made.PARAGRAPH, 36)):
            y = made.TOP - 24 * at
            made.draw_lines(canvas, [line], y)
            canvas.setFont(made.font(), 5)
            if at == 1:
                canvas.drawString(96, y + 12, "bèi huò")
            if at == 2:
                canvas.drawString(100, y - 6, "•  •  •  •")

    document = read(made.make(tmp_path / "ruby.pdf", [draw]))
    assert document.text == made.PARAGRAPH
    assert [region.text.replace(" ", "") for region in document.pages[0].regions] == ["bèihuò", "••••"]


def test_scanned_pages_among_others_are_named(contract: Path, tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    scanned = made.scan(tmp_path / "scan.pdf", contract, [1])
    writer = PdfWriter()
    for source in (contract, scanned):
        for page in PdfReader(source).pages:
            writer.add_page(page)
    path = tmp_path / "mixed.pdf"
    writer.write(path)
    document = read(path)
    assert document.unread_pages() == (5,)
    assert (document.pages[4].health, document.pages[4].read_by) == ("scan", "none")
    assert document.pages[4].span.length == 0
    assert made.PARAGRAPH in document.text


def test_many_files_at_once_share_the_workers(contract: Path) -> None:
    async def run() -> list[Document]:
        async with Reader(ReadLimits(workers=2, ocr="off")) as reader:
            return await asyncio.gather(*(reader.read(contract, "x") for _ in range(20)))

    texts = {document.text for document in asyncio.run(run())}
    assert len(texts) == 1


@pytest.mark.slow
def test_ocr_reads_a_scan_and_keeps_boxes_and_confidence(contract: Path, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    path = made.scan(tmp_path / "scan.pdf", contract, [1])
    document = read(path, ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=120))
    page = document.pages[0]
    assert (page.health, page.read_by) == ("scan", "ocr")
    assert page.confidence is not None and page.confidence > 0.8
    assert "向乙方支付合同总价的百分之三十作为预付款" in document.text  # joined over the line break
    assert page.margins
    assert set(document.origins) == {-1}
    assert all(document.text[line.span.start : line.span.end].strip() for line in document.ocr_lines)
    (found,) = boxes_of(document, [span_of(document, "合同总价的百分之三十")])
    assert found and all(ink(path, box)[0] > 200 for box in found)
