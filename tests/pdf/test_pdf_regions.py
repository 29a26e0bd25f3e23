"""What stands beside the running text: moved to typed regions, and only that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pdf_made as made
import pytest
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

WRAPPED = made.wrapped(made.PARAGRAPH, 34)


def read(path: Path) -> Document:
    async def go() -> Document:
        async with Reader(ReadLimits(workers=1, ocr="off")) as reader:
            return await reader.read(path, "x")

    return asyncio.run(go())


def regions(document: Document, kind: str) -> list[tuple[int, str]]:
    return [(page.number, found.text) for page in document.pages for found in page.regions if found.kind == kind]


def noted(mark: str, note: str, size: float = 9) -> list[Callable[[Canvas], None]]:
    """Two pages: a sentence that runs over the page break, and a note at the first page's foot."""

    def first(canvas: Canvas) -> None:
        lines = [*WRAPPED, *WRAPPED, *WRAPPED[:3]]
        lines[2] = lines[2][:9] + mark + lines[2][9:-1]
        made.draw_lines(canvas, lines)
        made.draw_lines(canvas, note.split("\n"), top=110, size=size, pitch=13)

    def second(canvas: Canvas) -> None:
        made.draw_lines(canvas, WRAPPED[3:])

    return [first, second]


@pytest.mark.parametrize(
    ("mark", "note"),
    [
        ("①", "① 系指本合同附件一所列设备。"),
        ("[2]", "[2] 系指本合同附件一所列设备，\n不含备件。"),
        ("3", "3 系指本合同附件一所列设备。"),
        ("*", "* 系指本合同附件一所列设备。"),
    ],
)
def test_footnotes_interrupt_no_sentence(tmp_path: Path, mark: str, note: str) -> None:
    pages = noted(mark, note)
    document = read(made.make(tmp_path / "a.pdf", pages))
    assert [text for _, text in regions(document, "footnote")] == note.split("\n")
    assert "系指" not in document.text
    assert made.PARAGRAPH in document.text.replace("\n", "")[-len(made.PARAGRAPH) - 5 :]


@pytest.mark.parametrize(
    ("mark", "note", "size"),
    [
        ("", "① 系指本合同附件一所列设备。", 9),  # nothing refers to it
        ("①", "① 系指本合同附件一所列设备。", 12),  # as big as the text
        ("①", "备注：设备以附件一所列为准。", 9),  # no mark
        ("3", "3. 设备以附件一所列为准。", 9),  # an item of a list
        ("3", "3年内免费保修。", 9),
    ],
)
def test_other_small_print_stays_text(tmp_path: Path, mark: str, note: str, size: float) -> None:
    pages = noted(mark, note, size)
    document = read(made.make(tmp_path / "a.pdf", pages))
    assert not regions(document, "footnote")
    assert note.split(" ")[-1] in document.text


TITLES = ["总则", "合同标的与价款", "交货与验收", "付款方式", "违约责任", "争议解决", "附则"]


def contents(entries: list[str], title: str = "目　录", split_at: int = 99) -> list[list[str]]:
    """Pages of lines: contents (on two pages if they are cut), then the text."""
    pages = [[title, *entries[:split_at]], entries[split_at:]] if split_at < len(entries) else [[title, *entries]]
    return [*pages, [f"第{n}条　{title}" for n, title in zip("一二三四五六七", TITLES, strict=True)] + WRAPPED]


@pytest.mark.parametrize("split_at", [99, 3])
@pytest.mark.parametrize(
    ("title", "entry"),
    [
        ("目　录", "第{n}条　{title}" + "." * 40 + "{page}"),
        ("目 录", "{n}、{title}…………………………{page}"),
        ("CONTENTS", "{n}、{title} . . . . . . . . . . . . {page}"),
        ("", "第{n}条　{title}" + "·" * 30 + " - {page} -"),
    ],
)
def test_contents_are_no_text(tmp_path: Path, title: str, entry: str, split_at: int) -> None:
    entries = [
        entry.format(n=n, title=text, page=3 + at)
        for at, (n, text) in enumerate(zip("一二三四五六七", TITLES, strict=True))
    ]
    pages = contents(entries, title, split_at)
    draw = [lambda canvas, lines=lines: made.draw_lines(canvas, lines) and None for lines in pages]
    document = read(made.make(tmp_path / "a.pdf", draw))
    assert len(regions(document, "contents")) == len(entries) + bool(title)
    assert document.text.startswith("第一条 总则\n")
    assert document.pages[-1].span.end == len(document.text)


