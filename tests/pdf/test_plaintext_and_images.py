"""Text, Markdown and pictures, told by their bytes; and files that are something else, with what to do about them."""

from __future__ import annotations

import asyncio
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pdf_made
import pytest
from PIL import Image
from reading import read_here

from pipeline.errors import LongdocError, NoTextError, ReadError
from pipeline.inputs import find_inputs
from pipeline.lang import Text
from pipeline.pdf import failures, images
from pipeline.pdf.copies import PICTURE_DPI, Copied, Mark, Picture, painter
from pipeline.pdf.formats import format_of
from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.process import Failure
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.headings import find_sections
from pipeline.types import Box, Document

CONTRACT = "采购合同\n\n甲方：东海机械有限公司\n乙方：南山设备有限公司\n\n第一条 价款\n总价为人民币壹佰万元整。\n"


def code_of(path: Path) -> str:
    with pytest.raises(Failure) as failure:
        format_of(path)
    assert failure.value.code in failures.TEXTS
    return failure.value.code


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be-bom"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_are_told_by_their_bytes(tmp_path: Path, encoding: str, newline: str) -> None:
    text = CONTRACT.replace("\n", newline)
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-bom" else text.encode(encoding)
    document = read_here(write(tmp_path / "a.txt", data))
    assert document.text == CONTRACT.replace("\n\n", "\n").strip()
    assert document.traits == {"unpaged": 1}


def test_big5_is_told_from_gb18030(tmp_path: Path) -> None:
    text = "買賣契約書\n甲方應於本契約生效之日起十個工作日內向乙方支付總價的百分之三十作為預付款。"
    assert read_here(write(tmp_path / "a.txt", text.encode("big5"))).text == text


def test_a_few_broken_bytes_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    data = (CONTRACT * 20).encode()
    document = read_here(write(tmp_path / "a.txt", data[:600] + b"\xff" + data[600:]))
    assert "东海机械有限公司" in document.text and document.traits["undecoded"] >= 1


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\0" * 5000, b"\x01\x02\x03" * 900])
def test_what_is_no_text_fails_by_name(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Failure) as failure:
        read_here(write(tmp_path / "a.txt", data))
    assert failure.value.code == "not_text"


@pytest.mark.parametrize("columns", [30, 38])
def test_hard_wrapped_lines_are_joined_and_others_are_not(tmp_path: Path, columns: int) -> None:
    wrapped = [line for _ in range(3) for line in pdf_made.wrapped(pdf_made.PARAGRAPH, columns)]
    text = "\n".join(["采购合同", "甲方：东海公司", "第一条 付款", *wrapped, "第二条 交货", *wrapped])
    lines = read_here(write(tmp_path / "a.txt", text.encode())).text.split("\n")
    assert lines == [
        "采购合同", "甲方：东海公司", "第一条 付款", *[pdf_made.PARAGRAPH] * 3, "第二条 交货", *[pdf_made.PARAGRAPH] * 3
    ]  # fmt: skip


def test_lines_that_are_paragraphs_stay_apart(tmp_path: Path) -> None:
    lines = [f"第{n}项工作由乙方完成" + "并且按照约定" * (n % 9) for n in range(1, 60)]
    assert read_here(write(tmp_path / "a.txt", "\n".join(lines).encode())).text.split("\n") == lines


def test_form_feeds_end_pages(tmp_path: Path) -> None:
    document = read_here(write(tmp_path / "a.txt", "第一页\f第二页\n还是\f".encode()))
    assert [document.text[page.span.start : page.span.end].strip() for page in document.pages] == [
        "第一页",
        "第二页\n还是",
    ]
    assert document.traits == {"paged_by_breaks": 1}


def test_markdown_loses_its_marks_and_keeps_headings_and_cells(tmp_path: Path) -> None:
    source = (
        "# 采购合同\n\n甲方：**东海公司**\n\n## 第一条 价款\n\n总价为`100`万元，见[附件](http://x/y)。\n\n"
        "| 名称 | 金额 |\n|:---|---:|\n| 甲 | **1** |\n\n<!-- 草稿 -->\n> 引文\n\n```\na | b\n```\n---\n"
    )
    document = read_here(write(tmp_path / "a.md", source.encode()))
    assert document.text.split("\n") == [
        *(
            "采购合同",
            "甲方：东海公司",
            "第一条 价款",
            "总价为100万元，见附件。",
            "名称\t金额",
            "甲\t1",
            "引文",
            "a | b",
        )
    ]
    sections = find_sections(document.text, document.bookmarks, document.pages)
    assert ("第一条", "价款") in [(section.number, section.title) for section in sections]


# --- pictures ---------------------------------------------------------------------------------------------------------


