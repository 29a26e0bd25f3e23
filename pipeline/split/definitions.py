"""The terms that a document defines, and where: what a part of it needs to be understood apart from the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.types import Document, Span

_QUOTED = r"[“\"「『‘](?P<{0}>[^“”\"「」『』‘’\n，。；;]{{1,30}})[”\"」』’]"
_DEFINING = re.compile(
    r"[下简统合并]称(?:为|作)?[：:]?[^\S\n]*(?:之为)?" + _QUOTED.format("short")
    + r"|[（(](?:(?:以下|下文)[简统合并]?|[简下统合])称(?:为|作)?[：:]?[^\S\n]*"
    r"(?P<bare>[^“”\"‘’（）()\n，。；]{1,16})[）)]"
    + r"|以下[简统合并]?称(?:为|作)?(?P<plain>[^\s“”\"‘’「」『』，。；、（）()]{2,8})(?=[，。；）)])"
    + r"|[（(](?:即|统称|合称)?" + r"[“\"「](?P<own>[一-鿿][\w]{1,11})[”\"」][）)]"
    + r"|^[^\S\n]*(?:[\d.．、（）()一二三四五六七八九十]{1,8}[^\S\n]*)?(?P<listed>[^\s：:，。；“”\"（）()]{2,12})"
    r"[：:][^\S\n]*(?:是|系|即|均)?指(?![定示导派令])"
    + r"|本[^\s，。]{1,6}所称(?:的)?[“\"]?(?P<called>[^“”\"\n，。；]{1,16}?)[”\"]?[，,]?(?:是|系|均|仅)?指(?![定示导])"
    + r"|" + _QUOTED.format("meant")
    + r"(?:[（(][^（）()\n]{1,60}[）)])?[^\S\n]*[：:，,]?(?:就[^，。\n]{1,16}而言[，,]?)?"
    r"(?:(?:是|系|即|均|应)?指(?![定示导])|(?:shall[ ])?means?\b|refers?[ ]to\b"
    r"|has[ ]the[ ]meaning)"
    + r"|[（(][^（）()\n“\"]{0,40}[“\"](?P<hereinafter>[A-Z][^“”\"\n]{1,30})[”\"][）)]"
    + r"|^[^\S\n]*(?![^\n：:]*(?:代表|联系|负责|代理|经办)人)(?P<role>[甲乙丙丁戊]方|[^\s，。：:（）()“”\d]{1,5}[方人])"
    r"(?:[（(][^（）()\n]{1,20}[）)])?[^\S\n]*[：:][^\S\n]*(?=[^\s，。；：:_（(][^\n，。；：:_\t]{1,60}$)",
    re.MULTILINE,
)  # fmt: skip
_BEFORE, _AFTER = 60, 160
"""Most characters of a passage before and after its term."""

_MEANT_BEFORE = ("short", "bare", "plain", "own", "hereinafter")
"""The forms in which what is meant stands before the term."""
_CLOSING = ("）", ")")


@dataclass(frozen=True, slots=True)
class Definition:
    """A term, and the passage that says what it stands for."""

    term: str
    span: Span
    """The passage: within one line."""
    at: Span
    """The term itself, without its quotes."""


def definitions_in(document: Document) -> tuple[Definition, ...]:
    """Every term that the text defines (以下简称“甲方”, 本法所称…是指, 甲方：…, "X" means), in order; the first
    definition of each."""
    found: dict[str, Definition] = {}
    for definition in _definitions(document.text):
        found.setdefault(definition.term, definition)
    return tuple(found.values())


def _definitions(text: str) -> Iterator[Definition]:
    for match in _DEFINING.finditer(text):
        kind = match.lastgroup or ""
        at = Span(*match.span(kind))
        line = Span(text.rfind("\n", 0, at.start) + 1, text.find("\n", at.end) % (len(text) + 1))
        if kind in _MEANT_BEFORE:
            start = max(line.start, at.start - _BEFORE, _last_stop(text, line.start, match.start()))
            end = match.end() + (text[match.end() : match.end() + 1] in _CLOSING and match.end() < line.end)
            yield Definition(match[kind], Span(start, end), at)
        else:
            stop = text.find("。", match.end(), line.end)
            end = min(stop + 1 if stop >= 0 else line.end, at.end + _AFTER)
            yield Definition(match[kind], Span(max(line.start, match.start()), end), at)


def _last_stop(text: str, start: int, end: int) -> int:
    return max(text.rfind(mark, start, end) for mark in "。；") + 1
