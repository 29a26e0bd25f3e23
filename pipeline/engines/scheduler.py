"""Admission: how much the engine is given at once, and in which order.

Bounded by tokens, not by count: one 128K document weighs as much as a hundred short requests, and a document part that
several questions share weighs once. Of an answer only what it is likely to take weighs: vLLM makes room for the rest
by itself, and an engine that waits for the longest answers of all runs half empty. Lower priority numbers first, then
first come first served, so that requests which share a prefix stay together; what is at the head waits for room and is
never overtaken, so that nothing starves.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager

from pipeline.types import Request

_OF_AN_ANSWER, _OF_A_THOUGHTFUL_ANSWER = 8, 2
"""Which part of the most that an answer may take it is likely to take."""


class Scheduler:
    """Admits requests while no more than ``max_tokens`` and ``max_requests`` are under way."""

    def __init__(self, *, max_tokens: int, max_requests: int) -> None:
        self._max_tokens = max_tokens
        self._max_requests = max_requests
        self.admitted_tokens = 0
        self._admitted_requests = 0
        self._prefixes: Counter[str] = Counter()
        """Requests under way by the prefix that they share."""
        self._waiting: list[tuple[int, int, Request, asyncio.Future[None]]] = []
        self._arrivals = 0

    @asynccontextmanager
    async def admitted(self, request: Request) -> AsyncGenerator[None]:
        """Wait for the request's turn, and hold its place until the block ends."""
        admission: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (request.priority, self._arrivals, request, admission))
        self._let_in()
        try:
            await admission
            yield
        finally:
            if admission.done() and not admission.cancelled():
                self._let_out(request)
            self._let_in()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not admission.cancelled() for *_, admission in self._waiting)

    def lower(self, tokens: int) -> Callable[[], None]:
        """So many ``tokens`` at once were too many: from now on no more than half of that. Call what is returned where
        it turns out otherwise."""
        before = self._max_tokens
        self._max_tokens = min(before, max(1, tokens // 2))

        def undo() -> None:
            self._max_tokens = before
            self._let_in()

        return undo

    def _let_in(self) -> None:
        while self._waiting:
            _, _, request, admission = self._waiting[0]
            if not admission.cancelled():
                cost = self._cost(request)
                fits = self.admitted_tokens + cost <= self._max_tokens and self._admitted_requests < self._max_requests
                if self._admitted_requests and not fits:  # alone, anything may run
                    return
                self.admitted_tokens += cost
                self._admitted_requests += 1
                self._prefixes[request.prefix] += 1
                admission.set_result(None)
            heapq.heappop(self._waiting)

    def _let_out(self, request: Request) -> None:
        self._admitted_requests -= 1
        self._prefixes[request.prefix] -= 1
        if not self._prefixes[request.prefix]:
            del self._prefixes[request.prefix]
        self.admitted_tokens -= self._cost(request)

    def _cost(self, request: Request) -> int:
        """What it takes beside what is under way: a prefix that is there already takes nothing."""
        return _likely_tokens(request) - (request.prefix_tokens if request.prefix in self._prefixes else 0)


def tokens_of(requests: Iterable[Request]) -> int:
    """What requests take together, as admission counts it."""
    taken = 0
    prefixes: set[str] = set()
    for request in requests:
        taken += _likely_tokens(request) - (request.prefix_tokens if request.prefix in prefixes else 0)
        prefixes.add(request.prefix)
    return taken


def _likely_tokens(request: Request) -> int:
    part = _OF_A_THOUGHTFUL_ANSWER if request.thinking else _OF_AN_ANSWER
    return request.prompt_tokens + request.max_tokens // part
