"""Seals are wiped off the print of scans; print, titles and handwriting in colour stay."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pdf_made as made
import pytest
import seals_made as seals
from PIL import Image, ImageDraw, ImageFont

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.pdf.seals import without_seals

numpy = pytest.importorskip("numpy", reason="the ocr extra is not installed")
pytest.importorskip("cv2", reason="the ocr extra is not installed")

LINES = made.wrapped(made.PARAGRAPH * 2, 34)
SIZE = (1654, 2339)


def page(lines: list[str] = LINES) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    font = ImageFont.truetype(str(made.FONT_FILE), 33)
    for at, line in enumerate(lines):
        ImageDraw.Draw(picture).text((220, 300 + at * 66), line, (25, 25, 25), font=font)
    return picture


def cleaned(picture: Image.Image) -> Image.Image:
    return Image.fromarray(without_seals(numpy.asarray(picture)[:, :, ::-1], seals.DPI)[0][:, :, ::-1])


def difference(a: Image.Image, b: Image.Image) -> float:
    """Share of the pixels that are print in one picture and paper in the other."""
    dark = [numpy.asarray(picture.convert("L")) < 160 for picture in (a, b)]
    return float((dark[0] != dark[1]).mean())


@pytest.mark.parametrize(
    "seal",
    [
        seals.company_seal(),
        seals.company_seal(seals.DARK_RED, 38, -30),
        seals.company_seal((240, 110, 120), 45),
        seals.company_seal(seals.BLUE),
        seals.company_seal(size_mm=58),
        seals.company_seal().resize((seals.mm(45), seals.mm(30))),  # oval
        seals.name_seal(),
        seals.name_seal(size_mm=12),
    ],
    ids=["red", "dark", "pink", "blue", "big", "oval", "square", "small"],
)
def test_a_seal_is_wiped_off_and_the_print_under_it_stays(seal: Image.Image) -> None:
    bare = page()
    sealed = seals.stamped(bare, (seal, 0.3, 0.15), (seal, 0.6, 0.25))
    assert difference(bare, cleaned(sealed)) < 0.2 * difference(bare, sealed)


def test_print_that_the_ink_of_a_star_covers_comes_back() -> None:
    """Thick ink hides most of what is under it: a little darker is all that is left."""
    bare = page()
    inked = bare.copy()
    seal = seals.company_seal(angle=0)
    mask = seal.convert("L").point(lambda value: 205 if value < 200 else 0)
    inked.paste(seal, (500, 400), mask)
    assert difference(bare, cleaned(inked)) < 0.5 * difference(bare, inked)
    assert made_of(bare, cleaned(inked), 500, 400, seal.width) > 0.8


def made_of(bare: Image.Image, other: Image.Image, left: int, top: int, side: int) -> float:
    """Share of the print in a square that is there in another picture, too."""
    box = (left, top, left + side, top + side)
    dark, kept = (
        numpy.asarray(picture.crop(box).convert("L")) < limit for picture, limit in ((bare, 100), (other, 220))
    )
    return float(kept[dark].mean())


def test_seals_anywhere_on_a_grey_page_are_found() -> None:
    chance = random.Random(5)
    for _ in range(12):
        seal = seals.company_seal(
            chance.choice((seals.RED, seals.DARK_RED)), chance.uniform(38, 45), chance.uniform(-40, 40)
        )
        sealed = seals.stamped(page(), (seal, chance.uniform(0.05, 0.7), chance.uniform(0.08, 0.4))).convert("L")
        wiped = cleaned(sealed.convert("RGB"))
        assert difference(page(), wiped) < 0.6 * difference(page(), sealed.convert("RGB"))


def test_print_titles_and_handwriting_in_colour_stay() -> None:
    picture = page()
    draw = ImageDraw.Draw(picture)
    for top, size, gap in ((1600, 130, 0), (1800, 90, 45)):  # some of these characters are frames
        font = ImageFont.truetype(str(made.FONT_FILE), size)
        for at, char in enumerate("国务院办公厅回固文件"):
            draw.text((150 + at * (size + gap), top), char, seals.RED, font=font)
    draw.rectangle((100, 2000, 1500, 2200), outline=seals.RED, width=6)
    picture = seals.signed(picture, 0.3, 0.4)
    assert cleaned(picture).tobytes() == picture.tobytes()


def test_a_seal_over_the_red_rules_of_a_form_and_a_signature_across_it() -> None:
    bare = page()
    for y in (700, 900):
        ImageDraw.Draw(bare).line((150, y, 1500, y), fill=seals.RED, width=5)
    sealed = seals.stamped(bare, (seals.company_seal(), 0.3, 0.27))
    assert difference(bare, cleaned(sealed)) < 0.4 * difference(bare, sealed)
    signed = seals.signed(bare, 0.35, 0.35)
    both = cleaned(seals.signed(sealed, 0.35, 0.35))
    assert difference(signed, both) < 0.4 * difference(signed, seals.signed(sealed, 0.35, 0.35))


@pytest.mark.parametrize("color", [seals.RED, (240, 110, 120)])
def test_on_a_grey_scan_a_ring_that_is_lighter_than_print(color: seals.Color) -> None:
    bare = page().convert("L").convert("RGB")
    sealed = seals.stamped(page(), (seals.company_seal(color), 0.3, 0.15)).convert("L").convert("RGB")
    assert difference(bare, cleaned(sealed)) < 0.3 * difference(bare, sealed)


def test_photographs_on_a_grey_scan_stay() -> None:
    picture = page()
    ImageDraw.Draw(picture).rectangle((300, 1500, 600, 1850), fill=(128, 128, 128))
    assert cleaned(picture).tobytes() == picture.tobytes()


def test_overlapping_seals_in_colour_and_one_on_the_rule_of_a_header() -> None:
    bare = page()
    ImageDraw.Draw(bare).line((220, 290, 1450, 290), fill=(25, 25, 25), width=3)
    first, second = seals.company_seal(), seals.company_seal(seals.DARK_RED, 40, -25)
    sealed = seals.stamped(bare, (first, 0.3, 0.1), (second, 0.42, 0.17))
    assert difference(bare, cleaned(sealed)) < 0.2 * difference(bare, sealed)


def test_in_black_and_white_the_ring_goes_and_what_stands_apart_from_it_stays() -> None:
    """Its name and purpose are as print is, and stay."""
    bare = page()
    sealed = seals.stamped(bare, (seals.company_seal(seals.DARK_RED, angle=0), 0.5, 0.5))
    bitonal = sealed.convert("L").point(lambda value: 255 if value > 128 else 0).convert("RGB")
    wiped = cleaned(bitonal)
    side = seals.mm(42)
    left, top = round(0.5 * bare.width), round(0.5 * bare.height)
    dark = [
        numpy.asarray(picture.convert("L"))[top : top + side, left : left + side] < 160 for picture in (bitonal, wiped)
    ]
    y, x = numpy.mgrid[0:side, 0:side]
    reach = numpy.hypot(x - side / 2, y - side / 2) / (side / 2)
    ring, star, name = (reach > 0.93), (reach < 0.12), (reach > 0.55) & (reach < 0.9)
    assert dark[1][ring].sum() < 0.1 * dark[0][ring].sum()
    assert dark[1][star].sum() < 0.1 * dark[0][star].sum()
    assert dark[1][name].sum() > 0.9 * dark[0][name].sum()
    outside = [numpy.asarray(picture)[: top - 20] for picture in (bitonal, wiped)]
    assert (outside[0] == outside[1]).all()


def test_ocr_reads_the_lines_under_seals(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the ocr extra is not installed")
    seal = seals.company_seal()
    scan = seals.stamped(page(), (seal, 0.2, 0.12), (seal, 0.55, 0.24))
    scan.save(tmp_path / "scan.png", dpi=(seals.DPI, seals.DPI))

    async def run():
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            return await reader.read(tmp_path / "scan.png", "x")

    assert asyncio.run(run()).text.replace("\n", "") == made.PARAGRAPH * 2
