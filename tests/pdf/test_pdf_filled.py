"""Forms that were filled in: their values are text, shown or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pdf_made as made
import pytest
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reading import read_here
from reportlab.pdfgen.canvas import Canvas

from pipeline.pdf.places import boxes_of
from pipeline.types import Span

ENTRIES = {"甲方：": "东海机械有限公司", "价款（大写）：": "壹佰贰拾万元整", "签订日期：": "2026年3月1日"}


def form(path: Path, shown: str = "") -> Path:
    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, ["设备采购合同"], top=780)
        for at, label in enumerate(ENTRIES):
            made.draw_lines(canvas, [label], top=700 - 40 * at)
            place = {"x": made.LEFT + 12 * len(label) + 2, "y": 694 - 40 * at, "width": 200, "height": 20}
            canvas.acroForm.textfield(name=label, value=shown, fontSize=12, borderWidth=0, **place)
        made.draw_lines(canvas, made.wrapped(made.PARAGRAPH, 34), top=500)

    return made.make(path, [draw])


def left_to_the_viewer(field: DictionaryObject, value: str) -> None:
    field.pop("/AP")
    field[NameObject("/V")] = TextStringObject(value)


def shown_as_before(field: DictionaryObject, value: str) -> None:
    field[NameObject("/V")] = TextStringObject(value)


def in_the_parent(field: DictionaryObject, value: str) -> None:
    left_to_the_viewer(field, value)
    shared = DictionaryObject({NameObject(name): field.pop(name) for name in ("/FT", "/T", "/V")})
    reference = field.indirect_reference
    shared[NameObject("/Kids")] = ArrayObject([reference])
    field[NameObject("/Parent")] = reference.pdf._add_object(shared)


def filled_in(source: Path, target: Path, change: Callable[[DictionaryObject, str], None]) -> Path:
    writer = PdfWriter(clone_from=source)
    writer._root_object["/AcroForm"][NameObject("/NeedAppearances")] = BooleanObject(True)
    fields = [annotation.get_object() for annotation in writer.pages[0]["/Annots"]]
    for field, value in zip(fields, ENTRIES.values(), strict=True):
        change(field, value)
    writer.write(target)
    return target


@pytest.mark.parametrize("change", [left_to_the_viewer, shown_as_before, in_the_parent])
def test_a_form_that_was_filled_in_is_not_blank(
    tmp_path: Path, change: Callable[[DictionaryObject, str], None]
) -> None:
    path = filled_in(form(tmp_path / "a.pdf"), tmp_path / "b.pdf", change)
    document = read_here(path)
    lines = document.text.split("\n")
    assert lines[1:4] == [label + value for label, value in ENTRIES.items()]
    start = document.text.index("壹佰")
    (box,) = boxes_of(document, [Span(start, start + 7)])[0]
    assert 158 <= box.left < box.right <= 360
    assert 842 - 674 < box.top < box.bottom < 842 - 652


def test_signs_in_place_of_chinese_give_way_to_the_value(tmp_path: Path) -> None:
    path = filled_in(form(tmp_path / "a.pdf", "?????"), tmp_path / "b.pdf", shown_as_before)
    assert read_here(path).text.split("\n")[1:4] == [label + value for label, value in ENTRIES.items()]


def test_what_a_field_shows_is_read_as_shown(tmp_path: Path) -> None:
    path = filled_in(form(tmp_path / "a.pdf", "1,200,000.00"), tmp_path / "b.pdf", lambda field, _: None)
    writer = PdfWriter(clone_from=path)
    for annotation in writer.pages[0]["/Annots"]:
        annotation.get_object()[NameObject("/V")] = TextStringObject("1200000")
    writer.write(path)
    assert read_here(path).text.split("\n")[2] == "价款（大写）：1,200,000.00"


@pytest.mark.parametrize(("flags", "read"), [(4, True), (2, False)], ids=["printed", "hidden"])
def test_text_typed_onto_a_page_without_being_drawn(tmp_path: Path, flags: int, read: bool) -> None:
    writer = PdfWriter(clone_from=made.make(tmp_path / "a.pdf", [lambda canvas: made.draw_lines(canvas, ["备注："])]))
    box = ArrayObject([FloatObject(value) for value in (110, made.TOP - 6, 400, made.TOP + 14)])
    note = {"/Subtype": NameObject("/FreeText"), "/Rect": box, "/F": NumberObject(flags)}
    note["/Contents"] = TextStringObject("另附清单一份")
    writer.add_annotation(0, DictionaryObject({NameObject(name): value for name, value in note.items()}))
    writer.write(tmp_path / "b.pdf")
    assert read_here(tmp_path / "b.pdf").text == "备注：" + "另附清单一份" * read
