"""Seals and signatures drawn on pictures of pages, as ink lies on paper: what is under it shows through."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from pdf_made import FONT_FILE
from PIL import Image, ImageChops, ImageDraw, ImageFont

DPI = 200
RED, DARK_RED, BLUE = (220, 30, 40), (170, 20, 30), (40, 60, 200)
Color = tuple[int, int, int]
COMPANY = "东海机械设备制造有限公司"


def mm(length: float) -> int:
    return round(length * DPI / 25.4)


def company_seal(color: Color = RED, size_mm: float = 42, angle: float = 10) -> Image.Image:
    """Round, with the company's name along its ring, a star, and what it is for."""
    side = mm(size_mm)
    seal, middle, ring = Image.new("RGB", (side, side), "white"), side / 2, mm(1.2)
    draw = ImageDraw.Draw(seal)
    draw.ellipse((0, 0, side - 1, side - 1), outline=color, width=ring)
    points = [(0.3 if at % 2 == 0 else 0.115, math.pi * at / 5) for at in range(10)]
    star = [(middle + middle * r * math.sin(a), middle - middle * r * math.cos(a)) for r, a in points]
    draw.polygon(star, fill=color)
    for at, char in enumerate(COMPANY):
        turn = math.radians(230) * (at / (len(COMPANY) - 1) - 0.5)
        glyph = Image.new("L", (round(middle * 0.36),) * 2)
        ImageDraw.Draw(glyph).text((middle * 0.05, 0), char, 255, font=_font(middle * 0.26))
        glyph = glyph.rotate(-math.degrees(turn), Image.Resampling.BICUBIC)
        x, y = middle + middle * 0.74 * math.sin(turn), middle - middle * 0.74 * math.cos(turn)
        seal.paste(color, (round(x - glyph.width / 2), round(y - glyph.height / 2)), glyph)
    draw.text((middle, side * 0.78), "合同专用章", color, font=_font(middle * 0.2), anchor="mm")
    return seal.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")


def name_seal(color: Color = RED, size_mm: float = 20, name: str = "张伟之印") -> Image.Image:
    """Square, with the four characters of a person's seal."""
    side = mm(size_mm)
    seal = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(seal)
    draw.rectangle((0, 0, side - 1, side - 1), outline=color, width=mm(1))
    for at, char in enumerate(name):
        draw.text(
            (side * (0.28 + 0.44 * (at % 2)), side * (0.28 + 0.44 * (at // 2))), char, color, _font(side * 0.4), "mm"
        )
    return seal


def stamped(page: Image.Image, *seals: tuple[Image.Image, float, float]) -> Image.Image:
    """The page with seals, each with its top left corner at shares of the page's width and height."""
    for seal, x, y in seals:
        layer = Image.new("RGB", page.size, "white")
        layer.paste(seal, (round(x * page.width), round(y * page.height)))
        page = ImageChops.multiply(page, layer)
    return page


def signed(page: Image.Image, x: float, y: float, color: Color = BLUE, seed: int = 3) -> Image.Image:
    """The page with a scrawl of 50 by 12 mm."""
    chance, layer = random.Random(seed), Image.new("RGB", page.size, "white")
    left, middle = x * page.width, y * page.height
    points: Sequence[tuple[float, float]] = [
        (left + at * mm(1.2) + chance.uniform(-mm(4), mm(4)), middle + chance.uniform(-mm(6), mm(6)))
        for at in range(40)
    ]
    ImageDraw.Draw(layer).line(points, fill=color, width=4, joint="curve")
    return ImageChops.multiply(page, layer)


def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_FILE), round(size))
