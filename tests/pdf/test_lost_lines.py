"""Lines of a scan that a signature or a seal hides from detection are found by their ink, and read as a whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pdf_made as made
import pytest
import seals_made as seals
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from pipeline.pdf import ocr
from pipeline.pdf.columns import Edges
from pipeline.pdf.lost_lines import Strip, lost_lines
from pipeline.pdf.read import Reader, ReadLimits

numpy = pytest.importorskip("numpy", reason="the ocr extra is not installed")
pytest.importorskip("cv2", reason="the ocr extra is not installed")

LINES = made.wrapped(made.PARAGRAPH * 2, 34)
SIZE, LEFT, TOP, PITCH, EM = (1654, 2339), 220, 300, 66, 33


def page() -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    font = ImageFont.truetype(str(made.FONT_FILE), EM)
    for at, line in enumerate(LINES):
        ImageDraw.Draw(picture).text((LEFT, TOP + at * PITCH), line, (25, 25, 25), font=font)
    return picture


def box(at: int, start: int = 0, end: int = 99) -> Edges:
    """Where characters of a line stand."""
    top = TOP + at * PITCH
    return Edges(LEFT + start * EM, top, LEFT + min(end, len(LINES[at])) * EM, top + EM + 6)


def lost(picture: Image.Image, rows: list[list[Edges]]) -> list[Strip]:
    pieces = [piece for row in rows for piece in row]
    at = iter(range(len(pieces)))
    return lost_lines(numpy.asarray(picture)[:, :, ::-1], pieces, [[next(at) for _ in row] for row in rows])


def whole() -> list[list[Edges]]:
    return [[box(at)] for at in range(len(LINES))]


def test_nothing_is_lost_on_a_page_that_was_found_whole_with_rules_frames_and_blanks() -> None:
    picture = page()
    draw = ImageDraw.Draw(picture)
    draw.rectangle((150, 250, 1500, 1400), outline=(0, 0, 0), width=4)
    for y in range(1000, 1400, 80):
        draw.line((220, y, 1400, y), fill=(0, 0, 0), width=3)
    draw.line((800, 1000, 800, 1400), fill=(0, 0, 0), width=3)
    assert lost(picture, whole()) == []


def test_a_line_that_was_not_found_at_all() -> None:
    rows = whole()
    del rows[3]
    (strip,) = lost(seals.signed(page(), 0.4, 0.21), rows)
    assert strip.found == () and strip.left <= LEFT + 3 and strip.right >= box(3).right - 10
    assert abs((strip.top + strip.bottom) / 2 - (box(3).top + box(3).bottom) / 2) < 10
    assert strip.bottom - strip.top < 1.6 * EM


@pytest.mark.parametrize(("start", "end"), [(12, 20), (0, 9), (25, 99)], ids=["middle", "left", "right"])
def test_a_line_of_which_a_part_was_not_found(start: int, end: int) -> None:
    rows = whole()
    rows[3] = [piece for piece in (box(3, 0, start), box(3, end)) if piece.right - piece.left > EM]
    (strip,) = lost(page(), rows)
    assert len(strip.found) == len(rows[3])
    assert strip.left <= LEFT + 3 and strip.right >= box(3).right - 10


def test_cells_apart_are_not_joined() -> None:
    """Only that one is read again on which ink was left."""
    picture = page()
    draw = ImageDraw.Draw(picture)
    top = TOP + len(LINES) * PITCH
    font = ImageFont.truetype(str(made.FONT_FILE), EM)
    cells = [(220, "数控车床"), (520, "二十二台"), (900, "壹佰万元")]
    for left, text in cells:
        draw.text((left, top), text, (25, 25, 25), font=font)
    found = [Edges(left, top, left + 4 * EM, top + EM + 6) for left, _ in cells]
    found[1] = found[1]._replace(right=520 + 2 * EM)
    (strip,) = lost(picture, [*whole(), found])
    assert strip.found == (len(LINES) + 1,) and strip.left >= 515 and strip.right <= 520 + 4 * EM + 5


def test_pictures_and_text_that_runs_downwards_hold_few_lines_or_none() -> None:
    picture = page()
    picture.paste(Image.effect_noise((1300, 1500), 200).convert("RGB"), (LEFT, 700))
    assert len(lost(picture, [[box(0)]])) <= 60
    downwards = [Edges(300 + 60 * at, 300, 340 + 60 * at, 2000) for at in range(10)]
    assert lost(page(), [downwards]) == lost(page(), []) == []


def test_a_slightly_turned_page() -> None:
    turned = page().rotate(0.4, Image.Resampling.BICUBIC, fillcolor="white")

    def moved(piece: Edges) -> Edges:
        fall = -0.007 * ((piece.left + piece.right) / 2 - SIZE[0] / 2)
        side = 0.007 * ((piece.top + piece.bottom) / 2 - SIZE[1] / 2)
        return Edges(piece.left + side, piece.top + fall - 4, piece.right + side, piece.bottom + fall + 4)

    rows = [[moved(piece) for piece in row] for row in whole()]
    assert lost(turned, rows) == []
    rows[3] = [moved(box(3, 0, 12)), moved(box(3, 20))]
    (strip,) = lost(turned, rows)
    assert len(strip.found) == 2 and -0.02 < strip.slope < 0


def test_a_line_that_was_turned_by_mistake_is_read_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """RapidOCR asks first whether a line stands on its head; some that don't are turned then, and can't be read."""

    def engine(picture: Any, *, use_det: bool, use_cls: bool, use_rec: bool) -> SimpleNamespace:
        if use_det:
            quad = [(220, 300), (900, 310), (899, 345), (219, 335)]
            return SimpleNamespace(boxes=[quad], txts=("幸赣",), scores=(0.3,))
        assert not use_cls and 640 < picture.shape[1] < 720 and 30 < picture.shape[0] < 50
        return SimpleNamespace(txts=("甲方应当付款",), scores=(0.99,))

    monkeypatch.setattr(ocr, "_engine", lambda: engine)
    (piece,) = ocr._pieces(numpy.asarray(page()))
    assert (piece.text, piece.confidence) == ("甲方应当付款", 0.99)


def test_ocr_reads_lines_under_signatures_and_not_the_other_side_of_the_paper(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    scan = page()
    for seed, y in ((1, 0.17), (2, 0.26), (3, 0.35)):
        scan = seals.signed(scan, 0.35, y, seed=seed)
    behind = Image.blend(Image.new("RGB", SIZE, "white"), ImageOps.mirror(ImageOps.flip(page())), 0.15)
    ImageChops.multiply(scan, behind).save(tmp_path / "scan.png", dpi=(seals.DPI, seals.DPI))

    async def run() -> str:
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return (await reader.read(tmp_path / "scan.png", "x")).text

    text, right = asyncio.run(run()), made.PARAGRAPH * 2
    kept = sum(line.strip("　") in text.replace("\n", "") for line in LINES)
    assert kept >= len(LINES) - 3 and abs(len(text.replace("\n", "")) - len(right)) <= 6
