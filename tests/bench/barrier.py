"""Streaming against stage by stage, on a skewed set: one document of many chunks, all others of one.

    python tests/bench/barrier.py [DOCUMENTS] [CHUNKS] [--speed TOKENS_PER_S]

The whole pipeline (PDFs in, rows and reports out) twice over an engine that keeps vLLM's time: continuous batches, a
step's time from the prompt tokens that it computes and the answers that it lengthens, a prefix cache. Once as it is,
once with barriers: no request before all documents are read, no reduce before all maps are done.

Prints the ratio, and the most that it could be here: no schedule ends before the engine has done its own work, nor
before the processors have read, split, proved and saved everything, whichever takes longer. Stage by stage takes about
the sum of both, so the ratio is large only where they are alike: typeset documents are read in a moment, a fast card
(a high ``--speed``) needs little more. Other programs on the processors make the bound too high.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from papers import write_pdf
from scripted_server import fill

from pipeline import run
from pipeline import session as sessions
from pipeline.engines.base import EngineState, Nature
from pipeline.engines.choose import EngineChoice
from pipeline.outcome import Event
from pipeline.settings import Settings, load_settings
from pipeline.types import Behaviour, Completion, Request

CHUNK_TOKENS = 500
ANSWER_TOKENS = 60
STEP_S = 0.012
MOST_RUNNING = 256
STEP_TOKENS = 8192
CLAUSE = "甲方应于本合同生效之日起十个工作日内向乙方支付合同总价的百分之三十作为预付款，乙方收到预付款后开始备货。"


@dataclass
class Running:
    """A request in the engine: what of its prompt and its answer is still to come."""

    request: Request
    done: asyncio.Future[None]
    prompt: int
    answer: int = ANSWER_TOKENS


class Clocked:
    """An engine that answers nothing new, in vLLM's time."""

    nature = Nature("clocked", "clocked", 32_768, True, Behaviour(), 1024)

    def __init__(self, speed: float, gate: Callable[[Request], asyncio.Event | None]) -> None:
        self.speed = speed
        self.gate = gate
        self.computed = self.requests = 0
        self.busy_s = 0.0
        self._waiting: list[Running] = []
        self._running: list[Running] = []
        self._cached: set[str] = set()
        self._stepping: asyncio.Task[None] | None = None

    async def generate(self, request: Request) -> Completion:
        if gate := self.gate(request):
            await gate.wait()
        self.requests += 1
        one = Running(request, asyncio.get_running_loop().create_future(), request.prompt_tokens)
        self._waiting.append(one)
        self._waiting.sort(key=lambda waiting: waiting.request.priority)
        if self._stepping is None or self._stepping.done():
            self._stepping = asyncio.create_task(self._steps())
        await one.done
        text = json.dumps(fill(dict(request.schema or {}), ()), ensure_ascii=False)
        return Completion(text, "", "stop", request.prompt_tokens, 0, ANSWER_TOKENS)

    async def _steps(self) -> None:
        while self._waiting or self._running:
            begun = time.perf_counter()
            while self._waiting and len(self._running) < MOST_RUNNING:
                one = self._waiting.pop(0)
                shared = one.request.prefix_tokens if one.request.prefix in self._cached else 0
                self._cached.add(one.request.prefix)
                one.prompt -= shared
                self._running.append(one)
            room = STEP_TOKENS
            for one in self._running:
                taken = min(one.prompt, room)
                one.prompt, room = one.prompt - taken, room - taken
                one.answer -= not one.prompt
            computed = STEP_TOKENS - room
            self.computed += computed
            seconds = STEP_S + computed / self.speed
            await asyncio.sleep(max(0.0, seconds - (time.perf_counter() - begun)))
            self.busy_s += seconds
            for one in [one for one in self._running if one.answer <= 0]:
                self._running.remove(one)
                if not one.done.cancelled():
                    one.done.set_result(None)

    def state(self) -> EngineState:
        return EngineState(waiting=len(self._waiting))

    async def close(self) -> None: ...


