"""OCR on rendered contracts at 200 dpi: ``python tests/bench/ocr.py [PAGES] [--seals colour|grey]``
(first pages of data/samples, default 6; with two seals of 42 mm on each).

The character error rate is order-free: the larger of what is missing and what is too much, as multisets of characters
without white space, against the text layer of the same page. Beside it the time a page takes.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path

import seals_made as seals
from PIL import Image

from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

SAMPLES = Path(__file__).parents[2] / "data/samples"
DPI = 200


def scanned(source: Path, target: Path, sealed: str) -> None:
    """The first page as an image-only PDF; grey, but for seals in colour."""
    with open_pdf(source) as pdf, pdf.page(0) as page:
        assert page is not None
        bitmap = page.render(DPI, 20_000_000)
    picture = Image.frombuffer("RGBX", (bitmap.width, bitmap.height), bitmap.data, "raw", "BGRX", bitmap.stride)
    if sealed:
        seal = seals.company_seal()
        picture = seals.stamped(picture.convert("RGB"), (seal, 0.2, 0.25), (seal, 0.55, 0.55))
    picture.convert("RGB" if sealed == "colour" else "L").save(target, resolution=DPI)


def characters(document: Document) -> Counter[str]:
    page = document.pages[0]
    text = document.text[page.span.start : page.span.end] + "".join(region.text for region in page.regions)
    return Counter(char for char in text if not char.isspace())


async def main(pages: int, sealed: str) -> None:
    sources = [path for path in sorted(SAMPLES.glob("*.pdf")) if "扫描" not in path.name][:pages]
    errors = total = 0
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            for source in sources:
                scan = Path(folder) / source.name
                scanned(source, scan, sealed)
                truth = characters(await reader.read(source, "truth"))
                started = time.perf_counter()
                found = characters(await reader.read(scan, "scan"))
                seconds.append(time.perf_counter() - started)
                wrong = max((truth - found).total(), (found - truth).total())
                errors, total = errors + wrong, total + truth.total()
                missing, foreign = "".join((truth - found).elements()), "".join((found - truth).elements())
                print(f"{wrong / truth.total():.4f} {seconds[-1]:5.1f} s  {source.name[:20]}  -{missing} +{foreign}")
    print(f"CER {errors / total:.4f} of {total} characters; {sum(seconds[1:]) / max(1, len(seconds) - 1):.1f} s a page")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pages", type=int, nargs="?", default=6)
    options.add_argument("--seals", choices=("colour", "grey"), default="")
    chosen = options.parse_args()
    asyncio.run(main(chosen.pages, chosen.seals))
