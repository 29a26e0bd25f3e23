"""One question to the model, asked until its answer is whole and fits its schema, a bounded number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.engines.base import Generate
from pipeline.errors import BadAnswerError, CutAnswerError
from pipeline.kinds.base import Answer, Group, Kind
from pipeline.kinds.packs.checklist import Checklist
from pipeline.lang import Text
from pipeline.prompts import Prompt, load_prompt
from pipeline.tokens import Tokenizer
from pipeline.types import Behaviour, Completion, Message, Request, Switch

_ATTEMPTS = 3
"""Askings of one question before its answer counts as bad."""
_MARGIN_TOKENS = 32
"""By so much a prompt may be longer than it was counted."""

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Questioning:
    """What stays the same for all requests of one analysis."""

    kind: Kind
    side: str
    thinking: Switch
    engine_thinks: bool
    answer_tokens: int
    room_tokens: int
    tokenizer: Tokenizer
    priority: int = 0
    checklist: Checklist | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    context_tokens: int = 0
    """Prompt and answer together; 0: not known."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """All that is asked about every part."""
        return (*self.kind.groups, *(self.checklist.groups if self.checklist else ()))

    def thinks(self, group: Group) -> bool:
        """Whether the model is to think about a group's questions: where it pays, unless the settings or the model
        know only one way."""
        if self.behaviour.switch != "enable_thinking":
            return self.behaviour.switch == "always"
        if self.thinking == "auto":
            return group.thinks and self.engine_thinks
        return self.thinking == "on"


@dataclass(frozen=True, slots=True)
class Part:
    """A document part as a prompt has it; all questions about it begin with it."""

    name: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Question(Generic[Shape]):
    """What is asked, and the form that its answer must have."""

    prompt: Prompt
    shape: type[Shape]
    schema: Mapping[str, object]
    thinking: bool
    priority: int


class Asking:
    """The questions about one document, put to the model by ``generate``."""

    def __init__(self, document_id: str, questioning: Questioning, generate: Generate) -> None:
        self._document_id = document_id
        self._q = questioning
        self._generate = generate
        self._system = load_prompt(f"{questioning.kind.name}/system").render(side=questioning.side)
        self._system_tokens = questioning.tokenizer.count(self._system)
        self.useless_keys: list[str] = []
        """Journal keys of answers that could not be used: the next run asks those again."""
        self.mended: list[Prompt] = []
        """What was answered not quite in its form."""
        self.requests = 0
        self.reused = 0

    async def answer(
        self,
        question: Question[Shape],
        user: str,
        part: Part | None = None,
        cut: Literal["halve", "retry", "again"] = "retry",
    ) -> Shape:
        """The answer to ``question``, put as ``user`` says, which begins with ``part``.

        An answer that is ``cut`` is the caller's to ``halve``; or it is asked once more with a larger budget
        (``again``: it is being asked for that reason). Then it fails by name.
        """
        request = self._request(question, user, part or Part("", "", 0))
        attempt, seen = 0, list[str]()
        if cut == "again":
            attempt, request = 1, self._with_more_room(request)
        while attempt < _ATTEMPTS:
            asked = replace(request, attempt=attempt)
            attempt += 1
            completion = await self._generate(asked)
            self.requests += 1
            self.reused += completion.reused
            if completion.finish_reason == "stop":
                if answer := self._read(completion.text, question, last=attempt == _ATTEMPTS):
                    return answer
            elif completion.finish_reason == "length" and not self._thoughts_were_cut(asked, completion):
                if cut != "retry":
                    raise _cut(question.prompt, asked.max_tokens)
                cut, request = "again", self._with_more_room(request)
            seen.append(completion.finish_reason if completion.finish_reason != "stop" else "invalid JSON")
            self.useless_keys.append(completion.key)
            # thoughts that led to no answer once are left out when it is asked again: then the schema binds at once
            if self._q.behaviour.switch != "always":
                request = replace(request, thinking=False, sampling=self._q.behaviour.plain)
        raise _bad(question.prompt, seen)

    def _request(self, question: Question[Shape], user: str, part: Part) -> Request:
        thinking = question.thinking or self._q.behaviour.switch == "always"
        shared_tokens = self._system_tokens + part.tokens
        return Request(
            document_id=self._document_id,
            prompt=question.prompt.label,
            prompt_sha256=question.prompt.sha256,
            messages=(Message("system", self._system), Message("user", user)),
            schema=question.schema,
            max_tokens=self._q.answer_tokens,
            sampling=self._q.behaviour.thinking if thinking else self._q.behaviour.plain,
            thinking=thinking,
            prompt_tokens=shared_tokens + self._q.tokenizer.count(user[len(part.text) :]) + 16,
            priority=question.priority,
            prefix=part.name,
            prefix_tokens=shared_tokens if part.name else 0,
        )

    def _read(self, text: str, question: Question[Shape], *, last: bool) -> Shape | None:
        """The answer in a text that ended by itself; None if it does not fit its schema. At the ``last`` asking, what
        can be made of it."""
        try:
            return question.shape.model_validate_json(_unfenced(text))
        except ValidationError:
            mended = question.shape.mended(text) if last and issubclass(question.shape, Answer) else None
            if mended:
                self.mended.append(question.prompt)
            return mended

    def _thoughts_were_cut(self, asked: Request, completion: Completion) -> bool:
        """Whether an answer was cut before it began."""
        return asked.thinking and not completion.text and self._q.behaviour.switch != "always"

    def _with_more_room(self, request: Request) -> Request:
        """The request with twice the budget, as far as the context goes."""
        most = max(self._q.context_tokens - request.prompt_tokens - _MARGIN_TOKENS, request.max_tokens)
        return replace(request, max_tokens=min(2 * request.max_tokens, most))


def _unfenced(text: str) -> str:
    """JSON without the Markdown fence that some models put around it."""
    text = text.strip()
    return text.removeprefix("```json").removeprefix("```").removesuffix("```") if text.startswith("```") else text


def _cut(prompt: Prompt, max_tokens: int) -> CutAnswerError:
    return CutAnswerError(
        Text(
            f"{prompt.label} 的回答在 {max_tokens} 个 token 处被截断，这一段已无法再细分",
            f"the answer to {prompt.label} was cut at {max_tokens} tokens and its part can't be divided any more",
        ),
        Text("请调大 LONGDOC_MAX_OUTPUT_TOKENS 后重跑", "raise LONGDOC_MAX_OUTPUT_TOKENS and run again"),
    )


def _bad(prompt: Prompt, seen: Sequence[str]) -> BadAnswerError:
    what = ", ".join(seen)
    return BadAnswerError(
        Text(
            f"{prompt.label} 问了 {len(seen)} 次，都没有得到要求的 JSON（{what}）",
            f"{prompt.label} was asked {len(seen)} times and never answered with the JSON asked for ({what})",
        ),
        Text(
            "请检查模型与服务器的 response_format 支持，然后重跑：已完成的不会重做",
            "check the model and the server's response_format support, then run again: what is done is kept",
        ),
    )
