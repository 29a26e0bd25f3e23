"""One document, from its parts to its findings. Sans-IO: all that it knows of engines is ``generate``.

Read from the top: :func:`review` asks every question of every part, proves the answers, merges them with what the
rules found, and has the model write a summary of what stands.

A list that comes back full is not complete, and an answer that was cut is none: in both cases the part is halved and
each half is asked again, until no list is full, or the part can't be divided any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.engines.base import Generate
from pipeline.errors import BadAnswerError, CutAnswerError, PipelineError, PromptTooLongError
from pipeline.ground import Locator
from pipeline.kinds.base import Answer, Group, Kind
from pipeline.kinds.merge import merge
from pipeline.lang import Text
from pipeline.prompts import Prompt, load_prompt
from pipeline.split.chunks import halve
from pipeline.tokens import Tokenizer, escape_special
from pipeline.types import Chunk, Completion, Document, Finding, Message, Request, Sampling, Span, Switch

_ATTEMPTS = 3
"""Askings of one question before its answer counts as bad."""
_THINKING = Sampling(temperature=0.6, top_p=0.95, top_k=20)
_PLAIN = Sampling(temperature=0.7, top_p=0.8, top_k=20)
"""Qwen's own advice for thinking and for plain answers (FACTS section 3)."""

_DENSEST_CHARS = 12
"""A part shorter than this for each item that a list may hold is not divided further: no text is that dense in facts,
so a list that is still full repeats itself."""
_REDUCE = -1
"""Priority of a summary: before every question, so that documents end as early as they can."""

T = TypeVar("T")


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

    def thinks(self, group: Group) -> bool:
        if self.thinking == "auto":
            return group.thinks and self.engine_thinks
        return self.thinking == "on"


@dataclass(slots=True)
class Review:
    """What an analysis brings: its findings, and what it took."""

    findings: list[Finding] = field(default_factory=list[Finding])
    summary: str = ""
    notes: list[Text] = field(default_factory=list[Text])
    requests: int = 0
    reused: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def count(self, completion: Completion) -> None:
        self.requests += 1
        self.reused += completion.reused
        if not completion.reused:  # what the journal serves costs nothing
            self.prompt_tokens += completion.prompt_tokens
            self.cached_tokens += completion.cached_tokens
            self.completion_tokens += completion.completion_tokens


async def review(
    document: Document, chunks: Sequence[Chunk], rules: Sequence[Finding], questioning: Questioning, generate: Generate
) -> Review:
    """Ask all groups of ``questioning.kind`` about all ``chunks`` and join the answers with the ``rules``' findings.

    Raises PipelineError if one question can't be answered: then there is no result, rather than a shorter one.
    """
    result = Review()
    interview = _Interview(document, questioning, generate, result)
    questions = [interview.ask(chunk.span, group) for chunk in chunks for group in questioning.kind.groups]
    try:
        answers = await _all_or_first_error(questions)
    except PipelineError as error:
        error.rejected_keys = tuple(interview.useless_keys)
        raise
    result.findings = merge([*rules, *(finding for answer in answers for finding in answer)])
    await interview.summarise()
    return result


