"""What a report shows, in which order, counted once: for HTML, digests and exports alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.types import Analysis, Decision, Finding, Severity, StoredAnalysis

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")
CATEGORIES = (
    "checks", "risks", "clauses", "parties", "basics", "money", "payment", "delivery", "liability", "disputes",
    "profile", "metrics", "changes", "outlook",
)  # fmt: skip
EDITABLE = ("value", "severity", "detail", "suggestion")
"""What an edit may change of a finding."""
_ISSUES = frozenset({"checks", "risks"})
_KEY_ITEMS = (
    "合同编号", "签订日期", "生效日期", "合同期限", "起始日期", "终止日期", "争议解决", "公司全称",
    "报告期", "审计意见", "评级",
)  # fmt: skip
_KEY_MONEY = re.compile(
    r"^(?!.*(?:不含税|订单|单项|每))(?:合同.*(?:总价|价款|金额|价)|.*总(?:价款?|费用|金额|额)|[借贷]款(?:本金|金额)|[月年]租金|转让价款"
    r"|劳动报酬|月工资)$"
)
"""The price, by whatever name; not what is one of many in a contract."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in its place: ``id`` is its row in the database. ``finding`` is as a person edited it, ``original``
    then what was found."""

    id: int
    finding: Finding
    decision: Decision | None = None
    original: Finding | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader must know first. Severities count what is grounded or absent; the ungrounded counts apart.
    ``conflicts`` and ``absences`` are counted by severity as well."""

    high: int
    medium: int
    low: int
    conflicts: int
    absences: int
    ungrounded: int
    unread: int


@dataclass(frozen=True, slots=True)
class Arranged:
    """All findings of an analysis, each exactly once over ``issues``, ``ungrounded``, ``facts`` and ``rejected``.

    ``absences`` are those of the issues that have no place in the document.
    """

    issues: tuple[tuple[Severity, tuple[Shown, ...]], ...]
    absences: tuple[Shown, ...]
    ungrounded: tuple[Shown, ...]
    facts: tuple[tuple[str, tuple[Shown, ...]], ...]
    key_facts: tuple[Shown, ...]
    """The few of the facts that say what this document is."""
    rejected: tuple[Shown, ...] = ()
    """What a person decided to be wrong; counted nowhere."""


def is_issue(finding: Finding) -> bool:
    """Whether someone has to act on it, or at least look: anything but a plain fact, or the absence of what nobody
    misses (an unwanted clause)."""
    return finding.category in _ISSUES or finding.severity != "info" or finding.status in ("unclear", "conflict")


def findings_of(stored: StoredAnalysis) -> list[Shown]:
    """The findings of an analysis with their ids and what was decided about them, in the order of the database."""
    pairs = zip(stored.finding_ids, stored.analysis.findings, strict=True)
    if not stored.decisions:
        return [Shown(id_, finding) for id_, finding in pairs]
    return [_decided(id_, finding, stored.decisions.get(id_)) for id_, finding in pairs]


def folded(rows: Iterable[Shown]) -> list[tuple[Shown, list[Shown]]]:
    """Findings that say the same of several places, told once: the first, and the others. What a person decided about
    stands by itself; so does an absence."""
    told: list[tuple[Shown, list[Shown]]] = []
    by_words: dict[tuple[str, ...], list[Shown]] = {}
    for shown in rows:
        f = shown.finding
        words = (f.category, f.item, f.value, f.status, f.severity, f.detail, f.suggestion)
        if f.detail and f.evidence and shown.decision is None and words in by_words:
            by_words[words].append(shown)
            continue
        others: list[Shown] = []
        told.append((shown, others))
        if shown.decision is None:
            by_words.setdefault(words, others)
    return told


def settled(stored: StoredAnalysis) -> Analysis:
    """The analysis as people left it: edits made, what they rejected left out."""
    if not stored.decisions:
        return stored.analysis
    return replace(stored.analysis, findings=tuple(s.finding for s in findings_of(stored) if not is_rejected(s)))


def is_rejected(shown: Shown) -> bool:
    return shown.decision is not None and shown.decision.ruling == "reject"


def _decided(id_: int, finding: Finding, decision: Decision | None) -> Shown:
    if decision is None or decision.ruling != "edit":
        return Shown(id_, finding, decision)
    return Shown(id_, replace(finding, **_changes(decision)), decision, finding)


