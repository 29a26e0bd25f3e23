"""Durable completions: what the engine has answered once is never asked again.

A completion is handed on only after it is committed, so whatever was built on it can be rebuilt after a crash without
the engine. Writers gather what arrives while a commit is under way into the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from typing import Protocol

from pipeline.engines.base import Generate
from pipeline.types import Completion, JournalEntry, Request

Admission = Callable[[Request], AbstractAsyncContextManager[None]]
"""Waits for a request's turn, see ``scheduler``."""


class CompletionStore(Protocol):
    """Where completions are kept; blocking, called from threads."""

    def completion(self, key: str) -> Completion | None: ...

    def save_completions(self, entries: Sequence[JournalEntry]) -> None: ...

    def reject_completions(self, keys: Sequence[str]) -> None: ...

    def reject_unfinished(self, document_id: str) -> None: ...


def key_of(request: Request, model: str) -> str:
    """sha256 of everything that decides the answer: model, messages, schema, sampling, limits and attempt."""
    decides = [model, request.messages, request.schema, asdict(request.sampling), request.max_tokens, request.thinking,
               request.attempt]  # fmt: skip
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()


class Journal:
    """Stands before an engine: serves what is known, keeps what is new. Close it to flush."""

    def __init__(self, store: CompletionStore, model: str, generate: Generate, admitted: Admission) -> None:
        self._store = store
        self._model = model
        self._generate = generate
        self._admitted = admitted
        self._under_way: dict[str, asyncio.Future[Completion]] = {}
        self._unsaved: list[tuple[JournalEntry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def generate(self, request: Request) -> Completion:
        """The completion of ``request``: from the journal, from an equal request under way, or from the engine."""
        key = key_of(request, self._model)
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
        await self.close()  # what was cancelled may still be on its way into the store
        await asyncio.to_thread(self._store.reject_completions, keys)
        await asyncio.to_thread(self._store.reject_unfinished, document_id)

    async def close(self) -> None:
        """Wait until everything that arrived is committed."""
        if self._writer:
            await self._writer

    async def _look_up_or_ask(self, key: str, request: Request) -> Completion:
        known = await asyncio.to_thread(self._store.completion, key)
        if known:
            return replace(known, key=key, reused=True)
        async with self._admitted(request):
            completion = replace(await self._generate(request), key=key)
            # the place is held until the commit: what a crash can cost is what was admitted, and no more
            await asyncio.shield(self._keep(_entry(key, request, self._model, completion)))
        return completion

    def _keep(self, entry: JournalEntry) -> asyncio.Future[None]:
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unsaved.append((entry, saved))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return saved

    async def _write(self) -> None:
        while self._unsaved:
            batch, self._unsaved = self._unsaved, []
            try:
                await asyncio.to_thread(self._store.save_completions, [entry for entry, _ in batch])
            except Exception as error:
                _settle(batch, error)
            else:
                _settle(batch, None)
        self._writer = None


def _settle(batch: Sequence[tuple[JournalEntry, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, saved in batch:
        if saved.done():
            continue
        if error:
            saved.set_exception(error)
        else:
            saved.set_result(None)


def _entry(key: str, request: Request, model: str, completion: Completion) -> JournalEntry:
    schema = json.dumps(request.schema, ensure_ascii=False, sort_keys=True)
    sampling = asdict(request.sampling) | {
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
