"""The engine in use: loaded when it is first needed, with its journal and scheduler, then kept until it dies, or until
documents want another context."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.asking import Questioning
from pipeline.engines.base import Engine, EngineState
from pipeline.engines.choose import EngineChoice
from pipeline.engines.journal import Journal
from pipeline.engines.meter import Meter
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.supervise import Supervised, WatchedEngine
from pipeline.errors import EngineError, LongdocError
from pipeline.kinds.base import Kind
from pipeline.kinds.packs.checklist import Checklist
from pipeline.settings import Settings
from pipeline.steps import Sizing, capacities, sizing_of
from pipeline.store import Store
from pipeline.tokens import Tokenizer, estimator, load_tokenizer

Load = Callable[[EngineChoice, Settings], Awaitable[Engine]]


class Generation:
    """The engine with its journal and scheduler: loaded at first use, then kept until it dies, or until documents
    want another context."""

    def __init__(self, settings: Settings, choice: EngineChoice, store: Store, load: Load) -> None:
        self._settings = settings
        self._choice = choice
        self._store = store
        self._load = load
        self.meter = Meter()
        self._turn = asyncio.Lock()
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._failure: LongdocError | None = None
        self._loaded: Loaded | None = None
        self._context = 0
        self._sizing: Sizing | None = None

    async def sizing(self) -> Sizing:
        """What a request can hold: of a model on this machine it is known before it loads, a server is asked.

        Raises SettingsError or EngineError."""
        if self._sizing is None and self._choice.profile:
            tokenizer = await asyncio.to_thread(tokenizer_for, self._settings, self._choice)
            self._sizing = sizing_of(self._choice.profile, tokenizer, self._settings)
        if self._sizing is None:
            async with self.using(0) as loaded:
                self._sizing = loaded.sizing
        return self._sizing

    @asynccontextmanager
    async def using(self, context: int) -> AsyncGenerator[Loaded]:
        """The engine with that ``context`` (0: the native one), held until the block ends: who wants another context
        waits for that, and those who come later wait for him.

        Raises SettingsError or EngineError; once the engine has failed, the same error at once."""
        async with self._turn:
            if self._failure:
                raise self._failure
            if self._loaded and self._context != context:
                await self._unused.wait()
                await self.close()
            if self._loaded is None:
                self._loaded, self._context = await self._opened(context), context
            loaded = self._loaded
            self._users += 1
            self._unused.clear()
        try:
            yield loaded
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()

    async def _opened(self, context: int) -> Loaded:
        settings = self._settings.model_copy(update={"context_tokens": context}) if context else self._settings
        if not context and self._choice.profile:
            native = min(capacity.context for capacity in (await self.sizing()).capacities.values())
            settings = settings.model_copy(update={"context_tokens": native})
        try:
            engine = await self._load(self._choice, settings)
            tokenizer = tokenizer_for(settings, self._choice)
            load_again = partial(self._load, self._choice, settings)
            return Loaded(engine, load_again, tokenizer, settings, self._store, self.meter)
        except LongdocError as error:
            self._failure = error
            raise

    def fail(self, error: EngineError) -> None:
        """The engine is dead: the documents that wait for it need not find out one by one."""
        self._failure = error

    async def revive(self) -> None:
        """Forget a failure, so that the next document that needs the engine loads it anew."""
        if self._failure:
            await self.close()
            self._failure = None

    def state(self) -> EngineState | None:
        """How the engine stands, those that wait for admission counted in; None while none is loaded."""
        return self._loaded.state() if self._loaded else None

    async def close(self) -> None:
        if loaded := self._loaded:
            self._loaded = None
            await loaded.close()

    async def reject(self, keys: Sequence[str], document_id: str) -> None:
        """Have the journal never again serve these completions, nor any of the document's that were cut."""
        if self._loaded:
            await self._loaded.journal.reject(keys, document_id)


class Loaded:
    """A ready engine and what follows from its model."""

    def __init__(
        self,
        engine: Engine,
        load_again: Callable[[], Awaitable[Engine]],
        tokenizer: Tokenizer,
        settings: Settings,
        store: Store,
        meter: Meter,
    ) -> None:
        self.engine = engine
        self.tokenizer = tokenizer
        self.sizing = Sizing(capacities(engine.context_tokens, tokenizer, settings), tokenizer)
        self._scheduler = scheduler = Scheduler(max_tokens=settings.max_tokens_in_flight, max_requests=engine.parallel)
        self._running: Engine | Supervised = engine
        if isinstance(engine, WatchedEngine):
            self._running = Supervised(engine, load_again, scheduler.lower, silence_s=settings.engine_silence_s)
        self.journal = Journal(store, engine.model, meter.before(self._running.generate), scheduler.admitted)
        self._settings = settings
        self._documents = 0

    def state(self) -> EngineState:
        """How the engine stands, those that wait for admission counted in."""
        state = self._running.state()
        return replace(state, waiting=self._scheduler.waiting + (state.waiting or 0))

    async def close(self) -> None:
        await self.journal.close()
        await self._running.close()

    def questioning(self, kind: Kind, checklist: Checklist | None) -> Questioning:
        """What to ask with; documents that came first are served first."""
        self._documents += 1
        capacity = self.sizing.capacities[kind.name]
        return Questioning(
            kind=kind,
            side=self._settings.side,
            thinking=self._settings.thinking,
            engine_thinks=self.engine.thinks,
            behaviour=self.engine.behaviour,
            answer_tokens=capacity.answer,
            room_tokens=capacity.room,
            context_tokens=capacity.context,
            tokenizer=self.tokenizer,
            priority=self._documents,
            checklist=checklist,
        )


def tokenizer_for(settings: Settings, choice: EngineChoice) -> Tokenizer:
    if settings.tokenizer:
        return load_tokenizer(settings.tokenizer)
    if choice.profile and choice.profile.folder:
        return load_tokenizer(choice.profile.folder)
    local = Path(settings.model) if settings.model else None
    if local and (local / "tokenizer.json").is_file():
        return load_tokenizer(local)
    return estimator()
