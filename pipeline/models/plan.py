"""Whole document or map-reduce: decided, and explained, before anything is generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.errors import PromptTooLongError, SettingsError
from pipeline.lang import Text
from pipeline.types import Strategy

_MARGIN_TOKENS = 16
"""Chat template, and the few tokens by which a joined prompt can differ from the sum of its parts."""
_LEAST_ROOM_TOKENS = 128
"""Less room than this for document text in a prompt is no room."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one request may hold, in tokens."""

    context: int
    """Prompt and answer together."""
    overhead: int
    """Instructions, the longest question, and what frames the document part."""
    answer: int
    """Kept free for the answer (thoughts included)."""

    @property
    def room(self) -> int:
        """Most tokens of document text in one request."""
        return self.context - self.overhead - self.answer - _MARGIN_TOKENS


@dataclass(frozen=True, slots=True)
class Plan:
    """How a document will be analysed, and why."""

    strategy: Literal["whole", "map-reduce", "rules"]
    reason: Text
    part_tokens: int
    """Most document tokens in one part."""


def capacity(*, context: int, overhead: int, max_output_tokens: int) -> Capacity:
    """Divide a context. The answer gets what the settings allow, but never over a quarter of a small context.

    Raises SettingsError if no room for a document is left.
    """
    capacity = Capacity(context, overhead, min(max_output_tokens, context // 4))
    if capacity.room < _LEAST_ROOM_TOKENS:
        raise SettingsError(
            Text(
                f"模型的上下文 {context} 太小：提示词要 {overhead}，回答要 {capacity.answer}，放不下正文",
                f"a context of {context} is too small: prompts take {overhead}, answers {capacity.answer}, "
                "no room for the document",
            ),
            Text(
                f"至少需要约 {overhead * 4 // 3 + 200} 个 token 的上下文；请换模型，或检查 LONGDOC_CONTEXT_TOKENS",
                f"at least about {overhead * 4 // 3 + 200} tokens are needed; use another model, "
                "or check LONGDOC_CONTEXT_TOKENS",
            ),
        )
    return capacity


def plan(document_tokens: int, capacity: Capacity, *, strategy: Strategy, chunk_tokens: int, exact: bool) -> Plan:
    """Choose for a document of ``document_tokens`` (``exact``: counted with the model's own tokenizer).

    Raises PromptTooLongError where ``strategy`` demands a whole document that does not fit.
    """
    room, about = capacity.room, Text("", "") if exact else Text("约 ", "about ")
    size = Text(f"正文{about.zh}{document_tokens:,} 个 token", f"{about.en}{document_tokens:,} tokens of text")
    part = min(chunk_tokens, room)
    fits = document_tokens <= room
    if strategy == "whole" and not fits:
        raise PromptTooLongError(
            Text(f"{size.zh}，超过一次能放的 {room:,}", f"{size.en} are over the {room:,} that fit at once"),
            Text("请用 --strategy auto，或换上下文更长的模型", "use --strategy auto, or a model with a longer context"),
        )
    if strategy == "map-reduce":
        return Plan("map-reduce", Text(f"{size.zh}；按设置分段", f"{size.en}; in parts, as set"), part)
    if fits:
        reason = Text(
            f"{size.zh}，一次放得下（上下文 {capacity.context:,}，可放正文 {room:,}）",
            f"{size.en} fit at once (context {capacity.context:,}, room for {room:,})",
        )
        return Plan("whole", reason, room)
    reason = Text(
        f"{size.zh}，一次放不下（上下文 {capacity.context:,}，可放正文 {room:,}），按 {part:,} 分段",
        f"{size.en} don't fit at once (context {capacity.context:,}, room for {room:,}); parts of {part:,}",
    )
    return Plan("map-reduce", reason, part)