class Barriers:
    """Holds maps until all is read, and reduces until every document has done its maps."""

    def __init__(self, documents: int) -> None:
        self._documents = documents
        self._planned = 0
        self._mapped: set[str] = set()
        self.read, self.mapped = asyncio.Event(), asyncio.Event()
        self.at: dict[str, float] = {}

    def heard(self, event: Event) -> None:
        self._planned += event.kind == "planned"
        if self._planned == self._documents and not self.read.is_set():
            self.at["read"] = time.perf_counter()
            self.read.set()

    def gate(self, request: Request) -> asyncio.Event:
        if request.priority >= 0:
            return self.read
        self._mapped.add(request.document_id)
        if len(self._mapped) == self._documents and not self.mapped.is_set():
            self.at["mapped"] = time.perf_counter()
            self.mapped.set()
        return self.mapped


def papers(folder: Path, documents: int, chunks: int) -> list[Path]:
    def clause(number: int, n: int) -> list[str]:
        return [f"第{n}条 第{number}号合同的第{n}项约定", *[CLAUSE] * 9]

    sizes = [chunks, *[1] * (documents - 1)]
    return [
        write_pdf(folder / f"{number}.pdf", [["采购合同"], *(clause(number, n) for n in range(1, size + 1))])
        for number, size in enumerate(sizes)
    ]


def processor_s() -> float:
    """Of this process and of those that it has started and that have ended, over the processors there are."""
    times = os.times()
    return (times.user + times.system + times.children_user + times.children_system) / (os.cpu_count() or 1)


async def measure(paths: list[Path], folder: Path, speed: float, *, staged: bool) -> tuple[float, float, float]:
    folder.mkdir()
    values = {"engine": "http", "base_url": "http://127.0.0.1:9/v1", "model": "m", "chunk_tokens": CHUNK_TOKENS,
              "strategy": "map-reduce", "images": "off", "database": f"sqlite:///{folder}/db.sqlite",
              "out": folder / "out"}  # fmt: skip
    barriers = Barriers(len(paths))
    engine = Clocked(speed, barriers.gate if staged else lambda request: None)

    async def load(choice: EngineChoice, settings: Settings) -> Clocked:
        return engine

    at_once, sessions.DOCUMENTS_AT_ONCE = (
        sessions.DOCUMENTS_AT_ONCE,
        len(paths) if staged else sessions.DOCUMENTS_AT_ONCE,
    )
    ended: list[float] = []

    def heard(event: Event) -> None:
        barriers.heard(event)
        if event.kind == "saved":
            ended.append(time.perf_counter() - begun)

    settings = load_settings(values, environ={}, directory=folder)
    if staged:  # what waits at a barrier holds no place
        settings = settings.model_copy(update={"max_tokens_in_flight": 10**9})
        engine.nature = replace(engine.nature, parallel=10**6)
    begun, processors_s = time.perf_counter(), processor_s()
    async with run.open_session(settings, load) as session:
        batch = await session.review(paths, heard)
    seconds, processors_s = time.perf_counter() - begun, processor_s() - processors_s
    sessions.DOCUMENTS_AT_ONCE = at_once
    assert batch.exit_code == 0, [result.error for result in batch.results if result.error]
    stages = "".join(f", {name} after {at - begun:.1f} s" for name, at in barriers.at.items()) if staged else ""
    print(
        f"{'stage by stage' if staged else 'streaming'}: {seconds:.1f} s{stages}; engine busy {engine.busy_s:.1f} s, "
        f"processors {processors_s:.1f} s each, "
        f"{engine.requests} requests, {engine.computed:,} prompt tokens; a document's result after "
        f"{sum(ended) / len(ended):.1f} s in the mean",
        flush=True,
    )
    return seconds, engine.busy_s, processors_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=100)
    parser.add_argument("chunks", type=int, nargs="?", default=100)
    parser.add_argument("--speed", type=float, default=200_000.0, help="prompt tokens computed per second")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = papers(folder, chosen.documents, chosen.chunks)
        staged, *_ = asyncio.run(measure(paths, folder / "staged", chosen.speed, staged=True))
        streaming, busy, processors = asyncio.run(measure(paths, folder / "streaming", chosen.speed, staged=False))
        print(
            f"stage by stage / streaming = {staged / streaming:.2f}; the bound is {staged / max(busy, processors):.2f}"
        )


if __name__ == "__main__":
    main()
