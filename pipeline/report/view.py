"""What a report shows, in which order, counted once: for HTML, digests and exports alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.types import Analysis, Finding, Severity, StoredAnalysis

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")
CATEGORIES = (
    "checks", "risks", "parties", "basics", "money", "payment", "delivery", "liability", "disputes",
    "profile", "metrics", "changes", "outlook",
)  # fmt: skip
_ISSUES = frozenset({"checks", "risks"})
_KEY_BASICS = ("合同编号", "签订日期", "生效日期", "合同期限", "起始日期", "终止日期", "报告期", "公司全称")
_KEY_MONEY = (
    "合同总价", "合同总金额", "合同金额", "合同总价款", "合同暂估总价", "借款本金", "借款金额", "许可费", "服务费",
    "租金", "月租金", "工资", "运费", "报酬", "定金",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in its place: ``id`` is its row in the database."""

    id: int
    finding: Finding


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
    """All findings of an analysis, each exactly once over ``issues``, ``ungrounded`` and ``facts``.

    ``absences`` are those of the issues that have no place in the document.
    """

    issues: tuple[tuple[Severity, tuple[Shown, ...]], ...]
    absences: tuple[Shown, ...]
    ungrounded: tuple[Shown, ...]
    facts: tuple[tuple[str, tuple[Shown, ...]], ...]
    key_facts: tuple[Shown, ...]
    """The few of the facts that say what this document is."""


def is_issue(finding: Finding) -> bool:
    """Whether someone has to act on it, or at least look: anything but a plain fact."""
    return finding.category in _ISSUES or finding.severity != "info" or finding.status != "present"


def arrange(stored: StoredAnalysis) -> Arranged:
    """Issues by severity, then category, then place; facts by category, as they come."""
    shown = [Shown(id_, f) for id_, f in zip(stored.finding_ids, stored.analysis.findings, strict=True)]
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
    )


def verdict_of(analysis: Analysis) -> Verdict:
    """The counts of one analysis."""
    grounded = [f for f in analysis.findings if f.grounded]
    severities = Counter(f.severity for f in grounded)
    statuses = Counter(f.status for f in grounded)
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
    named: dict[str, Shown] = {}
    for shown in facts:
        if shown.finding.category in ("basics", "profile", "money", "disputes"):
            named.setdefault(shown.finding.item, shown)
    wanted = (*[name for name in _KEY_MONEY if name in named][:3], *_KEY_BASICS, "争议解决")
    metrics: dict[str, Shown] = {}
    for shown in facts:
        if shown.finding.category == "metrics":
            metrics.setdefault(shown.finding.item, shown)
    return [*parties, *(named[name] for name in wanted if name in named), *list(metrics.values())[:4]]
