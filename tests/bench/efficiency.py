"""What the whole pipeline adds to the engine: real vLLM on a CPU, a tiny Qwen3, documents of mixed length.

    python tests/bench/efficiency.py [DOCUMENTS] [--filler LINES] [--own-core] [--rounds N]

Whole pipeline (PDFs in, rows and reports out) against the bare engine that is given exactly the same requests all at
once, each from an empty prefix cache and journal, in turns. The model's answers are scripted, token by token, through
vLLM's real scheduler, cache, grammar and detokenizer. Goal: 1.05 times the bare engine's time or less.

A GPU does not take the pipeline's processor time; here the engine is a processor's work itself. ``--own-core`` gives
it one core for itself, as a GPU would be, and the pipeline all others.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from papers import contract
from scripted_vllm import Recorded, settings_for
from tiny_qwen3 import build

from pipeline.engines.choose import EngineChoice
from pipeline.engines.vllm import VllmEngine
from pipeline.models.profile import load_profile
from pipeline.outcome import Event
from pipeline.run import open_session
from pipeline.settings import Settings
from pipeline.types import Message, Request, Sampling

PAGES = (1, 1, 2, 2, 2, 3, 4, 6, 10, 20)
TICKS = os.sysconf("SC_CLK_TCK")


class Kept(Recorded):
    """Outlives the sessions that use it."""

    async def close(self) -> None: ...


def seconds_of_processors() -> dict[str, float]:
    """Processor seconds so far: of this process, of vLLM's, of the reading and examining ones."""
    ended = os.times()
    spent = {"pipeline": time.process_time(), "engine": 0.0, "reading": ended.children_user + ended.children_system}
    parents: dict[int, tuple[int, str, float]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, fields = status.read_text(errors="replace").partition(" (")[2].rpartition(") ")
        except OSError:
            continue  # it has just ended
        values = fields.split()
        parents[int(status.parent.name)] = (int(values[1]), name, (int(values[11]) + int(values[12])) / TICKS)
    for pid, (parent, name, seconds) in parents.items():
        while parent in parents and parent != os.getpid():
            parent = parents[parent][0]
        if parent == os.getpid() and pid != parent:
            spent["engine" if "VLLM" in name else "reading"] += seconds
    return spent


def documents(folder: Path, count: int, filler: int) -> list[Path]:
    chance = random.Random(5)
    return [contract(folder / f"{n}.pdf", n, pages=chance.choice(PAGES), filler=filler)[0] for n in range(count)]


async def through_the_pipeline(engine: Kept, paths: list[Path], settings: Settings) -> float:
    async def load(choice: EngineChoice, settings: Settings) -> Kept:
        return engine

    engine.forget()
    await engine._llm.reset_prefix_cache()
    begun = time.perf_counter()

    def heard(event: Event) -> None:
        if event.kind == "saved" and event.done % 10 == 0:
            print(f"  {event.done} of {event.total} documents after {time.perf_counter() - begun:.0f} s", flush=True)

    async with open_session(settings, load) as session:
        batch = await session.review(paths, heard)
    assert batch.exit_code == 0, [result.error for result in batch.results if result.error]
    return time.perf_counter() - begun


async def bare(engine: Kept, requests: Sequence[Request]) -> float:
    await engine._llm.reset_prefix_cache()
    begun = time.perf_counter()
    asked = [asyncio.ensure_future(engine.generate(request)) for request in requests]
    for done, answer in enumerate(asyncio.as_completed(asked), 1):
        await answer
        if done % 200 == 0:
            print(f"  {done} of {len(asked)} requests bare after {time.perf_counter() - begun:.0f} s", flush=True)
    return time.perf_counter() - begun


async def measure(folder: Path, options: argparse.Namespace) -> None:
    paths = documents(folder, options.documents, options.filler)
    model = build(folder / "model")
    if options.own_core:
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "0"
    engine = await Kept.load(settings_for(model, folder), load_profile(str(model)))
    if options.own_core:
        os.sched_setaffinity(0, range(1, os.cpu_count() or 2))
    warm = (Message("user", "好"),)
    await engine.generate(Request("d", "p@1", "s", warm, None, 4, Sampling(), False, 9))
    totals = {"pipeline": 0.0, "bare": 0.0}
    for round_ in range(options.rounds):
        before = seconds_of_processors()
        seconds = await through_the_pipeline(engine, paths, settings_for(model, folder, f"round{round_}"))
        requests = list(engine.asked)
        print(f"computed {engine.computed:,} prompt tokens; distinct parts and questions {engine.distinct:,}: "
              f"{engine.computed / engine.distinct:.3f}")  # fmt: skip
        after = seconds_of_processors()
        least = await bare(engine, requests)
        alone = seconds_of_processors()
        totals["pipeline"] += seconds
        totals["bare"] += least
        print(f"round {round_}: {len(paths)} documents, {len(requests)} requests; pipeline {seconds:.2f} s, "
              f"bare {least:.2f} s: {seconds / least:.3f}")  # fmt: skip
        for what, start, end in (("pipeline", before, after), ("bare", after, alone)):
            spent = ", ".join(f"{name} {end[name] - start[name]:.1f} s" for name in start)
            print(f"  processor time, {what}: {spent}", flush=True)
        shutil.rmtree(folder / f"round{round_}")
    print(f"pipeline / bare engine: {totals['pipeline'] / totals['bare']:.3f}")
    await VllmEngine.close(engine)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=24, help="200 take 15 minutes a round")
    parser.add_argument("--filler", type=int, default=24, help="lines of text on a page; 12: half the time")
    parser.add_argument("--own-core", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    if find_spec("vllm") is None:
        print("not measured: vLLM is not installed (make setup-cpu)")
    else:
        with tempfile.TemporaryDirectory() as temporary:
            asyncio.run(measure(Path(temporary), chosen))
