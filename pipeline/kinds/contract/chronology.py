"""Dates that can't all be true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from pipeline.kinds.contract.basics import (
    Range,
    Term,
    earliest,
    effective_dates,
    lengths_close,
    months_between,
    signing_dates,
)
from pipeline.kinds.contract.delivery import Due, due_dates
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Evidence, Finding, Span

_ITEM = "日期先后矛盾"


def date_findings(view: View, structure: Structure, ranges: Sequence[Range], term: Term) -> list[Finding]:
    """Ends before starts, terms and deadlines before the signing, terms unlike their dates, days that don't exist."""
    found = [_reversed(view, r) for r in ranges if r.end < r.start]
    dues = due_dates(view)
    found += _against_signing(view, structure, ranges, term, dues)
    found += _against_each_other(view, dues)
    for r in ranges:
        lengths = [term.length] if r is term.range else []
        told = (_term_mismatch(view, Term(r, length)) for length in (*lengths, *lengths_close(view, r)))
        found += [finding for finding in told if finding][:1]
    found += _effect_before_signing(view, structure)
    impossible = (s for s in view.impossible_dates if not _VERSION.search(view.text, max(0, s.start - 8), s.start))
    for span in (*impossible, *_impossible_days(view)):
        defect = Defect(
            "日期不存在", "conflict", "medium", view.document.text[span.start : span.end],
            Text("历法上没有这一天。", "The calendar has no such day."), Text("更正日期。", "Correct the date."),
        )  # fmt: skip
        found.append(defect.at(view.quote(span)))
    return found


_VERSION = re.compile(r"(?:版本|型号|编号|规格|标准|图号|批号|版)号?(?:为|:)?\s?$|[A-Za-z/\-]$")
_DAY = re.compile(r"月\s?(?P<day>\d{1,2})\s?[日号](?!\d)")
_MONTH_BEFORE = re.compile(r"(?<!\d)(?<!\d年)(?<!\d年\s)(?P<month>\d{1,2})\s?$")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _impossible_days(view: View) -> list[Span]:
    """每年2月30日, 13月1日: without a year."""
    found: list[Span] = []
    for match in _DAY.finditer(view.text):
        before = _MONTH_BEFORE.search(view.text, max(0, match.start() - 6), match.start())
        month, day = int(before["month"]) if before else 0, int(match["day"])
        if before and not (1 <= month <= 12 and 1 <= day <= _LONGEST[month - 1]):
            found.append(Span(before.start(), match.end()))
    return found


def _effect_before_signing(view: View, structure: Structure) -> list[Finding]:
    """A contract in force before it is signed: allowed, but rarely meant."""
    signed, effective = earliest(signing_dates(view, structure)), earliest(effective_dates(view))
    if signed is None or effective is None or effective.date >= signed.date:
        return []
    detail = Text(
        f"生效日期 {effective.date.isoformat()} 早于签订日期 {signed.date.isoformat()}。",
        f"It takes effect on {effective.date.isoformat()}, before it is signed on {signed.date.isoformat()}.",
    )
    value = f"{effective.date.isoformat()}／{signed.date.isoformat()}"
    advice = Text(
        "核对日期；确要追溯生效的，写明追溯的范围。",
        "Check the dates. If it is meant to reach back, say what that covers.",
    )
    defect = Defect(_ITEM, "unclear", "medium", value, detail, advice, "民法典第五百零二条")
    return [defect.at(view.quote(effective.span), view.quote(signed.span))]


def _conflict(detail: Text, value: str, *evidence: Evidence) -> Finding:
    advice = Text("核对并更正日期。", "Check the dates and correct them.")
    return Defect(_ITEM, "conflict", "high", value, detail, advice, "民法典第五百一十条").at(*evidence)


def _reversed(view: View, found: Range) -> Finding:
    detail = Text(
        f"终止日期 {found.end.isoformat()} 早于起始日期 {found.start.isoformat()}。",
        f"It ends on {found.end.isoformat()}, before it begins on {found.start.isoformat()}.",
    )
    return _conflict(detail, f"{found.start.isoformat()}／{found.end.isoformat()}", view.quote(found.span))


_DONE_WITH = re.compile(r"已|曾|原|上一|此前|以往|过往|历史|证书|执照|资质|报价|投标|登记")


