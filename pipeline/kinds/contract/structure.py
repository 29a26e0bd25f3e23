"""Articles, sub-clauses, attachments and signature blocks of a contract, read from its line starts.

Works on lines alone, so that it holds where no section was found; numbers of all families are whole numbers here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.kinds.contract.view import View
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number

_NUMBERED = re.compile(
    rf"\s*(?:第\s?(?P<article>{HAN_NUMBER}{{1,6}}|\d{{1,3}})\s?条"
    r"|(?P<dotted>\d{1,3}(?:\.\d{1,3}){1,3})(?![\d%‰])\.?"
    r"|(?P<plain>\d{1,2})\s?(?:[、．]|\.(?!\d)| (?=[\u4e00-\u9fa5]))"
    r"|(?P<han>[一二三四五六七八九十]{1,3})\s?[、.]"
    r"|\((?P<bracket>[一二三四五六七八九十]{1,3}|\d{1,2})\))"
)
_INLINE = re.compile(r"[。;:]\s?(\d{1,3}(?:\.\d{1,3}){1,3})(?=[ \u4e00-\u9fa5])(?![万亿元条款])")
_CROSS_REFERENCE = re.compile(r"[的、,和及或与至之第中款项下;。]|约定|规定|所[述列指约规]|以及")
_QUANTITY = re.compile(r"(?:[万亿元倍米年月日天个台套条款%‰㎡kKmMgGtT]|平方|公里|小时)")
_ATTACHMENT_HEAD = re.compile(
    r"\s*附\s?[件表录](?:\s?(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[A-Z]))?\s*(?:[:.、\s(《-]|$|(?![的所与和为及中共均是见由如应须])[\u4e00-\u9fa5]{2,16}\s*$)"
)
_SIGNING = re.compile(r"盖章|签章|签字|签名|公章|签署页|以下无正文|签署栏|手印|捺印|\([签章]\)")
_SIGNATURE_LABEL = re.compile(
    r"(?:方|人|者|位|表|表人|商|章|处|日期|签署|签字|签名)\s*(?:\([^()\n]{0,24}\)\s*)*(?:[:_]|$)|\((?:盖章|签章|签字|"
    r"签名|公章|盖公章|签字或盖章)\)"
)
_HEADING = re.compile(r"[^。;:,\t]+")
_ENDING = re.compile(r"[。;]\s*$")


@dataclass(frozen=True, slots=True)
class Article:
    """A top-level clause: its number, heading line and all lines up to the next one (half-open line indexes)."""

    number: int
    first: int
    end: int


@dataclass(frozen=True)
class Structure:
    """``family`` says which numbering the top level uses: 第X条, 一、 or 1. (``""``: none was found)."""

    family: str
    articles: tuple[Article, ...]
    """Of the whole document in order; numbers may start again in attachments."""
    dotted: frozenset[str]
    """Dotted numbers that start a line or sentence: ``3.2``, ``3.2.1``."""
    attachments_from: int
    """First line of the attachments that follow the body, or the number of lines."""
    signature: frozenset[int]
    """Lines of signature blocks."""
    inline: frozenset[int]
    """Numbers of articles that start within a line, where paragraphs were run together."""
    headings: tuple[int, ...]
    """Lines that look like headings: short, and no sentence."""

    @cached_property
    def _firsts(self) -> list[int]:
        return [article.first for article in self.articles]

    def article_at(self, line: int) -> Article | None:
        index = bisect_right(self._firsts, line) - 1
        return self.articles[index] if index >= 0 and line < self.articles[index].end else None

    def part_at(self, line: int) -> int:
        """First line of the article around ``line``; in attachments, of the block under its nearest short heading."""
        if line >= self.attachments_from:
            return self._headings[bisect_right(self._headings, line) - 1] if self._headings else line
        article = self.article_at(line)
        return article.first if article else -1

    @cached_property
    def _headings(self) -> list[int]:
        return [self.attachments_from, *(h for h in self.headings if h > self.attachments_from)]

    def numbers(self, *, attachments: bool) -> set[int]:
        """Article numbers of the body; with the attachments' own where asked."""
        heads = {a.number for a in self.articles if attachments or a.first < self.attachments_from}
        return heads.union(self.inline)


def structure_of(view: View) -> Structure:
    """Read the numbering of a contract."""
    marks = _marks(view)
    signed = [i for i, text in enumerate(view.line_texts) if is_signature_line(text)]
    attachments_from = _attachments_from(view, marks, signed)
    family = _family(marks)
    heads = [(int(number), line) for line, kind, number in marks if kind == family]
    ends = [line for _, line in heads[1:]] + [len(view.lines)] * bool(heads)
    articles = tuple(Article(number, line, end) for (number, line), end in zip(heads, ends, strict=True))
    dotted = frozenset(number for _, kind, number in marks if kind == "dotted") | frozenset(_INLINE.findall(view.text))
    headings = tuple(
        i for i, text in enumerate(view.line_texts) if 0 < len(text.strip()) < 30 and _HEADING.fullmatch(text)
    )
    return Structure(
        family,
        articles,
        dotted,
        attachments_from,
        _signature_lines(view, signed, attachments_from),
        _inline_articles(view),
        headings,
    )


