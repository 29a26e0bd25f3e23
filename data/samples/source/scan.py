"""Turn a typeset sample into a scan: page images, a little askew and noisy, with a red seal where a party seals."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from source.layout import FONT_FILE, PAGE_HEIGHT, PAGE_WIDTH

DPI = 160
QUALITY = 42
RED = (196, 30, 36)


def seal(name: str, diameter: int) -> Image.Image:
    """A company's round seal: a ring, the name along its upper arc, a star. Transparent background."""
    image = Image.new("RGBA", (diameter, diameter), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    colour = (*RED, 205)
    draw.ellipse((3, 3, diameter - 4, diameter - 4), outline=colour, width=5)
    middle, star = diameter / 2, diameter * 0.15
    points = [(middle + star * (1 if i % 2 == 0 else 0.4) * math.sin(i * math.pi / 5),
               middle - star * (1 if i % 2 == 0 else 0.4) * math.cos(i * math.pi / 5)) for i in range(10)]  # fmt: skip
    draw.polygon(points, fill=colour)
    font = ImageFont.truetype(str(FONT_FILE), int(diameter * 0.115))
    step = 250 / (len(name) - 1)
    for place, letter in enumerate(name):
        angle = -125 + place * step
        stamp = Image.new("RGBA", (diameter, diameter), (0, 0, 0, 0))
        ImageDraw.Draw(stamp).text((middle, diameter * 0.135), letter, font=font, fill=colour, anchor="mm")
        image.alpha_composite(stamp.rotate(-angle, resample=Image.Resampling.BICUBIC))
    return image


def seals_on(page: pypdfium2.PdfPage, names: list[str]) -> list[tuple[str, float, float]]:
    """For each party named on the signature page: its name and the middle of that name (points, from the top left)."""
    text = page.get_textpage()
    if "（盖章）" not in text.get_text_range():
        return []
    places: list[tuple[str, float, float]] = []
    for name in names:
        index, count = text.search(name).get_next()
        left, bottom, _, _ = text.get_charbox(index)
        _, _, right, top = text.get_charbox(index + count - 1)
        places.append((name, (left + right) / 2, PAGE_HEIGHT - (bottom + top) / 2))
    return places


def scanned(image: Image.Image, noise: random.Random) -> Image.Image:
    """Grain, soft focus, uneven light and a slight turn."""
    tilt = noise.choice((-1, 1)) * noise.uniform(0.25, 0.7)
    image = image.rotate(tilt, resample=Image.Resampling.BICUBIC, fillcolor="white").filter(
        ImageFilter.GaussianBlur(0.55)
    )
    grain = Image.frombytes("L", image.size, noise.randbytes(image.width * image.height))
    grain = grain.filter(ImageFilter.GaussianBlur(0.8)).point([96 + value // 12 for value in range(256)])
    shade = Image.linear_gradient("L").resize(image.size).point([238 + value // 16 for value in range(256)])
    if image.mode == "RGB":
        grain, shade = grain.convert("RGB"), shade.convert("RGB")
    return ImageChops.multiply(ImageChops.add(image, grain, 1, -106), shade)


def write_scan(typeset: Path, path: Path, title: str, parties: list[str]) -> None:
    """``typeset``: the PDF with a text layer to scan. The pages are grey JPEGs; the sealed one is in colour."""
    noise = random.Random(20260211)
    canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1)
    canvas.setTitle(title)
    document = pypdfium2.PdfDocument(typeset)
    for page in document:
        image = page.render(scale=DPI / 72).to_pil().convert("RGB")
        places = seals_on(page, parties)
        for name, x, y in places:
            mark = seal(name, int(DPI * 42 / 25.4)).rotate(noise.uniform(-14, 14), resample=Image.Resampling.BICUBIC)
            corner = (int(x * DPI / 72 - mark.width / 2), int(y * DPI / 72 - mark.height / 2))
            image.paste(mark, corner, mark)
        image = scanned(image if places else image.convert("L"), noise)
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=QUALITY)
        canvas.drawImage(ImageReader(jpeg), 0, 0, PAGE_WIDTH, PAGE_HEIGHT)
        canvas.showPage()
    document.close()
    canvas.save()
