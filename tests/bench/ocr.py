"""OCR on rendered contracts at 200 dpi: ``python tests/bench/ocr.py [PAGES]`` (first pages of data/samples, default 6).

The character error rate is order-free: the larger of what is missing and what is too much, as multisets of characters
without white space, against the text layer of the same page. Beside it the time a page takes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

SAMPLES = Path(__file__).parents[2] / "data/samples"
DPI = 200


def scanned(source: Path, target: Path) -> None:
    """The first page as an image-only PDF."""
    with open_pdf(source) as pdf, pdf.page(0) as page:
        assert page is not None
        bitmap = page.render(DPI, 20_000_000)
    picture = Image.frombuffer("RGBX", (bitmap.width, bitmap.height), bitmap.data, "raw", "BGRX", bitmap.stride)
    picture.convert("L").save(target, resolution=DPI)


def characters(document: Document) -> Counter[str]:
    page = document.pages[0]
    text = document.text[page.span.start : page.span.end] + "".join(region.text for region in page.regions)
    return Counter(char for char in text if not char.isspace())


async def main(pages: int) -> None:
    sources = [path for path in sorted(SAMPLES.glob("*.pdf")) if "扫描" not in path.name][:pages]
    errors = total = 0
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Reader(ReadLimits(workers=1, ocr="on", ocr_page_timeout_s=300)) as reader:
            for source in sources:
                scan = Path(folder) / source.name
                scanned(source, scan)
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
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6))
