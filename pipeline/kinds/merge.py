"""Fold what was found twice. In code, not by the model: so a fact found in any part reaches the database.

Two findings are one if they say the same of the same place, or if both places state the same value word for word.
What only looks alike stays apart: a duplicate is a nuisance, a lost finding is a harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from pipeline.kinds.conflicts import conflicts_in
from pipeline.kinds.numerals import amounts_in
from pipeline.lang import Text
from pipeline.types import Evidence, Finding

_NOISE = re.compile(r"[\s,，、。；：:;\"'“”‘’（）()《》\[\]【】￥¥]|人民币")
_ABSENT_UNLESS = {
    "争议解决": "disputes",
    "违约责任": "liability",
    "价款": "money",
    "价款或报酬": "money",
    "当事人": "parties",
}
"""Essential clauses that rules report as absent, and the category in which a model's finding would deny it."""


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in document order, each once, evidence joined; and what they say against each other.

    Rules' findings come before the model's equal ones.
    """
    merged: list[_Merged] = []
    by_key: dict[tuple[str, ...], list[_Merged]] = {}
    for finding in findings:
        one, keys = _Merged(finding), _keys(finding)
        for key in keys:
            same = next((known for known in by_key.get(key, ()) if _same(known, one)), None)
            if same is not None:
                same.join(finding)
                break
        else:
            for key in keys:
                by_key.setdefault(key, []).append(one)
            merged.append(one)
    found = [one.finding for one in merged]
    return sorted([*_denied(found), *conflicts_in(found)], key=_place)


class _Merged:
    """A finding that others may join. Whether its place states its value is dear to look up, and seldom asked; yet a
    list may hold thousands of one key."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self._worded: bool | None = None

    @property
    def worded(self) -> bool:
        if self._worded is None:
            self._worded = _states_value(self.finding)
        return self._worded

    def join(self, finding: Finding) -> None:
        self.finding = _joined(self.finding, finding)
        self._worded = self._worded or None


def _keys(finding: Finding) -> list[tuple[str, ...]]:
    """Where equal findings are looked for: by name and value within the category, and by value alone."""
    value = value_key(finding.value)
    keys = [(finding.category, finding.item, value)]
    if value:
        keys.append((finding.category, "", value))
    return keys


def _same(known: _Merged, new: _Merged) -> bool:
    one, other = known.finding, new.finding
    if one.status != other.status or one.category == "checks":
        return one == other
    if any(_overlap(a, b) for a in one.evidence for b in other.evidence):
        return True
    return one.item == other.item and known.worded and new.worded


def _overlap(one: Evidence, other: Evidence) -> bool:
    if one.span is None or other.span is None:
        return one.span is other.span and one.quote == other.quote
    return one.span.start < other.span.end and other.span.start < one.span.end


def _states_value(finding: Finding) -> bool:
    """Whether the value stands, word for word, in a quote that was found."""
    value = _NOISE.sub("", finding.value)
    return len(value) > 1 and any(e.match != "none" and value in _NOISE.sub("", e.quote) for e in finding.evidence)


def _joined(kept: Finding, again: Finding) -> Finding:
    new = tuple(e for e in again.evidence if all((e.span, e.quote) != (k.span, k.quote) for k in kept.evidence))
    detail = kept.detail or again.detail
    return replace(kept, evidence=kept.evidence + new, detail=detail, suggestion=kept.suggestion or again.suggestion)


_DENIED = Text(
    "规则未识别到该条款，模型给出了原文依据，请复核。",
    "No rule recognised this clause, yet the model quotes one: check. ",
)


def _denied(findings: Sequence[Finding]) -> Iterable[Finding]:
    """A clause that a rule did not find, but the model shows with proof, is not absent."""
    shown = {f.category for f in findings if f.source == "llm" and f.grounded and f.status == "present"}
    for finding in findings:
        denies = finding.status == "absent" and _ABSENT_UNLESS.get(finding.value)
        if denies and finding.source == "rule" and denies in shown:
            yield replace(finding, status="unclear", severity="low", detail=f"{_DENIED}{finding.detail}")
        else:
            yield finding


def _place(finding: Finding) -> tuple[int, str]:
    starts = [e.span.start for e in finding.evidence if e.span]
    return (min(starts) if starts else 1 << 60, finding.category)


@lru_cache(maxsize=4096)
def value_key(value: str) -> str:
    """A value for comparison: sums of money by their worth, all else without punctuation and width."""
    amounts = amounts_in(value)
    if len(amounts) == 1 and amounts[0].span.length >= len(value.strip()) - 2:
        return f"{amounts[0].currency}{amounts[0].yuan.normalize() if amounts[0].yuan else Decimal(0):f}"
    return _NOISE.sub("", value).casefold()
