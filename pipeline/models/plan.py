"""Whole document or map-reduce, natively or by YaRN: decided, and explained, before anything is generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import PromptTooLongError, SettingsError
from pipeline.lang import Text
from pipeline.models.capacity import GIB
from pipeline.models.profile import ModelProfile
from pipeline.types import Strategy

_MARGIN_TOKENS = 16
"""Chat template, and the few tokens by which a joined prompt can differ from the sum of its parts."""
_LEAST_ROOM_TOKENS = 128
"""Less room than this for document text in a prompt is no room."""
_STEP_TOKENS = 4096
"""Contexts beyond the native one are multiples of this (an eighth of Qwen3's native context): the factor is the
smallest that serves the group, and yet the same for the next batch that is much like it."""
_MOST_LOSS = 3.0
"""Points of RULER that a whole document may cost against the native context, before its parts are the better text."""
_LOAD_S, _LOAD_S_PER_GIB = 30.0, 1.0
"""To load a model: graphs and profiling, and its weights from disk."""
_FLOPS_PER_S = 150e12
"""What vLLM reaches on Qwen3-14B: 5,153 tokens/s x 2 x 14.8 B on an A100, twice that on an H100 (published)."""


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
class Stretch:
    """What YaRN can do for documents beyond the native context."""

    profile: ModelProfile
    limit: int
    """The longest context, by the authors' word, by memory, and by the settings."""
    max_output_tokens: int
    asked: bool
    """Whether the settings ask for it: then nothing is weighed."""

    def context_for(self, document_tokens: int, native: Capacity) -> int | None:
        """The smallest context that holds the document whole; None if none does."""
        context = native.context
        while context < self.limit:
            context = min((context // _STEP_TOKENS + 1) * _STEP_TOKENS, self.limit)
            if _divided(context, native.overhead, self.max_output_tokens).room >= document_tokens:
                return context
        return None

    def factor(self, context: int) -> float:
        return context / self.profile.context_tokens

    @property
    def load_s(self) -> float:
        """Estimated seconds to load the model once more."""
        return _LOAD_S + self.profile.weight_bytes / GIB * _LOAD_S_PER_GIB

    def work_s(self, tokens: Sequence[int]) -> float:
        """Estimated seconds of reading documents of so many tokens whole."""
        return sum(map(self.profile.prefill_flops, tokens)) / _FLOPS_PER_S

    def cost(self, context: int, document_tokens: int, part_tokens: int) -> Text:
        """What a whole document loses and takes more, in words."""
        words = [Text(f"YaRN ×{self.factor(context):g}", f"YaRN x{self.factor(context):g}")]
        quality = self.profile.yarn.quality(context) if self.profile.yarn else None
        native = self.profile.yarn.quality(self.profile.context_tokens) if self.profile.yarn else None
        if quality is not None and native is not None:
            words.append(
                Text(
                    f"检索准确率（RULER）{quality:.1f}，原生 {native:.1f}",
                    f"RULER {quality:.1f}, natively {native:.1f}",
                )
            )
        parts = document_tokens / part_tokens * self.profile.prefill_flops(part_tokens)
        if parts:
            ratio = self.profile.prefill_flops(document_tokens) / parts
            words.append(Text(f"读入的计算量是分段的 {ratio:.1f} 倍", f"{ratio:.1f} times the prefill of parts"))
        return Text("，".join(word.zh for word in words), ", ".join(word.en for word in words))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a document will be analysed, and why."""

    strategy: Literal["whole", "map-reduce", "rules"]
    reason: Text
    part_tokens: int
    """Most document tokens in one part."""
    context: int = 0
    """The context beyond the native one that it needs, by YaRN; 0: the native one will do."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was decided for the documents of a run that only YaRN takes whole."""

    context: int
    """The engine's, for all of them; 0: not worth another load, they are map-reduced."""
    reason: Text


def capacity(*, context: int, overhead: int, max_output_tokens: int) -> Capacity:
    """Divide a context. The answer gets what the settings allow, but never over a quarter of a small context.

    Raises SettingsError if no room for a document is left.
    """
    capacity = _divided(context, overhead, max_output_tokens)
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


def _divided(context: int, overhead: int, max_output_tokens: int) -> Capacity:
    return Capacity(context, overhead, min(max_output_tokens, context // 4))


def plan(
    document_tokens: int,
    capacity: Capacity,
    *,
    strategy: Strategy,
    chunk_tokens: int,
    exact: bool,
    stretch: Stretch | None = None,
    group: Group | None = None,
) -> Plan:
    """Choose for a document of ``document_tokens`` (``exact``: counted with the model's own tokenizer).

    A plan with a ``context`` is a candidate for YaRN: its group decides, see :func:`weigh`, and then it is planned
    again with that ``group``. Raises PromptTooLongError where ``strategy`` demands a whole document that does not fit.
    """
    room, about = capacity.room, Text("", "") if exact else Text("约 ", "about ")
    size = Text(f"正文{about.zh}{document_tokens:,} 个 token", f"{about.en}{document_tokens:,} tokens of text")
    part = min(chunk_tokens, room)
    if strategy == "map-reduce":
        return Plan("map-reduce", Text(f"{size.zh}；按设置分段", f"{size.en}; in parts, as set"), part)
    if document_tokens <= room:
        reason = Text(
            f"{size.zh}，一次放得下（上下文 {capacity.context:,}，可放正文 {room:,}）",
            f"{size.en} fit at once (context {capacity.context:,}, room for {room:,})",
        )
        return Plan("whole", reason, room)
    over = Text(
        f"{size.zh}，一次放不下（上下文 {capacity.context:,}，可放正文 {room:,}）",
        f"{size.en} don't fit at once (context {capacity.context:,}, room for {room:,})",
    )
    in_parts = Text(f"，按 {part:,} 分段", f"; parts of {part:,}")
    context = stretch.context_for(document_tokens, capacity) if stretch else None
    if not stretch or not context:
        if strategy == "whole":
            raise _too_long(size, capacity, stretch)
        return Plan("map-reduce", _joined(over, in_parts), part)
    cost = stretch.cost((group and group.context) or context, document_tokens, part)
    if group and group.context:
        return Plan("whole", _joined(over, _by(cost), group.reason), document_tokens, group.context)
    if group:
        return Plan("map-reduce", _joined(over, in_parts, _instead(cost), group.reason), part)
    if strategy == "whole" or stretch.asked or _bearable(stretch, context):
        return Plan("whole", _joined(over, _by(cost)), document_tokens, context)
    return Plan("map-reduce", _joined(over, in_parts, _instead(cost)), part)


def weigh(candidates: Sequence[tuple[int, Plan]], stretch: Stretch, *, strategy: Strategy) -> Group:
    """Whether the documents (tokens and plan) that only YaRN takes whole are worth loading the model once more, and
    with which context: the smallest that serves them all."""
    context = max(made.context for _, made in candidates)
    factor = f"{stretch.factor(context):g}"
    load_s = stretch.load_s
    if strategy == "whole" or stretch.asked:
        reason = Text(
            f"；按设置整篇处理，{len(candidates)} 份为一组，以 ×{factor} 再载入一次（约 {load_s:.0f} 秒）",
            f"; whole, as set: one group of {len(candidates)}, one more load at x{factor} (about {load_s:.0f} s)",
        )
        return Group(context, reason)
    work_s = stretch.work_s([tokens for tokens, _ in candidates])
    told = Text(
        f"{len(candidates)} 份约 {work_s:.0f} 秒的读入，再载入一次约 {load_s:.0f} 秒（×{factor}）",
        f"about {work_s:.0f} s of reading in {len(candidates)} documents, one more load of {load_s:.0f} s (x{factor})",
    )
    if work_s >= load_s:
        return Group(context, Text(f"；值得：{told.zh}", f"; worth it: {told.en}"))
    return Group(0, Text(f"；不值得：{told.zh}", f"; not worth it: {told.en}"))


def _bearable(stretch: Stretch, context: int) -> bool:
    """Whether a whole document reads about as well as the native context does. Unknown is no."""
    yarn = stretch.profile.yarn
    quality = yarn.quality(context) if yarn else None
    native = yarn.quality(stretch.profile.context_tokens) if yarn else None
    return quality is not None and native is not None and native - quality <= _MOST_LOSS


def _joined(*texts: Text) -> Text:
    return Text("".join(text.zh for text in texts), "".join(text.en for text in texts))


def _by(cost: Text) -> Text:
    return Text(f"，整篇用 {cost.zh}", f"; whole by {cost.en}")


def _instead(cost: Text) -> Text:
    return Text(f"；整篇要用 {cost.zh}", f"; whole it would take {cost.en}")


def _too_long(size: Text, capacity: Capacity, stretch: Stretch | None) -> PromptTooLongError:
    most = stretch.limit - capacity.context + capacity.room if stretch else capacity.room
    return PromptTooLongError(
        Text(f"{size.zh}，超过一次能放的 {most:,}", f"{size.en} are over the {most:,} that fit at once"),
        Text("请用 --strategy auto，或换上下文更长的模型", "use --strategy auto, or a model with a longer context"),
    )
