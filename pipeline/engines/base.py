"""The one narrow seam between the pipeline and whatever generates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import adding
from pipeline.lang import Text
from pipeline.types import Behaviour, Completion, Request

INSTALL_VLLM = Text(
    f"有 GPU：{adding('gpu').zh}；没有 GPU：在源码文件夹运行 make setup-cpu",
    f"with a GPU: {adding('gpu').en}; without: make setup-cpu in the source folder",
)

Generate = Callable[[Request], Awaitable[Completion]]
"""All that an analysis knows of engines. Raises PipelineError for this request alone, EngineError when none can
succeed any more. An answer that ends early is returned, not raised: ``finish_reason`` tells."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine stands at this moment, as far as it knows."""

    waiting: int | None = None
    """Requests that it has taken but does not work on yet."""
    kv_use: float | None = None
    """Share of its KV cache in use, 0 to 1."""
    gpus: int | None = None
    """Cards that it has for itself."""
    counts_tokens: bool = True
    """Whether its answers tell how many tokens they took."""
    counts_cached: bool = True
    """Whether they tell how many of these came from the cache."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What follows from an engine's model; of one on this machine it is known before it loads."""

    model: str
    decides: str
    """What decides an answer beside the request: a part of every key of the journal."""
    context_tokens: int
    """Prompt and answer together."""
    thinks: bool
    """Whether thinking can be switched on safely."""
    behaviour: Behaviour
    """How the model is to be spoken to."""
    parallel: int
    """Most requests worth having at once."""


class Engine(Protocol):
    """A loaded model, or a server that has one."""

    @property
    def nature(self) -> Nature: ...

    async def generate(self, request: Request) -> Completion: ...

    def state(self) -> EngineState: ...

    async def close(self) -> None: ...
