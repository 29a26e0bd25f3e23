"""Pages that mix a text layer with scans: what is good of the layer is used, and the rest is for OCR."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pdf_made as made
import pytest
from PIL import Image, ImageDraw, ImageFont
from reading import read_here
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf import reply, wire, worker

LINES = made.wrapped(made.PARAGRAPH, 34)
ENGLISH = [
    "The seller shall deliver the goods within thirty days after this",
    "agreement is signed, and pay the price",
] * 3


def picture(lines: list[str], height: int = 1170) -> ImageReader:
    image = Image.new("L", (827, height), 250)
    for at, line in enumerate(lines):
        ImageDraw.Draw(image).text((100, 60 + 30 * at), line, 20, font=ImageFont.truetype(str(made.FONT_FILE), 17))
    return ImageReader(image.convert("RGB"))


def scan_under(lines: list[str], typed: list[str]) -> Callable[[Canvas], None]:
    """A page that is a picture, with an invisible text layer where its text stands."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(picture(lines), 0, 0, made.WIDTH, made.HEIGHT)
        text = canvas.beginText(72, made.HEIGHT - 55)
        text.setTextRenderMode(3)
        text.setFont(made.font(), 12)
        text.setLeading(21.6)
        text.textLines(typed)
        canvas.drawText(text)

    return draw


def soup(seed: int = 1) -> list[str]:
    """What a program makes of Chinese that it takes for English."""
    chance = random.Random(seed)
    return ["".join(chance.choice("HEJTFLZlIi1fjtr&%#*]/.,:;'~-mWEBRAK  ") for _ in range(60)) for _ in range(8)]


@pytest.mark.parametrize("lines", [LINES, ENGLISH * 2])
def test_a_good_invisible_layer_is_the_text_of_a_scan(tmp_path: Path, lines: list[str]) -> None:
    document = read_here(made.make(tmp_path / "scan.pdf", [scan_under(lines, lines)]))
    assert (document.pages[0].health, document.pages[0].read_by) == ("text", "pdfium")
    assert lines[0].strip("　") in document.text


@pytest.mark.parametrize(
    "layer",
    [
        soup(),
        [line.encode().decode("gbk", "ignore") for line in LINES],
        [line.encode("gbk").decode("latin-1") for line in LINES],
        ["".join(chr(0x4E00 + (7919 * ord(char)) % 20902) for char in line) for line in LINES],
    ],
    ids=["soup", "gbk", "latin", "any"],
)
def test_a_bad_invisible_layer_is_recognised_anew(tmp_path: Path, layer: list[str]) -> None:
    document = read_here(made.make(tmp_path / "scan.pdf", [scan_under(LINES, layer)]))
    assert document.pages[0].read_by == "none"
    assert document.unread_pages() == (1,)
    assert document.text.strip() == ""


def test_typed_lines_beside_a_scan_stay_and_the_scan_is_for_ocr(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, LINES)
        canvas.drawImage(picture(LINES, 500), 0, 40, made.WIDTH, 360)

    document = read_here(made.make(tmp_path / "half.pdf", [draw]))
    assert (document.pages[0].health, document.pages[0].read_by) == ("scan", "none")
    assert document.text.replace("\n", "") == made.PARAGRAPH


def test_a_header_and_a_footer_do_not_make_a_scan_a_page_of_text(tmp_path: Path) -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.drawImage(picture(LINES), 0, 0, made.WIDTH, made.HEIGHT)
            canvas.setFont(made.font(), 9)
            canvas.drawString(72, made.HEIGHT - 30, "设备采购合同（扫描归档件）　合同编号：CG-2026-001　档案室存")
            canvas.drawString(250, 30, f"第 {number} 页 共 3 页")

        return draw

    document = read_here(made.make(tmp_path / "scan.pdf", [page(at) for at in (1, 2, 3)]))
    assert document.unread_pages() == (1, 2, 3)
    assert document.text.strip() == ""
    assert {region.kind for page in document.pages for region in page.regions} == {"header", "page_number"}


def test_a_logo_and_a_chart_are_no_scans(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        top = made.draw_lines(canvas, LINES * 2)
        canvas.drawImage(picture([]), 400, 100, 120, min(top - 120, 160))
        canvas.drawImage(picture([]), 72, made.HEIGHT - 60, 100, 40)

    assert read_here(made.make(tmp_path / "text.pdf", [draw])).pages[0].health == "text"


def test_what_was_recognised_stands_in_its_column(tmp_path: Path) -> None:
    """Left column typed, right one a picture; the answers of OCR are given here."""
    left, right = made.PARAGRAPH[:132], made.PARAGRAPH[-132:]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(made.font(), 18)
        canvas.drawString(60, 780, "设备采购合同")
        canvas.setFont(made.font(), 10)
        for line in range(12):
            canvas.drawString(60, 740 - 15 * line, left[22 * line % 132 : 22 * line % 132 + 22])
        canvas.drawImage(picture([]), 305, 300, 240, 460)

    path = made.make(tmp_path / "half.pdf", [draw])
    rows = [
        [[right[22 * line % 132 : 22 * line % 132 + 22], [310, 92 + 15 * line, 530, 104 + 15 * line], 0.9]]
        for line in range(12)
    ]
    request = {"op": "read", "path": str(path), "memory_mib": 1 << 20, "timeout_s": 1e6, "passwords": []}
    sent = wire.decode(wire.encode({**request, "ocr": {"1": {"rows": rows}}})[wire.HEADER_BYTES :])
    answer = wire.decode(wire.encode(worker.answer(sent))[wire.HEADER_BYTES :])
    document = reply.document(answer, "x", path)
    assert document.text.replace("\n", "") == "设备采购合同" + left * 2 + right * 2
    assert document.pages[0].read_by == "ocr"
