"""How much of a prompt a server reads: some cut a long one without a word (Ollama at its ``num_ctx``, some proxies).

What a server counts for a prompt tells little by itself. Our own count is mostly an estimate that is never too low, and
of Chinese and English text two to five times as much may be told as a tokenizer makes of it; and some servers count
only what they had not cached. So where a server counts less than we do, and more than it was ever seen to read, the
prompt is put once more, with a piece of itself added and an answer of one token: who reads on counts more, who cuts
counts the same. The piece is half of the prompt, where there is room, so a run takes a handful of these at most; what
such a server has cached of the prompt it need not read again.

A server that tells its context in ``/models``, as vLLM does, refuses what is longer, and is not watched.

Not seen: a limit below ``_LEAST_TOKENS``, a server that counts nothing, one that tells the length of what it was sent
instead of what it read, or that leaves out the beginning of the conversation and not its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pipeline.errors import CutPromptError, PromptTooLongError
from pipeline.lang import Text
from pipeline.types import Completion, Message, Request

_LEAST_TOKENS = 1024
"""Fewer than this no server takes: where it counts less, that is not what it reads at most."""
_SLACK_TOKENS = 32
"""Our own exact count may be higher by so many (the chat template)."""
_NEAR = 0.9
"""Share of the limit from which on a prompt counts as cut: limits by characters differ in tokens."""
_LEAST_PIECE_CHARS = 200


class Reach:
    """What is known of a server's reach. ``count`` puts a request and returns what the server counts of its prompt;
    ``context_tokens`` is what the user says that it takes."""

    def __init__(self, count: Callable[[Request], Awaitable[int]], context_tokens: int) -> None:
        self._count = count
        self._context_tokens = context_tokens
        self._proved_tokens = 0
        """A prompt of so many was read whole."""
        self._limit_tokens: int | None = None
        """What it reads at most, once it was seen to cut."""
        self._turn = asyncio.Lock()

    def refuse(self, request: Request) -> None:
        """Raise CutPromptError for a request that is far beyond the limit by any count."""
        if self._limit_tokens and request.prompt_tokens > 6 * self._limit_tokens:
            raise self._cut(self._limit_tokens)

    async def check(self, request: Request, completion: Completion) -> None:
        """Raise CutPromptError where the answer is to a part of the prompt; and what ``count`` raises."""
        counted = completion.prompt_tokens
        if counted < _LEAST_TOKENS or counted + _SLACK_TOKENS >= request.prompt_tokens:
            return
        async with self._turn:
            if self._limit_tokens is None and counted > self._proved_tokens:
                await self._probe(request, counted)
        if (limit := self._limit_tokens) and (
            counted > _NEAR * limit or counted + completion.completion_tokens > limit  # the beginning falls out then
        ):
            raise self._cut(limit)

    async def _probe(self, request: Request, counted: int) -> None:
        *before, last = request.messages
        chars = sum(len(message.content) for message in request.messages)
        room = max(self._context_tokens - request.prompt_tokens, _LEAST_PIECE_CHARS)
        piece = last.content[: min(max(len(last.content) // 2, _LEAST_PIECE_CHARS), room)]
        longer = Message(last.role, f"{last.content}\n{piece}")
        try:
            again = await self._count(replace(request, messages=(*before, longer), max_tokens=1))
        except PromptTooLongError:
            self._proved_tokens = 1 << 62  # it refuses what is too long
            return
        rise = counted * len(piece) / chars / 2
        if again >= counted + rise:
            self._proved_tokens = again
        elif again > counted - rise:
            self._limit_tokens = max(counted, again)
        else:
            self._proved_tokens = 1 << 62  # it counts what it had not cached: that tells nothing

    def _cut(self, limit: int) -> CutPromptError:
        return CutPromptError(
            Text(
                f"模型服务器最多只读提示的 {limit:,} 个 token，更长的被它悄悄截断（按设置它的上下文是 "
                f"{self._context_tokens:,}）：对截断的提示的回答都不采用",
                f"the model server reads {limit:,} tokens of a prompt at most and cuts longer ones without a word (its "
                f"context is taken to be {self._context_tokens:,}): answers to what it has cut are not used",
            ),
            Text(
                f"请调大服务器的上下文（Ollama：OLLAMA_CONTEXT_LENGTH），或设 LONGDOC_CONTEXT_TOKENS={limit} 后重跑",
                f"raise the server's context (Ollama: OLLAMA_CONTEXT_LENGTH), or set LONGDOC_CONTEXT_TOKENS={limit}, "
                "and run again",
            ),
        )
