"""How many requests a server gets at once: one more for each round that it bears, half when it pushes back.

Additive increase, multiplicative decrease, as TCP finds its window (Chiu and Jain 1989). In order: who waits longest
goes first, so that requests which share a prefix reach the server together.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_START = 8
_CALM_S = 1.0
"""Refusals within so long of a decrease are of the same crowd, and count once."""


class Pace:
    """Places for at most ``most`` requests, fewer while the server can't take so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = float(min(_START, most))
        self._now = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._decreased_at = float("-inf")

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Wait for a place, and hold it until the block ends."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._now -= 1
            self._let_in()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not turn.cancelled() for turn in self._waiting)

    def bore(self) -> None:
        """The server answered."""
        if self._now + 1 >= self.limit:  # only a limit that was reached has been tried
            self.limit = min(float(self._most), self.limit + 1 / self.limit)

    def pushed_back(self) -> None:
        """The server was too busy (429, 503, a timeout)."""
        if time.monotonic() - self._decreased_at > _CALM_S:
            self._decreased_at = time.monotonic()
            self.limit = max(1.0, self.limit / 2)

    def _let_in(self) -> None:
        while self._waiting and (self._waiting[0].cancelled() or self._now < int(self.limit)):
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._now += 1
                turn.set_result(None)
