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
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from pipeline.asking import Asking, Part, Question, Questioning
from pipeline.engines.base import Generate
from pipeline.errors import CutAnswerError, CutPromptError, EngineError, PipelineError, PromptTooLongError
from pipeline.ground import Locator, difference
from pipeline.kinds import base
from pipeline.kinds.base import Answer, Extract, Group
from pipeline.kinds.merge import merge
from pipeline.kinds.packs.checklist import CATEGORY, UNREAD, Checklist, Checks, Reading
from pipeline.kinds.packs.scan import places_by_rule
from pipeline.kinds.packs.schema import Item
from pipeline.kinds.tracing import Figures, marked
from pipeline.lang import Text
from pipeline.prompts import Prompt, load_prompt
from pipeline.search import Index
from pipeline.split.chunks import halve
from pipeline.split.context import SHOWN_TOKENS, Context
from pipeline.tokens import escape_special, fitting
from pipeline.types import Chunk, Document, Evidence, Finding, Span

_MOST_LOST_IN_A_ROW = 3
"""So many questions without a usable answer, and none with one between, mean that it is not the questions: the rest
is not asked."""

_DENSEST_CHARS = 12
"""A part shorter than this for each item that a list may hold is not divided further: no text is that dense in facts,
so a list that is still full repeats itself."""
_REDUCE = -1
"""Priority of a summary: before every question, so that documents end as early as they can."""

_PLACES_PER_ITEM = 3
"""Passages that are looked at again for each checklist item that was not found."""

T = TypeVar("T")


@dataclass(slots=True)
class Review:
    """What an analysis brings: its findings, and what it took."""

    findings: list[Finding] = field(default_factory=list[Finding])
    summary: str = ""
    notes: list[Text] = field(default_factory=list[Text])
    failure: PipelineError | EngineError | None = None
    """Why it is not whole, if it is not: then a question of the kind has no answer, and ``notes`` say which. What
    stands here is right, but not all."""
    unanswered: bool = False
    """Whether a question of the checklist got no answer that could be used."""
    rejected_keys: tuple[str, ...] = ()
    """Journal keys of answers that could not be used: the next run asks those again."""
    requests: int = 0
    reused: int = 0


async def review(
    document: Document, chunks: Sequence[Chunk], rules: Sequence[Finding], questioning: Questioning, generate: Generate
) -> Review:
    """Ask all ``questioning.groups`` about all ``chunks`` and join the answers with the ``rules``' findings.

    Where a question of the kind can't be answered, or the engine dies, the review has a ``failure``, and all that was
    found in spite of it. A question of the checklist that can't be answered leaves its items unclear.
    """
    result = Review()
    interview = _Interview(document, questioning, generate, result)
    said = await interview.all_said([chunk.span for chunk in chunks])
    result.findings = merge([*rules, *(finding for finding in said if finding.category != CATEGORY)])
    try:
        if questioning.checklist and not interview.given_up:
            checked = [finding for finding in said if finding.category == CATEGORY]
            result.findings += await interview.settle(questioning.checklist, checked, [chunk.span for chunk in chunks])
        result.findings = marked(result.findings, interview.figures)
        if not result.failure:
            await interview.summarise()
    except EngineError as error:
        result.failure = error
        result.notes.append(_GIVEN_UP)
    asking = interview.asking
    result.notes += map(_mended, asking.mended)
    result.rejected_keys = tuple(asking.useless_keys)
    result.requests, result.reused = asking.requests, asking.reused
    return result


def rules_alone(rules: Sequence[Finding], failure: PipelineError | EngineError) -> Review:
    """What is left where the model could not be asked at all."""
    return Review(findings=merge(list(rules)), notes=[_RULES_REMAIN], failure=failure)


