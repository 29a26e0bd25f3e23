"""What an engine takes and gives: counted between the journal and the engine, so that only what is generated counts.

Engine time is wall time with at least one request under way, whatever their number: the time that a card is kept busy
(or waited for). docs/telemetry.md defines what is told of it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pipeline.engines.base import EngineState, Generate
from pipeline.types import Completion, Request, Usage

WINDOW_S = 30.0
"""What \"now\" is averaged over: answers come in bursts."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of an engine over a span of time."""

    engine_s: float = 0.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    answers: int = 0

    @property
    def computed_tokens(self) -> int:
        return self.prompt_tokens - self.cached_tokens + self.completion_tokens

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.engine_s + other.engine_s,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.answers + other.answers,
        )

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.engine_s - other.engine_s,
            self.prompt_tokens - other.prompt_tokens,
            self.cached_tokens - other.cached_tokens,
            self.completion_tokens - other.completion_tokens,
            self.answers - other.answers,
        )


class Meter:
    """Counts the requests of one engine, of those that are loaded in its place too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed = Counts()
        self._under_way = 0
        self._busy_since = 0.0
        self._samples: deque[tuple[float, Counts]] = deque()
        self._by_document: dict[str, Counts] = {}

    def before(self, generate: Generate) -> Generate:
        """``generate``, counted."""

        async def counted(request: Request) -> Completion:
            if not self._under_way:
                self._busy_since = self._clock()
            self._under_way += 1
            try:
                completion = await generate(request)
                self._count(request.document_id, completion)
                return completion
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._closed += Counts(self._clock() - self._busy_since)

        return counted

    def total(self) -> Counts:
        """Since the beginning."""
        open_s = self._clock() - self._busy_since if self._under_way else 0.0
        return self._closed + Counts(open_s)

    def recent(self) -> Counts:
        """Since the call that lies ``WINDOW_S`` back, or the first one."""
        now, total = self._clock(), self.total()
        self._samples.append((now, total))
        while len(self._samples) > 1 and self._samples[1][0] <= now - WINDOW_S:
            self._samples.popleft()
        return total - self._samples[0][1]

    def take(self, document_id: str) -> Counts:
        """What a document took since it was last asked for; no engine time."""
        return self._by_document.pop(document_id, Counts())

    def _count(self, document_id: str, completion: Completion) -> None:
        took = Counts(0.0, completion.prompt_tokens, completion.cached_tokens, completion.completion_tokens, 1)
        self._closed += took
        self._by_document[document_id] = self._by_document.get(document_id, Counts()) + took


class RunMeter:
    """One run's part of what a meter counts. ``state`` is asked how the engine stands: None while none is loaded."""

    def __init__(self, meter: Meter, state: Callable[[], EngineState | None]) -> None:
        self._meter = meter
        self._state = state
        self._start = meter.total()
        self._took = Counts()
        self._documents = 0
        self._known = EngineState(counts_tokens=False, counts_cached=False)
        self._kv_peak: float | None = None
        self._queue_peak: int | None = None

    def ended(self, document_id: str) -> Counts:
        """A document ended: what it took."""
        took = self._meter.take(document_id)
        self._took += took
        self._documents += took.answers > 0
        return took

    def now(self) -> Usage | None:
        """The last ``WINDOW_S``, for those who look on; None while no engine is loaded."""
        state = self._look()
        return state and self._usage(self._meter.recent(), kv_use=state.kv_use, queue=state.waiting)

    def so_far(self) -> Usage:
        """The run up to now. Runs side by side on one engine share the engine's time by their computed tokens."""
        self._look()
        meanwhile = self._meter.total() - self._start
        share = self._took.computed_tokens / meanwhile.computed_tokens if meanwhile.computed_tokens else 1.0
        took = self._took + Counts(meanwhile.engine_s * share)
        return self._usage(took, kv_use=self._kv_peak, queue=self._queue_peak)

    def _look(self) -> EngineState | None:
        if state := self._state():
            self._known = state
            self._kv_peak = _most(self._kv_peak, state.kv_use)
            self._queue_peak = _most(self._queue_peak, state.waiting)
        return state

    def _usage(self, counts: Counts, *, kv_use: float | None, queue: int | None) -> Usage:
        told = self._known.counts_tokens or not counts.answers
        return Usage(
            engine_s=counts.engine_s,
            prompt_tokens=counts.prompt_tokens if told else None,
            cached_tokens=counts.cached_tokens if self._known.counts_cached or not counts.answers else None,
            completion_tokens=counts.completion_tokens if told else None,
            documents=self._documents,
            kv_use=kv_use,
            queue=queue,
            gpus=self._known.gpus,
        )


_Number = TypeVar("_Number", int, float)


def _most(known: _Number | None, seen: _Number | None) -> _Number | None:
    return seen if known is None else known if seen is None else max(known, seen)
