"""Sentence ends by Chinese rules, English beside. What ends a sentence stays with it, closing quotes included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pipeline.types import Span

EndKind = Literal["line", "stop", "semicolon"]

_ABBREVIATION = re.compile(
    r"(?:\b(?:Nos?|Arts?|Secs?|Cl|Co|Ltd|Inc|Corp|Bros|Mr|Mrs|Ms|Dr|Prof|vs|etc|cf|Figs?|Vol|pp?|St|approx|al|[A-Z]"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|(?:[A-Za-z]\.)+[A-Za-z])"
    r"|(?:^|\n)[^\S\n]*[(（]?[\dA-Za-z.一二三四五六七八九十]{1,8})\Z"  # a number that opens a line: "1. 甲方"
)
_LOOK_BACK = 16
_LONGEST_QUOTE = 400

_MARK = re.compile(
    r"[\n。！？；｡…!?;.](?:(?<=\n)(?:[^\S\n]*\n)*"
    r"|(?<!\n)(?<!\.(?=[0-9A-Za-z]))[。！？；｡…!?;.]*"
    r"[”’」』）)】》〉〕］\]]*(?:([\"'＂])[”’」』）)】》〉〕］\]]*)?[^\S\n]*)"
)
"""One character class first, so that the search runs at full speed between marks."""


End = tuple[int, EndKind]
"""A place where a sentence ends, and what ends it; the next begins there. A plain tuple: a text has many."""


def sentences(text: str) -> list[Span]:
    """Cut ``text`` into sentences that tile it. 。！？；… and line ends close one; 3.5, ``No. 5``, ``Co. Ltd`` don't.

    White space stays at the end of the sentence before it.
    """
    spans: list[Span] = []
    start = 0
    for at, _ in ends_in(text):
        if start or not text[:at].isspace():
            spans.append(Span(start, at))
            start = at
    if start < len(text):
        spans.append(Span(start, len(text)))
    return spans


def ends_in(text: str) -> Iterator[End]:
    """Every sentence end of ``text`` in order. A mark right before a line end counts as that line end."""
    held: End | None = None
    for match in _MARK.finditer(text):
        start, at = match.span()
        kind: EndKind | None = "line"
        if text[start] != "\n":
            kind, at = _judge(text, match)
            if kind is None:
                continue
            if held is not None:
                yield held
        elif held is not None and held[0] != start:
            yield held
        held = (at, kind)
    if held is not None:
        yield held


def _judge(text: str, match: re.Match[str]) -> tuple[EndKind | None, int]:
    """What a mark is worth, and where its sentence ends."""
    first, end = text[match.start()], match.end()
    if match[1] and not _is_open(text, match[1], match.start()):
        end = match.start(1)  # the straight quote opens the next sentence
    if first in "。！？｡…":
        return "stop", end
    if first == "；":
        return "semicolon", end
    before = text[match.start() - 1] if match.start() else ""
    after = text[end : end + 1]
    spaced = text[end - 1].isspace() or after in ("", "\n")
    if first != ".":
        if spaced or before > "\x7f" or after > "\x7f":
            return ("semicolon" if first == ";" else "stop"), end
        return None, end
    if not spaced or not (after.isupper() or after > "\x7f" or after in "\n“\"'(["):
        return None, end
    if _ABBREVIATION.search(text, max(0, match.start() - _LOOK_BACK), match.start()):
        return None, end
    return "stop", end


def _is_open(text: str, quote: str, at: int) -> bool:
    """Whether a straight quotation mark has been opened on this line before ``at``."""
    start = text.rfind("\n", max(0, at - _LONGEST_QUOTE), at) + 1
    return text.count(quote, start or max(0, at - _LONGEST_QUOTE), at) % 2 == 1
