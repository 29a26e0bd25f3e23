"""What a review would take, told before a GPU minute is spent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.engines.choose import EngineChoice, choose, load
from pipeline.errors import InputError, PipelineError
from pipeline.examiners import Examiners
from pipeline.kinds.catalog import KINDS
from pipeline.lang import Text
from pipeline.models.capacity import cards_here
from pipeline.models.plan import Capacity, Plan
from pipeline.pdf.read import Reader, identify
from pipeline.run import find_inputs, read_limits, tokenizer_for
from pipeline.settings import Settings
from pipeline.steps import RULES_ALONE, capacities, checklist_of, info_of, lay_out
from pipeline.tokens import Tokenizer, estimator
from pipeline.types import Document, DocumentInfo, Examined


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


async def preview(paths: Sequence[Path], settings: Settings) -> tuple[EngineChoice, list[Preview]]:
    """Plan without loading a model (an http server is only asked for its context length)."""
    choice = _with_capacity(await asyncio.to_thread(choose, settings), settings)
    limits = read_limits(settings)
    context, tokenizer = 0, estimator()
    if choice.profile:
        context, tokenizer = settings.context_tokens or choice.profile.context_tokens, tokenizer_for(settings, choice)
    elif choice.name == "http":
        engine = await load(choice, settings)
        context, tokenizer = engine.context_tokens, tokenizer_for(settings, choice)
        await engine.close()
    limits_of: Mapping[str, Capacity] = capacities(context, tokenizer, settings) if context else {}
    async with Reader(limits) as reader, Examiners(settings) as examiners:

        async def one(source: Path | InputError) -> Preview:
            if isinstance(source, InputError):
                return Preview(source.path, str(source))
            try:
                document = await reader.read(source, await asyncio.to_thread(identify, source))
                examined = await examiners.examine(document, alone=not limits_of)
                document = replace(document, sections=examined.sections)
                return _preview(source, document, examined, choice, tokenizer, limits_of, settings)
            except PipelineError as error:
                return Preview(source, str(error))

        return choice, list(await asyncio.gather(*map(one, find_inputs(paths))))


def _with_capacity(choice: EngineChoice, settings: Settings) -> EngineChoice:
    """The choice, saying of each card whether the model fits it."""
    if not choice.profile or not choice.profile.weight_bytes:
        return choice
    fits = [choice.profile.on_card(gib, settings.gpu_memory_utilization) for _, gib in cards_here()]
    told = [fit.told(settings.model, settings.chunk_tokens) for fit in fits]
    reason = Text("；".join([choice.reason.zh, *(text.zh for text in told)]),
                  "; ".join([choice.reason.en, *(text.en for text in told)]))  # fmt: skip
    return replace(choice, reason=reason)


def _preview(
    path: Path, document: Document, examined: Examined, choice: EngineChoice, tokenizer: Tokenizer,
    limits: Mapping[str, Capacity], settings: Settings,
) -> Preview:  # fmt: skip
    kind, checklist = KINDS[examined.kind], checklist_of(examined, settings)
    groups = len(kind.groups) + (len(checklist.groups) if checklist else 0)
    if not limits:
        info = replace(info_of(document), tokens=examined.tokens)
        return Preview(path, "", info, kind.name, Plan("rules", RULES_ALONE, 0))
    capacity = limits[kind.name]
    made, chunks, tokens = lay_out(document, tokenizer, capacity, settings)
    largest = max((chunk.tokens for chunk in chunks), default=0) + capacity.overhead + capacity.answer
    return Preview(
        path=path,
        error="",
        info=replace(info_of(document), tokens=tokens),
        kind=kind.name,
        plan=made,
        exact=tokenizer.exact,
        chunks=len(chunks),
        requests=len(chunks) * groups + 1 + bool(checklist),  # the summary, and a second look
        prompt_tokens=sum(chunk.tokens + capacity.overhead for chunk in chunks) * groups,
        kv_bytes=largest * choice.profile.kv_bytes_per_token if choice.profile else 0,
    )
