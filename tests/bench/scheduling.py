"""What scheduler, journal and store cost by themselves: synthetic documents, an engine that answers at once.

    python tests/bench/scheduling.py [DOCUMENTS] [REQUESTS_PER_DOCUMENT]

Goal: 200 documents a second or more on SQLite, and memory that does not grow with the number of documents.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from pipeline.engines.gather import Gathered
from pipeline.engines.journal import Journal
from pipeline.engines.scheduler import Scheduler
from pipeline.session import DOCUMENTS_AT_ONCE
from pipeline.store import Store
from pipeline.types import Analysis, Completion, DocumentInfo, Evidence, Finding, Message, Request, Sampling, Span

ANSWER = Completion('{"items": []}', "", "stop", 1500, 1200, 60)
SCHEMA = {"type": "object", "properties": {"items": {"type": "array", "maxItems": 20}}}


def rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def requests_of(number: int, count: int) -> list[Request]:
    text = f"第{number}号合同。" + "甲方应当在验收合格后三十日内付款。" * 60
    return [
        Request(f"d{number}", f"contract/g{n}@1", "sha", (Message("system", "规则"), Message("user", f"{text}\n问{n}")),
                SCHEMA, 512, Sampling(), False, 1500, priority=number, prefix=f"d{number}", prefix_tokens=1200)
        for n in range(count)
    ]  # fmt: skip


def analysis_of(number: int, requests: int) -> Analysis:
    quote = Evidence("甲方应当在验收合格后三十日内付款。", Span(10, 27), 1, "exact")
    findings = tuple(Finding("money", f"付款{n}", "三十日", "llm", (quote,)) for n in range(6))
    info = DocumentInfo(f"d{number}", f"{number}.pdf", "合同", 3, 1100, 700, {"text": 3})
    return Analysis(info, f"f{number}", "contract", "", "whole", "放得下", "done", chunks=1, requests=requests,
                    findings=findings)  # fmt: skip


async def run(folder: Path, documents: int, requests: int) -> None:
    async def engine(request: Request) -> Completion:
        return ANSWER

    store = Store.open(f"sqlite:///{folder}/db.sqlite")
    run_id = store.start_run(kind="contract", engine="vllm", engine_reason="bench", model="m", settings={})
    journal = Journal(store, "m", "m", engine, Scheduler(max_tokens=400_000, max_requests=1024).admitted)
    save = Gathered(lambda group: store.save_analyses(run_id, group))
    numbers = iter(range(documents))
    done = 0
    started, cpu = time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal done
        for number in numbers:
            *asked, summary = requests_of(number, requests)
            await asyncio.gather(*map(journal.generate, asked))
            await journal.generate(summary)
            await save(analysis_of(number, requests))
            done += 1
            if done % (documents // 5) == 0:
                rate = done / (time.perf_counter() - started)
                print(f"{done:6} documents  {rate:6.0f}/s  RSS {rss_mib():.0f} MiB", flush=True)

    await asyncio.gather(*(work() for _ in range(DOCUMENTS_AT_ONCE)))
    await journal.close()
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    rows = store.info().rows
    store.close()
    assert rows["completions"] == documents * requests and rows["analyses"] == documents and not rows["leases"]
    print(f"{documents / wall:.0f} documents/s, {documents * requests / wall:.0f} requests/s; "
          f"{cpu / documents * 1000:.1f} ms of CPU a document")  # fmt: skip


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), count, int(sys.argv[2]) if len(sys.argv) > 2 else 8))