def picture(size: tuple[int, int] = (1654, 2339), mode: str = "L") -> Image.Image:
    return Image.new(mode, size, "white")


def test_comments_that_never_end_are_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", ("甲方<!-- 注 -->付款\n" + "<!--" * 300_000).encode())
    assert read_here(path).text.startswith("甲方付款\n<!--<!--")


def test_pages_have_the_size_that_the_resolution_tells_or_that_of_a4(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png", dpi=(200, 200))
    picture().save(tmp_path / "b.jpg")
    picture((600, 800)).save(tmp_path / "c.tiff", save_all=True, append_images=[picture((800, 600))], dpi=(72, 72))
    for name in ("a.png", "b.jpg"):
        (size,) = images.sizes_of(tmp_path / name)
        assert size == pytest.approx((595.4, 842.0), abs=1)
    upright, lying = images.sizes_of(tmp_path / "c.tiff")
    assert upright == pytest.approx((595.3, 793.7), abs=1) and lying == pytest.approx((793.7, 595.3), abs=1)


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture((800, 600)).save(tmp_path / "a.jpg", exif=exif)
    (size,) = images.sizes_of(tmp_path / "a.jpg")
    shown, same = images.picture(tmp_path / "a.jpg", 0, 10**7)
    assert size == same and size.width < size.height and shown.size == (600, 800)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_red_green_and_blue(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    Image.new(mode, (60, 80)).save(path)
    shown, _ = images.picture(path, 0, 10**6)
    assert shown.mode == "RGB" and shown.size == (60, 80)


def test_a_picture_becomes_a_pdf_pixel_for_pixel(tmp_path: Path) -> None:
    picture((300, 400)).save(tmp_path / "a.tiff", save_all=True, append_images=[picture((400, 300))])
    with open_pdf(write(tmp_path / "a.pdf", images.as_pdf(tmp_path / "a.tiff"))) as pdf:
        assert pdf.page_count == 2
        with pdf.page(1) as page:
            assert page is not None and page.width > page.height


def test_pages_of_a_picture_are_drawn_and_marked(tmp_path: Path) -> None:
    picture((1240, 1754)).save(
        tmp_path / "a.tiff", save_all=True, append_images=[picture((1240, 1754))], dpi=(150, 150)
    )

    async def run() -> tuple[dict[int, Picture], Copied]:
        async with painter(ReadLimits()) as painting:
            drawn = await painting.draw(tmp_path / "a.tiff", [2], tmp_path)
            mark = Mark(2, (Box(2, 100, 100, 200, 120),), (1.0, 1.0, 0.0), 0.4, "金额", "一百万元")
            return drawn, await painting.highlight(
                tmp_path / "a.tiff", [mark], tmp_path / "marked", cover=Text("", ""), signed=Text("", "")
            )

    drawn, copied = asyncio.run(run())
    assert drawn[2].width == pytest.approx(595.2, abs=1) and copied.marked == 1
    with Image.open(tmp_path / "2.png") as page:
        assert page.size == (round(595.2 * PICTURE_DPI / 72), round(841.92 * PICTURE_DPI / 72))
    with open_pdf(tmp_path / "marked") as pdf, pdf.page(1) as page:
        assert page is not None
        made = page.render(72, 10**7)
        assert (
            made.data[110 * made.stride + 150 * 4] < 200 < made.data[300 * made.stride + 150 * 4]
        )  # blue: yellow, white
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.png", "a.tiff", "marked"]


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are nothing but zeros, compressed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(20 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_picture_of_a_billion_pixels_is_refused_unopened(tmp_path: Path) -> None:
    with pytest.raises(Failure) as failure:
        read_here(write(tmp_path / "a.png", png_of(60_000, 60_000)))
    assert failure.value.code == "too_many_pixels"


def test_a_cut_picture_fails_by_name(tmp_path: Path) -> None:
    data = io.BytesIO()
    picture((300, 400)).save(data, "PNG")
    for name in ("a.png", "a.jpg", "a.tiff"):
        with pytest.raises(Failure) as failure:
            read_here(write(tmp_path / name, data.getvalue()[:20]))
        assert failure.value.code == "image_broken"
    with pytest.raises(Failure) as failure:
        read_here(write(tmp_path / "b.tiff", b"II*\0\x08\0\0\0"))
    assert failure.value.code == "image_broken"


def test_ocr_reads_a_scan_of_two_pages_with_places_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """onnxruntime keeps an id of the machine, and what it would report, in the home folder, unless it is forbidden."""
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    (home := tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(home))
    source = pdf_made.make(
        tmp_path / "a.pdf",
        [lambda c, n=n: pdf_made.draw_lines(c, [f"第{n}条 甲方应当付款", "总价为壹佰万元整"]) and None for n in (1, 2)],
    )
    pages: list[Image.Image] = []
    with open_pdf(source) as pdf:
        for index in range(2):
            with pdf.page(index) as page:
                assert page is not None
                made = page.render(150, 10**7)
                pages.append(Image.frombytes("RGBX", (made.width, made.height), made.data, "raw", "BGRX", made.stride))
    pages[0].convert("L").save(tmp_path / "scan.tiff", save_all=True, append_images=pages[1:], dpi=(150, 150))

    async def run() -> Document:
        async with Reader(ReadLimits(workers=1)) as reader:
            return await reader.read(tmp_path / "scan.tiff", "x")

    document = asyncio.run(run())
    assert [page.read_by for page in document.pages] == ["ocr", "ocr"]
    assert "甲方应当付款" in document.text and "壹佰万元整" in document.text
    first = document.ocr_lines[0].box
    assert first.page == 1 and 60 < first.left < 90 and first.right < 300
    assert not list(home.rglob("*"))


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1), (1, 1)])
def test_a_picture_in_which_no_line_fits_holds_no_text(tmp_path: Path, size: tuple[int, int]) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    Image.new("L", size, 255).save(tmp_path / "strip.png")

    async def run() -> Document:
        async with Reader(ReadLimits(workers=1)) as reader:
            return await reader.read(tmp_path / "strip.png", "x")

    with pytest.raises(NoTextError, match="OCR 也没有认出文字"):
        asyncio.run(run())