def _marks(view: View) -> list[tuple[int, str, str]]:
    """(line, family, number) of every line that starts with a number."""
    found: list[tuple[int, str, str]] = []
    for index, text in enumerate(view.line_texts):
        match = _NUMBERED.match(text)
        if match is None:
            continue
        kind = match.lastgroup or ""
        printed = match[kind]
        if kind == "article" and _CROSS_REFERENCE.match(text, match.end()):
            continue
        if kind in ("dotted", "plain") and ("\t" in text[: match.end() + 1] or _QUANTITY.match(text, match.end())):
            continue  # 1.5元; with a blank between, it is a clause: 3.2 个人信息
        if kind == "dotted":
            found.append((index, kind, printed))
            continue
        number = int(printed) if printed.isdigit() else parse_han_number(printed)
        if number:
            found.append((index, kind, str(number)))
    return found


def _inline_articles(view: View) -> frozenset[int]:
    numbers = (parse_han_number(n) if not n.isdigit() else int(n) for n in _INLINE_ARTICLE.findall(view.text))
    return frozenset(n for n in numbers if n)


_INLINE_ARTICLE = re.compile(rf"[。;\t]\s*第\s?({HAN_NUMBER}{{1,6}}|\d{{1,3}})\s?条(?=[ :])")


def _family(marks: Sequence[tuple[int, str, str]]) -> str:
    """第X条 wherever there are two; else of 一、 and 1. the one whose number 1 comes first."""
    counts = {kind: sum(1 for _, k, _ in marks if k == kind) for kind in ("article", "han", "plain")}
    if counts["article"] >= 2:
        return "article"
    return next((kind for _, kind, number in marks if number == "1" and counts.get(kind, 0) >= 3), "")


def _attachments_from(view: View, marks: Sequence[tuple[int, str, str]], signed: Sequence[int]) -> int:
    """The first attachment heading behind the body: after its last signature line or where articles start again."""
    restarts = _restart_line(marks)
    heads = [i for i, text in enumerate(view.line_texts) if is_attachment_head(text)]
    for line in heads:
        if (signed and signed[0] < line) or (restarts is not None and line < restarts <= line + 30):
            return line
    return len(view.lines)


def _restart_line(marks: Sequence[tuple[int, str, str]]) -> int | None:
    last = 0
    for line, kind, number in marks:
        if kind == "article":
            if int(number) == 1 and last > 2:
                return line
            last = int(number)
    return None


def is_attachment_head(text: str) -> bool:
    """Whether a line is the heading of an attachment, or its entry in a list."""
    return len(text) < 50 and "附" in text and bool(_ATTACHMENT_HEAD.match(text)) and not _ENDING.search(text)


def is_signature_line(text: str) -> bool:
    """Whether a line is part of a signature block: it asks for a seal or signature and is no sentence."""
    if len(text) > 120 or "。" in text:
        return False
    return bool(_SIGNING.search(text)) and bool(_SIGNATURE_LABEL.search(text))


def _signature_lines(view: View, signed: Sequence[int], attachments_from: int) -> frozenset[int]:
    """Signature lines with the short lines around them (names, dates, addresses) that belong to the same block."""
    lines: set[int] = set()
    texts = view.line_texts
    for index in signed:
        if index in lines:
            continue
        lines.add(index)
        for step in (1, -1):
            at = index + step
            while 0 <= at < len(texts) and at != attachments_from and _belongs_to_signature(texts[at], step):
                lines.add(at)
                at += step
    return frozenset(lines | _closing_lines(texts[:attachments_from]))


def _closing_lines(texts: Sequence[str]) -> set[int]:
    """The unsealed block of names and dates that ends the body, if there is one."""
    lines: set[int] = set()
    for index in range(len(texts) - 1, -1, -1):
        text = texts[index]
        if "。" in text or len(text) > 90 or _NUMBERED.match(text) or (text.strip() and not _CLOSING.search(text)):
            break
        lines.add(index)
    block = "\n".join(texts[i] for i in sorted(lines))
    return lines if re.search(r"年\s*月\s*日|日\s*期|\d\s*日|签", block) and len(lines) < len(texts) else set()


_CLOSING = re.compile(r"[:年]|公司|代表|[方人]\s*$")
_FIELD_LINE = re.compile(
    r"\s*$|[^。;]{0,60}(?:日期|年|月|日|代表|地址|住所|电话|传真|邮编|账号|帐号|开户|税号|信用代码|联系人|名称|"
    r"身份证|地点|方|人|签|章)[^。;]{0,80}$"
)


def _belongs_to_signature(text: str, step: int) -> bool:
    if _NUMBERED.match(text) or is_attachment_head(text):
        return False
    if step < 0:
        return not text.strip() or (len(text) < 40 and ":" in text and "。" not in text)
    return bool(_FIELD_LINE.match(text))
