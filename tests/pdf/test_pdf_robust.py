"""Mutations of files, workers that are killed, many documents through one worker: the reader goes on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import docx_made
import pdf_made
import pytest
from mutations import mutated, read_all
from PIL import Image

from pipeline.errors import ReadError
from pipeline.pdf.children import Child
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.pdf.wire import WireError
from pipeline.types import Document

SAMPLES = Path(__file__).parents[2] / "data/samples"


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    """One of each kind that can be read."""
    made = tmp_path / "sources"
    made.mkdir()
    clauses = docx_made.levels(("chineseCountingThousand", "第%1条"), ("decimal", "%1.%2"))
    body = "".join(docx_made.listed(f"条款{n}", n % 2) for n in range(9)) + docx_made.table(
        ["名称", "金额"], ["甲", "1"]
    )
    docx_made.write_docx(made / "a.docx", body, {"numbering": docx_made.numbering(clauses)})
    (made / "a.txt").write_bytes(("第一条 甲方应当付款。\n" * 50).encode("gb18030"))
    page = Image.new("L", (300, 400), "white")
    for name in ("a.png", "a.jpg"):
        page.save(made / name)
    page.save(made / "a.tiff", save_all=True, append_images=[page])
    samples = sorted(SAMPLES.glob("*.pdf"), key=lambda path: path.stat().st_size)[:4]
    assert len(samples) == 4
    return [*sorted(made.iterdir()), *samples]


def test_mutations_end_in_a_document_or_a_typed_error(sources: list[Path]) -> None:
    limits = ReadLimits(workers=2, timeout_s=20, memory_mib=512, ocr="off")
    outcome = asyncio.run(read_all(7, range(300), sources, limits))
    assert not outcome.wrong
    assert outcome.counts.total() == 300 and outcome.counts["document"] > 50
    assert outcome.slowest_s < 30


def test_a_mutation_is_the_same_for_the_same_seed(sources: list[Path]) -> None:
    assert mutated(3, 14, sources) == mutated(3, 14, sources) != mutated(4, 14, sources)


def test_killed_workers_are_noticed_at_once_and_replaced(tmp_path: Path) -> None:
    good = pdf_made.make(tmp_path / "good.pdf", [lambda c: pdf_made.draw_lines(c, ["合同"]) and None] * 20)
    chance = random.Random(5)
    waited: list[float] = []

    async def run() -> list[Document | BaseException]:
        async with Reader(ReadLimits(workers=2, timeout_s=60, ocr="off")) as reader:

            async def kill() -> None:
                for _ in range(12):
                    await asyncio.sleep(chance.uniform(0.02, 0.15))
                    for pid in [child.pid for child in reader._children if child.pid]:
                        os.kill(pid, signal.SIGKILL)

            async def one() -> Document:
                started = time.monotonic()
                try:
                    return await reader.read(good, "x")
                finally:
                    waited.append(time.monotonic() - started)

            killer = asyncio.create_task(kill())
            found = await asyncio.gather(*(one() for _ in range(60)), return_exceptions=True)
            await killer
            return [*found, await reader.read(good, "x")]

    found = asyncio.run(run())
    deaths = [one for one in found if isinstance(one, BaseException)]
    assert all(isinstance(one, ReadError) and "SIGKILL" in one.cause.zh for one in deaths)
    assert deaths and isinstance(found[-1], Document)
    assert max(waited) < 40  # far below the time limit: nobody waited for it


@pytest.mark.parametrize("length", ["10_000_000", "1 << 40"], ids=["cut off by the clock", "longer than any frame"])
def test_a_worker_that_is_ended_in_the_middle_of_its_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: str
) -> None:
    (tmp_path / "babbling.py").write_text(
        "import os, time\nfrom pipeline.pdf import wire\nos.read(0, 1 << 16)\nos.write(1, wire.ACKNOWLEDGED)\n"
        f"os.write(1, ({length}).to_bytes(8, 'big'))\n"
        "for _ in range(9000):\n    os.write(1, bytes(1000))\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def run() -> None:
        child = Child("babbling")
        with pytest.raises((TimeoutError, WireError)):
            await child.ask({"op": "read"}, 1.0)
        assert not child.running

    asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.slow
def test_many_documents_leave_the_workers_as_small_as_they_were(tmp_path: Path) -> None:
    good = pdf_made.make(tmp_path / "good.pdf", [lambda c: pdf_made.draw_lines(c, ["合同"] * 20) and None] * 3)

    async def run() -> list[int]:
        async with Reader(ReadLimits(workers=1, ocr="off")) as reader:
            sizes: list[int] = []
            for number in range(300):
                await reader.read(good, "x")
                if number % 100 == 99:
                    (pid,) = [child.pid for child in reader._children]
                    status = Path(f"/proc/{pid}/status").read_text()
                    sizes.append(int(status.partition("VmRSS:")[2].split()[0]) >> 10)
            return sizes

    sizes = asyncio.run(run())
    assert max(sizes) - min(sizes) < 10