# --- what is something else -------------------------------------------------------------------------------------------


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le") + bytes(600)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.doc", ole("WordDocument"), "old_word"),
        ("a.wps", ole("WordDocument"), "old_word"),
        ("a.docx", ole("EncryptedPackage"), "office_password"),
        ("a.xls", ole("Workbook"), "sheet"),
        ("a.ppt", ole("PowerPoint Document"), "slides"),
        ("a.msg", ole("__substg1.0_0037001F"), "mail"),
        ("a.doc", b"{\\rtf1\\ansi", "old_word"),
        ("a.xml", b'<?xml version="1.0"?>\n<?mso-application progid="Word.Document"?><w/>', "old_word"),
        ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), "sheet"),
        ("a.pptx", zipped("[Content_Types].xml", "ppt/presentation.xml"), "slides"),
        ("a.ofd", zipped("OFD.xml", "Doc_0/Document.xml"), "ofd"),
        ("a.odt", zipped("mimetype", "content.xml"), "open_document"),
        ("a.zip", zipped("合同.pdf"), "archive"),
        ("a.rar", b"Rar!\x1a\x07\x01\x00", "archive"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "archive"),
        ("a.eml", b"Received: from x\nFrom: a@b\nTo: c@d\n\nhello", "mail"),
        ("a.html", b"<!DOCTYPE html><html>", "web"),
        ("a.gif", b"GIF89a", "picture"),
        ("a.heic", b"\0\0\0\x18ftypheic", "picture"),
        ("a.pdf", b"just a text", "not_pdf"),
        ("a.docx", b"just a text", "docx_broken"),
        ("a.png", b"just a text", "image_broken"),
        ("a", b"", "empty"),
    ],
)  # fmt: skip
def test_other_files_name_what_they_are_and_what_to_do(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    assert code_of(write(tmp_path / name, data)) == code


def test_the_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    good = pdf_made.make(tmp_path / "good.pdf", [lambda c: pdf_made.draw_lines(c, ["合同"]) and None])
    for name in ("a.docx", "a.txt", "a.jpg"):
        assert format_of(write(tmp_path / name, good.read_bytes())) == "pdf"
    assert format_of(write(tmp_path / "b.pdf", zipped("word/document.xml"))) == "docx"
    assert format_of(write(tmp_path / "c.pdf", b"\x89PNG\r\n\x1a\n")) == "image"


def test_the_error_reaches_the_caller_in_both_languages(tmp_path: Path) -> None:
    async def run() -> LongdocError:
        async with Reader(ReadLimits(workers=1, ocr="off")) as reader:
            with pytest.raises(ReadError) as error:
                await reader.read(write(tmp_path / "旧合同.wps", ole("WordDocument")), "x")
            return error.value

    error = asyncio.run(run())
    assert "旧合同.wps" in error.cause.zh and ".docx" in error.remedy.zh and ".docx" in error.remedy.en


def test_a_folder_gives_documents_and_those_that_only_look_like_them(tmp_path: Path) -> None:
    names = [
        "a.pdf",
        "b.DOCX",
        "c.txt",
        "d.jpeg",
        "e.doc",
        "f.ofd",
        "README.md",
        "g.json",
        "~$b.docx",
        ".h.pdf",
        "i.xlsx",
    ]
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in find_inputs([tmp_path]) if isinstance(path, Path)] == names[:6]
