"""Quotes printed in blue: the boxes of their spans hold all the blue ink of the rendered page, and no black ink."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pdf_made as made
import pytest
import unmapped_made as unmapped
from PIL import Image, ImageChops
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject, NumberObject
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.places import boxes_of
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Box, Document, Span

DPI = 144
QUOTE = "验收合格后签署到货验收单，逾期交货的每日按未交货部分价款的千分之一支付违约金"
BEFORE, AFTER = made.PARAGRAPH[:60], "，累计不超过合同总价的百分之十。争议提交上海仲裁委员会仲裁，裁决是终局的。"
TEXT = BEFORE + QUOTE + AFTER
BLUE = range(len(BEFORE), len(BEFORE) + len(QUOTE))


def inked(canvas: Canvas, x: float, y: float, start: int, end: int, size: float = 12) -> None:
    """Part of the text on one line: the quote's characters in blue."""
    for at in range(start, end):
        canvas.setFillColorRGB(0, 0, 1 if at in BLUE else 0)
        canvas.drawString(x + (at - start) * size, y, TEXT[at])


def lines(canvas: Canvas, left: float, top: float, columns: int, start: int = 0, count: int = 99) -> int:
    """Hard-wrapped lines; where the text goes on."""
    for row in range(count):
        end = min(start + columns, len(TEXT))
        inked(canvas, left, top - 20 * row, start, end)
        start = end
    return start


def plain(canvas: Canvas) -> None:
    made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 34), top=700)
    lines(canvas, made.LEFT, 500, 34)


def turned(degrees: int) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(degrees)
        plain(canvas)

    return draw


def drawn_sideways(canvas: Canvas) -> None:
    """The text is turned on the page, and the page turned back."""
    canvas.setPageRotation(90)
    canvas.translate(made.WIDTH, 0)
    canvas.rotate(90)
    made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 34), top=500)
    lines(canvas, made.LEFT, 300, 34)


def cropped(canvas: Canvas) -> None:
    canvas.setCropBox((40, 60, 560, 800))
    plain(canvas)


def cropped_and_turned(canvas: Canvas) -> None:
    canvas.setPageRotation(270)
    cropped(canvas)


def two_columns(canvas: Canvas) -> None:
    filler = made.wrapped(made.PARAGRAPH * 2, 16)
    for row in range(20):  # the stream runs across both columns
        for at, left in enumerate((72.0, 312.0)):
            number = row + 20 * at
            if number < len(filler):
                made.draw_lines(canvas, [filler[number]], top=700 - 20 * row, left=left)
    start = lines(canvas, 312, 700 - 20 * max(0, len(filler) - 20) - 20, 16, 0)
    assert start == len(TEXT)


def vertical(canvas: Canvas) -> None:
    for at, char in enumerate(TEXT):
        canvas.setFillColorRGB(0, 0, 1 if at in BLUE else 0)
        column, row = divmod(at, 30)
        canvas.drawString(480 - 24 * column, 700 - 14 * row, char)


def read(path: Path, ocr: str = "off") -> Document:
    async def go() -> Document:
        async with Reader(ReadLimits(workers=1, ocr=ocr, ocr_page_timeout_s=120)) as reader:
            return await reader.read(path, "x")

    return asyncio.run(go())


def rendered(path: Path, index: int) -> Image.Image:
    with open_pdf(path) as pdf, pdf.page(index) as page:
        assert page is not None
        bitmap = page.render(DPI, 20_000_000)
    return Image.frombuffer("RGBX", (bitmap.width, bitmap.height), bitmap.data, "raw", "BGRX", bitmap.stride).convert(
        "RGB"
    )


def ink(picture: Image.Image, boxes: list[Box]) -> tuple[float, float]:
    """Share of the blue ink under the boxes, and of the ink under the boxes that is not blue."""
    red, _, blue = picture.split()
    blue_ink = ImageChops.subtract(blue, red).point(lambda value: 255 if value > 100 else 0)
    black_ink = ImageChops.lighter(red, blue).point(lambda value: 255 if value < 100 else 0)
    under = Image.new("L", picture.size, 0)
    for box in boxes:
        edges = [round(edge * DPI / 72) for edge in box[1:]]
        under.paste(255, (edges[0], edges[1], edges[2], edges[3]))
    counts = [
        sum(ImageChops.multiply(inked, mask).histogram()[128:])
        for inked, mask in ((blue_ink, under), (blue_ink, ImageChops.invert(under)), (black_ink, under))
    ]
    assert counts[0] + counts[1] > 1000
    return counts[0] / (counts[0] + counts[1]), counts[2] / max(1, counts[0] + counts[2])


