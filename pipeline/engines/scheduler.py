"""Admission: how much the engine is given at once, and in which order.

Bounded by tokens, not by count: one 128K document weighs as much as a hundred short requests. Lower priority numbers
first, then first come first served, so that requests which share a prefix stay together.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pipeline.types import Request


class Scheduler:
    """Admits requests while no more than ``max_tokens`` and ``max_requests`` are under way."""

    def __init__(self, *, max_tokens: int, max_requests: int) -> None:
        self._free_tokens = self._max_tokens = max_tokens
        self._free_requests = max_requests
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    @asynccontextmanager
    async def admitted(self, request: Request) -> AsyncGenerator[None]:
        """Wait for the request's turn, and hold its place until the block ends."""
        # one request larger than the bound may run alone
        cost = min(request.prompt_tokens + request.max_tokens, self._max_tokens)
        admission: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (request.priority, self._arrivals, cost, admission))
        self._let_in()
        try:
            await admission
            yield
        finally:
            if admission.done() and not admission.cancelled():
                self._free_tokens += cost
                self._free_requests += 1
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            _, _, cost, admission = self._waiting[0]
            if not admission.cancelled():
                if cost > self._free_tokens or self._free_requests < 1:
                    return
                self._free_tokens -= cost
                self._free_requests -= 1
                admission.set_result(None)
            heapq.heappop(self._waiting)
