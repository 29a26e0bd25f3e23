"""Unnumbered titles: lines that only their type sets off from the running text under them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from pipeline.types import Prominent

_MAX = 40
"""Characters; twice as many of Latin script."""
_BODY = 24
"""A line of so many characters is running text, not another line of a cover page."""
_SMALL = 0.9
"""Of the running text's size; smaller bold type is a label's."""
_HEAD_LINES = 3
"""Lines between the title of a statement and its table: the date, who made it, the unit."""
_NO_TITLE = re.compile(
    r"[（(\[]|(?:图|表|附图|附表|插图)\s?\d|(?:Figure|Fig\.|Table|Note|Source|Listing|Algorithm)\b|[\W\d_]+$"
    r"|[•●■◆▪◇□☑√※*]|[\d零〇一二三四五六七八九十]{2,4}\s?年"
    r"|[^：:]{0,12}(?:[方人号]|地址|日期|时间|地点|电话|账户|名称|代码|邮编|邮箱|传真|网址|单位|代表|备注|来源|关键词)[^\S\n]*[:：]"
    r"|(?:[A-Za-z ]{0,20}(?:[Dd]ate|[Nn]ame|[Nn]o\.?)|To|From|Subject|Re|Key ?words)[^\S\n]*[:：]"
)
_ENDS_NO_TITLE = re.compile(
    r"[。；;，,、]$|[a-z]\.$|(?:有限公司|董事会|事务所|人民法院|人民政府|委员会)$|(?:股东|公司|[局院方们]|先生|女士|单位)[：:]$|[（(](?:盖章|公章|签[字章])[)）]$"
)
_LIST = re.compile(r"表(?:[（(][^（）()]*[)）])?$")


class Title(NamedTuple):
    start: int
    end: int
    text: str
    style: int
    """The larger and the bolder the type, the higher; 0 is the running text's."""
    leaf: bool
    """Whether nothing stands under it but a table."""


def style_of(line: Prominent) -> int:
    """A twentieth of the size counts as much as boldness."""
    return 2 * max(0, round(20 * (line.size - 1))) + (line.heavy and line.size > _SMALL)


def titles_in(text: str, prominent: Sequence[Prominent], numbered: Collection[int]) -> list[Title]:
    """The unnumbered titles among the ``prominent`` lines; ``numbered`` has the starts of lines with a number."""
    looks = {line.start: style for line in prominent if (style := style_of(line))}
    groups = list(_groups(text, {start: style for start, style in looks.items() if start not in numbered}))
    groups = _without_heading(_without_cover(text, groups, looks), looks, numbered)
    others = {group[0].start for group in groups} | set(numbered)
    return [
        Title(group[0].start, group[-1].end, _joined(group), group[0].style, leaf)
        for group in groups
        if all(_is_title(line.text) for line in group)
        for below in [_below(text, group, looks, others)]
        if below is not None
        for leaf in [below or _LIST.search(group[-1].text) is not None]
    ]


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    style: int


def _groups(text: str, looks: Mapping[int, int]) -> Iterator[list[_Line]]:
    """Prominent lines; those that follow each other in one style together, as a title that takes several lines."""
    group: list[_Line] = []
    for start in sorted(looks):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = _Line(start, end, text[start:end].strip(), looks[start])
        if group and (group[-1].end + 1 != start or group[-1].style != line.style):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _without_cover(text: str, groups: list[list[_Line]], looks: Mapping[int, int]) -> list[list[_Line]]:
    """Without what stands before the running text in type larger than all that comes later: the document's title."""
    body = next((start for start, line in _lines(text, 0) if len(line) > _BODY and start not in looks), len(text))
    later = max((style for start, style in looks.items() if start > body), default=0)
    return [group for group in groups if group[0].start > body or group[0].style <= later]


def _without_heading(
    groups: list[list[_Line]], looks: Mapping[int, int], numbered: Collection[int]
) -> list[list[_Line]]:
    """Without the one or two first titles where nothing else is as large: the document's own."""
    top = max(looks.values(), default=0)
    own = list(takewhile(lambda group: group[0].style == top, groups))
    alone = 0 < len(own) <= _OWN and sum(style == top for style in looks.values()) == sum(map(len, own))
    named = any(_ASIDE.match(group[0].text) for group in own)
    return groups[len(own) :] if alone and not named and (numbered or len(groups) > len(own)) else groups


_OWN = 2
_ASIDE = re.compile(
    r"(?:重\s*[大要]|声\s*明|摘\s*要|前\s*言|序|引\s*言|目\s*录|释\s*义|特别提示|风险提示|Abstract|ABSTRACT)"
)


def _is_title(line: str) -> bool:
    return (
        1 < len(line) <= (2 * _MAX if line.isascii() else _MAX)
        and any(char.isalpha() for char in line)
        and "\t" not in line
        and not _NO_TITLE.match(line)
        and not _ENDS_NO_TITLE.search(line)
    )


def _below(text: str, group: list[_Line], looks: Mapping[int, int], others: Collection[int]) -> bool | None:
    """Whether a table stands right under a title; None where nothing does that could belong to it."""
    last = group[-1]
    for at, (start, line) in enumerate(_lines(text, last.end)):
        if "\t" in line:
            return True
        if start in others:
            return False if at == 0 and looks.get(start, 0) < last.style else None
        if len(line) > _BODY or (at == 0 and line.endswith(("。", "；", ".", "：", ":"))):
            return False if looks.get(start, 0) < last.style else None
        if at >= _HEAD_LINES:
            return None
    return None


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """The lines with content from ``start`` on."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line.strip():
            yield start, line
        start = end + 1


def _joined(group: Sequence[_Line]) -> str:
    joint = " " if group[0].text.isascii() else ""
    return joint.join(line.text for line in group)
