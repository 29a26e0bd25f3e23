"""Pages whose fonts carry no Unicode map, or a wrong one: garbled and sent to OCR; what can be read is read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pdf_made as made
import pytest
import unmapped_made as unmapped
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject
from reading import read_here

from pipeline.errors import NoTextError
from pipeline.pdf.health import garbled
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.pdf.undecoded import filled
from pipeline.steps import notes_on_reading

LINES = [made.PARAGRAPH[at : at + 36] for at in range(0, len(made.PARAGRAPH), 36)]
ENGLISH = [
    "The seller shall deliver the goods within thirty days after this agreement",
    "is signed, and the buyer shall pay the price of 1,250,000 yuan in three",
    "parts as set out in the schedule; interest runs from the day of default.",
] * 5
TITLE = "一种基于矩阵分解的协同过滤推荐算法研究"


def renamed(prefix: str) -> Callable[[DictionaryObject], None]:
    def change(font: DictionaryObject) -> None:
        names = [NameObject(f"/{prefix}{code}") for code in range(256)]
        differences = ArrayObject([NumberObject(0), *names])
        font[NameObject("/Encoding")] = DictionaryObject({NameObject("/Differences"): differences})

    return change


def as_latin(font: DictionaryObject) -> None:
    font[NameObject("/Encoding")] = NameObject("/WinAnsiEncoding")


@pytest.mark.parametrize("change", [lambda font: None, as_latin, renamed("g"), renamed("a"), renamed("C0")])
def test_simple_fonts_that_lost_their_map_are_garbled(
    tmp_path: Path, change: Callable[[DictionaryObject], None]
) -> None:
    good = made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, LINES)])
    assert read_here(good).pages[0].health == "text"
    document = read_here(unmapped.without_maps(good, tmp_path / "bad.pdf", change))
    assert (document.pages[0].health, document.text.strip()) == ("garbled", "")


@pytest.mark.parametrize(("ordering", "lines"), [("Identity", LINES), ("Identity", [TITLE]), ("GB1", LINES)])
def test_glyphs_by_number_are_garbled(tmp_path: Path, ordering: str, lines: list[str]) -> None:
    document = read_here(unmapped.identity(tmp_path / "bad.pdf", lines, ordering))
    assert (document.pages[0].health, document.text.strip()) == ("garbled", "")


@pytest.mark.parametrize("first", [0, 33, 65, 97, 128])
def test_bitmap_fonts_of_tex_are_garbled_wherever_their_codes_start(tmp_path: Path, first: int) -> None:
    document = read_here(unmapped.dvips(tmp_path / "bad.pdf", LINES, first))
    assert (document.pages[0].health, document.text.strip()) == ("garbled", "")


@pytest.mark.parametrize("map_latin", [True, False])
@pytest.mark.parametrize("first", [0, 33, 65])
def test_a_heading_in_a_bad_font_sends_the_page_to_ocr_and_keeps_its_good_lines(
    tmp_path: Path, map_latin: bool, first: int
) -> None:
    lines = [TITLE, *ENGLISH, "摘要：" + TITLE]
    document = read_here(unmapped.dvips(tmp_path / "paper.pdf", lines, first, map_latin=map_latin))
    page = document.pages[0]
    assert (page.health, page.read_by) == ("garbled", "none")
    assert document.text.startswith("The seller shall deliver")
    assert document.text.count("interest runs from the day of default.") == 5
    assert document.text.isascii()


def test_without_ocr_the_good_lines_of_a_garbled_page_are_the_document(tmp_path: Path) -> None:
    async def run(path: Path):
        async with Reader(ReadLimits(workers=1, ocr="off")) as reader:
            return await reader.read(path, "x")

    document = asyncio.run(run(unmapped.dvips(tmp_path / "paper.pdf", [TITLE, *ENGLISH])))
    assert document.unread_pages() == (1,)
    assert document.text.startswith("The seller shall deliver")
    with pytest.raises(NoTextError):
        asyncio.run(run(unmapped.dvips(tmp_path / "bad.pdf", LINES)))


def test_english_in_bitmap_fonts_is_read_with_its_ligatures(tmp_path: Path) -> None:
    lines = ["The \x0crst signi\x0ccant de\x0cnition of a \x0celd:", *ENGLISH]
    document = read_here(unmapped.dvips(tmp_path / "paper.pdf", lines, map_latin=False))
    assert document.pages[0].health == "text"
    assert document.text.startswith("The first significant definition of a field:")


def test_formulas_in_a_good_paper_are_no_garbage(tmp_path: Path) -> None:
    def draw(canvas) -> None:
        top = made.draw_lines(canvas, LINES)
        for at in range(6):
            canvas.setFont("Symbol", 12)
            canvas.drawString(200, top - 20 * at, "S a b = \xa5 \xb3 \xd5 \xb1 q \xa3 \xae \xce \xc7")
        canvas.setFont("ZapfDingbats", 12)
        canvas.drawString(200, 100, "abcdefghijklmnop")

    assert read_here(made.make(tmp_path / "paper.pdf", [draw])).pages[0].health == "text"


@pytest.mark.parametrize(
    "rubbish",
    [
        "".join(map(chr, range(0xE100, 0xE118))),  # private codes of a protected copy
        "中华人民共和国合同法".encode("gbk").decode("latin-1"),
        "中华人民共和国合同法".encode().decode("cp1252", "ignore"),
    ],
)
def test_lines_of_other_encodings_in_a_good_page(tmp_path: Path, rubbish: str) -> None:
    from pipeline.pdf.lines import Chars
    from pipeline.pdf.undecoded import decoded, undecoded

    text = "\r\n".join([*LINES, rubbish, *LINES])
    edges = [made.array_of(len(text), value) for value in (0.0, 12.0, 9.0, 0.0)]
    chars = Chars(text, *edges, frozenset())
    assert decoded(chars, undecoded(chars)).text.split() == [*LINES, *LINES]


@pytest.mark.parametrize(
    "text",
    [
        "".join(chr(0x4E00 + 7919 * at % 20902) for at in range(200)),  # any characters at all
        ("甲方应于合同生效后十日内向乙方支付预付款，" * 9).encode().decode("gbk", "ignore"),
    ],
)
def test_chinese_that_nobody_writes_is_garbled(text: str) -> None:
    assert garbled(text)
    assert not garbled("學校應當依據規定，將結業證書發給學員；逾期繳費者，須補辦註冊。" * 5)
    assert not garbled("璟珺瑾瑜琳琅" * 8 + "董事会成员张玮琦、李婧妍、王旻昊、赵晟睿、陈曦、刘翀" * 3)


@pytest.mark.parametrize("code", ["", "0000", "FFFD", "E001", "003F", "00F4"])
def test_single_characters_that_a_map_lacks_are_shown_as_lost_and_told(tmp_path: Path, code: str) -> None:
    good = made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, LINES)])
    lacking = "甲价检违"
    document = read_here(unmapped.with_holes(good, tmp_path / "bad.pdf", lacking, code))
    expected = re.sub(f"[{lacking}]", "\ufffd", made.PARAGRAPH)
    assert document.text.replace("\n", "") == expected
    assert document.traits == {"gaps": expected.count("\ufffd")}
    assert "以 \ufffd 表示" in notes_on_reading(document)[0].zh
    assert len(document.pages[0].gaps) == sum(any(char in line for char in lacking) for line in LINES)


def test_latin_beside_chinese_and_full_width_signs_are_no_lost_characters(tmp_path: Path) -> None:
    lines = [
        "A公司与B公司共同持有X项目80%的股权（W/M）：见附件1①、②，偏差±5℃",
        "规格3×4米，每㎡￥35.5元；“甲方”指A—B",
        "é国M型W型m级%率",
    ]
    document = read_here(made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, lines * 4)]))
    assert "\ufffd" not in document.text
    assert document.pages[0].gaps == ()


def test_a_gap_is_filled_only_where_all_around_it_agrees() -> None:
    assert filled("\ufffd方应于合同总\ufffd的三成", "甲方应于合同总价的三成") == "甲方应于合同总价的三成"
    assert filled("\ufffd方应\ufffd", "甲方应") == "甲方应\ufffd"
    assert filled("总\ufffd的", "总计价的") == "总\ufffd的"
    assert filled("总\ufffd的", "总,的") == "总\ufffd的"
    assert filled("\ufffd", "") == "\ufffd"


def test_ocr_tells_the_characters_that_a_map_lacks(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    good = made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, LINES)])
    bad = unmapped.with_holes(good, tmp_path / "bad.pdf", "甲价检违")

    async def run():
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return await reader.read(bad, "x")

    document = asyncio.run(run())
    assert document.text.replace("\n", "") == made.PARAGRAPH
    assert (document.pages[0].read_by, document.ocr_lines) == ("pdfium", ())
    assert document.traits == {"filled": sum(map(made.PARAGRAPH.count, "甲价检违"))}


def test_ocr_reads_the_lines_that_the_fonts_do_not_tell(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")

    async def run(path: Path):
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return await reader.read(path, "x")

    document = asyncio.run(run(unmapped.dvips(tmp_path / "paper.pdf", [TITLE, *ENGLISH, *LINES])))
    assert document.pages[0].read_by == "ocr"
    text = document.text.replace("\n", "")
    assert TITLE in text
    assert made.PARAGRAPH[40:90] in text
    assert text.count("interest runs from the day of default.") == 5  # typed, and not recognised once more


@pytest.mark.parametrize(
    ("printed", "mapped", "read"),
    [
        ("0123456789", "0123456789", "2026年4月17日，价款1,880,000元"),  # as pdfTeX does by mistake
        ("PQRSTW", "012347", "产品PQRSTW与RTS"),  # full-width letters of a font that has them narrow
    ],
)
def test_latin_on_the_plane_of_full_width_signs_is_read_as_printed(
    tmp_path: Path, printed: str, mapped: str, read: str
) -> None:
    path = made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, [read, *LINES])])
    for char, code in zip(printed, mapped, strict=True):
        path = unmapped.with_holes(path, tmp_path / f"{ord(char)}.pdf", char, f"FF{ord(code):02X}")
    assert read_here(path).text.split("\n")[0] == read


def test_bitmap_fonts_of_ghostscript_are_no_dingbats(tmp_path: Path) -> None:
    """Its maps make ✁✂✄ of them."""
    writer = PdfWriter(clone_from=made.make(tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, LINES)]))
    entries = "".join(f"<{code:02X}> <{0x2701 + code % 190:04X}>\n" for code in range(256))
    for font in writer.pages[0]["/Resources"]["/Font"].values():
        unicode_map = DecodedStreamObject()
        unicode_map.set_data(f"begincmap 256 beginbfchar\n{entries}endbfchar endcmap".encode())
        font.get_object()[NameObject("/ToUnicode")] = writer._add_object(unicode_map)
    path = tmp_path / "ps.pdf"
    writer.write(path)
    document = read_here(path)
    assert (document.pages[0].health, document.text.strip()) == ("garbled", "")
