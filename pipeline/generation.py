"""The engine in use, with its journal and scheduler: kept until it dies, or until documents want another context. A
model on this machine is loaded at the first question that the journal does not answer, a server is asked who it is
before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.asking import Questioning
from pipeline.engines.base import Engine, EngineState, Nature
from pipeline.engines.choose import EngineChoice
from pipeline.engines.journal import Journal
from pipeline.engines.meter import Meter
from pipeline.engines.scheduler import Scheduler
from pipeline.engines.supervise import Supervised, WatchedEngine
from pipeline.engines.vllm import nature_of
from pipeline.errors import EngineError, LongdocError
from pipeline.kinds.base import Kind
from pipeline.kinds.packs.checklist import Checklist
from pipeline.models.identity import identity_of
from pipeline.settings import Settings
from pipeline.steps import Sizing, capacities, sizing_of
from pipeline.store import Store
from pipeline.tokens import Tokenizer, estimator, load_tokenizer
from pipeline.types import Completion, Request

Load = Callable[[EngineChoice, Settings], Awaitable[Engine]]


class Generation:
    """The engine with its journal and scheduler, one at a time."""

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
        self.failure: LongdocError | None = None
        """Why the engine can't be had, or has died."""
        self._ready: Ready | None = None
        self._context = 0
        self._sizing: Sizing | None = None

    async def decides(self) -> str:
        """What decides the answers of a model on this machine, see ``models.identity``; of a server no more than the
        model's name is taken to be known before it is asked.

        Raises SettingsError or EngineError."""
        if profile := self._choice.profile:
            return await asyncio.to_thread(identity_of, profile, self._settings.vllm_args)
        return await self.model()

    async def model(self) -> str:
        """The model's name, as it is set or as the server has it. Raises SettingsError or EngineError."""
        if self._settings.model:
            return self._settings.model
        async with self.using(0) as ready:
            return ready.nature.model

    async def sizing(self) -> Sizing:
        """What a request can hold: of a model on this machine it is known before it loads, a server is asked.

        Raises SettingsError or EngineError."""
        if self._sizing is None and self._choice.profile:
            tokenizer = await asyncio.to_thread(tokenizer_for, self._settings, self._choice)
            self._sizing = sizing_of(self._choice.profile, tokenizer, self._settings)
        if self._sizing is None:
            async with self.using(0) as ready:
                self._sizing = ready.sizing
        return self._sizing

    @asynccontextmanager
    async def using(self, context: int) -> AsyncGenerator[Ready]:
        """The engine with that ``context`` (0: the native one), held until the block ends: who wants another context
        waits for that, and those who come later wait for him.

        Raises SettingsError or EngineError; once the engine has failed, the same error at once."""
        async with self._turn:
            if self.failure:
                raise self.failure
            if self._ready and self._context != context:
                await self._unused.wait()
                await self.close()
            if self._ready is None:
                self._ready, self._context = await self._opened(context), context
            ready = self._ready
            self._users += 1
            self._unused.clear()
        try:
            yield ready
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()

    async def _opened(self, context: int) -> Ready:
        settings = self._settings.model_copy(update={"context_tokens": context}) if context else self._settings
        if not context and self._choice.profile:
            native = min(capacity.context for capacity in (await self.sizing()).capacities.values())
            settings = settings.model_copy(update={"context_tokens": native})
        tokenizer = await asyncio.to_thread(tokenizer_for, settings, self._choice)
        load = partial(self._load_or_fail, settings)
        if profile := self._choice.profile:
            nature, engine = await asyncio.to_thread(nature_of, settings, profile), None
        else:
            engine = await load()
            nature = engine.nature
        ready = Ready(nature, load, tokenizer, settings, self._store, self.meter)
        if engine:
            ready.take(engine)
        return ready

    async def _load_or_fail(self, settings: Settings) -> Engine:
        try:
            return await self._load(self._choice, settings)
        except LongdocError as error:
            self.failure = error
            raise

    def fail(self, error: EngineError) -> None:
        """The engine is dead: the documents that wait for it need not find out one by one."""
        self.failure = error

    async def revive(self) -> None:
        """Forget a failure, so that the next document that needs the engine loads it anew."""
        if self.failure:
            await self.close()
            self.failure = None

    def state(self) -> EngineState | None:
        """How the engine stands, those that wait for admission counted in; None while none is loaded."""
        return self._ready.state() if self._ready else None

    async def close(self) -> None:
        if ready := self._ready:
            self._ready = None
            await ready.close()

    async def reject(self, keys: Sequence[str], document_id: str) -> None:
        """Have the journal never again serve these completions, nor any of the document's that were cut."""
        if self._ready:
            await self._ready.journal.reject(keys, document_id)


class Ready:
    """An engine, loaded when the journal has no answer, and what follows from its nature."""

    def __init__(
        self,
        nature: Nature,
        load: Callable[[], Awaitable[Engine]],
        tokenizer: Tokenizer,
        settings: Settings,
        store: Store,
        meter: Meter,
    ) -> None:
        self.nature = nature
        self.tokenizer = tokenizer
        self.sizing = Sizing(capacities(nature.context_tokens, tokenizer, settings), tokenizer)
        self._scheduler = Scheduler(max_tokens=settings.max_tokens_in_flight, max_requests=nature.parallel)
        self._settings = settings
        self._load = load
        self._running: Engine | Supervised | None = None
        self._loading: asyncio.Task[None] | None = None
        self._metered = meter.before(self._generate)
        self.journal = Journal(store, nature.model, nature.decides, self._answer, self._scheduler.admitted)
        self._documents = 0

    def take(self, engine: Engine) -> None:
        """Generate with ``engine``; one that can hang or die is watched."""
        self._running = engine
        if isinstance(engine, WatchedEngine):
            silence_s = self._settings.engine_silence_s
            self._running = Supervised(engine, self._load, self._scheduler.lower, silence_s=silence_s)

    def state(self) -> EngineState | None:
        """How the engine stands, those that wait for admission counted in; None while it is not loaded."""
        if not self._running:
            return None
        state = self._running.state()
        return replace(state, waiting=self._scheduler.waiting + (state.waiting or 0))

    async def close(self) -> None:
        await self.journal.close()
        if self._loading:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._running:
            await self._running.close()

    async def _answer(self, request: Request) -> Completion:
        if not self._running:
            if self._loading is None:
                self._loading = asyncio.create_task(self._start())
            await asyncio.shield(self._loading)
        return await self._metered(request)

    async def _start(self) -> None:
        self.take(await self._load())

    async def _generate(self, request: Request) -> Completion:
        assert self._running, "it was loaded"
        return await self._running.generate(request)

    def questioning(self, kind: Kind, checklist: Checklist | None) -> Questioning:
        """What to ask with; documents that came first are served first."""
        self._documents += 1
        capacity = self.sizing.capacities[kind.name]
        return Questioning(
            kind=kind,
            side=self._settings.side,
            thinking=self._settings.thinking,
            engine_thinks=self.nature.thinks,
            behaviour=self.nature.behaviour,
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
