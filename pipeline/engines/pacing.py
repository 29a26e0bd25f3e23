"""How many requests a server gets at once: more while that brings more, fewer when it pushes back or only gets slower.

A server says in two ways that it has enough. It refuses (429, 503): half as many, as TCP does it (Chiu and Jain 1989).
Or it takes everything and every answer takes longer. So the limit is raised step by step, each step is held for a round
of answers, and what counts is the work done per second, by Little's law requests at once over seconds per unit of work:
a step that brings less than a third of its share is taken back. Steps are of a half at first, of a tenth once a step
has failed. While the limit rests, answers that take half as long again lower it: others are on the server too.

In order: who waits longest goes first, so that requests which share a prefix reach the server together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pipeline.types import Completion

_START = 16
_FEWEST_ANSWERS = 8
"""Of a round, which else is as long as the limit."""
_CALM_S = 1.0
"""Refusals within so long of a decrease are of the same crowd, and count once."""
_BIG_STEP, _SMALL_STEP = 2.0, 1.1
_WORTH = 1 / 3
"""Of a step of 30 %, so much of 30 % has to come as throughput."""
_COLLAPSE = 0.8
"""A level that does less than this share of what the last good one did is left at once."""
_SLOWER = 1.5
_LONGEST_REST = 8
"""Rounds between two tries to go higher."""
_PREFILLED_PER_GENERATED = 128
_FIXED_WORK = 32.0


def work_of(completion: Completion) -> float:
    """What an answer takes of a server, in generated tokens: prompt tokens are read about a hundred times as fast, and
    each request has its fixed cost. Rough, but answers of 5 and of 500 tokens must not be taken for the same."""
    read = completion.prompt_tokens - completion.cached_tokens
    return completion.completion_tokens + max(0, read) / _PREFILLED_PER_GENERATED + _FIXED_WORK


@dataclass(slots=True)
class _Round:
    """Answers to requests that began at one limit."""

    began_at: float
    answers: int = 0
    at_once: int = 0
    seconds: float = 0.0
    work: float = 0.0

    @property
    def seconds_per_work(self) -> float:
        return self.seconds / self.work

    @property
    def concurrency(self) -> float:
        return self.at_once / self.answers

    @property
    def throughput(self) -> float:
        return self.concurrency / self.seconds_per_work


class Place:
    """A request's place at the server."""

    def __init__(self, began_at: float, at_once: int) -> None:
        self.began_at = began_at
        self.at_once = at_once


class Pace:
    """Places for at most ``most`` requests, fewer while the server does not gain by so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = float(min(_START, most))
        self._now = 0
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._decreased_at = float("-inf")
        self._closed_until = 0.0
        self._reopening: asyncio.TimerHandle | None = None
        self._step = _BIG_STEP
        self._round = _Round(0.0)
        self._good: _Round | None = None
        """The last round whose limit was worth it."""
        self._rest = self._rests = 0
        """Rounds until the next try, and how long a rest was last."""
        self._ceiling = float("inf")
        """A limit under which the server collapsed; forgotten after ``_avoided`` rounds."""
        self._avoided = 0
        self._avoid = _LONGEST_REST

    @asynccontextmanager
    async def place(self, *, first: bool = False) -> AsyncGenerator[Place]:
        """Wait for a place, and hold it until the block ends. ``first``: it has waited before."""
        turn: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        self._let_in()
        try:
            yield await turn
        finally:
            if turn.done() and not turn.cancelled():
                self._now -= 1
            self._let_in()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not turn.cancelled() for turn in self._waiting)

    def answered(self, place: Place, work: float) -> None:
        """The server did ``work`` for the request at ``place``."""
        if place.began_at < self._round.began_at:
            return  # it began under another limit
        self._round.answers += 1
        self._round.at_once += place.at_once
        self._round.seconds += _time() - place.began_at
        self._round.work += work
        enough, good, ended = max(_FEWEST_ANSWERS, int(self.limit)), self._good, self._round
        collapsed = good and ended.answers >= enough / 3 and ended.throughput < _COLLAPSE * good.throughput
        if ended.answers >= enough or collapsed:
            self._judge()

    def pushed_back(self, pause_s: float = 0.0) -> None:
        """The server was too busy (429, 503, a timeout); nobody goes for as long as it asked."""
        now = _time()
        if pause_s and now + pause_s > self._closed_until:
            self._closed_until = now + pause_s
            if self._reopening:
                self._reopening.cancel()
            self._reopening = asyncio.get_running_loop().call_at(self._closed_until, self._let_in)
        if now - self._decreased_at > _CALM_S:
            self._decreased_at = now
            self._step = _SMALL_STEP
            self._good = None
            self._set(self.limit / 2)

    def _judge(self) -> None:
        """A round is over: go on, go back, or stay."""
        ended, good = self._round, self._good
        if ended.concurrency < 0.8 * int(self.limit):  # a limit that was not reached has not been tried
            self._set(self.limit)
        elif good is None:
            self._go_on(ended)
        elif ended.concurrency > good.concurrency * 1.02:
            if ended.throughput < _COLLAPSE * good.throughput:
                self._ceiling = self.limit
                self._avoid *= 2
                self._avoided = self._avoid
            gain = (ended.throughput / good.throughput - 1) / (ended.concurrency / good.concurrency - 1)
            if gain >= _WORTH:
                self._go_on(ended)
            else:
                self._go_back(good.concurrency)
        else:
            self._stay(ended, good)

    def _go_on(self, ended: _Round) -> None:
        self._good = ended
        self._rests = 0
        self._set(self._higher())

    def _go_back(self, limit: float) -> None:
        self._step = _SMALL_STEP
        self._rests = self._rest = min(max(2, 2 * self._rests), _LONGEST_REST)
        self._set(limit)

    def _stay(self, ended: _Round, good: _Round) -> None:
        """Judge a round of a limit that is known, or lower; try higher once it has rested."""
        if ended.seconds_per_work > _SLOWER * good.seconds_per_work:
            self._good = None
            self._rest = 2
            self._set(self.limit * 0.8)
            return
        self._rest -= 1
        self._good = ended
        self._set(self.limit if self._rest > 0 else self._higher())

    def _higher(self) -> float:
        self._avoided -= 1
        target = max(self.limit + 1, self.limit * self._step)
        return target if self._avoided <= 0 else max(self.limit, min(target, 0.93 * self._ceiling))

    def _set(self, limit: float) -> None:
        self.limit = min(float(self._most), max(1.0, limit))
        self._round = _Round(_time())
        self._let_in()

    def _let_in(self) -> None:
        closed = bool(self._waiting) and _time() < self._closed_until
        while self._waiting and (self._waiting[0].cancelled() or (not closed and self._now < int(self.limit))):
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._now += 1
                turn.set_result(Place(_time(), self._now))


class RetryBudget:
    """Retries are given out: a burst at most, half of one for each answer, one a second. What is over waits for its
    turn, so that a server in trouble is not asked more than a healthy one."""

    def __init__(self, burst: int) -> None:
        self._burst = float(burst)
        self._left = float(burst)
        self._at: float | None = None

    def earn(self) -> None:
        """A request was answered."""
        self._left = min(self._burst, self._left + 0.5)

    async def take(self) -> None:
        """Wait for a retry."""
        now = _time()
        self._left = min(self._burst, self._left + now - (now if self._at is None else self._at)) - 1.0
        self._at = now
        if self._left < 0:
            await asyncio.sleep(-self._left)


def _time() -> float:
    return asyncio.get_running_loop().time()
