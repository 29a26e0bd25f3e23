"""Durable completions: what the engine has answered once is never asked again.

A completion is handed on only after it is committed, so whatever was built on it can be rebuilt after a crash without
the engine. What arrives while a commit is under way goes into the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from functools import cache
from typing import Protocol

from pipeline.engines.base import Generate
from pipeline.engines.gather import Gathered
from pipeline.types import Completion, JournalEntry, Request, Sampling

Admission = Callable[[Request], AbstractAsyncContextManager[None]]
"""Waits for a request's turn, see ``scheduler``."""


_RENEW_S = 15.0
"""Well within the store's ``LEASE_S``."""
_FIRST_LOOK_S, _LAST_LOOK_S = 0.2, 2.0
"""Between looks at what another process is generating."""


class CompletionStore(Protocol):
    """Where completions are kept; blocking, called from threads."""

    def completions(self, keys: Iterable[str]) -> dict[str, Completion]: ...

    def claim(self, keys: Sequence[str], owner: str) -> tuple[dict[str, Completion], set[str]]: ...

    def renew_leases(self, keys: Sequence[str], owner: str) -> None: ...

    def release_leases(self, keys: Sequence[str], owner: str) -> None: ...

    def save_completions(self, entries: Sequence[JournalEntry]) -> None: ...

    def reject_completions(self, keys: Sequence[str]) -> None: ...

    def reject_unfinished(self, document_id: str) -> None: ...


def key_of(request: Request, engine: str) -> str:
    """sha256 of everything that decides the answer: what ``engine`` tells of the model and its settings (see
    ``base.Nature.decides``), messages, schema, sampling, limits and attempt."""
    decides = [engine, request.messages, request.schema, _told(request.sampling), request.max_tokens, request.thinking,
               request.attempt]  # fmt: skip
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()


class Journal:
    """Stands before an engine: serves what is known, keeps what is new. Close it to flush.

    What it gives to the engine is leased: another process on the same database that wants the same waits for this
    one's answer, and takes over if this one dies.
    """

    def __init__(
        self, store: CompletionStore, model: str, decides: str, generate: Generate, admitted: Admission
    ) -> None:
        """``model`` is kept with each completion; ``decides`` is part of its key."""
        self._store = store
        self._model = model
        self._decides = decides
        self._generate = generate
        self._admitted = admitted
        self._owner = secrets.token_hex(8)
        self._under_way: dict[str, asyncio.Future[Completion]] = {}
        self._leased: set[str] = set()
        self._claims: set[str] = set()
        """What the store holds for us; more than is leased by a request, where its asker was cancelled meanwhile."""
        self._renewer: asyncio.Task[None] | None = None
        self._look_up = Gathered(self._known)
        self._claim = Gathered(self._claimed)
        self._keep = Gathered(self._kept)
        self._release = Gathered(self._released)

    async def generate(self, request: Request) -> Completion:
        """The completion of ``request``: from the journal, from an equal request under way, or from the engine."""
        key = key_of(request, self._decides)
        while other := self._under_way.get(key):
            try:
                return replace(await asyncio.shield(other), reused=True)
            except asyncio.CancelledError:
                if not other.cancelled():
                    raise  # we were cancelled, not the one who asks
        result: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        self._under_way[key] = result
        try:
            completion = await self._look_up_or_ask(key, request)
            result.set_result(completion)
            return completion
        except BaseException:
            result.cancel()  # who waits for it asks anew
            raise
        finally:
            del self._under_way[key]

    async def reject(self, keys: Sequence[str], document_id: str) -> None:
        """Keep these completions, and those of the document that did not end by themselves, for audit; but never
        serve them again."""
        await self._keep.idle()  # what was cancelled may still be on its way into the store
        await asyncio.to_thread(self._store.reject_completions, keys)
        await asyncio.to_thread(self._store.reject_unfinished, document_id)

    async def close(self) -> None:
        """Wait until everything that arrived is committed, and end all leases."""
        if self._renewer:
            self._renewer.cancel()
        for gathered in (self._claim, self._keep, self._release):
            await gathered.idle()
        if self._claims:
            await asyncio.to_thread(self._released, list(self._claims))

    async def _look_up_or_ask(self, key: str, request: Request) -> Completion:
        if known := await self._look_up(key):
            return known
        pause = _FIRST_LOOK_S
        while True:
            async with self._admitted(request):
                claimed = await self._claim(key)
                if isinstance(claimed, Completion):
                    return claimed
                if claimed:
                    # the place is held until the commit: what a crash can cost is what was admitted, and no more
                    return await self._ask(key, request)
            # another process generates it: look now and then, without holding a place
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_LOOK_S)
            if known := await self._look_up(key):
                return known

    async def _ask(self, key: str, request: Request) -> Completion:
        self._leased.add(key)
        if self._renewer is None or self._renewer.done():
            self._renewer = asyncio.create_task(self._renew())
        try:
            completion = replace(await self._generate(request), key=key)
            await asyncio.shield(self._keep(_entry(key, request, self._model, completion)))
        except BaseException:
            self._leased.discard(key)
            await asyncio.shield(self._release(key))
            raise
        self._leased.discard(key)
        return completion

    async def _renew(self) -> None:
        while self._leased:
            await asyncio.sleep(_RENEW_S)
            await asyncio.to_thread(self._store.renew_leases, list(self._leased), self._owner)

    # --- many at a time, in threads -----------------------------------------------------------------------------------

    def _known(self, keys: Sequence[str]) -> list[Completion | None]:
        found = self._store.completions(keys)
        return [found.get(key) for key in keys]

    def _claimed(self, keys: Sequence[str]) -> list[Completion | bool]:
        """What became known meanwhile; else whether the key is ours to generate."""
        known, ours = self._store.claim(keys, self._owner)
        self._claims |= ours
        return [known.get(key) or key in ours for key in keys]

    def _kept(self, entries: Sequence[JournalEntry]) -> list[None]:
        self._store.save_completions(entries)
        self._claims -= {entry.key for entry in entries}
        return [None] * len(entries)

    def _released(self, keys: Sequence[str]) -> list[None]:
        self._store.release_leases(keys, self._owner)
        self._claims -= set(keys)
        return [None] * len(keys)


@cache
def _told(sampling: Sampling) -> Mapping[str, float]:
    """As a dictionary: to make one takes as long as the rest of the key."""
    return asdict(sampling)


def _entry(key: str, request: Request, model: str, completion: Completion) -> JournalEntry:
    schema = json.dumps(request.schema, ensure_ascii=False, sort_keys=True)
    sampling = {
        **_told(request.sampling),
        "max_tokens": request.max_tokens,
        "thinking": request.thinking,
        "attempt": request.attempt,
    }
    return JournalEntry(
        key=key,
        document_id=request.document_id,
        prompt=request.prompt,
        prompt_sha256=request.prompt_sha256,
        model=model,
        schema_sha256=hashlib.sha256(schema.encode()).hexdigest(),
        sampling=json.dumps(sampling),
        completion=completion,
    )
