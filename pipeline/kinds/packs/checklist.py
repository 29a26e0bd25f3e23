"""A pack put to a document: whose side, which questions, and what becomes of each item.

Every item ends as present, absent or unclear. Absent needs a proof: all of the text was read for it, and the likeliest
places were looked at again. Whatever stands in the way of that proof makes it unclear.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Annotated, Literal, cast

from pipeline.ground import evidence_at
from pipeline.kinds import base
from pipeline.kinds.base import Answer, Group, Level, Long, Prove, Short, at_most
from pipeline.kinds.packs.laws import with_heading
from pipeline.kinds.packs.scan import places_by_rule
from pipeline.kinds.packs.schema import LEVELS, Item, Pack
from pipeline.lang import Text
from pipeline.types import Document, Evidence, Finding, Severity, Side, Source, Span

CATEGORY = "clauses"
_ITEMS_PER_QUESTION = 8
"""So that answers stay short; a pack of 24 items is three questions."""
_OPENING, _HEAD = 8_000, 120
_SUPPLEMENT = re.compile(r"补充(?:协议|合同)|(?:变更|解除|终止|续签)(?:协议|合同)")
_NAMED_PLACES = 6


class Checked(base.Item):
    id: Annotated[Short, Text("清单里的编号，照抄", "the id of the checklist item, copied")]
    status: Annotated[
        Literal["present", "unclear"],
        Text("present（确有约定）、unclear（涉及但拿不准）", "present (it is agreed), unclear (touched on, unsure)"),
    ]
    value: Annotated[Long, Text("约定的要点，含期限、数值、标准", "its substance, with periods, figures and standards")]
    risk: Annotated[
        Literal["none", "low", "medium", "high"],
        Text(
            "这样约定对委托方的风险：none、low、medium、high",
            "what it risks for the client: none, low, medium, high",
        ),
    ]
    detail: Annotated[Long, Text("不利或不足在哪里；没有则为空", "what is adverse or lacking; empty if nothing is")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        severity = "info" if self.risk == "none" else self.risk
        said = base.finding(CATEGORY, self.id, self.value, evidence, self.detail)
        return [replace(said, severity=severity, status=self.status)]


class Checkings(Answer):
    items: Annotated[
        list[Checked],
        at_most(3 * _ITEMS_PER_QUESTION),
        Text("清单中有约定或涉及的项", "the checklist items that are agreed or touched on"),
    ]


@dataclass(frozen=True)
class Checks(Group):
    """Some items of a pack as one question."""

    items: tuple[Item, ...] = ()
    role: str = ""

    @cached_property
    def schema(self) -> Mapping[str, object]:
        """As of any group, and the ids are the only ones there are."""
        schema = copy.deepcopy(super().schema)
        rows = cast("dict[str, dict[str, dict[str, dict[str, dict[str, object]]]]]", schema)
        rows["properties"]["items"]["items"]["properties"]["id"] = {
            "type": "string",
            "enum": [item.id for item in self.items],
        }
        return schema

    @property
    def inputs(self) -> Mapping[str, str]:
        colon = Text("：", ": ")
        lines = [f"- {item.id}｜{item.named}{colon}{item.asked}" for item in self.items]
        return {"fields": self.fields, "items": "\n".join(lines), "role": self.role}


@dataclass(frozen=True, slots=True)
class Reading:
    """How an item was looked for by the model. ``flaws`` are what leaves it open whether it is there."""

    parts: Sequence[Span]
    looked_again: Sequence[Span] = ()
    flaws: Sequence[Text] = ()


@dataclass(frozen=True)
class Checklist:
    """A pack and the role that the review takes; an empty role takes no side."""

    pack: Pack
    role: str = ""

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return self.pack.items_for(self.role)

    @cached_property
    def groups(self) -> tuple[Checks, ...]:
        """The items in questions of even length."""
        count = ceil(len(self.items) / _ITEMS_PER_QUESTION)
        size = ceil(len(self.items) / count)
        return tuple(self.question(self.items[at : at + size]) for at in range(0, len(self.items), size))

    def question(self, items: Sequence[Item], prompt: str = "contract/checklist") -> Checks:
        return Checks(prompt, Checkings, items=tuple(items), role=self.role)

    def by_rule(self, document: Document) -> list[Finding]:
        """What the rules alone say, each item that has one; for a run without a model."""
        places = places_by_rule(self.items, document.text)
        return [self._ruled(item, places.get(item.id, ()), document) for item in self.items if item.rule]

    @property
    def unruled(self) -> int:
        """How many items only a model can answer."""
        return sum(not item.rule for item in self.items)

    def _ruled(self, item: Item, places: Sequence[Span], document: Document) -> Finding:
        weight = item.weight(self.role)
        if places:
            evidence = tuple(evidence_at(document, span) for span in places)
            found = self._made(item, evidence, Text("由规则识别，未经模型核对。", "Found by a rule alone."), "rule")
            if not item.trap:
                return found
            return self._advised(item, replace(found, severity=weight, detail=_after(item.reason, found.detail)))
        if document.unread_pages():
            return replace(self._made(item, (), UNREAD, "rule"), status="unclear", severity=_less(weight))
        return self._lacking(item, document, _BY_RULE_ALONE, "low", "rule")

    def settled(self, item: Item, heard: Sequence[Finding], reading: Reading, document: Document) -> Finding:
        """What the model's answers about one item come to. ``heard`` are findings whose item is the pack item's id."""
        sure = [f for f in heard if f.grounded and f.status == "present"]
        if sure:
            return self._present(item, sure)
        weight = item.weight(self.role)
        open_question = replace(self._made(item, (), Text("", ""), "llm"), status="unclear", severity=_less(weight))
        if heard:
            told = _UNSURE if any(f.grounded for f in heard) else _NOT_IN_THE_TEXT
            grounded = [f for f in heard if f.grounded] or heard
            return replace(open_question, evidence=_joined(grounded), value=heard[0].value, detail=str(told))
        if reading.flaws:
            return replace(open_question, detail=" ".join(map(str, reading.flaws)))
        return self._lacking(item, document, _proof(reading, document), weight, "llm")

    def _lacking(self, item: Item, document: Document, proof: Text, weight: Level, source: Source) -> Finding:
        """An absence: what nobody misses is a note; a supplement leaves to its main contract what it does not say."""
        missed = not item.trap and item.concerns(document.text)
        if missed and _SUPPLEMENT.search(document.text[:_HEAD]):
            weight, proof = "low", Text(f"{proof.zh}{_MAIN_CONTRACT.zh}", f"{proof.en} {_MAIN_CONTRACT.en}")
        why = item.reason
        told = Text(f"未见约定。{why.zh}", f"Not agreed. {why.en} ") if missed else _NOT_MISSED[item.trap]
        lacking = self._made(item, (), Text(f"{told.zh}{proof.zh}", f"{told.en}{proof.en}"), source)
        if not missed:
            return replace(lacking, status="absent")
        return self._advised(item, replace(lacking, status="absent", severity=weight))

    def doubted(self, item: Item, places: Sequence[Span], document: Document) -> Finding:
        """An item that the model found nowhere, though its rule did."""
        evidence = tuple(evidence_at(document, span) for span in places)
        weight = _less(item.weight(self.role))
        return replace(self._made(item, evidence, _RULE_AGAINST_MODEL, "rule"), status="unclear", severity=weight)

    def _present(self, item: Item, sure: Sequence[Finding]) -> Finding:
        weight = item.weight(self.role)
        risks = [level for level in LEVELS if any(f.severity == level for f in sure)]
        told = "；".join(dict.fromkeys(f.detail for f in sure if f.detail))
        values = "；".join(list(dict.fromkeys(f.value for f in sure if f.value))[:3])
        found = replace(self._made(item, _joined(sure), Text(told, told), "llm"), value=values)
        if item.trap:
            found = replace(found, severity=weight, detail=_after(item.reason, told))
        elif risks:
            found = replace(found, severity=max(risks[0], weight, key=LEVELS.index))
        return self._advised(item, found) if found.severity != "info" else found

    def _made(self, item: Item, evidence: tuple[Evidence, ...], detail: Text, source: Source) -> Finding:
        basis = "；".join(map(with_heading, item.legal_basis))
        name = str(item.named)
        title = name if name != item.title else ""
        return Finding(CATEGORY, item.title, "", source, evidence, str(detail), legal_basis=basis, title=title)

    def _advised(self, item: Item, found: Finding) -> Finding:
        return replace(found, suggestion=str(item.advice(self.role)))


def _after(reason: Text, told: str) -> str:
    return str(Text(f"{reason.zh}{told}", f"{reason.en} {told}".rstrip()))


def acting_role(pack: Pack, side: Side | Literal[""], text: str) -> str:
    """Which of the pack's roles 甲方 or 乙方 has in this contract: as it says itself, else as is usual; empty if no
    side is taken."""
    if not side:
        return ""
    first, second = pack.roles
    opening = text[:_OPENING]
    points = {role.name: _named_as(role.words, side, opening) for role in pack.roles}
    if points[first.name] != points[second.name]:
        return max(points, key=lambda name: points[name])
    return first.name if first.usually == side else second.name


def _named_as(words: Sequence[str], side: Side, opening: str) -> int:
    """How often one of the words stands beside 甲方 or 乙方: 甲方（出租人）, 出租人（以下简称“甲方”）."""
    letter, either = rf"{side[0]}\s?方", "|".join(map(re.escape, words))
    beside = rf"{letter}\s*[(（][^()（）\n]{{0,8}}(?:{either})|(?:{either})\s*[(（][^()（）\n]{{0,12}}{letter}"
    return len(re.findall(beside, opening))


def _joined(findings: Sequence[Finding]) -> tuple[Evidence, ...]:
    """All evidence, each place once."""
    by_place = {(e.span, "" if e.span else e.quote): e for f in findings for e in f.evidence}
    return tuple(by_place.values())


def _less(level: Level) -> Severity:
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]


def _proof(reading: Reading, document: Document) -> Text:
    """What was read: all parts by their pages, and the places that were looked at again."""
    pages = [_pages(span, document) for span in reading.parts]
    again = [_named(span, document) for span in reading.looked_again]
    shown = again[:_NAMED_PLACES]
    more = "…" if len(again) > len(shown) else ""
    return Text(
        f"已通读全文 {len(pages)} 段（第 {'、'.join(pages)} 页）"
        + (f"，又在最可能的 {len(again)} 处复查（{'；'.join(shown)}{more}）" if again else "，检索也没有相近的段落")
        + "，均未见。",
        f"Read in full, {len(pages)} part(s) (pages {', '.join(pages)})"
        + (
            f"; looked again at the {len(again)} likeliest places ({'; '.join(shown)}{more})"
            if again
            else "; search found no passage like it"
        )
        + "; nothing there.",
    )


def _pages(span: Span, document: Document) -> str:
    first, last = document.page_at(span.start), document.page_at(max(span.start, span.end - 1))
    return str(first) if first == last else f"{first}–{last}"


def _named(span: Span, document: Document) -> str:
    section = document.section_at(span.start)
    name = f"{section.number} {section.title}".strip()[:24] if section else ""
    return f"{name} p.{document.page_at(span.start)}".strip()


_NOT_MISSED = {
    True: Text("未见此类不利条款。", "There is no such unwanted clause. "),
    False: Text("未见约定；合同看来不涉及此项。", "Not agreed; the contract seems not to need it. "),
}
_MAIN_CONTRACT = Text("本文件是补充或变更协议，主合同可能已有约定。", "This amends a contract that may well agree it.")
_UNSURE = Text("模型认为涉及此项，但不确定是否构成约定，请复核。", "The model is not sure that this agrees it: check.")
_NOT_IN_THE_TEXT = Text(
    "模型称有此约定，但给出的引文不在原文中，不能算作已约定，请复核。",
    "The model says so, but its quote is not in the text: that does not count; check.",
)
_RULE_AGAINST_MODEL = Text(
    "规则见到相关文字，模型通读和复查都未认定，请复核。",
    "A rule found these words; the model, asked twice, found nothing: check.",
)
UNREAD = Text(
    "有页面没有读到文字，不能断定没有约定。", "Some pages gave no text: it can't be said that it is not agreed."
)
_BY_RULE_ALONE = Text(
    "仅按规则检索全文，未见相符的文字；没有用模型，可能漏判，请复核。",
    "By rule alone: no such words in the text. No model was used, so it may be there in other words: check.",
)