class _Interview:
    """The questions about one document."""

    def __init__(self, document: Document, questioning: Questioning, generate: Generate, result: Review) -> None:
        self._document = document
        self._q = questioning
        self._generate = generate
        self._result = result
        self._locator = Locator(document)
        self.useless_keys: list[str] = []
        """Journal keys of answers that could not be used: the next run asks those again."""
        self._system = load_prompt(f"{questioning.kind.name}/system").render(side=questioning.side)

    async def ask(self, span: Span, group: Group, *, repeating: bool = False) -> list[Finding]:
        """The findings of one group in one part, complete. ``repeating``: a larger part's list repeated itself."""
        try:
            answer = await self._answer(span, group)
        except (CutAnswerError, PromptTooLongError):
            halves = halve(self._document, span)
            if halves is None:
                answer = await self._answer(span, group, again=True)
            else:
                # one after the other: an engine that cuts whatever it is asked is found out after a few requests
                return [finding for half in halves for finding in await self.ask(half, group)]
        findings = self._proved(answer, span)
        if not self._full(answer, group):
            return findings
        most = max(group.bounds.values())
        halves = halve(self._document, span) if span.length > _DENSEST_CHARS * most else None
        places = len({e.span for finding in findings for e in finding.evidence if e.span})
        loops = places < min(group.bounds.values()) // 2
        if not places or (loops and repeating):
            self._note_full(span, _FULL_OF_NOTHING)
        elif halves is None:
            self._note_full(span, _FULL_AND_SMALL)
        else:
            return findings + await self._ask_all(halves, group, repeating=loops)
        return findings

    async def summarise(self) -> None:
        """Have the model sum up the findings; tree-wise when they don't fit one prompt. Without one, say so."""
        lines = [_fact_line(finding) for finding in self._result.findings if finding.grounded]
        if not lines:
            return
        try:
            while len(batches := self._batches(lines)) > 1:
                lines = await _all_or_first_error([self._summary(batch) for batch in batches])
            self._result.summary = await self._summary(batches[0])
        except (CutAnswerError, BadAnswerError, PromptTooLongError) as error:
            self._result.notes.append(
                Text(f"摘要未能生成：{error.cause.zh}", f"no summary was generated: {error.cause.en}")
            )

    async def _ask_all(self, spans: Sequence[Span], group: Group, *, repeating: bool) -> list[Finding]:
        answers = await _all_or_first_error([self.ask(span, group, repeating=repeating) for span in spans])
        return [finding for answer in answers for finding in answer]

    async def _answer(self, span: Span, group: Group, *, again: bool = False) -> Answer:
        prompt = load_prompt(group.name)
        part = load_prompt("part").render(
            title=_harmless(self._document.title),
            headings=_harmless(self._headings(span)),
            text=_harmless(self._document.text[span.start : span.end]),
        )
        user = f"{part}\n\n{prompt.render(fields=group.fields)}"
        thinking = self._q.thinks(group)
        return await self._ask_model(
            user,
            prompt,
            group.answer,
            group.schema,
            thinking=thinking,
            priority=self._q.priority,
            first_attempt=1 if again else 0,
        )

    async def _summary(self, lines: Sequence[str]) -> str:
        prompt = load_prompt(f"{self._q.kind.name}/summary")
        user = prompt.render(title=_harmless(self._document.title), facts=_harmless("\n".join(lines)))
        answer = await self._ask_model(user, prompt, _Summary, _SUMMARY_SCHEMA, thinking=False, priority=_REDUCE)
        return answer.summary.strip()

    async def _ask_model(
        self,
        user: str,
        prompt: Prompt,
        shape: type[_Shape],
        schema: Mapping[str, object],
        *,
        thinking: bool,
        priority: int,
        first_attempt: int = 0,
    ) -> _Shape:
        """Ask until the answer is whole and fits its schema, a bounded number of times."""
        messages = (Message("system", self._system), Message("user", user))
        request = Request(
            document_id=self._document.id,
            prompt=prompt.label,
            prompt_sha256=prompt.sha256,
            messages=messages,
            schema=schema,
            max_tokens=self._q.answer_tokens,
            sampling=_THINKING if thinking else _PLAIN,
            thinking=thinking,
            prompt_tokens=sum(self._q.tokenizer.count(message.content) + 4 for message in messages) + 8,
            priority=priority,
        )
        for attempt in range(first_attempt, _ATTEMPTS):
            # thoughts that led to no answer once are left out when it is asked again: then the schema binds at once
            again = replace(request, attempt=attempt, thinking=False, sampling=_PLAIN) if attempt else request
            completion = await self._generate(again)
            self._result.count(completion)
            if completion.finish_reason == "length":
                raise _cut(prompt, request.max_tokens)
            if completion.finish_reason == "stop":
                try:
                    return shape.model_validate_json(_unfenced(completion.text))
                except ValidationError:
                    pass  # asked again; what came is in the journal
                if attempt == _ATTEMPTS - 1 and issubclass(shape, Answer) and (mended := shape.mended(completion.text)):
                    self._note_mended(prompt)
                    return mended
            self.useless_keys.append(completion.key)
        raise _bad(prompt)

    def _proved(self, answer: Answer, span: Span) -> list[Finding]:
        def prove(value: str) -> Any:
            return self._locator.evidence(value, span)

        return [
            finding
            for items in answer.lists().values()
            for item in items
            for finding in item.findings(prove(item.quote), prove)
        ]

    def _full(self, answer: Answer, group: Group) -> bool:
        return any(len(items) >= group.bounds[name] for name, items in answer.lists().items())

    def _headings(self, span: Span) -> str:
        around = [s for s in self._document.sections if s.span.start < span.start < s.span.end]
        return " > ".join(f"{section.number} {section.title}".strip() for section in around)

    def _note_full(self, span: Span, what: Text) -> None:
        page = self._document.page_at(span.start)
        note = Text(f"第 {page} 页起的一段：{what.zh}", f"the part from page {page}: {what.en}")
        if note not in self._result.notes:
            self._result.notes.append(note)

    def _note_mended(self, prompt: Prompt) -> None:
        self._result.notes.append(
            Text(
                f"{prompt.label} 的回答有几处不合格式：缺的字段留空，不认识的级别按“中”，请复核",
                f"the answer to {prompt.label} was not quite of its form: missing fields were left empty, an unknown "
                "severity counts as medium; check it",
            )
        )

    def _batches(self, lines: Sequence[str]) -> list[list[str]]:
        """Lines in runs that fit one prompt each; two lines at least go together, so that summing up always ends."""
        batches: list[list[str]] = [[]]
        used = 0
        for line in lines:
            tokens = self._q.tokenizer.count(line) + 1
            if len(batches[-1]) > 1 and used + tokens > self._q.room_tokens:
                batches.append([])
                used = 0
            batches[-1].append(line)
            used += tokens
        return batches


