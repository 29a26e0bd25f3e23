"""Hundreds of real and hostile files that are not in this repository: ../shared/corpus."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.pdf.clean import fold
from pipeline.pdf.pdfium import open_pdf
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.types import Document

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
TIMEOUT_S = 30.0

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not here")


def read_all(folder: str) -> dict[str, Document | PipelineError]:
    """Every file read or refused by name; anything else fails the test."""
    found: dict[str, Document | PipelineError] = {}

    async def run() -> None:
        async with Reader(ReadLimits(workers=2, timeout_s=TIMEOUT_S, ocr="off")) as reader:

            async def one(path: Path) -> None:
                try:
                    found[path.name] = await reader.read(path, identify(path))
                except PipelineError as error:
                    found[path.name] = error

            await asyncio.gather(*(one(path) for path in sorted((CORPUS / folder).glob("*.pdf"))))

    asyncio.run(run())
    return found


@pytest.mark.parametrize("folder", ["hostile", "nasty", "zh"])
def test_every_file_ends_in_a_document_or_a_typed_error(folder: str) -> None:
    started = time.monotonic()
    found = read_all(folder)
    assert len(found) == len(list((CORPUS / folder).glob("*.pdf"))) > 10
    assert time.monotonic() - started < 2 * TIMEOUT_S
    for name, result in found.items():
        if isinstance(result, Document):
            assert len(result.origins) == len(result.text) == result.pages[-1].span.end, name
            assert all(a.span.end == b.span.start for a, b in zip(result.pages, result.pages[1:], strict=False)), name
        else:
            assert name in result.cause.en and result.remedy.zh, name
            assert "internal" not in result.cause.en, (name, str(result))


def test_no_chinese_character_is_lost() -> None:
    """Against PDFium's raw text; what stands in the margins counts as kept."""
    total = lost = 0
    for name, result in read_all("zh").items():
        if not isinstance(result, Document):
            continue
        raw: Counter[str] = Counter()
        with open_pdf(CORPUS / "zh" / name) as pdf:
            for index in range(pdf.page_count):
                with pdf.page(index) as page:
                    raw.update(han(fold(page.chars().text)) if page else [])
        kept = Counter(han(result.text + "".join(text for page in result.pages for text in page.margins)))
        total += raw.total()
        lost += (raw - kept).total()
    assert total > 200_000
    assert lost / total < 0.001


def han(text: str) -> list[str]:
    return re.findall("[\u4e00-\u9fff]", text)
