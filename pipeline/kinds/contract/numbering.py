"""Clauses numbered twice, and numbers left out.

Only where the numbering around is sound: 3.1, 3.2, 3.4 is a gap; 3.1, 3.7, 3.2 is a text read in another order, and
3.1, 3.6 one whose clauses stand in a table.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding

_DOTTED = re.compile(r"\s*(?P<number>\d{1,2}(?:\.\d{1,2}){1,2})(?![\d%‰.])\.?[ 、]?\s*(?=[\u4e00-\u9fa5\"(《])")
_UNIT = re.compile(r"[元米吨万亿年月天倍级折克度]")
_LEAST = 3
"""Numbers that a sequence needs before its breaks tell anything."""

_HAN = ("", *"一二三四五六七八九十", *(f"十{n}" for n in "一二三四五六七八九"), *["二十"] * 80)
Numbered = tuple[int, int]
"""A number and the line that it opens."""


def numbering_findings(view: View, structure: Structure) -> list[Finding]:
    """Breaks in the articles of the body and in their numbered clauses; none where a page was read by OCR."""
    if any(page.read_by == "ocr" for page in view.document.pages):
        return []
    found: list[Finding] = []
    if structure.family in ("article", "han"):
        articles = [(a.number, a.first) for a in structure.articles if a.first < structure.attachments_from]
        sample = "第{}条" if structure.family == "article" else "一级编号{}"
        found += _breaks(view, articles, sample, lambda number: number in structure.inline)
    for parent, clauses in _dotted(view, structure).items():
        found += _breaks(view, clauses, f"{parent}.{{}}", partial(_is_mentioned, view, parent))
    for sample, items in _lists(view, structure):
        found += _breaks(view, items, sample, partial(_is_between, view, sample, items))
    return found


_LIST_ITEM = re.compile(
    r"\s*(?:\((?P<bracket>\d{1,2})\)|\((?P<word>[一二三四五六七八九十]{1,3})\)|(?P<plain>\d{1,2})、)\s*"
    r"(?=[\u4e00-\u9fa5\"《])"
)
_SAMPLES = {"bracket": "（{}）", "word": "（{}）", "plain": "{}、"}
_FAR = 6
"""Lines that an item of a list may go on for."""


def _lists(view: View, structure: Structure) -> Iterator[tuple[str, list[Numbered]]]:
    """Lists within the clauses of the body, （1）（2）（3）, each from its 1 on, each way of numbering by itself."""
    running: dict[str, list[Numbered]] = {}
    for line, text in enumerate(view.line_texts[: structure.attachments_from]):
        match = _LIST_ITEM.match(text) if "\t" not in text else None
        article = structure.article_at(line)
        if article is not None and article.first == line:
            yield from _ended(running, running)
        if match is None or structure.family == match.lastgroup:
            continue
        kind = match.lastgroup or ""
        number = int(match[kind]) if match[kind].isdigit() else parse_han_number(match[kind]) or 0
        items = running.get(kind, [])
        if number == 1 or (items and line - items[-1][1] > _FAR):
            yield from _ended(running, [kind])
        if number == 1 or running.get(kind):
            running.setdefault(kind, []).append((number, line))
    yield from _ended(running, running)


def _ended(running: dict[str, list[Numbered]], kinds: Iterable[str]) -> Iterator[tuple[str, list[Numbered]]]:
    for kind in list(kinds):
        if items := running.pop(kind, None):
            yield _SAMPLES[kind], items


def _is_between(view: View, sample: str, items: Sequence[Numbered], number: int) -> bool:
    """Whether the number stands in the text of the list, if not at a line's start."""
    text = view.text[view.lines[items[0][1]].start : view.lines[items[-1][1]].end]
    return any(form in text for form in (f"({number})", f"({_HAN[number]})", f"{number}、", f"{number}."))


def _is_mentioned(view: View, parent: str, number: int) -> bool:
    """Whether 3.3 stands anywhere, if not at a line's start: reading may have run its clause into another."""
    return bool(re.search(rf"(?<![\d.]){re.escape(f'{parent}.{number}')}(?!\d)", view.text))


def _dotted(view: View, structure: Structure) -> dict[str, list[Numbered]]:
    """The clauses of the body by the number above them."""
    groups: dict[str, list[Numbered]] = {}
    for line, text in enumerate(view.line_texts[: structure.attachments_from]):
        match = _DOTTED.match(text) if "\t" not in text else None
        if match and not _UNIT.match(text, match.end()):
            parent, number = match["number"].rsplit(".", 1)
            groups.setdefault(parent, []).append((int(number), line))
    return groups


def _one_slip(steps: Sequence[int]) -> bool:
    """Whether one wrong number makes both breaks: 1, 2, 2, 4."""
    breaks = [at for at, step in enumerate(steps) if step != 1]
    return len(breaks) == 2 and breaks[1] == breaks[0] + 1 and {steps[at] for at in breaks} == {0, 2}


def _breaks(
    view: View, numbers: Sequence[Numbered], sample: str, elsewhere: Callable[[int], bool]
) -> Iterator[Finding]:
    """Steps of 0 and of more than 1 in a sequence that else only goes up from 1."""
    values = [number for number, _ in numbers]
    if len(values) < _LEAST or values[0] != 1 or any(b < a for a, b in itertools.pairwise(values)):
        return
    steps = [b - a for a, b in itertools.pairwise(values)]
    if steps.count(1) < len(steps) - 1 and not _one_slip(steps):  # another numbering than it seems
        return
    for (one, _), (other, line) in itertools.pairwise(numbers):
        missing = range(one + 1, other)
        if other == one:
            defect = Defect(
                "条款编号重复", "conflict", "low", sample.format(other),
                Text(f"{sample.format(other)}出现两次，引用时无法区分。",
                     f"“{sample.format(other)}” stands twice: a reference to it can't be told apart."),
                Text("重新编号，并核对对该条款的引用。", "Renumber, and check the references to this clause."),
            )  # fmt: skip
        elif len(missing) == 1 and not _one_slip(steps) and not elsewhere(one + 1):
            names = sample.format(one + 1)
            defect = Defect(
                "条款编号缺漏", "unclear", "low", names,
                Text(f"{sample.format(one)}之后为{sample.format(other)}，没有{names}。",
                     f"“{sample.format(one)}” is followed by “{sample.format(other)}”; there is no “{names}”."),
                Text("核对是否漏了条款，并核对其后的引用。",
                     "Check whether a clause was left out, and the references to those that follow."),
            )  # fmt: skip
        else:
            continue
        yield defect.at(view.quote(view.lines[line]))
