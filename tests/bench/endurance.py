"""Memory. ``endurance.py pages 5000`` reads one PDF of so many pages; ``endurance.py documents 10000 [FILE...]`` so
many documents one after the other with long-lived workers. Prints what the parent and its workers take.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from papers import write_pdf

from pipeline.pdf.read import Reader, ReadLimits

_PARAGRAPH = (
    "甲方应于本合同生效之日起十个工作日内向乙方支付合同总价的百分之三十作为预付款，乙方收到预付款后开始备货，并应在六十日内将"
    "全部设备运抵甲方指定的交货地点，由双方共同开箱检验，检验合格后签署到货验收单。"
)


def rss_mib(pid: int | str = "self") -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) >> 10


def children() -> list[int]:
    """The processes that this one started."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in listed.split()]


async def one_long(pages: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = write_pdf(Path(folder, "long.pdf"), [[f"第{n}条 付款", *[_PARAGRAPH] * 9] for n in range(pages)])
        pid = os.fork()  # the making took memory of its own
        if pid:
            os.waitpid(pid, 0)
            return
        before = rss_mib()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        command = [sys.executable, __file__, "read", str(made), str(before)]
        os.execv(sys.executable, command)


async def read_one(path: Path) -> None:
    started = time.monotonic()
    before = rss_mib()
    async with Reader(ReadLimits(workers=1, timeout_s=600)) as reader:
        document = await reader.read(path, "x")
        print(f"{len(document.pages)} pages, {len(document.text)} characters, {time.monotonic() - started:.1f} s")
        print(f"parent before {before} MiB, holding the document {rss_mib()} MiB", end=", ")
    own, workers = (resource.getrusage(who).ru_maxrss >> 10 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak {own} MiB; largest worker {workers} MiB")


async def many(count: int, paths: list[Path]) -> None:
    async with Reader(ReadLimits(workers=2, ocr="off")) as reader:
        turn = asyncio.Semaphore(2)

        async def one(number: int) -> None:
            async with turn:
                await asyncio.gather(reader.read(paths[number % len(paths)], "x"), return_exceptions=True)

        for start in range(0, count, max(1, count // 10)):
            await asyncio.gather(*(one(number) for number in range(start, start + max(1, count // 10))))
            sizes = ", ".join(f"{rss_mib(pid)}" for pid in children())
            print(
                f"after {start + max(1, count // 10):6} documents: parent {rss_mib()} MiB, workers {sizes} MiB",
                flush=True,
            )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pages", count]:
            asyncio.run(one_long(int(count)))
        case ["read", path, *_]:
            asyncio.run(read_one(Path(path)))
        case ["documents", count, *names]:
            samples = sorted((Path(__file__).parents[2] / "data" / "samples").glob("*.pdf"))
            asyncio.run(many(int(count), [Path(name) for name in names] or samples))
        case _:
            sys.exit(__doc__)
