"""Pictures of pages and highlighted copies: right place, nothing lost, and a clear word where it can't be done."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from papers import write_pdf
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    RectangleObject,
    TextStringObject,
)

from pipeline.errors import ReadError
from pipeline.lang import Text
from pipeline.pdf.copies import PICTURE_DPI, Copied, Mark, Picture, painter
from pipeline.pdf.places import boxes_of
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.types import Box, Document, Span

LIMITS = ReadLimits(workers=1, timeout_s=30, ocr="off")
COVER, SIGNED = Text("概要：高 1", "summary"), Text("签名不再有效", "signature void")
QUOTE = "合同总价为人民币壹佰万元整"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "合同.pdf", [["设备采购合同", f"第一条 {QUOTE}。"], ["第二条 交付"], ["第三条 其他"]])


def mark(page: int = 1, boxes: Sequence[Box] = (Box(1, 70, 90, 200, 110),), note: str = "大小写不一致") -> Mark:
    return Mark(page, tuple(boxes), (1.0, 0.5, 0.5), 0.5, "高 · 金额", note)


def highlight(source: Path, draft: Path, marks: Sequence[Mark], limits: ReadLimits = LIMITS) -> Copied:
    async def run() -> Copied:
        async with painter(limits) as painting:
            return await painting.highlight(source, marks, draft, cover=COVER, signed=SIGNED)

    return asyncio.run(run())


def draw(source: Path, pages: Sequence[int], folder: Path, limits: ReadLimits = LIMITS) -> dict[int, Picture]:
    async def run() -> dict[int, Picture]:
        async with painter(limits) as painting:
            return await painting.draw(source, pages, folder)

    return asyncio.run(run())


def read(source: Path) -> Document:
    async def run() -> Document:
        async with Reader(LIMITS) as reader:
            return await reader.read(source, identify(source))

    return asyncio.run(run())


def annotations(path: Path, page: int = 0) -> list[DictionaryObject]:
    return [reference.get_object() for reference in PdfReader(path).pages[page].get("/Annots", [])]


def place_of(source: Path) -> tuple[Box, ...]:
    document = read(source)
    at = document.text.index(QUOTE)
    [boxes] = boxes_of(document, [Span(at, at + len(QUOTE))])
    return boxes


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_pages_are_drawn_as_png_of_the_right_size(paper: Path, tmp_path: Path) -> None:
    from PIL import Image

    sizes = draw(paper, [1, 3], tmp_path)
    assert set(sizes) == {1, 3} and not (tmp_path / "2.png").exists()
    with Image.open(tmp_path / "1.png") as image:
        image.load()
        assert image.width == round(sizes[1].width * PICTURE_DPI / 72)
        grey = image.convert("L")
        assert grey.getextrema() == (0, 255), "black on white"


def test_a_red_seal_stays_red(tmp_path: Path) -> None:
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "seal.pdf"), pagesize=(201, 99))
    canvas.setFillColorRGB(0.9, 0.1, 0.1)
    canvas.circle(100, 50, 30, fill=1, stroke=0)
    canvas.save()
    draw(tmp_path / "seal.pdf", [1], tmp_path)
    with Image.open(tmp_path / "1.png") as image:
        red, green, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("width", [200, 201, 203.3])
def test_a_grey_picture_is_right_at_any_width(tmp_path: Path, width: float) -> None:
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "bar.pdf"), pagesize=(width, 100))
    canvas.rect(width / 2, 0, width / 2, 100, fill=1, stroke=0)
    canvas.save()
    draw(tmp_path / "bar.pdf", [1], tmp_path)
    with Image.open(tmp_path / "1.png") as image:
        grey, middle = image.convert("L"), image.width // 2
        for y in (0, image.height // 2, image.height - 1):
            assert grey.getpixel((middle - 3, y)) == 255 and grey.getpixel((middle + 3, y)) == 0
            assert grey.getpixel((image.width - 2, y)) == 0


# --- highlights -------------------------------------------------------------------------------------------------------


def test_the_copy_bears_the_quote_and_the_note_in_chinese(paper: Path, tmp_path: Path) -> None:
    before = paper.read_bytes()
    boxes = place_of(paper)
    assert highlight(paper, tmp_path / "copy.pdf", [mark(boxes=boxes)]) == Copied(1, 0)
    made, cover = annotations(tmp_path / "copy.pdf")
    assert made["/Subtype"] == "/Highlight" and made["/Contents"] == "大小写不一致" and made["/Subj"] == "高 · 金额"
    assert [float(part) for part in made["/C"]] == [1.0, 0.5, 0.5]
    assert cover["/Subtype"] == "/Text" and cover["/Contents"] == str(COVER)
    raw = (tmp_path / "copy.pdf").read_bytes()
    assert raw.startswith(before), "an increment behind the original's bytes"
    assert made["/Contents"].autodetect_utf16
    assert paper.read_bytes() == before
    assert read(tmp_path / "copy.pdf").text == read(paper).text


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_the_mark_lies_on_the_words_however_the_page_is_turned(
    paper: Path, tmp_path: Path, rotation: int, cropped: bool
) -> None:
    from PIL import Image, ImageChops

    writer = PdfWriter(clone_from=paper)
    for page in writer.pages:
        page.rotate(rotation)
        if cropped:
            page.cropbox = RectangleObject((30, 40, 580, 800))
    writer.write(tmp_path / "turned.pdf")
    boxes = place_of(tmp_path / "turned.pdf")
    highlight(tmp_path / "turned.pdf", tmp_path / "copy.pdf", [mark(boxes=boxes)])
    pictures = []
    for name in ("turned", "copy"):
        (tmp_path / name).mkdir()
        size = draw(tmp_path / f"{name}.pdf", [1], tmp_path / name)[1]
        pictures.append(Image.open(tmp_path / name / "1.png").convert("RGB"))
    scale = pictures[0].width / size.width
    marked = ImageChops.difference(*pictures).point(lambda by: 255 if by > 40 else 0)  # one of them in sixteen greys
    marked.paste((0, 0, 0), (0, 0, round(45 * scale), round(45 * scale)))  # the note on the cover
    left, top, right, bottom = (edge / scale for edge in marked.getbbox() or (0, 0, 0, 0))
    lefts, tops, rights, bottoms = zip(*(box[1:] for box in boxes), strict=True)
    wanted = (min(lefts), min(tops), max(rights), max(bottoms))
    assert all(abs(a - b) < 8 for a, b in zip((left, top, right, bottom), wanted, strict=True)), (left, top, wanted)


def test_what_was_annotated_before_stays(paper: Path, tmp_path: Path) -> None:
    highlight(paper, tmp_path / "once.pdf", [mark()])
    highlight(tmp_path / "once.pdf", tmp_path / "twice.pdf", [mark(note="第二次")])
    notes = [str(one["/Contents"]) for one in annotations(tmp_path / "twice.pdf") if one["/Subtype"] == "/Highlight"]
    assert notes == ["大小写不一致", "第二次"]


def sign(path: Path, target: Path, *, nested: bool = False) -> Path:
    """A file with a signature field that has a value, as a signing program leaves it (the value signs nothing)."""
    writer = PdfWriter(clone_from=path)
    value = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Sig"),
            NameObject("/Filter"): NameObject("/Adobe.PPKLite"),
            NameObject("/ByteRange"): ArrayObject(map(NumberObject, (0, 10, 20, 10))),
        }
    )
    field = DictionaryObject(
        {
            NameObject("/FT"): NameObject("/Sig"),
            NameObject("/T"): TextStringObject("甲方签名"),
            NameObject("/V"): writer._add_object(value),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/Rect"): ArrayObject(map(FloatObject, (0, 0, 0, 0))),
        }
    )
    reference = writer._add_object(field)
    if nested:
        reference = writer._add_object(DictionaryObject({NameObject("/Kids"): ArrayObject([reference])}))
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): ArrayObject([reference])})
    writer.write(target)
    return target


@pytest.mark.parametrize("nested", [False, True])
def test_a_signed_original_is_told_on_the_copy_itself(paper: Path, tmp_path: Path, nested: bool) -> None:
    signed = sign(paper, tmp_path / "signed.pdf", nested=nested)
    before = signed.read_bytes()
    assert highlight(signed, tmp_path / "copy.pdf", [mark()]) == Copied(1, 1)
    [cover] = [one for one in annotations(tmp_path / "copy.pdf") if one["/Subtype"] == "/Text"]
    assert str(cover["/Contents"]).startswith(str(SIGNED)) and str(COVER) in str(cover["/Contents"])
    assert signed.read_bytes() == before and (tmp_path / "copy.pdf").read_bytes().startswith(before)


def test_an_encrypted_file_is_refused_and_nothing_is_written(paper: Path, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=paper)
    writer.encrypt(user_password="", owner_password="geheim", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(ReadError, match="加密"):
        highlight(tmp_path / "locked.pdf", tmp_path / "copy.pdf", [mark()])
    assert not (tmp_path / "copy.pdf").exists()
    assert draw(tmp_path / "locked.pdf", [1], tmp_path), "but it can be drawn"


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7\n1 0 obj\n<<>>\n"])
def test_a_broken_file_is_a_clear_result(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(content)
    with pytest.raises(ReadError, match=r"bad\.pdf"):
        highlight(tmp_path / "bad.pdf", tmp_path / "copy.pdf", [])
    with pytest.raises(ReadError, match=r"bad\.pdf"):
        draw(tmp_path / "bad.pdf", [1], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pdf"]


def test_the_painter_goes_on_after_a_file_that_killed_it(paper: Path, tmp_path: Path) -> None:
    async def run() -> dict[int, Picture]:
        async with painter(ReadLimits(timeout_s=0.001)) as painting:
            with pytest.raises(ReadError):
                await painting.draw(paper, [1], tmp_path)
            painting._limits = LIMITS
            return await painting.draw(paper, [1], tmp_path)

    assert set(asyncio.run(run())) == {1}


def test_marks_on_pages_that_are_not_there_and_boxes_of_nonsense_do_no_harm(paper: Path, tmp_path: Path) -> None:
    odd = [mark(page=99), mark(boxes=[]), mark(boxes=[Box(1, -1e9, 5, 1e9, 6)])]
    assert highlight(paper, tmp_path / "copy.pdf", odd).marked == 1
    assert read(tmp_path / "copy.pdf").text == read(paper).text


CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real and hostile PDFs is not on this machine")
def test_no_file_of_the_corpora_breaks_the_painter(tmp_path: Path) -> None:
    """Each is drawn and copied, or refused by name; what is written opens and starts with the original's bytes."""
    files = [*sorted((CORPUS / "hostile").glob("*.pdf")), *sorted((CORPUS / "zh").glob("*.pdf"))[:8]]
    limits = ReadLimits(timeout_s=20, ocr="off")

    async def run() -> list[str]:
        done: list[str] = []
        async with painter(limits) as painting:
            for file in files:
                draft = tmp_path / "draft.pdf"
                draft.unlink(missing_ok=True)
                try:
                    await painting.draw(file, [1], tmp_path)
                    await painting.highlight(file, [mark()], draft, cover=COVER, signed=SIGNED)
                except ReadError:
                    continue
                raw = file.read_bytes()
                assert draft.read_bytes().startswith(raw[max(0, raw.find(b"%PDF-")) :]), file.name
                done.append(file.name)
        return done

    assert len(asyncio.run(run())) >= 8
    shutil.rmtree(tmp_path)
