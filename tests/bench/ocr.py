"""OCR on rendered contracts at 200 dpi: ``python tests/bench/ocr.py [PAGES] [--marks MARKS] [--seed N]`` (a page each
of data/samples, the first or, with marks, any; default 6). Two marks stand anywhere on the page: round seals of 38 to
45 mm in one of three reds, scanned in ``colour``, ``grey`` or black and white (``bw``); ``oval`` seals, scanned in
grey; or scrawls in blue across the lines (``signed``). ``thin`` paper lets the other side through instead.

The character error rate is order-free: the larger of what is missing and what is too much, as multisets of characters
without white space, against the text layer of the same page. Beside it the time a page takes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import seals_made as seals
from PIL import Image, ImageChops, ImageOps

from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

SAMPLES = Path(__file__).parents[2] / "data/samples"
DPI = 200


def scanned(source: Path, index: int, target: Path, marks: str, chance: random.Random) -> None:
    """A page as an image-only PDF; grey, but for marks in colour."""
    with open_pdf(source) as pdf, pdf.page(index) as page:
        assert page is not None
        bitmap = page.render(DPI, 20_000_000)
    picture = Image.frombuffer("RGBX", (bitmap.width, bitmap.height), bitmap.data, "raw", "BGRX", bitmap.stride)
    picture = picture.convert("RGB")
    for _ in range(2):
        color = chance.choice((seals.RED, seals.DARK_RED, (230, 60, 70)))
        x, y = chance.uniform(0.05, 0.7), chance.uniform(0.08, 0.75)
        if marks in ("colour", "grey", "bw"):
            seal = seals.company_seal(color, chance.uniform(38, 45), chance.uniform(-40, 40))
            picture = seals.stamped(picture, (seal, x, y))
        elif marks == "oval":
            seal = seals.company_seal(color).resize((seals.mm(45), seals.mm(30)))
            picture = seals.stamped(picture, (seal, x, y))
        elif marks == "signed":
            picture = seals.signed(picture, x, y, seed=chance.randrange(1000))
    if marks == "thin":
        other = Image.blend(Image.new("RGB", picture.size, "white"), ImageOps.mirror(picture), 0.15)
        picture = ImageChops.multiply(picture, other)
    picture = picture.convert("RGB" if marks in ("colour", "signed") else "L")
    if marks == "bw":
        threshold = chance.choice((110, 128, 150))
        picture = picture.point(lambda value: 255 if value > threshold else 0).convert("1")
    picture.save(target, resolution=DPI)


def characters(document: Document, index: int) -> Counter[str]:
    page = document.pages[index]
    text = document.text[page.span.start : page.span.end] + "".join(region.text for region in page.regions)
    return Counter(char for char in text if not char.isspace())


async def main(pages: int, marks: str, seed: int) -> None:
    sources = [path for path in sorted(SAMPLES.glob("*.pdf")) if "扫描" not in path.name][:pages]
    errors = total = 0
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            for source in sources:
                scan = Path(folder) / source.name
                document, chance = await reader.read(source, "truth"), random.Random(f"{seed} {source.name}")
                full = [page.number - 1 for page in document.pages if page.span.length > 500]
                index = chance.choice(full) if marks else 0
                scanned(source, index, scan, marks, chance)
                truth = characters(document, index)
                started = time.perf_counter()
                found = characters(await reader.read(scan, "scan"), 0)
                seconds.append(time.perf_counter() - started)
                wrong = max((truth - found).total(), (found - truth).total())
                errors, total = errors + wrong, total + truth.total()
                missing, foreign = "".join((truth - found).elements()), "".join((found - truth).elements())
                name = f"{source.name[:20]}:{index + 1}"
                print(f"{wrong / truth.total():.4f} {seconds[-1]:5.1f} s  {name}  -{missing} +{foreign}")
    print(f"CER {errors / total:.4f} of {total} characters; {sum(seconds[1:]) / max(1, len(seconds) - 1):.1f} s a page")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pages", type=int, nargs="?", default=6)
    options.add_argument("--marks", choices=("colour", "grey", "bw", "oval", "signed", "thin"), default="")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    asyncio.run(main(chosen.pages, chosen.marks, chosen.seed))
