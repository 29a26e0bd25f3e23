"""Hostile PDFs made here: each ends in a reading or in a typed failure, within its time, and the next file is read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import nasty_made as nasty
import pytest

from pipeline.errors import ReadError
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

LIMITS = ReadLimits(workers=1, timeout_s=5, ocr="off")


@pytest.mark.parametrize("name", nasty.NASTY)
def test_a_hostile_file_is_read_or_fails_by_name_and_the_next_is_read(tmp_path: Path, name: str) -> None:
    bad, good = tmp_path / "bad.pdf", tmp_path / "good.pdf"
    bad.write_bytes(nasty.NASTY[name]())
    good.write_bytes(nasty.page())

    async def run() -> tuple[Document | BaseException, Document, float]:
        async with Reader(LIMITS) as reader:
            start = time.monotonic()
            (found,) = await asyncio.gather(reader.read(bad, "x"), return_exceptions=True)
            return found, await reader.read(good, "y"), time.monotonic() - start

    found, after, seconds = asyncio.run(run())
    if isinstance(found, Document):
        assert len(found.origins) == len(found.text) == found.pages[-1].span.end
        assert all(page.width >= 0 and page.height >= 0 for page in found.pages)
    else:
        assert isinstance(found, ReadError), found
        assert "bad.pdf" in found.cause.zh and found.remedy.zh
        assert "内部错误" not in found.cause.zh  # our own bug
    assert after.text == "The supplier delivers the goods on time."
    assert seconds < 4 * LIMITS.timeout_s
