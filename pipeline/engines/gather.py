"""Many callers, one blocking call: what comes while a call is under way goes together into the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Gathered(Generic[Item, Outcome]):
    """``work`` is run in a thread on all items that wait, and returns their outcomes in order. Its error is each
    caller's."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Outcome]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._worker: asyncio.Task[None] | None = None

    def __call__(self, item: Item) -> asyncio.Future[Outcome]:
        """The outcome of ``item``, in time. A caller that is cancelled leaves its item to be worked on."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, outcome))
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())
        return outcome

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        if self._worker:
            await self._worker

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                outcomes = await asyncio.to_thread(self._work, [item for item, _ in batch])
            except Exception as error:
                for _, outcome in batch:
                    if not outcome.done():
                        outcome.set_exception(error)
            else:
                for (_, outcome), result in zip(batch, outcomes, strict=True):
                    if not outcome.done():
                        outcome.set_result(result)
        self._worker = None
