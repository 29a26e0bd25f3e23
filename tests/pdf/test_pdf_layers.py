"""Optional content: what a layer shows is text, what it hides is not."""

from __future__ import annotations

from pathlib import Path

import pdf_made as made
import pytest
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from reading import read_here
from reportlab.pdfgen.canvas import Canvas

SHOWN, HIDDEN = "合同总价为人民币叁拾万元整", "合同总价为人民币伍拾万元整"


def layered(path: Path, base: str, listed: str, names: tuple[str, str] = ("正式稿", "旧稿")) -> Path:
    """One line on each of two layers, and one on none; ``listed`` ones are not as ``base`` says."""

    def draw(canvas: Canvas) -> None:
        made.draw_lines(canvas, ["设备采购合同"], top=780)
        for at, line in enumerate((SHOWN, HIDDEN)):
            canvas._code.append(f"/OC /L{at} BDC")
            made.draw_lines(canvas, [line], top=700 - 40 * at)
            canvas._code.append("EMC")

    writer = PdfWriter(clone_from=made.make(path, [draw]))
    layers = [
        writer._add_object(
            DictionaryObject({NameObject("/Type"): NameObject("/OCG"), NameObject("/Name"): TextStringObject(name)})
        )
        for name in names
    ]
    resources = writer.pages[0]["/Resources"]
    resources[NameObject("/Properties")] = DictionaryObject(
        {NameObject(f"/L{at}"): layer for at, layer in enumerate(layers)}
    )
    default = {NameObject("/BaseState"): NameObject(f"/{base}")}
    default[NameObject(listed)] = ArrayObject([layers[1 if listed == "/OFF" else 0]])
    content = {NameObject("/OCGs"): ArrayObject(layers), NameObject("/D"): DictionaryObject(default)}
    writer._root_object[NameObject("/OCProperties")] = DictionaryObject(content)
    writer.write(path)
    return path


@pytest.mark.parametrize(("base", "listed"), [("ON", "/OFF"), ("OFF", "/ON")])
def test_hidden_layers_are_no_text_and_the_result_says_so(tmp_path: Path, base: str, listed: str) -> None:
    document = read_here(layered(tmp_path / "a.pdf", base, listed))
    assert document.text == f"设备采购合同\n{SHOWN}"
    assert document.traits == {"layers": len(HIDDEN)}


def test_layers_of_one_name_of_which_one_is_shown_are_text(tmp_path: Path) -> None:
    """Which of them a line is on is not known."""
    document = read_here(layered(tmp_path / "a.pdf", "ON", "/OFF", ("图层", "图层")))
    assert document.text == f"设备采购合同\n{SHOWN}\n{HIDDEN}"
