"""A pack as its YAML file says it, validated.

A pack serves one or more types of contract and knows its two roles (出租人 and 承租人, say): the side that a review
takes is 甲方 or 乙方, but what matters to it is its role. Items may be asked of one role only, or weigh and advise
differently by role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.kinds.base import Level
from pipeline.lang import Text
from pipeline.types import Side

LEVELS: tuple[Level, ...] = ("high", "medium", "low")
_CITATION = re.compile(r"(?P<law>[^（）]{2,60})（(?P<version>\d{4}[^（）]{0,8})）第(?P<article>[1-9]\d{0,3})条")

Line = Annotated[str, Field(min_length=2, max_length=60)]
Prose = Annotated[str, Field(min_length=6, max_length=400)]
English = Annotated[str, Field(max_length=400)]
Words = Annotated[list[Annotated[str, Field(min_length=2, max_length=20)]], Field(min_length=1, max_length=24)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Role(_Strict):
    """One of the two parties, by what it does. ``words`` are the names that contracts print for it."""

    name: Line
    usually: Side
    words: Words


class Item(_Strict):
    """One question that a reviewer checks.

    A plain item is wanted: its absence is the problem. A ``trap`` is unwanted: its presence is. ``words`` are what
    the clause is likely to say; they point the search to the likeliest places, and ``rule`` is tried on the sentences
    that hold one of them. ``when`` limits what is missed: nobody misses rules for a deposit (定金) in a contract that
    has none; an item without ``when`` is always missed. What ends in ``_en`` is told where the language is English, if
    it is there. The suggested wording is Chinese always: it is meant for a Chinese contract.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)
    title: Line
    title_en: Annotated[str, Field(max_length=60)] = ""
    question: Prose
    question_en: English = ""
    why: Prose
    why_en: English = ""
    severity: Level | Mapping[str, Level]
    only: str = ""
    trap: bool = False
    legal_basis: list[str] = Field(default_factory=list[str], max_length=6)
    suggestion: Prose | Mapping[str, Prose]
    words: Words
    when: list[Annotated[str, Field(min_length=1, max_length=20)]] = Field(default_factory=list[str], max_length=24)
    rule: str = ""
    unless: str = ""
    match: list[str] = Field(default_factory=list[str])
    miss: list[str] = Field(default_factory=list[str])

    @field_validator("legal_basis")
    @classmethod
    def _cites(cls, laws: list[str]) -> list[str]:
        for law in laws:
            if not _CITATION.fullmatch(law):
                raise ValueError(f"{law!r} is no citation; write it like 民法典（2020）第585条")
        return laws

    @field_validator("rule", "unless")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _examples_hold(self) -> Self:
        if self.rule and not (self.match and self.miss):
            raise ValueError("a rule needs an example that must match and one that must not (match, miss)")
        if not self.rule and (self.match or self.miss or self.unless):
            raise ValueError("match, miss and unless belong to a rule")
        for example in self.match:
            if not self.says(example):
                raise ValueError(f"the rule does not find its own example: {example}")
        for example in self.miss:
            if self.says(example):
                raise ValueError(f"the rule finds what it must not: {example}")
        return self

    @property
    def named(self) -> Text:
        return Text(self.title, self.title_en or self.title)

    @property
    def asked(self) -> Text:
        return Text(self.question, self.question_en or self.question)

    @property
    def reason(self) -> Text:
        return Text(self.why, self.why_en or self.why)

    @cached_property
    def _rule(self) -> re.Pattern[str]:
        return re.compile(self.rule)

    @cached_property
    def _unless(self) -> re.Pattern[str] | None:
        return re.compile(self.unless) if self.unless else None

    def says(self, sentence: str) -> bool:
        """Whether one sentence holds one of the words, and the rule finds in it what the item asks for."""
        return any(word in sentence for word in self.words) and self.rules(sentence)

    def rules(self, sentence: str) -> bool:
        """The rule alone, for a sentence that is known to hold one of the words."""
        return bool(self._rule.search(sentence)) and not (self._unless and self._unless.search(sentence))

    def concerns(self, text: str) -> bool:
        """Whether a contract is of the sort that wants this item."""
        return not self.when or any(word in text for word in self.when)

    def weight(self, role: str) -> Level:
        """How much it matters to a role; to nobody in particular: as much as to who minds most."""
        if isinstance(self.severity, str):
            return self.severity
        return self.severity[role] if role in self.severity else min(self.severity.values(), key=LEVELS.index)

    def advice(self, role: str) -> Text:
        """Wording to suggest to a role; in English it is said what it is."""
        wording = self._wording(role)
        return Text(wording, f"Wording for the contract: “{wording}”")

    def _wording(self, role: str) -> str:
        """Without a role, that of every role."""
        if isinstance(self.suggestion, str):
            return self.suggestion
        return self.suggestion.get(role) or "\n".join(f"{name}：{text}" for name, text in self.suggestion.items())


class Pack(_Strict):
    """A checklist. ``types`` are the contract types that choose it (see ``kinds.detect``); ``common`` names items of
    the general pack that belong to it, after its own."""

    schema_version: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[\w-]{1,40}$")
    version: int = Field(ge=1)
    title: Line
    types: list[str]
    roles: tuple[Role, Role]
    items: list[Item] = Field(min_length=1, max_length=60)
    common: list[str] = Field(default_factory=list[str])

    @property
    def label(self) -> str:
        """``采购@1``: what the database keeps of it."""
        return f"{self.name}@{self.version}"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        roles = [role.name for role in self.roles]
        if len(set(roles)) < 2 or {role.usually for role in self.roles} != {"甲方", "乙方"}:
            raise ValueError("roles must be two of different names, one usually 甲方, the other 乙方")
        for field in ("id", "title"):
            names = [getattr(item, field) for item in self.items]
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"two items have the {field} {twice}")
        for item in self.items:
            named = {item.only} if item.only else set[str]()
            for by_role in (item.severity, item.suggestion):
                if not isinstance(by_role, str):
                    if set(by_role) != set(roles):
                        raise ValueError(f"item {item.id}: severity and suggestion by role must name both {roles}")
                    named |= set(by_role)
            if not named <= set(roles):
                raise ValueError(f"item {item.id} names the role {min(named - set(roles))}; the roles are {roles}")
        return self

    def with_common(self, general: Pack) -> Pack:
        """This pack with the items of the general one that it names. Raises ValueError for one that there is not, or
        that speaks of roles."""
        by_id = {item.id: item for item in general.items}
        own = {item.id for item in self.items} | {item.title for item in self.items}
        for name in self.common:
            if name not in by_id:
                raise ValueError(f"common: {name} is no item of the pack {general.name}: {', '.join(by_id)}")
            item = by_id[name]
            if item.only or not (isinstance(item.severity, str) and isinstance(item.suggestion, str)):
                raise ValueError(f"common: {name} differs by role and can't be shared; write an item of your own")
            if {item.id, item.title} & own:
                raise ValueError(f"common: the pack has an item of its own with the id or title of {name}")
        return self.model_copy(update={"items": [*self.items, *(by_id[name] for name in self.common)], "common": []})

    def items_for(self, role: str) -> tuple[Item, ...]:
        """The items asked on behalf of a role; without one, all."""
        return tuple(item for item in self.items if not role or item.only in ("", role))


def citation(text: str) -> tuple[str, str, int]:
    """Law, version and article of a citation of the right form."""
    match = _CITATION.fullmatch(text)
    assert match
    return match["law"], match["version"], int(match["article"])
