"""What a kind of document is made of: question groups whose answers are flat lists of quoted items.

Every field is annotated with a ``Text`` that tells the model, in the language of the prompts, what it holds.

JSON schemas bound every string and list, for the grammar that guides the model. Validation does not repeat those
bounds: a true quote that is longer than asked for is still a true quote, and a list that is over-full is full.
"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Literal, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.fields import FieldInfo

from pipeline.lang import Lang, Text, language
from pipeline.types import Evidence, Finding

SHORT, LONG, QUOTE = 80, 200, 300
"""Most characters of a name or value, an explanation, a quote."""

Short = Annotated[str, WithJsonSchema({"type": "string", "maxLength": SHORT})]
Long = Annotated[str, WithJsonSchema({"type": "string", "maxLength": LONG})]
Quote = Annotated[str, WithJsonSchema({"type": "string", "maxLength": QUOTE})]
Level = Literal["high", "medium", "low"]
Prove = Callable[[str], Evidence]


class Item(BaseModel, ABC):
    """One extracted thing with its verbatim evidence. Subclasses say what a finding of it looks like."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    quote: Annotated[
        Quote,
        Text(
            "原文逐字摘录，足以单独证明本条",
            "verbatim excerpt, in the document's own language, that proves this item by itself",
        ),
    ]

    @abstractmethod
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        """The findings that this item makes. ``evidence`` is of its quote; ``prove`` locates another verbatim value."""


class Extract(Item, ABC):
    """A fact or judgement of which the model may be unsure; unsure ones are asked for too."""

    confidence: Annotated[
        Literal["high", "low"],
        Text("high（确定）；low（不确定，也要列出）", "high (sure), low (unsure: list it all the same)"),
    ] = "high"


class Answer(BaseModel):
    """The answer to one question group: lists of items only."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def mended(cls, text: str) -> Self | None:
        """The last resort for an answer that is not quite of its form: what an item lacks is left empty (without a
        quote it is unproved), an unknown choice becomes the middle one. None if even its lists are not there."""
        try:
            whole = json.dumps(json.loads(text), ensure_ascii=False)
            data: object = json.loads(whole.encode(errors="replace"))  # half a surrogate pair is no character
            if not isinstance(data, dict):
                return None
            raw = cast(Mapping[str, object], data)
            return cls.model_validate(
                {name: _mended_list(raw[name], field) for name, field in cls.model_fields.items()}
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def lists(self) -> Mapping[str, Sequence[Item]]:
        return {name: cast(Sequence[Item], getattr(self, name)) for name in type(self).model_fields}


def at_most(count: int) -> object:
    """The bound of a list in the JSON schema; a list that reaches it is taken as incomplete."""
    return Field(json_schema_extra={"maxItems": count})


@dataclass(frozen=True)
class Group:
    """A question: the prompt of the same name, the shape of its answer, and whether thinking pays."""

    name: str
    answer: type[Answer]
    thinks: bool = False

    @cached_property
    def schema(self) -> Mapping[str, object]:
        """Flat JSON schema of the answer: no references, no titles. Not to be changed: all share it."""
        return _schema_of(self.answer)

    @cached_property
    def bounds(self) -> Mapping[str, int]:
        """Most items of each list."""
        properties = cast(Mapping[str, Mapping[str, object]], _schema_of(self.answer)["properties"])
        return {name: cast(int, shape["maxItems"]) for name, shape in properties.items()}

    @property
    def inputs(self) -> Mapping[str, str]:
        """What its prompt is rendered with."""
        return {"fields": self.fields}

    @property
    def fields(self) -> str:
        """The answer's fields in the current language, one a line: so that schema and prompt can't disagree."""
        return _fields_of(self.answer, language())


@cache
def _schema_of(answer: type[Answer]) -> Mapping[str, object]:
    return _flat(answer.model_json_schema())


@cache
def _fields_of(answer: type[Answer], lang: Lang) -> str:
    bounds = Group("", answer).bounds
    lines: list[Text] = []
    for name, field in answer.model_fields.items():
        zh, en = _meaning(field)
        lines.append(Text(f"{name}：{zh}（最多 {bounds[name]} 条）", f"{name}: {en} (at most {bounds[name]} items)"))
        for inner, info in _item_type(field.annotation).model_fields.items():
            zh, en = _meaning(info)
            lines.append(Text(f"  - {inner}：{zh}", f"  - {inner}: {en}"))
    return "\n".join(line.zh if lang == "zh" else line.en for line in lines)


@dataclass(frozen=True)
class Kind:
    """A kind of document: its questions for the model. Its rules in code are ``examination``'s."""

    name: Literal["contract", "report"]
    groups: tuple[Group, ...]


def finding(category: str, item: str, value: str, evidence: Evidence, detail: str = "") -> Finding:
    """A fact that the model extracted."""
    return Finding(category, item.strip(), value.strip(), "llm", (evidence,), detail.strip())


def _meaning(field: FieldInfo) -> Text:
    """What the field holds, for the model: the one Text among its annotations. The JSON schema doesn't show it."""
    (text,) = (part for part in field.metadata if isinstance(part, Text))
    return text


def _mended_list(items: object, field: FieldInfo) -> list[dict[str, object]]:
    item = _item_type(field.annotation)
    fields = {name: get_args(info.annotation) for name, info in item.model_fields.items()}
    rows = [cast(Mapping[str, object], row) for row in cast(list[object], items) if isinstance(row, Mapping)]
    return [
        {name: _mended_value(row.get(name), choices) for name, choices in fields.items()}
        for row in rows
        if any(str(value or "").strip() for name, value in row.items() if name in fields)
    ]


def _mended_value(value: object, choices: tuple[object, ...]) -> object:
    if choices:
        return value if value in choices else choices[len(choices) // 2]
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _item_type(annotation: object) -> type[Item]:
    return cast(type[Item], get_args(annotation)[0])


def _flat(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Put definitions in place of references, close every object, drop what guides nobody."""
    definitions = cast(Mapping[str, object], schema.get("$defs", {}))

    def walk(node: object, *, names: bool = False) -> object:
        if isinstance(node, list):
            return [walk(part) for part in cast(list[object], node)]
        if not isinstance(node, Mapping):
            return node
        fields = cast(Mapping[str, object], node)
        if "$ref" in fields:
            return walk(definitions[cast(str, fields["$ref"]).rsplit("/", 1)[1]])
        drop = () if names else ("title", "description", "default", "$defs")
        out = {key: walk(value, names=key == "properties") for key, value in fields.items() if key not in drop}
        if out.get("type") == "object" and not names:
            out["additionalProperties"] = False
            out["required"] = list(cast(Mapping[str, object], out["properties"]))
        return out

    return cast(Mapping[str, object], walk(copy.deepcopy(schema)))
