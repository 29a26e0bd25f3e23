"""A long document read on two cores: the same as on one, whatever becomes of the second half's reader."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import papers
import pdf_made as made
import pytest

from pipeline.errors import ReadError
from pipeline.pdf.process import beside
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.types import Document

SAMPLE = next((Path(__file__).parents[2] / "data/samples").glob("13_*.pdf"))


def read(path: Path, workers: int, disturb: Callable[[int], None] | None = None) -> Document:
    """Read with so many workers; ``disturb`` is told the copy's process id."""

    async def run() -> Document:
        async with Reader(ReadLimits(workers=workers, timeout_s=20, ocr="off")) as reader:
            task = asyncio.create_task(reader.read(path, "x"))
            if disturb:
                disturb(await copy_of(reader))
            return await task

    return asyncio.run(run())


async def copy_of(reader: Reader) -> int:
    async with asyncio.timeout(60):
        while True:
            for child in reader._children:
                found = Path(f"/proc/{child.pid}/task/{child.pid}/children")
                if child.pid and found.exists() and (copies := found.read_text().split()):
                    return int(copies[0])
            await asyncio.sleep(0.002)


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # dead, and nobody left to reap it
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough to meet its copy at work."""
    lines = [f"第{number}条 双方应当按照诚实信用原则履行本合同约定的各项义务。" for number in range(1, 30)]
    return papers.write_pdf(tmp_path_factory.mktemp("long") / "long.pdf", [lines] * 120)


def test_a_long_sample_reads_the_same_on_two_cores() -> None:
    assert read(SAMPLE, workers=2) == read(SAMPLE, workers=1)


def test_a_killed_copy_costs_nothing_but_time(long: Path) -> None:
    killed: list[int] = []

    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    assert read(long, 2, kill) == read(long, 1)
    assert killed


def test_a_copy_that_hangs_is_ended_with_its_worker(tmp_path: Path) -> None:
    path = tmp_path / "slow.pdf"
    path.write_bytes(made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=500))

    async def run() -> tuple[BaseException | Document, int]:
        async with Reader(ReadLimits(workers=2, timeout_s=2, ocr="off")) as reader:
            task = asyncio.create_task(reader.read(path, "x"))
            copy = await copy_of(reader)
            await asyncio.sleep(0.3)  # it has said by then whom it dies with
            os.kill(copy, signal.SIGSTOP)
            (found,) = await asyncio.gather(task, return_exceptions=True)
            return found, copy

    found, copy = asyncio.run(run())
    assert isinstance(found, ReadError) and "2 秒" in found.cause.zh
    assert is_gone(copy)


def test_a_page_tree_that_leads_nowhere_fails_as_in_one_piece(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.pdf"
    path.write_bytes(
        made.raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 100000 >>"])
    )
    texts: list[str] = []
    for workers in (1, 2):
        with pytest.raises(ReadError) as failure:
            read(path, workers)
        texts.append(str(failure.value))
    assert texts[0] == texts[1]


def test_a_file_that_takes_its_time_gives_the_second_place_back(long: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.pdf"
    slow.write_bytes(made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=500))

    async def run() -> float:
        async with Reader(ReadLimits(workers=2, timeout_s=30, ocr="off")) as reader:
            first = asyncio.create_task(reader.read(slow, "x"))
            await copy_of(reader)
            started = time.monotonic()
            await reader.read(SAMPLE, "y")
            waited = time.monotonic() - started
            assert not first.done()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return waited

    assert asyncio.run(run()) < 20


@pytest.mark.parametrize(("work", "outcome"), [(lambda: [7], [7]), (lambda: 1 / 0, None), (lambda: os._exit(3), None)])
def test_what_a_copy_comes_to(work: Callable[[], object], outcome: object) -> None:
    with beside(work) as rest:
        assert rest() == outcome


def test_where_no_further_process_is_allowed_there_is_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    with beside(lambda: [7]) as rest:
        assert rest() is None