@pytest.mark.parametrize(
    "entries",
    [
        ["第一条　总则" + "." * 40 + "1", "第二条　付款" + "." * 40 + "2"],  # too few without a title
        [f"{title}......{n}" for n, title in zip((900, 20, 310, 4, 88, 7, 1), TITLES, strict=True)],  # sums
        [f"第{n}条　{title}" for n, title in zip("一二三四五六七", TITLES, strict=True)],
        [f"{title}：__________" for title in TITLES],  # blanks of a form
    ],
)
def test_what_only_looks_like_contents_stays_text(tmp_path: Path, entries: list[str]) -> None:
    document = read(made.make(tmp_path / "a.pdf", [lambda canvas: made.draw_lines(canvas, entries + WRAPPED) and None]))
    assert not regions(document, "contents")
    assert len(document.text.split("\n")) >= len(entries)


def test_watermarks_are_kept_apart(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        made.draw_lines(canvas, [*WRAPPED, *WRAPPED])
        canvas.setFont(made.font(), 60)
        canvas.setFillGray(0.9)
        canvas.saveState()
        canvas.translate(150, 300)
        canvas.rotate(40)
        canvas.drawString(0, 0, "内部资料")
        canvas.restoreState()
        canvas.drawString(120, made.TOP - 100, "机密")  # level, over the text

    document = read(made.make(tmp_path / "a.pdf", [page] * 4))
    texts = [text for _, text in regions(document, "watermark")]
    assert sorted(set(texts)) == ["内部资料", "机密"]
    assert len(texts) == 8
    assert document.text.replace("\n", "") == made.PARAGRAPH * 8


@pytest.mark.parametrize(("size", "stays"), [(18, True), (9, False)])
def test_a_title_that_the_headers_repeat_stays_text(tmp_path: Path, size: float, stays: bool) -> None:
    def page(first: bool) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            made.draw_lines(canvas, ["设备采购合同"], top=815, size=9)
            if first:
                made.draw_lines(canvas, ["设备采购合同"], top=785, size=size)
            made.draw_lines(canvas, WRAPPED, top=740)

        return draw

    document = read(made.make(tmp_path / "a.pdf", [page(True), page(False)]))
    assert document.text.startswith("设备采购合同") == stays
    assert (1, "设备采购合同") in regions(document, "header")


@pytest.mark.parametrize(
    ("header", "body", "stays"),
    [
        ("合同编号：CG-2025-018", "", True),
        ("Contract No. CG-2025-018", "", True),
        ("合同编号：CG-2025-018", "合同编号：CG-2025-018", False),
        ("内部资料 严禁外传", "", False),
    ],
)
def test_a_number_that_headers_alone_tell_is_read_once(tmp_path: Path, header: str, body: str, stays: bool) -> None:
    def page(canvas: Canvas) -> None:
        made.draw_lines(canvas, [header], top=815, size=9)
        made.draw_lines(canvas, [*([body] if body else []), *WRAPPED], top=740)

    document = read(made.make(tmp_path / "a.pdf", [page] * 3))
    assert document.text.startswith(f"{header}\n" if stays else body or WRAPPED[0].strip())
    told = 3 if body else int(stays)  # the body of every page here
    assert document.text.count(header) == told
    assert [page for page, text in regions(document, "header") if text == header] == ([2, 3] if stays else [1, 2, 3])


@pytest.mark.parametrize(("number", "stays"), [("{}", False), ("- {} -", False), ("共计{}台", True)])
def test_page_numbers_may_stand_as_deep_as_tex_sets_them(tmp_path: Path, number: str, stays: bool) -> None:
    def page(at: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            made.draw_lines(canvas, [" " * 70 + number.format(at)], top=0.88 * 842)
            made.draw_lines(canvas, WRAPPED[:-1] if at == 1 else WRAPPED[-1:], top=700)

        return draw

    document = read(made.make(tmp_path / "a.pdf", [page(1), page(2)]))
    assert (made.PARAGRAPH in document.text.replace(" ", "")) != stays
    assert len(regions(document, "page_number")) == (0 if stays else 2)