class _Interview:
    """The questions about one document."""

    def __init__(self, document: Document, questioning: Questioning, generate: Generate, result: Review) -> None:
        self._document = document
        self._q = questioning
        self.asking = Asking(document.id, questioning, generate)
        self._result = result
        self._locator = Locator(document)
        self._context = Context(document)
        self._flaws: dict[str, list[Text]] = {}
        """Why it is open whether a checklist item is there, by the item's id."""
        self._parts: dict[Span, Part] = {}
        self._lost: dict[str, list[int]] = {}
        """First pages of the parts about which a group's question has no answer, by the group's name."""
        self._lost_in_a_row = 0
        self.given_up = False

    async def all_said(self, parts: Sequence[Span]) -> list[Finding]:
        """The findings of every group in every part, as far as it goes: see ``Review.failure``."""
        tasks = [asyncio.ensure_future(self._said(span, group)) for span in parts for group in self._q.groups]
        try:
            for task in asyncio.as_completed(tasks):
                await task
                if self._lost_in_a_row >= _MOST_LOST_IN_A_ROW:
                    self.given_up = True
                    break
        except EngineError as error:
            self._result.failure, self.given_up = error, True
        finally:
            for task in tasks:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
        if self._result.failure:
            self._note_lost()
        return [finding for answer in answers if not isinstance(answer, BaseException) for finding in answer]

    async def _said(self, span: Span, group: Group) -> list[Finding]:
        """As ``ask``; but a question that fails is noted, and has no findings."""
        try:
            findings = await self.ask(span, group)
        except PipelineError as error:
            page = self._document.page_at(span.start)
            if isinstance(group, Checks):
                why = Text(
                    f"第 {page} 页起的一段没有得到回答：{error.cause.zh}。",
                    f"No answer for the part from page {page}: {error.cause.en}.",
                )
                self._note_flaw(group.items, why)
                return []
            self._result.failure = self._result.failure or error
            self._lost.setdefault(group.name, []).append(page)
            self._lost_in_a_row += 1
            return []
        if not isinstance(group, Checks):
            self._lost_in_a_row = 0
        return findings

    def _note_lost(self) -> None:
        if self.given_up:
            self._result.notes.append(_GIVEN_UP)
        for name, pages in self._lost.items():
            numbers = "、".join(map(str, sorted(set(pages))[:50]))
            self._result.notes.append(
                Text(
                    f"问题 {name} 在第 {numbers} 页起的段落没有可用的回答：这些段落的这类内容没有审到",
                    f"question {name} has no usable answer about the parts from pages {numbers}: this was not examined",
                )
            )

    async def settle(self, checklist: Checklist, said: Sequence[Finding], parts: Sequence[Span]) -> list[Finding]:
        """One finding for each item of the checklist; what was not found is looked for once more where it is
        likeliest."""
        heard: dict[str, list[Finding]] = {}
        for finding in said:
            heard.setdefault(finding.item, []).append(finding)
        missing = [item for item in checklist.items if not any(f.grounded for f in heard.get(item.id, ()))]
        by_rule = places_by_rule(missing, self._document.text)
        shown = await self._look_again(checklist, missing, self._likeliest(missing, by_rule), heard)
        if self._document.unread_pages():
            for item in missing:
                self._flaws.setdefault(item.id, []).append(UNREAD)
        settled: list[Finding] = []
        for item in checklist.items:
            answers = heard.get(item.id, ())
            if item.id in by_rule and not answers:
                settled.append(checklist.doubted(item, by_rule[item.id], self._document))
            else:
                reading = Reading(parts, shown.get(item.id, ()), self._flaws.get(item.id, ()))
                settled.append(checklist.settled(item, answers, reading, self._document))
        return settled

    def _likeliest(self, items: Sequence[Item], by_rule: Mapping[str, Sequence[Span]]) -> dict[str, list[Span]]:
        """Passages for each item, the likeliest first: where its rule points, then what search finds."""
        index = Index(self._document)
        found: dict[str, list[Span]] = {}
        for item in items:
            pointed = [index.around(span.start) for span in by_rule.get(item.id, ())]
            ranked = index.best(" ".join((item.title, item.question, *item.words)), _PLACES_PER_ITEM)
            found[item.id] = list(dict.fromkeys((*pointed, *ranked)))[:_PLACES_PER_ITEM]
        return found

    async def _look_again(
        self,
        checklist: Checklist,
        items: Sequence[Item],
        places: Mapping[str, Sequence[Span]],
        heard: dict[str, list[Finding]],
    ) -> Mapping[str, Sequence[Span]]:
        """Ask for ``items`` in their likeliest ``places``, all in one request (more only where a prompt can't hold the
        best place of each), and add what is said to ``heard``. Gives the places that were shown for each item."""
        wanted = {item.id: places[item.id] for item in items if places[item.id]}
        if not wanted:
            return {}
        group = checklist.question(items, "contract/second_look")
        shown = self._that_fit(wanted, self._q.room_tokens - self._q.tokenizer.count(group.inputs["items"]))
        if any(spans[0] not in shown for spans in wanted.values()):
            if len(items) == 1:
                self._note_flaw(items, _NO_ROOM)
                return {}
            halves = (items[: len(items) // 2], items[len(items) // 2 :])
            looks = [await self._look_again(checklist, half, places, heard) for half in halves]
            return {name: spans for look in looks for name, spans in look.items()}
        try:
            answer = await self._second_answer(group, shown)
        except PipelineError as error:
            self._note_flaw(
                items, Text(f"复查没有得到回答：{error.cause.zh}。", f"No answer on looking again: {error.cause.en}.")
            )
            return {}
        for finding in self._proved(answer, shown):
            heard.setdefault(finding.item, []).append(finding)
        if self._full(answer, group):
            self._note_flaw(items, _FULL_AND_SMALL)
        return {name: [span for span in spans if span in shown] for name, spans in wanted.items()}

    def _that_fit(self, wanted: Mapping[str, Sequence[Span]], room: int) -> list[Span]:
        """The places that ``room`` tokens hold, in document order; the best of every item before the second best."""
        fitting: list[Span] = []
        for rank in range(_PLACES_PER_ITEM):
            for spans in wanted.values():
                if rank < len(spans) and (span := spans[rank]) not in fitting:
                    room -= self._q.tokenizer.count(self._place(span))
                    if room < 0:
                        return sorted(fitting)
                    fitting.append(span)
        return sorted(fitting)

    def _place(self, span: Span) -> str:
        page = self._document.page_at(span.start)
        return f"[{self._headings(span)} p.{page}]\n{self._document.text[span.start : span.end].strip()}\n"

    async def _second_answer(self, group: Checks, shown: Sequence[Span]) -> Answer:
        prompt = load_prompt(group.name)
        user = prompt.render(
            title=_harmless(self._document.title),
            places=_harmless("\n".join(map(self._place, shown))),
            **group.inputs,
        )
        return await self.asking.answer(self._question(group, prompt, _REDUCE), user)

    def _note_flaw(self, items: Sequence[Item], why: Text) -> None:
        self._result.unanswered = True
        for item in items:
            flaws = self._flaws.setdefault(item.id, [])
            if why not in flaws:
                flaws.append(why)

    async def ask(self, span: Span, group: Group, *, repeating: bool = False) -> list[Finding]:
        """The findings of one group in one part, complete. ``repeating``: a larger part's list repeated itself."""
        try:
            answer = await self._answer(span, group)
        except (CutAnswerError, PromptTooLongError) as error:
            if isinstance(error, CutPromptError) and error.cause not in self._result.notes:
                self._result.notes.append(error.cause)
            halves = halve(self._document, span)
            if halves is None:
                answer = await self._answer(span, group, last=True)
            else:
                # one after the other: an engine that cuts whatever it is asked is found out after a few requests
                return [finding for half in halves for finding in await self.ask(half, group)]
        findings = self._proved(answer, [span])
        if not self._full(answer, group):
            return findings
        most = max(group.bounds.values())
        halves = halve(self._document, span) if span.length > _DENSEST_CHARS * most else None
        places = len({e.span for finding in findings for e in finding.evidence if e.span})
        loops = places < min(group.bounds.values()) // 2
        if not places or (loops and repeating):
            self._note_full(span, group, _FULL_OF_NOTHING)
        elif halves is None:
            self._note_full(span, group, _FULL_AND_SMALL)
        else:
            return findings + await self._ask_all(halves, group, repeating=loops)
        return findings

    async def summarise(self) -> None:
        """Have the model sum up the findings; tree-wise when they don't fit one prompt. Without one, say so."""
        lines = [_fact_line(f) for f in self._result.findings if f.grounded and not _goes_without_saying(f)]
        if not lines:
            return
        try:
            while len(batches := self._batches(lines)) > 1:
                lines = await _all_or_first_error([self._summary(batch) for batch in batches])
            self._result.summary = self._traced(await self._summary(batches[0]))
        except PipelineError as error:
            self._result.notes.append(
                Text(f"摘要未能生成：{error.cause.zh}", f"no summary was generated: {error.cause.en}")
            )

    async def _ask_all(self, spans: Sequence[Span], group: Group, *, repeating: bool) -> list[Finding]:
        answers = await _all_or_first_error([self.ask(span, group, repeating=repeating) for span in spans])
        return [finding for answer in answers for finding in answer]

    async def _answer(self, span: Span, group: Group, *, last: bool = False) -> Answer:
        """``last``: it was cut already, and the part can't be divided any more."""
        prompt = load_prompt(group.name)
        part = self._part(span)
        user = f"{part.text}\n\n{prompt.render(**group.inputs)}"
        question = self._question(group, prompt, self._q.priority)
        return await self.asking.answer(question, user, part, "again" if last else "halve")

    def _question(self, group: Group, prompt: Prompt, priority: int) -> Question[Answer]:
        return Question(prompt, group.answer, group.schema, self._q.thinks(group), priority)

    def _part(self, span: Span) -> Part:
        """What all questions about ``span`` share, rendered and counted once."""
        if (part := self._parts.get(span)) is None:
            text = load_prompt("part").render(
                title=self._shown("title", self._context.title_for(span)),
                headings=self._shown("headings", self._headings(span)),
                columns=self._shown("columns", self._context.columns_for(span)),
                definitions=self._shown("definitions", "\n".join(self._context.definitions_for(span))),
                text=_harmless(self._document.text[span.start : span.end]),
            )
            name = f"{self._document.id}:{span.start}-{span.end}"
            part = self._parts[span] = Part(name, text, self._q.tokenizer.count(text))
        return part

    def _shown(self, what: str, text: str) -> str:
        return fitting(_harmless(text), self._q.tokenizer, SHOWN_TOKENS[what])

    async def _summary(self, lines: Sequence[str]) -> str:
        prompt = load_prompt(f"{self._q.kind.name}/summary")
        user = prompt.render(title=_harmless(self._document.title), facts=_harmless("\n".join(lines)))
        answer = await self.asking.answer(Question(prompt, _Summary, _SUMMARY_SCHEMA, False, _REDUCE), user)
        return answer.summary.strip()

    def _proved(self, answer: Answer, spans: Sequence[Span]) -> list[Finding]:
        """The findings of an answer, each quote looked for in what the model was shown."""

        def prove(value: str, about: str = "") -> Evidence:
            found = (self._locator.evidence(value, span, about) for span in spans)
            return next((evidence for evidence in found if evidence.span), Evidence(value, None, None, "none"))

        return [
            self._told_apart(_unsure(finding) if isinstance(item, Extract) and item.confidence == "low" else finding)
            for items in answer.lists().values()
            for item in items
            for finding in item.findings(prove(item.quote, _about(item)), prove)
        ]

    def _told_apart(self, finding: Finding) -> Finding:
        """The finding, with a word on where a fuzzy quote is not as the source has it."""
        text = self._document.text
        fuzzy = [e for e in finding.evidence if e.match == "fuzzy" and e.span]
        told = [difference(e.quote, text[e.span.start : e.span.end]) for e in fuzzy if e.span]
        return replace(finding, detail=f"{finding.detail}{_DIFFERS}{'；'.join(told)}〕") if told else finding

    @cached_property
    def figures(self) -> Figures:
        """What the document's figures are worth."""
        return Figures.of(self._document.text)

    def _traced(self, summary: str) -> str:
        """The summary, with a mark on each figure that neither the document nor what the rules reckoned has."""
        if not self.figures.lacks(summary):
            return summary
        by_rules = "\n".join(f"{f.value} {f.detail}" for f in self._result.findings if f.source == "rule")
        summary, lacking = self.figures.marked(summary, str(_UNTRACED), Figures.of(by_rules))
        if lacking:
            figures = "、".join(lacking)
            self._result.notes.append(
                Text(
                    f"摘要中的数字 {figures} 不见于原文，请核对",
                    f"figures of the summary not in the document: {figures}",
                )
            )
        return summary

    def _full(self, answer: Answer, group: Group) -> bool:
        return any(len(items) >= group.bounds[name] for name, items in answer.lists().items())

    def _headings(self, span: Span) -> str:
        around = [s for s in self._document.sections if s.span.start < span.start < s.span.end]
        return " > ".join(f"{section.number} {section.title}".strip() for section in around)

    def _note_full(self, span: Span, group: Group, what: Text) -> None:
        page = self._document.page_at(span.start)
        if isinstance(group, Checks):
            self._note_flaw(group.items, what)
        note = Text(f"第 {page} 页起的一段：{what.zh}", f"the part from page {page}: {what.en}")
        if note not in self._result.notes:
            self._result.notes.append(note)

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
_GIVEN_UP = Text(
    "模型接连没有给出可用的回答或已不可用，其余问题没有再问：下列为规则以及已有回答得出的结果，不完整",
    "the model gave no usable answers in a row, or is gone, and was not asked the rest: what stands here is from the "
    "rules and the answers there were, and not complete",
)
_RULES_REMAIN = Text(
    "没有问到模型：下列只是规则得出的结果，不完整",
    "the model was not asked: what stands here is from the rules alone, and not complete",
)
_UNSURE = Text("〔模型把握不大，请核对〕", "[The model is not sure of this: check it] ")
_NO_ROOM = Text("一次请求放不下复查的段落。", "A prompt can't hold the place to look at again.")
_FULL_AND_SMALL = Text("清单已满且无法再细分，可能有遗漏", "list full and the part can't be divided: there may be more")


class _Summary(BaseModel):
    summary: str


_SUMMARY_SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string", "maxLength": 600}},
    "required": ["summary"],
    "additionalProperties": False,
}


def _mended(prompt: Prompt) -> Text:
    return Text(
        f"{prompt.label} 的回答有几处不合格式：缺的字段留空，不认识的级别按“中”，请复核",
        f"the answer to {prompt.label} was not quite of its form: missing fields were left empty, an unknown "
        "severity counts as medium; check it",
    )


def _harmless(text: str) -> str:
    """Document text as data: chat markers and our own fence lose their meaning; the length stays."""
    return escape_special(text).replace("<<<", "＜＜＜").replace(">>>", "＞＞＞")


def _fact_line(finding: Finding) -> str:
    level = f" [{_LEVELS[finding.severity]}]" if finding.severity in _LEVELS else ""
    return f"{finding.category} {finding.item}{level}: {finding.value} {finding.detail}".strip()[:160]


_UNTRACED = Text("〔原文未见〕", " [not in the document]")
_DIFFERS = Text("〔引文与原文有出入：", "〔the quote differs from the source: ")


def _about(item: base.Item) -> str:
    """What an item says besides its quote: it tells apart the places where that stands."""
    return " ".join(str(value) for name, value in item if name != "quote")


def _unsure(finding: Finding) -> Finding:
    return replace(finding, detail=f"{_UNSURE}{finding.detail}")


def _goes_without_saying(finding: Finding) -> bool:
    """A checklist item that is in order: what it agrees is among the facts already."""
    return finding.category == CATEGORY and finding.severity == "info"


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