def boxes_of_quote(document: Document, quote: str) -> list[Box]:
    dense = [at for at, char in enumerate(document.text) if not char.isspace()]
    start = "".join(document.text[at] for at in dense).rfind(quote)
    assert start >= 0, document.text
    (found,) = boxes_of(document, [Span(dense[start], dense[start + len(quote) - 1] + 1)])
    return list(found)


@pytest.mark.parametrize(
    "draw",
    [
        plain,
        turned(90),
        turned(180),
        turned(270),
        drawn_sideways,
        cropped,
        cropped_and_turned,
        two_columns,
        vertical,
    ],
    ids=["plain", "90", "180", "270", "sideways", "cropped", "cropped 270", "two columns", "vertical"],
)
def test_boxes_cover_the_words_of_the_quote_and_no_others(tmp_path: Path, draw: Callable[[Canvas], None]) -> None:
    path = made.make(tmp_path / "a.pdf", [lambda canvas: canvas.drawString(72, 400, "封面"), draw])
    boxes = boxes_of_quote(read(path), QUOTE)
    assert {box.page for box in boxes} == {2}
    assert len(boxes) <= 5  # lines, not characters
    covered, foreign = ink(rendered(path, 1), boxes)
    assert covered > 0.99
    assert foreign < 0.02


@pytest.mark.parametrize("height", [4000, 24029])
def test_boxes_keep_to_their_line_whatever_height_a_font_claims(tmp_path: Path, height: int) -> None:
    """As some Type 1 fonts of TeX do, which name no ascent and have no A."""
    lines = ["甲方应于收货后七日内验收", "逾期按日支付违约金三万元", "争议由上海仲裁委员会裁决"]
    writer = PdfWriter(clone_from=unmapped.identity(tmp_path / "a.pdf", lines))
    font = writer.pages[0]["/Resources"]["/Font"]["/F0"].get_object()
    order = sorted({*"".join(lines)}, key=lambda char: zlib.crc32(char.encode()))
    named = "".join(f"<{at:04x}> <{ord(char):04x}>\n" for at, char in enumerate(order, 2))
    unicode_map = DecodedStreamObject()
    unicode_map.set_data(f"begincmap {len(order)} beginbfchar\n{named}endbfchar endcmap".encode())
    font[NameObject("/ToUnicode")] = writer._add_object(unicode_map)
    claims = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
    claims[NameObject("/Ascent")] = claims[NameObject("/Descent")] = NumberObject(0)
    claims[NameObject("/FontBBox")] = ArrayObject(map(NumberObject, (-11092, -7399, 7186, height)))
    path = tmp_path / "b.pdf"
    writer.write(path)
    boxes = [boxes_of_quote(read(path), line)[0] for line in lines]
    assert all(above.bottom <= below.top + 1 for above, below in pairwise(boxes))
    dark = ImageChops.invert(rendered(path, 0).convert("L")).point(lambda value: 255 * (value > 100))
    for box in boxes:
        dark.paste(0, tuple(round(edge * DPI / 72) for edge in box[1:]))
    assert not dark.getbbox()  # the boxes cover all ink


def test_a_quote_over_a_page_break_has_boxes_on_both_pages(tmp_path: Path) -> None:
    def first(canvas: Canvas) -> None:
        made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 34))
        lines(canvas, made.LEFT, 110, 34, count=2)

    def second(canvas: Canvas) -> None:
        lines(canvas, made.LEFT, made.TOP, 34, start=68)

    path = made.make(tmp_path / "a.pdf", [first, second])
    document = read(path)
    assert QUOTE in document.text
    boxes = boxes_of_quote(document, QUOTE)
    assert {box.page for box in boxes} == {1, 2}
    for page in (1, 2):
        covered, foreign = ink(rendered(path, page - 1), [box for box in boxes if box.page == page])
        assert covered > 0.99
        assert foreign < 0.02


def test_boxes_on_a_scan_cover_the_lines_of_the_quote(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")

    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 34), top=700)
        canvas.setFillColorRGB(0, 0, 1)
        made.draw_lines(canvas, [QUOTE[:34]], top=500)

    pages = made.make(tmp_path / "a.pdf", [draw])
    scan = tmp_path / "scan.pdf"
    rendered(pages, 0).save(scan, resolution=DPI)
    boxes = boxes_of_quote(read(scan, ocr="on"), QUOTE[2:30])
    covered, foreign = ink(rendered(scan, 0), boxes)
    assert covered > 0.97
    assert foreign < 0.02
