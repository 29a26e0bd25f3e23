"""Figures as reports print them: in table cells, where the unit stands elsewhere, and in prose, where it follows.

Rounding is kept: a printed figure stands for an interval, half a unit of its last digit to either side, and two
figures contradict each other only when their intervals do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

_BLANKS = frozenset(
    ("", "-", "--", "---", "—", "——", "–", "－", "/", "／", "\\", "不适用", "N/A", "n/a", "无", "*", "…")
)
_MINUS = "-－−–—△▲"
_PLAIN = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_DIGIT = re.compile(r"\d")
_CELL = re.compile(
    rf"(?P<open>[(（])?[ ]?(?P<sign>[{_MINUS}+＋])?[ ]?(?:[¥￥$])?[ ]?(?P<number>{_PLAIN})[ ]?(?P<percent>[%％])?"
    r"[ ]?(?P<close>[)）])?"
    r"(?P<unit>个?百分点|倍|万元|亿元|千元|元|pct|pcts|pp|bps?)?"
)
_WORDED = re.compile(
    r"(?P<word>增加|上升|提高|提升|增长|上涨|增|升|减少|下降|降低|下滑|减|降)了?[ ]?"
    rf"(?P<number>{_PLAIN})[ ]?(?P<percent>[%％])?(?P<unit>个?百分点|pct|pp)?"
)
_DOWN = frozenset(("减少", "下降", "降低", "下滑", "减", "降"))


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed number. ``value`` is as printed (12.5 for ``12.5%`` and for ``12.5亿元``), with its sign."""

    value: Decimal
    decimals: int
    percent: bool = False
    points: bool = False
    """Whether it is said in percentage points (个百分点)."""
    suffix: str = ""
    """A unit printed in the cell itself, such as 万元 or 倍."""

    @property
    def half(self) -> Decimal:
        """Half a unit of the last printed digit: how far the true value may lie away."""
        return Decimal(5).scaleb(-self.decimals - 1)

    def negated(self) -> Figure:
        return replace(self, value=-self.value)

    def __str__(self) -> str:
        text = f"{self.value:,.{self.decimals}f}"
        return text + ("%" if self.percent else "个百分点" if self.points else self.suffix)


def parse_cell(text: str) -> Figure | None:
    """Read a whole cell: ``1,234.56``, ``(12.3)``, ``-5.2%``, ``增加1.2个百分点``; None for anything else."""
    bare = text.strip()
    if len(bare) > 40 or not _DIGIT.search(bare):
        return None
    if match := _CELL.fullmatch(bare):
        if bool(match["open"]) != bool(match["close"]):
            return None
        return _figure(match, negative=bool(match["open"]) or (match["sign"] or "+") in _MINUS)
    if match := _WORDED.fullmatch(bare.replace(" ", "")):
        return _figure(match, negative=match["word"] in _DOWN)
    return None


def is_blank(text: str) -> bool:
    """Whether a cell says that there is nothing: a dash, 不适用, or no mark at all."""
    return text.strip() in _BLANKS


def decimal_of(number: str) -> Decimal:
    return Decimal(number.replace(",", "").replace("，", ""))


def decimals_of(number: str) -> int:
    return len(number.partition(".")[2])


def plain(value: Decimal, decimals: int) -> str:
    """Without thousands separators, with the printed number of decimals."""
    return f"{value:.{decimals}f}"


def _figure(match: re.Match[str], *, negative: bool) -> Figure:
    value = decimal_of(match["number"])
    unit = match["unit"] or ""
    points = unit.endswith("百分点") or unit in ("pct", "pcts", "pp")
    return Figure(
        value=-value if negative else value,
        decimals=decimals_of(match["number"]),
        percent=bool(match["percent"]) and not points,
        points=points,
        suffix="" if points else unit,
    )


# --- units ------------------------------------------------------------------------------------------------------------

SCALES = {
    "元": Decimal(1), "千元": Decimal(10**3), "万元": Decimal(10**4), "百万元": Decimal(10**6),
    "千万元": Decimal(10**7), "亿元": Decimal(10**8), "十亿元": Decimal(10**9), "百亿元": Decimal(10**10),
    "万亿元": Decimal(10**12),
}  # fmt: skip
"""How many 元 a unit of money holds."""

_MONEY_UNIT = r"(?:万亿|[十百千]?亿|[十百千]?万|百|千)?(?:元|美元|港元|港币|欧元|日元|英镑)"
_UNIT_LINE = re.compile(
    r"(?<![制报位写])(?:金额|货币)?单位[ \t　]*[:：][ \t　]*(?:人民币|RMB|CNY)?[ \t　]*"
    rf"(?P<unit>{_MONEY_UNIT}(?:/股)?|%|[^\s\d,，;；)）、]{{1,4}}(?![^\s,，;；)）、]))"
    rf"|[(（](?:单位[:：]?)?(?:人民币)?(?P<bare>{_MONEY_UNIT})[)）]"
)
_LABEL_UNIT = re.compile(
    rf"[(（\[](?:单位[:：])?(?:人民币)?(?P<unit>{_MONEY_UNIT}(?:/股)?|元每股|%|％|倍|次|天|人|家|万?吨|万?[台套件辆]|个百分点)[)）\]]"
)


def unit_of_line(line: str) -> str | None:
    """The unit that a line above a table states (``单位：万元``, ``（人民币百万元）``); None where it states none."""
    match = _UNIT_LINE.search(line)
    return (match["unit"] or match["bare"]) if match else None


_UNIT_OF_ALL = re.compile(
    rf"(?:除[^，,。；;\n]{{0,10}}外[，,]?[^。；;\n]{{0,16}}?|(?:金额|货币)?单位均?[为是以]|[均以])(?:人民币)?(?P<unit>{_MONEY_UNIT})"
    r"(?:[)）。；;，,\s]|列示|表示|为单位|$)"
)


def unit_of_all(line: str) -> str | None:
    """The unit that a line states for all tables behind it (``除特别注明外，金额单位为人民币万元``)."""
    match = _UNIT_OF_ALL.search(line)
    return match["unit"] if match else None


def unit_of_label(label: str) -> str | None:
    """The unit that a row's or column's own label states (``每股收益（元/股）``, ``毛利率(%)``)."""
    match = _LABEL_UNIT.search(label)
    return match["unit"].replace("％", "%") if match else None
