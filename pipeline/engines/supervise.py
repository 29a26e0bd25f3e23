"""An engine that outlives its deaths: loaded again, without the request that kills it.

When it dies, or falls silent, all requests under way are suspects, and everything else waits. They are tried again by
halves: a half that survives is done, one that does not is halved, until one request dies alone. That one fails by
name, the rest goes on. If nobody dies alone, it was all of them together (memory, mostly): then less is given at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pipeline.engines.base import Engine, EngineState
from pipeline.engines.scheduler import tokens_of
from pipeline.errors import EngineDiedError, EngineError, LongdocError, RequestError
from pipeline.lang import Text
from pipeline.types import Completion, Request

_MOST_SET_ASIDE_IN_A_ROW = 3
"""So many requests that die alone, without one that lives between, mean that it is not the requests."""
_LOOK_S = 1.0


@runtime_checkable
class WatchedEngine(Engine, Protocol):
    """An engine that can be loaded again, and tells when it last gave a sign of life."""

    heard_at: float
    """``time.monotonic()`` of the last token of any request."""


@dataclass(eq=False, slots=True)
class _Ticket:
    """One request on its way, over however many engines."""

    request: Request
    on_trial: bool = False
    gone: bool = False
    """Answered, failed, or its asker was cancelled."""
    answering: asyncio.Task[Completion] | None = None
    verdict: LongdocError | None = None


class Supervised:
    """Stands before an engine. ``load_again`` brings a new one in place of a dead one; ``overloaded`` is told how many
    tokens may have been too many at once, and returns what takes that back."""

    def __init__(
        self,
        engine: WatchedEngine,
        load_again: Callable[[], Awaitable[Engine]],
        overloaded: Callable[[int], Callable[[], None]],
        *,
        silence_s: float,
    ) -> None:
        self.engine = engine
        self._load_again = load_again
        self._overloaded = overloaded
        self._silence_s = silence_s
        self._under_way: set[_Ticket] = set()
        self._recovery: asyncio.Task[None] | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._failure: LongdocError | None = None
        self._set_aside_in_a_row = 0
        self._deaths = 0

    async def generate(self, request: Request) -> Completion:
        """As the engine does. Raises RequestError for a request that kills it, EngineError once it can't be loaded
        again."""
        ticket = _Ticket(request)
        try:
            while True:
                await self._may_go(ticket)
                if completion := await self._answer(ticket):
                    return completion
        finally:
            ticket.gone = True
            await self._tell()

    def state(self) -> EngineState:
        return self.engine.state()

    async def close(self) -> None:
        for task in (self._watchdog, self._recovery):
            if task:
                task.cancel()
        await asyncio.gather(*(t for t in (self._watchdog, self._recovery) if t), return_exceptions=True)
        await self.engine.close()

    async def _may_go(self, ticket: _Ticket) -> None:
        def settled() -> bool:
            return bool(self._failure or ticket.verdict or ticket.on_trial or self._recovery is None)

        if not settled():
            async with self._changed:
                await self._changed.wait_for(settled)
        if error := self._failure or ticket.verdict:
            raise error

    async def _answer(self, ticket: _Ticket) -> Completion | None:
        """The completion; None if the engine died meanwhile."""
        if not self._under_way:
            self.engine.heard_at = time.monotonic()  # it was not silent, it had nothing to do
        if self._watchdog is None or self._watchdog.done():
            self._watchdog = asyncio.create_task(self._watch())
        engine = self.engine
        ticket.answering = asyncio.create_task(engine.generate(ticket.request))
        self._under_way.add(ticket)
        try:
            await asyncio.wait({ticket.answering})
            if ticket.answering.cancelled():
                return None
            if isinstance(error := ticket.answering.exception(), EngineDiedError):
                self._died(engine, error)
                return None
            self._set_aside_in_a_row = 0
            return ticket.answering.result()
        finally:
            ticket.answering.cancel()
            self._under_way.discard(ticket)
            ticket.on_trial = False
            await self._tell()

    async def _watch(self) -> None:
        while self._under_way:
            await asyncio.sleep(min(_LOOK_S, self._silence_s / 4))
            engine = self.engine
            silent_s = time.monotonic() - engine.heard_at
            if self._under_way and silent_s > self._silence_s:
                self._died(
                    engine,
                    EngineDiedError(
                        Text(f"引擎 {silent_s:.0f} 秒没有产出", f"the engine gave nothing for {silent_s:.0f} s"),
                        Text("请查看显存与日志；可调大 LONGDOC_ENGINE_SILENCE_S",
                             "see memory and logs; or raise LONGDOC_ENGINE_SILENCE_S"),
                    ),
                )  # fmt: skip
                return

    def _died(self, engine: WatchedEngine, error: EngineDiedError) -> None:
        """All that is under way is lost, and suspect."""
        if engine is not self.engine:
            return  # an echo of the one that was replaced
        self._deaths += 1
        suspects = list(self._under_way)
        for ticket in suspects:
            if ticket.answering:
                ticket.answering.cancel()
        if self._recovery is None:
            self._recovery = asyncio.create_task(self._recover(suspects, error))

    async def _recover(self, suspects: Sequence[_Ticket], error: EngineDiedError) -> None:
        try:
            # before the trial: what is let in while it goes on comes all at once when it is over
            innocent = self._overloaded(tokens_of(ticket.request for ticket in suspects))
            await self._replace_engine()
            if await self._bisect(suspects, error) or len(suspects) == 1:
                innocent()
        except LongdocError as failure:
            self._failure = failure
        except Exception as bug:
            self._failure = EngineError(
                Text(f"引擎重新载入失败：{type(bug).__name__}", f"the engine did not load again: {type(bug).__name__}"),
                Text("请查看日志后重跑：已完成的不会重做", "see the log, then run again: what is done is kept"),
            )
        finally:
            self._recovery = None
            await self._tell()

    async def _bisect(self, suspects: Sequence[_Ticket], error: EngineDiedError) -> int:
        """Try all suspects again, by halves; return how many died alone."""
        blamed = 0
        groups = _halves(suspects)
        while groups:
            group = groups.pop()
            if not await self._kills(group):
                continue
            await self._replace_engine()
            if len(group) > 1:
                groups += _halves(group)
                continue
            blamed += 1
            self._set_aside_in_a_row += 1
            if self._set_aside_in_a_row >= _MOST_SET_ASIDE_IN_A_ROW:
                raise EngineError(error.cause, error.remedy)
            group[0].verdict = _poison(group[0].request, error)
            await self._tell()
        return blamed

    async def _kills(self, group: Sequence[_Ticket]) -> bool:
        """Let these and no others go; whether the engine dies of it. One whose asker is gone is done."""
        deaths = self._deaths
        for ticket in group:
            ticket.on_trial = True
        await self._tell()
        async with self._changed:
            await self._changed.wait_for(lambda: not any(t.on_trial and not t.gone for t in group))
        return self._deaths > deaths

    async def _replace_engine(self) -> None:
        await self.engine.close()
        engine = await self._load_again()
        assert isinstance(engine, WatchedEngine), "the same loader brings the same engine"
        self.engine = engine

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _halves(group: Sequence[_Ticket]) -> list[Sequence[_Ticket]]:
    middle = len(group) // 2
    return [half for half in (group[middle:], group[:middle]) if half]


def _poison(request: Request, error: EngineDiedError) -> RequestError:
    return RequestError(
        Text(
            f"请求 {request.prompt} 使引擎崩溃或停住（{error.cause.zh}），已搁置",
            f"request {request.prompt} kills or hangs the engine ({error.cause.en}) and was set aside",
        ),
        Text(
            "其余请求照常完成；请把这份文件与日志报告给引擎的维护者，或换一个分段长度重试",
            "the rest went on; report the document and the log to the engine's maintainers, or try another "
            "LONGDOC_CHUNK_TOKENS",
        ),
    )