def _against_signing(
    view: View, structure: Structure, ranges: Sequence[Range], term: Term, dues: Sequence[Due]
) -> list[Finding]:
    """What should come after the signing but is dated before it."""
    signed = earliest(signing_dates(view, structure))
    if signed is None:
        return []
    found: list[Finding] = []
    for r in ranges:
        if (
            r.start <= r.end < signed.date
            and r.label
            and not r.side
            and not _DONE_WITH.search(view.sentence_at(r.span.start).text)
        ):
            detail = Text(
                f"{r.label}至 {r.end.isoformat()} 届满，早于签订日期 {signed.date.isoformat()}。",
                f"{english(r.label)} ends on {r.end.isoformat()}, before the signing on {signed.date.isoformat()}.",
            )
            found.append(_conflict(detail, r.end.isoformat(), view.quote(r.span), view.quote(signed.span)))
    if (
        term.until
        and term.until.date < signed.date
        and not _DONE_WITH.search(view.sentence_at(term.until.span.start).text)
    ):
        detail = Text(
            f"期限至 {term.until.date.isoformat()} 届满，早于签订日期 {signed.date.isoformat()}。",
            f"The term ends on {term.until.date.isoformat()}, before the signing on {signed.date.isoformat()}.",
        )
        value = term.until.date.isoformat()
        found.append(_conflict(detail, value, view.quote(term.until.span), view.quote(signed.span)))
    for due in dues:
        if due.date < signed.date - timedelta(days=1) and view.line_at(due.span.start) < structure.attachments_from:
            detail = Text(
                f"{due.item}期限 {due.date.isoformat()} 早于签订日期 {signed.date.isoformat()}。",
                f"{english(due.item)} is due on {due.date.isoformat()}, before the signing on "
                f"{signed.date.isoformat()}.",
            )
            found.append(_conflict(detail, due.date.isoformat(), view.quote(due.span), view.quote(signed.span)))
    return found


_AFTER = tuple((first, ("验收", "安装")) for first in ("交货", "交付", "到货", "供货", "运抵", "送达", "上线", "并网"))
_ACTOR = re.compile(r"(?:^|[\d\s、.)])(?P<who>[\u4e00-\u9fa5]{1,4}[方人商])(?:应当?|须|需|负责|保证)")
_OTHER_ACTOR = re.compile(r"[方人商]")


def _against_each_other(view: View, dues: Sequence[Due]) -> list[Finding]:
    """验收 or 安装 before 交货: only where each is named once (开工 and 竣工 are a range)."""
    named: dict[str, list[Due]] = {}
    for due in dues:
        named.setdefault(due.item, []).append(due)
    found: list[Finding] = []
    for first, laters in _AFTER:
        for later in laters:
            before, after = named.get(first, []), named.get(later, [])
            if len(before) != 1 or len(after) != 1 or not after[0].date < before[0].date:
                continue
            if later != "安装" or _same_duty(view, before[0], after[0]):
                detail = Text(
                    f"{later} {after[0].date.isoformat()} 早于{first} {before[0].date.isoformat()}。",
                    f"{english(later)} is due on {after[0].date.isoformat()}, before {english(first).lower()} on "
                    f"{before[0].date.isoformat()}.",
                )
                value = f"{before[0].date.isoformat()}／{after[0].date.isoformat()}"
                found.append(_conflict(detail, value, view.quote(before[0].span), view.quote(after[0].span)))
    return found


def _same_duty(view: View, first: Due, second: Due) -> bool:
    """Whether one sentence, or two that follow each other, oblige one party to both: what is installed may else be
    another thing."""
    sentence, other = sorted((view.sentence_at(first.span.start), view.sentence_at(second.span.start)))
    start, end = sorted((first.span, second.span))
    if sentence == other:
        return not _OTHER_ACTOR.search(view.text, start.end, end.start)
    actors = [match["who"] for s in (sentence, other) if (match := _ACTOR.search(s.text))]
    return other.line - sentence.line <= 1 and len(actors) == 2 and actors[0] == actors[1]


def _term_mismatch(view: View, term: Term) -> Finding | None:
    """三年 beside dates that span another time; a month of tolerance, and a tenth."""
    if term.range is None or term.length is None or term.range.end < term.range.start:
        return None
    if term.length.unit not in ("年", "月"):
        return _days_mismatch(view, term)
    printed = term.length.count * (12 if term.length.unit == "年" else 1)
    actual = months_between(term.range.start, term.range.end)
    if abs(actual - printed) <= max(0.5, printed * 0.02):
        return None
    whole = abs(actual - round(actual)) < 0.05
    months = (
        (f"为 {actual:.0f} 个月", f"{actual:.0f} months")
        if whole
        else (f"约 {actual:.1f} 个月", f"about {actual:.1f} months")
    )
    dates = f"{term.range.start.isoformat()} 至 {term.range.end.isoformat()}"
    detail = Text(
        f"写明期限为{term.length.printed}，起止日期 {dates} {months[0]}。",
        f"The term is given as “{term.length.printed}”; from {term.range.start.isoformat()} to "
        f"{term.range.end.isoformat()} it is {months[1]}.",
    )
    return _mismatch(view, term, detail)


def _days_mismatch(view: View, term: Term) -> Finding | None:
    if term.range is None or term.length is None or term.length.unit not in ("日", "天"):
        return None
    actual = (term.range.end - term.range.start).days + 1
    if abs(actual - term.length.count) <= 1:
        return None
    detail = Text(
        f"写明期限为{term.length.printed}，起止日期之间为 {actual} 日。",
        f"The term is given as “{term.length.printed}”; its dates are {actual} days apart.",
    )
    return _mismatch(view, term, detail)


def _mismatch(view: View, term: Term, detail: Text) -> Finding | None:
    if term.range is None or term.length is None or abs(term.length.span.start - term.range.span.start) > 80:
        return None
    defect = Defect(
        "期限与起止日期不符",
        "conflict",
        "medium",
        term.length.printed,
        detail,
        Text("核对后使期限与起止日期一致。", "Make the term and its dates agree."),
        "民法典第五百一十条",
    )
    return defect.at(view.quote(term.range.span))
