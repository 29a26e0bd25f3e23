"""What a review would take, told before a GPU minute is spent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.engines.choose import EngineChoice, choose, load
from pipeline.errors import InputError, PipelineError
from pipeline.examiners import Examiners
from pipeline.generation import tokenizer_for
from pipeline.inputs import find_inputs, read_limits
from pipeline.kinds.catalog import KINDS
from pipeline.lang import Text
from pipeline.models.memory import told
from pipeline.models.plan import Group, Plan, weigh
from pipeline.pdf.read import Reader, identify
from pipeline.settings import Settings
from pipeline.steps import Sizing, capacities, checklist_of, info_of, lay_out, sizing_of
from pipeline.types import RULES_ALONE, Document, DocumentInfo, Examined


@dataclass(frozen=True, slots=True)
class Preview:
    """What a review of one file would take, without generating anything."""

    path: Path
    error: str
    info: DocumentInfo | None = None
    kind: str = ""
    plan: Plan | None = None
    exact: bool = False
    chunks: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    kv_bytes: int = 0
    """KV cache of the largest single request, in 16 bit; 0 where the model's shape is not known."""


@dataclass(frozen=True, slots=True)
class Load:
    """One load of the engine, and how many documents share it."""

    context: int
    factor: float
    """YaRN's; 1: the native context."""
    documents: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a review of some files would take."""

    choice: EngineChoice
    previews: tuple[Preview, ...]
    """In the order of the files."""
    loads: tuple[Load, ...]
    """In their order: the native context first."""


async def preview(paths: Sequence[Path], settings: Settings) -> Outlook:
    """Plan without loading a model (an http server is only asked for its context length)."""
    choice = _with_capacity(await asyncio.to_thread(choose, settings), settings)
    sizing = await _sizing(choice, settings)
    limits = read_limits(settings)
    waiting: dict[int, _Seen] = {}
    """The documents that wait for their group, by place."""
    async with Reader(limits) as reader, Examiners(settings) as examiners:

        async def one(place: int, source: Path | InputError) -> Preview:
            if isinstance(source, InputError):
                return Preview(source.path, str(source))
            try:
                document = await reader.read(source, await asyncio.to_thread(identify, source))
                examined = await examiners.examine(document, alone=sizing is None)
                seen = _Seen(source, replace(document, sections=examined.sections), examined)
                made = _preview(seen, choice, sizing, settings, None)
            except PipelineError as error:
                return Preview(source, str(error))
            if made.plan and made.plan.context:
                waiting[place] = seen
            return made

        previews = await asyncio.gather(*(one(place, source) for place, source in enumerate(find_inputs(paths))))
    if sizing and sizing.stretch and waiting:
        candidates = [(one.info.tokens, one.plan) for one in previews if one.info and one.plan and one.plan.context]
        group = weigh(candidates, sizing.stretch, strategy=settings.strategy)
        for place, seen in waiting.items():
            previews[place] = _preview(seen, choice, sizing, settings, group)
    return Outlook(choice, tuple(previews), tuple(_loads(previews, sizing)))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that was read and examined."""

    path: Path
    document: Document
    examined: Examined


def _loads(previews: Sequence[Preview], sizing: Sizing | None) -> list[Load]:
    if not sizing:
        return []
    native = min(capacity.context for capacity in sizing.capacities.values())
    planned = Counter(one.plan.context for one in previews if one.plan)
    return [
        Load(context or native, sizing.stretch.factor(context) if context and sizing.stretch else 1.0, planned[context])
        for context in sorted(planned)
    ]


async def _sizing(choice: EngineChoice, settings: Settings) -> Sizing | None:
    """What a request can hold; None where there is no model."""
    if choice.name == "rules":
        return None
    tokenizer = tokenizer_for(settings, choice)
    if choice.profile:
        return sizing_of(choice.profile, tokenizer, settings)
    engine = await load(choice, settings)
    await engine.close()
    return Sizing(capacities(engine.nature.context_tokens, tokenizer, settings), tokenizer)


def _with_capacity(choice: EngineChoice, settings: Settings) -> EngineChoice:
    """The choice, saying of each card whether the model fits it."""
    if not choice.profile:
        return choice
    words = [words for _, _, words in told(choice.profile, settings)]
    reason = Text("；".join([choice.reason.zh, *(text.zh for text in words)]),
                  "; ".join([choice.reason.en, *(text.en for text in words)]))  # fmt: skip
    return replace(choice, reason=reason)


def _preview(
    seen: _Seen, choice: EngineChoice, sizing: Sizing | None, settings: Settings, group: Group | None
) -> Preview:
    document, examined = seen.document, seen.examined
    if not sizing:
        info = replace(info_of(document), tokens=examined.tokens)
        return Preview(seen.path, "", info, examined.kind, Plan("rules", RULES_ALONE, 0))
    kind, checklist = KINDS[examined.kind], checklist_of(examined, settings)
    groups = len(kind.groups) + (len(checklist.groups) if checklist else 0)
    capacity = sizing.capacities[kind.name]
    made, chunks, tokens = lay_out(document, sizing, kind.name, settings, group)
    largest = max((chunk.tokens for chunk in chunks), default=0) + capacity.overhead + capacity.answer
    return Preview(
        path=seen.path,
        error="",
        info=replace(info_of(document), tokens=tokens),
        kind=kind.name,
        plan=made,
        exact=sizing.tokenizer.exact,
        chunks=len(chunks),
        requests=len(chunks) * groups + 1 + bool(checklist),  # the summary, and a second look
        prompt_tokens=sum(chunk.tokens + capacity.overhead for chunk in chunks) * groups,
        kv_bytes=largest * choice.profile.kv_bytes_per_token if choice.profile else 0,
    )
