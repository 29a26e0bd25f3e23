"""Periods: what a report is about, and what its column heads and sentences mean by 本期, 上年同期, 期末."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.kinds.numerals import parse_han_number

Part = Literal["year", "half", "q1", "q2", "q3", "q4", "nine", "end", "month"]

_PART_NAMES: dict[Part, str] = {
    "year": "", "half": "上半年", "q1": "第一季度", "q2": "第二季度", "q3": "第三季度", "q4": "第四季度",
    "nine": "前三季度", "end": "末", "month": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of a year, or the day it ends (``end``). ``forecast``: 2026E."""

    year: int
    part: Part
    forecast: bool = False
    month: int = 0
    """For ``month`` only."""

    def __str__(self) -> str:
        part = f"{self.month}月" if self.part == "month" else _PART_NAMES[self.part]
        return f"{self.year}年{part}{'（预测）' if self.forecast else ''}"

    def before(self) -> Period:
        """The same a year earlier."""
        return Period(self.year - 1, self.part, month=self.month)


_REPORT = re.compile(
    r"(?P<year>20\d\d|二[〇○零]{1,2}[一二三四五六七八九〇○零]{1,2})[ ]?年[ ]?(?:度|公司)?[ ]?"
    r"(?P<kind>年度|年报|半年度?|中期|上半年|第?[一1]季|第?[三3]季|前三季|1-6月|1-3月|1-9月)?[^\n]{0,8}?(?:报告|年报|业绩|财报|经营情况|概况|点评)"
)
_ABSOLUTE: tuple[tuple[str, Part], ...] = (
    (r"[ ]?年?[ ]?(?:12月31日|年?末|年底)", "end"),
    (r"[ ]?年?[ ]?(?:0?6月30日|0?9月30日|0?3月31日)", "end"),
    (r"[ ]?年?[ ]?(?:上半年|半年度?|1[-—~至～－]6月|H1|1H|中期)", "half"),
    (r"[ ]?年?[ ]?(?:前三季度?|1[-—~至～－]9月|9M|Q1-Q?3)", "nine"),
    (r"[ ]?年?[ ]?(?:第?[一1]季度?|1[-—~至～－]3月|Q1|1Q)", "q1"),
    (r"[ ]?年?[ ]?(?:第?[二2]季度?|4[-—~至～－]6月|Q2|2Q)", "q2"),
    (r"[ ]?年?[ ]?(?:第?[三3]季度?|7[-—~至～－]9月|Q3|3Q)", "q3"),
    (r"[ ]?年?[ ]?(?:第?[四4]季度?|10[-—~至～－]12月|Q4|4Q)", "q4"),
    (r"[ ]?年[ ]?(?P<month>1[0-2]|0?[1-9])月(?!\d|[ ]?[-—~至～－]|[ ]?\d{1,2}日)", "month"),
    (r"(?P<forecast>[EFP])(?![A-Za-z])", "year"),
    (r"[ ]?年?度?[ ]?[(（]?(?P<forecast>预[测计])", "year"),
    (r"(?:[ ]?年度?|A)(?![A-Za-z\d])", "year"),
    (r"(?!\d)", "year"),
)
_YEARS = re.compile(r"(?<!\d)(20\d\d)")
_TAILS: list[tuple[re.Pattern[str], Part]] = [(re.compile(tail, re.IGNORECASE), part) for tail, part in _ABSOLUTE]
_QUARTER = re.compile(r"第([一二三四])季度")
_LAST = re.compile(r"上年|去年|上期|上一?年度|同期")
_START = re.compile(r"期初|年初|上年末|上年年末|上期期?末|上年度末|去年末")
_END = re.compile(r"期末|年末|本期末")
_NOW = re.compile(r"本期|本年|本报告期|报告期|当期|今年")
_NOT_A_PERIOD = re.compile(r"增减|增长|同比|变动|比例|比重|占|幅|变化|附注|说明|原因")


def report_period(title: str) -> Period | None:
    """The period that a report's title names (2025年年度报告, 二〇二五年半年度报告); None where it names none."""
    match = _REPORT.search(title)
    if match is None:
        return None
    year = int(match["year"]) if match["year"].isdigit() else parse_han_number(match["year"])
    if year is None or not 1990 <= year < 2100:
        return None
    return Period(year, _part_of(match["kind"] or ""))


def _part_of(kind: str) -> Part:
    if re.search(r"半年|中期|1-6", kind):
        return "half"
    if re.search(r"[一1]季|1-3月", kind):
        return "q1"
    if "前三" in kind or "1-9" in kind or re.search(r"[三3]季", kind):
        return "nine"
    return "year"


def is_change(name: str) -> bool:
    """Whether a column head names a change, a share or a note rather than a period."""
    return bool(_NOT_A_PERIOD.search(name))


def period_in(text: str, report: Period | None, *, stock: bool = False) -> Period | None:
    """The period that a column head or a phrase names; relative ones follow from ``report``.

    ``stock``: whether the figure is a balance, so that 本期 means its last day and 2025年 the end of that year.
    """
    bare = re.sub(r"\s", "", text)
    if not bare or _NOT_A_PERIOD.search(bare):
        return None
    period = _absolute(bare) or _relative(bare, report)
    if period and stock and period.part in ("year", "half", "q1", "q3", "nine") and not period.forecast:
        return Period(period.year, "end")
    return period


def _absolute(text: str) -> Period | None:
    year = _YEARS.search(text)
    if year is None:
        return None
    for pattern, part in _TAILS:
        if match := pattern.match(text, year.end()):
            groups = match.groupdict()
            return Period(int(year[1]), part, bool(groups.get("forecast")), int(groups.get("month") or 0))
    return None


def _relative(text: str, report: Period | None) -> Period | None:
    if report is None:
        return None
    if match := _QUARTER.search(text):
        return Period(report.year, ("q1", "q2", "q3", "q4")["一二三四".index(match[1])])
    if _START.search(text):
        return Period(report.year - 1, "end")
    if _LAST.search(text):
        return report.before()
    if _END.search(text):
        return Period(report.year, "end")
    return report if _NOW.search(text) else None