def _changes(decision: Decision) -> dict[str, Any]:
    """What an edit may change, and no more: the row may have been written by hand."""
    changes = {name: text for name, text in decision.changes.items() if name in EDITABLE}
    if changes.get("severity") not in SEVERITIES:
        changes.pop("severity", None)
    return changes


def arrange(stored: StoredAnalysis) -> Arranged:
    """Issues by severity, then category, then place; facts by category, as they come."""
    every = findings_of(stored)
    shown = [s for s in every if not is_rejected(s)]
    grounded = [s for s in shown if s.finding.grounded]
    issues = sorted((s for s in grounded if is_issue(s.finding)), key=lambda s: _category_order(s.finding.category))
    facts = [s for s in grounded if not is_issue(s.finding)]
    return Arranged(
        issues=tuple(
            (severity, rows)
            for severity in SEVERITIES
            if (rows := tuple(s for s in issues if s.finding.severity == severity))
        ),
        absences=tuple(sorted((s for s in issues if s.finding.status == "absent"), key=_by_severity)),
        ungrounded=tuple(sorted((s for s in shown if not s.finding.grounded), key=_by_severity)),
        facts=tuple(_by_category(facts)),
        key_facts=tuple(_key_facts(facts)),
        rejected=tuple(s for s in every if is_rejected(s)),
    )


def verdict_of(analysis: Analysis) -> Verdict:
    """The counts of one analysis."""
    grounded = [f for f in analysis.findings if f.grounded]
    severities = Counter(f.severity for f in grounded)
    statuses = Counter(f.status for f in grounded if is_issue(f))
    return Verdict(
        high=severities["high"],
        medium=severities["medium"],
        low=severities["low"],
        conflicts=statuses["conflict"],
        absences=statuses["absent"],
        ungrounded=len(analysis.findings) - len(grounded),
        unread=len(analysis.document.unread_pages),
    )


def total(verdicts: Iterable[Verdict]) -> Verdict:
    """The sum of several."""
    rows = [(v.high, v.medium, v.low, v.conflicts, v.absences, v.ungrounded, v.unread) for v in verdicts]
    return Verdict(*(sum(column) for column in zip(*rows, strict=True))) if rows else Verdict(0, 0, 0, 0, 0, 0, 0)


def _by_severity(shown: Shown) -> int:
    return SEVERITIES.index(shown.finding.severity)


def _category_order(category: str) -> tuple[int, str]:
    return (CATEGORIES.index(category), "") if category in CATEGORIES else (len(CATEGORIES), category)


def _by_category(facts: Sequence[Shown]) -> Iterable[tuple[str, tuple[Shown, ...]]]:
    for category in sorted({s.finding.category for s in facts}, key=_category_order):
        rows = [s for s in facts if s.finding.category == category]
        if category == "parties":
            rows = _under_their_party(rows)
        yield category, tuple(rows)


def _under_their_party(rows: Sequence[Shown]) -> list[Shown]:
    """``甲方·地址`` follows ``甲方``, wherever the document gives it."""
    roles: dict[str, int] = {}
    for shown in rows:
        roles.setdefault(shown.finding.item.partition("·")[0], len(roles))
    return sorted(rows, key=lambda s: (roles[s.finding.item.partition("·")[0]], "·" in s.finding.item))


def _key_facts(facts: Sequence[Shown]) -> list[Shown]:
    """Who, how much, how long, and where one sues: the first of each, in that order."""
    parties = [s for s in facts if s.finding.category == "parties" and "·" not in s.finding.item][:4]
    prices = [s for name, s in _first_by_item(facts, "money").items() if _KEY_MONEY.match(name)][:2]
    named = _first_by_item(facts, "basics") | _first_by_item(facts, "profile") | _first_by_item(facts, "disputes")
    metrics = list(_first_by_item(facts, "metrics").values())[:4]
    return [*parties, *prices, *(named[name] for name in _KEY_ITEMS if name in named), *metrics]


def _first_by_item(facts: Sequence[Shown], category: str) -> dict[str, Shown]:
    first: dict[str, Shown] = {}
    for shown in facts:
        if shown.finding.category == category:
            first.setdefault(shown.finding.item, shown)
    return first