_LEVELS = {"high": Text("高", "high"), "medium": Text("中", "medium")}
_FULL_OF_NOTHING = Text(
    "清单已满，但只是重复或不在原文里的内容，未再细分，可能有遗漏",
    "list full of repetitions or of what is not in the text: not divided further, there may be more",
)
_FULL_AND_SMALL = Text("清单已满且无法再细分，可能有遗漏", "list full and the part can't be divided: there may be more")


class _Summary(BaseModel):
    summary: str


_Shape = TypeVar("_Shape", bound=BaseModel)
_SUMMARY_SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string", "maxLength": 600}},
    "required": ["summary"],
    "additionalProperties": False,
}


def _unfenced(text: str) -> str:
    """JSON without the Markdown fence that some models put around it."""
    text = text.strip()
    return text.removeprefix("```json").removeprefix("```").removesuffix("```") if text.startswith("```") else text


def _harmless(text: str) -> str:
    """Document text as data: chat markers and our own fence lose their meaning; the length stays."""
    return escape_special(text).replace("<<<", "＜＜＜").replace(">>>", "＞＞＞")


def _fact_line(finding: Finding) -> str:
    level = f" [{_LEVELS[finding.severity]}]" if finding.severity in _LEVELS else ""
    return f"{finding.category} {finding.item}{level}: {finding.value} {finding.detail}".strip()[:160]


def _cut(prompt: Prompt, max_tokens: int) -> CutAnswerError:
    return CutAnswerError(
        Text(
            f"{prompt.label} 的回答在 {max_tokens} 个 token 处被截断，这一段已无法再细分",
            f"the answer to {prompt.label} was cut at {max_tokens} tokens and its part can't be divided any more",
        ),
        Text("请调大 LONGDOC_MAX_OUTPUT_TOKENS 后重跑", "raise LONGDOC_MAX_OUTPUT_TOKENS and run again"),
    )


def _bad(prompt: Prompt) -> BadAnswerError:
    return BadAnswerError(
        Text(
            f"{prompt.label} 问了 {_ATTEMPTS} 次，回答都不是要求的 JSON",
            f"{prompt.label} was asked {_ATTEMPTS} times and never answered with the JSON asked for",
        ),
        Text(
            "请检查模型与服务器的 response_format 支持，然后重跑：已完成的不会重做",
            "check the model and the server's response_format support, then run again: what is done is kept",
        ),
    )


async def _all_or_first_error(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order; the first error cancels the others and is raised as itself, not in a group."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
