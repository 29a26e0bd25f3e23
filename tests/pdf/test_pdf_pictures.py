"""Pictures on pages of text: which are for OCR, what of them is text and where it is read, and that none is passed
over in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pdf_made as made
import pytest
from PIL import Image, ImageDraw, ImageFont
from reading import read_here
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf import reply, wire, worker
from pipeline.pdf.columns import Edges
from pipeline.pdf.pictures import is_text, notable
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.steps import notes_on_reading
from pipeline.types import Document

LINES = made.wrapped(made.PARAGRAPH, 34)
AFTER = "第二条　乙方应当按照附件一的清单交付设备并负责安装调试。"
SIGNED = ["甲方（盖章）：苏州恒远精密机械有限公司", "法定代表人（签字）：", "签订日期：2026年3月18日"]


def picture(lines: list[str], seed: int = 250) -> ImageReader:
    image = Image.new("RGB", (1200, 420), (seed, 250, 248))
    for at, line in enumerate(lines):
        font = ImageFont.truetype(str(made.FONT_FILE), 36)
        ImageDraw.Draw(image).text((40, 40 + 130 * at), line, (30, 30, 30), font=font)
    return ImageReader(image)


def page(width: float = 400, height: float = 140, image: ImageReader | None = None) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, LINES)
        canvas.drawImage(image or picture(SIGNED), made.LEFT, 480 - height, width, height)
        made.draw_lines(canvas, [AFTER], top=450 - height)

    return draw


def with_ocr(path: Path, ocr: Mapping[str, Any]) -> Document:
    """The file as it is read with what OCR is said to have found."""
    request = {"op": "read", "path": str(path), "memory_mib": 1 << 20, "timeout_s": 1e6, "passwords": [], "grids": {}}
    sent = wire.decode(wire.encode({**request, "ocr": ocr})[wire.HEADER_BYTES :])
    answer = wire.decode(wire.encode(worker.answer(sent))[wire.HEADER_BYTES :])
    return reply.document(answer, path.name, path)


def recognised(box: tuple[float, ...], texts: list[str], pitch: float = 40) -> dict[str, Any]:
    left, top, _, _ = box
    rows = [
        [[text, [left + 10, top + 10 + pitch * at, left + 10 + 12 * len(text), top + 22 + pitch * at], 0.9]]
        for at, text in enumerate(texts)
    ]
    return {"pictures": [[list(box), rows]]}


def test_a_pasted_picture_is_for_ocr_and_told_of_until_then(tmp_path: Path) -> None:
    document = read_here(made.make(tmp_path / "signed.pdf", [page()]))
    assert (document.pages[0].health, document.pages[0].read_by) == ("text", "pdfium")
    (box,) = document.unread_pictures()[1]
    assert [round(edge) for edge in box[1:]] == [72, 362, 472, 502]
    (note,) = notes_on_reading(document)
    assert "第 1 页有图片" in note.zh


def test_what_is_recognised_stands_where_the_picture_does(tmp_path: Path) -> None:
    path = made.make(tmp_path / "signed.pdf", [page()])
    document = with_ocr(path, {"1": recognised(read_here(path).unread_pictures()[1][0][1:], SIGNED)})
    assert document.text.splitlines() == [made.PARAGRAPH, *SIGNED, AFTER.replace("　", " ")]
    assert not document.unread_pictures()
    assert document.pages[0].read_by == "pdfium"
    assert document.pages[0].confidence == pytest.approx(0.9)
    assert [document.text[line.span.start : line.span.end] for line in document.ocr_lines] == SIGNED
    assert document.ocr_lines[0].box.top == pytest.approx(372, abs=1)
    (note,) = notes_on_reading(document)
    assert "第 1 页图片中的文字由 OCR 识别" in note.zh


def test_labels_of_a_chart_are_kept_beside_the_text(tmp_path: Path) -> None:
    path = made.make(tmp_path / "chart.pdf", [page()])
    labels = ["2016", "2017", "700.0"]
    document = with_ocr(path, {"1": recognised(read_here(path).unread_pictures()[1][0][1:], labels)})
    assert document.text.splitlines() == [made.PARAGRAPH, AFTER.replace("　", " ")]
    assert [(region.kind, region.text) for region in document.pages[0].regions] == [("picture", x) for x in labels]
    assert not document.unread_pictures()


def test_a_logo_on_every_page_is_looked_at_once_and_other_pictures_in_its_place_each(tmp_path: Path) -> None:
    same = read_here(made.make(tmp_path / "same.pdf", [page()] * 3))
    assert list(same.unread_pictures()) == [1]
    others = [page(image=picture([f"第 {at} 页的签章", str(at) * at * 9])) for at in (1, 2, 3)]
    assert list(read_here(made.make(tmp_path / "others.pdf", others)).unread_pictures()) == [1, 2, 3]


def test_small_pictures_thin_ones_and_backgrounds_are_not_for_ocr(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(picture(SIGNED), made.LEFT, made.TOP - 75, 400, 110)  # under four typed lines
        made.draw_lines(canvas, LINES)
        canvas.drawImage(picture(SIGNED), 400, 200, 60, 60)
        canvas.drawImage(picture(SIGNED), 72, 150, 450, 5)

    document = read_here(made.make(tmp_path / "text.pdf", [draw]))
    assert document.unread_pictures() == {}
    assert notes_on_reading(document) == []


def test_strips_are_one_picture() -> None:
    chars = made_chars()
    strips = [Edges(72, 400 - 10 * at, 472, 390 - 10 * at) for at in range(12)]
    assert notable(strips, chars, made.WIDTH, made.HEIGHT) == [Edges(72, 400, 472, 280)]
    assert notable([Edges(-1e9, 1e9, 1e9, -1e9)] * 400, chars, made.WIDTH, made.HEIGHT) == []


def test_a_page_that_was_hard_to_recognise_is_told(tmp_path: Path) -> None:
    path = made.make(tmp_path / "signed.pdf", [page()])
    found = recognised(read_here(path).unread_pictures()[1][0][1:], SIGNED)
    for row in found["pictures"][0][1]:
        row[0][2] = 0.61
    assert "1（61%）" in notes_on_reading(with_ocr(path, {"1": found}))[-1].zh


def made_chars():
    from pipeline.pdf.lines import Chars

    return Chars("", *[made.array_of(0, 0.0)] * 4, frozenset())


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["法定代表人（签字）："], True),
        (["Authorised signature of the buyer"], True),
        (["2016", "2017", "2018", "700.0", "营业收入"], False),
        (["Δ", "A"], False),
        ([], False),
    ],
)
def test_words_are_text_and_figures_beside_a_drawing_are_not(texts: list[str], expected: bool) -> None:
    pieces = [(text, Edges(100, 400 - 20 * at, 100 + 10 * len(text), 390 - 20 * at)) for at, text in enumerate(texts)]
    assert is_text(pieces, Edges(72, 480, 472, 340)) is expected


def test_a_picture_of_a_table_is_text_though_it_holds_figures() -> None:
    cells = [
        (f"{at},000.00", Edges(80 + 90 * (at % 4), 470 - 20 * (at // 4), 160 + 90 * (at % 4), 455 - 20 * (at // 4)))
        for at in range(24)
    ]
    assert is_text(cells, Edges(72, 480, 472, 340))


def test_ocr_reads_a_picture_on_a_page_of_text(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")

    async def run():
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return await reader.read(made.make(tmp_path / "signed.pdf", [page()]), "x")

    document = asyncio.run(run())
    assert document.text.splitlines() == [made.PARAGRAPH, *SIGNED, AFTER.replace("　", " ")]
    line = document.ocr_lines[0].box
    assert 80 < line.left < 90 and 370 < line.top < 385 and line.bottom - line.top < 20


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_scan_that_lies_on_its_side_is_read_upright_and_placed_as_shown(tmp_path: Path, turned: int) -> None:
    """What OCR is said to have found stands upright; the corner of the page as shown where it starts is known."""
    size = (400, 600) if turned % 2 == 0 else (600, 400)
    path = tmp_path / "scan.png"
    Image.new("L", size, 255).save(path, dpi=(72, 72))
    shown = read_here(path).pages[0]
    width, height = (shown.width, shown.height) if turned % 2 == 0 else (shown.height, shown.width)
    rows = [[[text, [20, 30 + 40 * at, 220, 44 + 40 * at], 0.9]] for at, text in enumerate(SIGNED)]
    document = with_ocr(path, {"1": {"rows": rows, "turned": turned}})
    assert document.text.splitlines() == SIGNED
    assert (document.pages[0].width, document.pages[0].height) == (shown.width, shown.height)
    box = document.ocr_lines[0].box
    corners = [
        (20, 30, 220, 44),
        (height - 44, 20, height - 30, 220),
        (width - 220, height - 44, width - 20, height - 30),
    ]
    expected = [*corners, (30, width - 220, 44, width - 20)][turned]
    assert box[1:] == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_ocr_reads_scans_that_lie_on_their_side_or_head(tmp_path: Path, turned: int) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    lines = [f"第{number}条　甲方应当按照本合同的约定向乙方交付第{number}批货物。" for number in "一二三四五六"]
    page = Image.new("L", (1100, 560), 255)
    for at, line in enumerate(lines):
        font = ImageFont.truetype(str(made.FONT_FILE), 33)
        ImageDraw.Draw(page).text((60, 40 + 80 * at), line, 20, font=font)
    page.rotate(turned, expand=True).save(tmp_path / "scan.png", dpi=(200, 200))

    async def run():
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return await reader.read(tmp_path / "scan.png", "x")

    document = asyncio.run(run())
    assert "".join(document.text.split()) == "".join(lines).replace("　", "")
    first, (width, height) = document.ocr_lines[0].box, (document.pages[0].width, document.pages[0].height)
    corner = {
        90: (first.left, height - first.bottom),
        180: (width - first.right, height - first.bottom),
        270: (width - first.right, first.top),
    }
    assert max(corner[turned]) < 40


def test_what_was_illegible_lowers_the_confidence_of_its_page(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.new("L", (400, 600), 255).save(path)
    rows = [[[text, [20, 30 + 40 * at, 220, 44 + 40 * at], 1.0]] for at, text in enumerate(SIGNED)]
    unreadable = [[["", [20, 230, 220, 244], 0.2]]]
    document = with_ocr(path, {"1": {"rows": rows + unreadable, "turned": 0}})
    assert document.text.splitlines() == SIGNED
    assert document.pages[0].confidence == pytest.approx(0.8)
    assert "1（80%）" in notes_on_reading(document)[-1].zh


def test_pictures_in_forms_within_forms(tmp_path: Path) -> None:
    """Forms too deep to be looked into count as pictures: nobody knows what they show."""

    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, LINES)
        for depth in range(8):
            canvas.beginForm(f"form{depth}")
            if depth:
                canvas.doForm(f"form{depth - 1}")
            else:
                canvas.drawImage(picture(SIGNED), made.LEFT, 300, 400, 140)
            canvas.endForm()
        canvas.doForm("form7")
        canvas.drawImage(picture(SIGNED, 240), made.LEFT, 100, 400, 140)

    document = read_here(made.make(tmp_path / "deep.pdf", [draw]))
    assert made.PARAGRAPH in document.text.replace("\n", "")
    assert document.unread_pictures()
