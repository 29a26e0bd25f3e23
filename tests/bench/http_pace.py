"""The http engine against a server whose answers take longer the more it has at once: its own pace over the best fixed
concurrency.

Usage: python tests/bench/http_pace.py [REQUESTS]     (four minutes with 600 on two busy cores)
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from scripted_server import Reply, ScriptedServer, chat, serving

from pipeline.engines.http import HttpEngine
from pipeline.settings import load_settings
from pipeline.types import Message, Request, Sampling

REQUEST = Request("d", "contract/x@1", "sha", (Message("user", "甲方付款。"),), None, 64, Sampling(), False, 20)
BASE_S = 0.08
LOADS: dict[str, Callable[[int], float]] = {
    "twenty at a time": lambda n: max(1, n / 20),
    "best at 24, worse beyond": lambda n: 1 + (n / 24) ** 2,
    "thrashes beyond 24": lambda n: 1 if n <= 24 else 5,
}


async def ask(base_url: str, count: int, most: int) -> float:
    engine = await HttpEngine.connect(load_settings({"base_url": base_url, "concurrency": 64}, environ={}))
    if most:
        engine._pace.limit = engine._pace._most = most
        engine._pace.answered = lambda place, work: None
    started = time.perf_counter()
    await asyncio.gather(*(engine.generate(replace(REQUEST, attempt=n)) for n in range(count)))
    seconds = time.perf_counter() - started
    await engine.close()
    return count / seconds


def rates(load: Callable[[int], float], count: int, fixed: tuple[int, ...]) -> list[float]:
    server = ScriptedServer()

    def behave(body: dict, number: int) -> Reply:
        for _ in range(4):
            time.sleep(BASE_S / 4 * load(server._now))
        return chat("{}", "x" * 400)

    server.behave = behave
    with serving(server):
        return [asyncio.run(ask(server.base_url, count, most)) for most in (*fixed, 0)]


def main(count: int) -> None:
    fixed = (8, 16, 24, 40, 64)
    for name, load in LOADS.items():
        *known, own = rates(load, count, fixed)
        told = " ".join(f"{most}: {rate:.0f}" for most, rate in zip(fixed, known, strict=True))
        print(
            f"{name}: requests/s by fixed concurrency {told}; own pace {own:.0f} = {own / max(known):.2f} of the best"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
