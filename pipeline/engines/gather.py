"""Many callers, one blocking call: what comes while a call is under way goes together into the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pipeline.errors import LongdocError

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Gathered(Generic[Item, Outcome]):
    """``work`` is run in a thread on all items that wait, and returns their outcomes in order; or does nothing and
    raises. A LongdocError (no database) is each caller's; after any other error each item has a try of its own."""

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
            await self._settle(batch)
        self._worker = None

    async def _settle(self, batch: Sequence[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await asyncio.to_thread(self._work, [item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, LongdocError):  # one item's bug is not the others'
                for one in batch:
                    await self._settle([one])
                return
            for _, outcome in batch:
                if not outcome.done():
                    outcome.set_exception(error)
        else:
            for (_, outcome), result in zip(batch, outcomes, strict=True):
                if not outcome.done():
                    outcome.set_result(result)
