"""How many requests a server gets at once, against servers that get slower with load; in virtual time."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import pytest

from pipeline.engines.pacing import Pace, RetryBudget

Rate = Callable[[int], float]
"""Tokens per second of each request, by the number of requests at once."""
T = TypeVar("T")

SERVERS: dict[str, tuple[Rate, float]] = {
    "never slower": (lambda n: 50, 0.8),
    "slower by and by, as vLLM": (lambda n: 1 / (0.02 + 0.0006 * n), 0.85),
    "four at a time": (lambda n: 50 * min(1, 4 / n), 0.9),
    "twenty at a time": (lambda n: 50 * min(1, 20 / n), 0.85),
    "best at 16, worse beyond": (lambda n: 50 / (1 + (n / 16) ** 2), 0.85),
    "best at 40, worse beyond": (lambda n: 50 / (1 + (n / 40) ** 2), 0.85),
    "thrashes beyond 20": (lambda n: 50 if n <= 20 else 5, 0.4),
}
"""With the share of the best fixed concurrency's throughput that has to be reached."""
MOST = 64


class _Skipping(selectors.DefaultSelector):
    """Waiting costs nothing: the clock jumps to the next timer."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        selector = _Skipping()
        super().__init__(selector)
        selector.loop = self
        self.now = 0.0

    def time(self) -> float:
        return self.now


def run(work: Awaitable[T]) -> T:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@dataclass
class Server:
    rate: Rate
    now: int = 0

    async def serve(self, tokens: float) -> None:
        self.now += 1
        for _ in range(8):
            await asyncio.sleep(tokens / 8 / self.rate(self.now))
        self.now -= 1


def answers(count: int = 1200) -> list[float]:
    rng = random.Random(7)
    return [32 + min(1000.0, rng.lognormvariate(4, 1.2)) for _ in range(count)]


async def timed(askers: int, ask: Callable[[float], Awaitable[None]], work: list[float]) -> float:
    waiting: Iterator[float] = iter(work)

    async def keep_asking() -> None:
        for tokens in waiting:
            await ask(tokens)

    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(keep_asking() for _ in range(askers)))
    return asyncio.get_running_loop().time() - started


async def paced(rate: Rate, work: list[float]) -> float:
    server, pace = Server(rate), Pace(MOST)

    async def ask(tokens: float) -> None:
        async with pace.place() as place:
            await server.serve(tokens)
            pace.answered(place, tokens)

    return await timed(MOST, ask, work)


@pytest.mark.parametrize("name", SERVERS)
def test_throughput_comes_near_that_of_the_best_fixed_concurrency(name: str) -> None:
    rate, share = SERVERS[name]
    best = min(run(timed(fixed, Server(rate).serve, answers())) for fixed in (4, 16, 20, 40, 64))
    assert best / run(paced(rate, answers())) >= share


def test_all_at_once_would_collapse_where_it_does_not() -> None:
    rate, _ = SERVERS["thrashes beyond 20"]
    assert run(timed(MOST, Server(rate).serve, answers())) > 2 * run(paced(rate, answers()))


def test_a_server_that_others_slow_down_gets_less_until_more_is_seen_to_help() -> None:
    async def follow() -> list[float]:
        server, pace = Server(lambda n: 50), Pace(16)
        fewest: list[float] = []

        async def ask(tokens: float) -> None:
            async with pace.place() as place:
                await server.serve(tokens)
                pace.answered(place, tokens)
                fewest[-1] = min(fewest[-1], pace.limit)

        for rate in (50, 15, 50):
            fewest.append(pace.limit)
            server.rate = lambda n, rate=rate: rate
            await timed(16, ask, [100.0] * 400)
        return [*fewest, pace.limit]

    before, meanwhile, _, at_last = run(follow())
    assert meanwhile < before == 16 == at_last


def test_after_retry_after_nobody_goes_before_its_time() -> None:
    async def starts() -> list[float]:
        pace, began = Pace(4), []

        async def ask() -> None:
            async with pace.place():
                began.append(asyncio.get_running_loop().time())

        pace.pushed_back(30.0)
        await asyncio.gather(*(ask() for _ in range(9)))
        return began

    assert min(run(starts())) >= 30


def test_retries_beyond_the_burst_come_one_a_second() -> None:
    async def moments() -> list[float]:
        budget, taken = RetryBudget(4), []

        async def take() -> None:
            await budget.take()
            taken.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(take() for _ in range(10)))
        await asyncio.sleep(100)
        await take()
        return taken

    times = run(moments())
    assert times[:5] == [0, 0, 0, 0, 1] and times[-1] == pytest.approx(106)
    assert all(later - earlier == pytest.approx(1) for earlier, later in pairwise(times[3:-1]))
