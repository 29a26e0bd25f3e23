"""Changes told in sentences with both figures: 由9.80亿元增至14.21亿元，同比增长45.0%. And shares of one whole.

Only sentences whose parts are certain are read; a number with 约, 近 or 逾 before it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipeline.kinds.report.alarms import GROWTH, POINTS, SHARE, alarm
from pipeline.kinds.report.figures import Figure, decimal_of, decimals_of
from pipeline.kinds.report.rates import fits, growth_of
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

NUMBER = r"(?<![\d.])(?<!\d[,，])[-－−]?(?:\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
SCALES = {
    "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12,
}  # fmt: skip
_SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
_BASE = (
    r"个?百分点|元/股|美元|港元|港币|欧元|元|[%％]|倍|平方米|立方米|公里|千瓦时"
    r"|人|名|家|户|吨|台|套|件|辆|架|艘|座|项|份|盒|瓶|支|头|羽|亩|股|[A-Za-zμ]{1,5}"
)
_UP = "增长|增加|上升|提高|提升|上涨|上行|扩大|攀升|增|升"
_DOWN = "下降|减少|降低|下滑|回落|下跌|下行|收窄|缩减|缩小|萎缩|降|减"
_LAST = r"(?:上年|去年|上一年|前一年|上期|期初|年初|(?P<year>20\d\d)年)(?:度|同期|末|底|初)?"
_VAGUE = re.compile(r"(?:约|近|超|逾|超过|将近|不足|不到|至少|最多)(?:为|达|人民币)?$")
_VAGUE_AFTER = re.compile(r"左右|多|余|以上|以下")
_CLAUSE_EDGE = re.compile(r"[，,：:；;。“”（(\s■]")
_YEAR = re.compile(r"20\d\d(?=年)")
SENTENCE = re.compile(r"[^。；;！!？?\n]+[。；;！!？?]?")


def quantity(name: str) -> str:
    """Regex of a number with its unit, in groups ``name``, ``name_scale`` and ``name_base``."""
    return rf"(?P<{name}>{NUMBER})[ ]?(?P<{name}_scale>{_SCALE})?(?P<{name}_base>{_BASE})?"


CHANGE = (
    rf"(?P<word>{_UP}|{_DOWN}|增幅|降幅|增速|涨幅|跌幅|[+＋]|(?=[-－−]))(?:了|为|达到?|幅度?为?|率为?)*[ ]?"
    rf"(?P<rate>{NUMBER})[ ]?(?P<rate_base>[%％]|个?百分点|倍|pcts?\b)"
)
"""Regex of a change: its direction and its rate."""
_BY = r"[，,（( ]{0,2}(?:(?:同比|环比|较|比)[^，,。；;\d]{0,10})?"
_AT = r"[^，,。；;\d]{0,10}(?:20\d\d年[^，,。；;\d]{0,6})?"
_BEFORE = rf"{_LAST}的?(?:为|是|实现|[:：])?(?:人民币)?{quantity('before')}"
_TEMPLATES = tuple(
    re.compile(template)
    for template in (
        rf"(?:由|从){_AT}{quantity('before')}[，,]?(?:同比)?(?:{_UP}|{_DOWN}|变动|变化|调整)?(?:至|到|为)"
        rf"{_AT}{quantity('now')}{_BY}{CHANGE}",
        rf"(?:由|从){_AT}{quantity('before')}[，,]?{CHANGE}[，,]?(?:至|到|为){_AT}{quantity('now')}",
        rf"{quantity('now')}[，,]?(?:较|比){_BEFORE}{_BY}{CHANGE}",
        rf"{quantity('now')}[，,（( ]{{1,2}}{_BEFORE}[）)]?{_BY}{CHANGE}",
        rf"{quantity('now')}{_BY}{CHANGE}[，,（( ]{{1,2}}{_BEFORE}",
    )
)
_FALLS = re.compile(rf"{_DOWN}|跌")


def change_alarms(document: Document) -> tuple[list[Finding], set[int]]:
    """Changes that don't follow from the two figures told with them; and where the rates stand that were checked."""
    found: list[Finding] = []
    checked: set[int] = set()
    for sentence in SENTENCE.finditer(document.text):
        text = sentence.group()
        if not ("%" in text or "％" in text or "百分点" in text) or "\t" in text:
            continue
        for match in _matches(text):
            at = sentence.start() + match.start("rate")
            if at in checked:
                continue
            checked.add(at)
            span = Span(sentence.start() + _clause_start(text, match.start()), sentence.start() + match.end())
            if verdict := _verdict(text, match):
                item, value, detail = verdict
                found.append(alarm(document, item, value, [span], detail, "low" if item == POINTS else "high"))
    return found, checked


def _matches(text: str) -> Iterator[re.Match[str]]:
    for template in _TEMPLATES:
        yield from template.finditer(text)


def _clause_start(text: str, at: int) -> int:
    edge = 0
    for mark in _CLAUSE_EDGE.finditer(text, 0, at):
        edge = mark.end()
    return edge


def figure_of(match: re.Match[str], name: str, other: str = "") -> Figure:
    """The figure of a quantity in single units: 12.5亿 is 1,250,000,000. ``other`` lends its scale to a bare number."""
    scale, base = match[f"{name}_scale"], match[f"{name}_base"]
    if not scale and not base and other:
        scale, base = match[f"{other}_scale"], match[f"{other}_base"]
    power = SCALES.get(scale or "", 0)
    number = match[name].replace("－", "-").replace("−", "-")
    return Figure(
        decimal_of(number).scaleb(power),
        decimals_of(number) - power,
        percent=base in ("%", "％"),
        points=bool(base) and base.endswith("百分点"),
        suffix=base or "",
    )


def rate_of(match: re.Match[str]) -> Figure:
    """The rate of a change, negative where it falls."""
    number = match["rate"].replace("－", "-").replace("−", "-")
    base = match["rate_base"]
    figure = Figure(
        decimal_of(number),
        decimals_of(number),
        percent=base in ("%", "％"),
        points=base.endswith("百分点") or base.startswith("pct"),
        suffix=base if base == "倍" else "",
    )
    return figure.negated() if _FALLS.search(match["word"]) else figure


def is_vague(text: str, match: re.Match[str], *names: str) -> bool:
    """Whether one of the numbers is only about right."""
    for name in names:
        end = match.end(name)
        for group in (f"{name}_scale", f"{name}_base"):
            if group in match.re.groupindex and match[group]:
                end = match.end(group)
        if _VAGUE.search(text[max(0, match.start(name) - 6) : match.start(name)]) or _VAGUE_AFTER.match(text, end):
            return True
    return False


def _verdict(text: str, match: re.Match[str]) -> tuple[str, str, Text] | None:
    """Item, value and detail of an alarm; None where the change is right, or can't be judged."""
    if is_vague(text, match, "now", "before", "rate"):
        return None
    now, before, rate = figure_of(match, "now", "before"), figure_of(match, "before", "now"), rate_of(match)
    if now.suffix.replace("％", "%") != before.suffix.replace("％", "%") or now.points:
        return None
    order = _order(text, match)
    if order == 0 or not _same_base(match):
        return None
    if order < 0:
        now, before = before, now
    truth = growth_of(now, before)
    said = f"{match['word']}{match['rate']}{match['rate_base']}"
    if now.percent and (rate.points or rate.percent):
        return _rates_verdict(now, before, rate, said)
    if truth is None or rate.points or fits(rate, truth):
        return None
    shown = f"{truth[0]:.{max(rate.decimals, 2)}f}%"
    figures = _printed(match, order)
    return (
        GROWTH,
        f"{said}，应为 {shown}",
        Text(
            f"{figures[0]} ÷ {figures[1]} - 1 = {shown}，文中写作“{said}”",
            f"{figures[0]} ÷ {figures[1]} - 1 = {shown}, the text says “{said}”",
        ),
    )


def _rates_verdict(now: Figure, before: Figure, rate: Figure, said: str) -> tuple[str, str, Text] | None:
    """Two rates and their difference: told in points, or wrongly in percent."""
    gap = now.value - before.value
    room = now.half + before.half + rate.half
    fits_points = abs(gap - rate.value) <= room
    truth = growth_of(now, before)
    if (rate.points and fits_points) or (rate.percent and truth and fits(rate, truth)):
        return None
    decimals = max(now.decimals, before.decimals)
    shown = f"{gap:+.{decimals}f} 个百分点"
    if rate.percent and fits_points:
        text = f"{now} - {before} = {shown}，是百分点之差，文中写作“{said}”"
        return POINTS, f"{said}，应为百分点", Text(text, f"{now} - {before} is {gap:+} points, the text says “{said}”")
    text = f"{now} - {before} = {shown}，文中写作“{said}”"
    return GROWTH, f"{said}，应为 {shown}", Text(text, f"{now} - {before} = {gap:+} points, the text says “{said}”")


def _same_base(match: re.Match[str]) -> bool:
    """Whether the rate compares the two figures told: 同比 does not go with 年初, nor with years that lie apart."""
    said = match.group()
    if re.search("年均|复合|CAGR", said) or ("环比" in said and re.search("上年|去年", said)):
        return False
    if "同比" not in said:
        return True
    years = [int(year) for year in _YEAR.findall(said)]
    return not re.search("期初|年初|上月|季", said) and (len(years) < 2 or abs(years[0] - years[1]) == 1)


def _printed(match: re.Match[str], order: int) -> tuple[str, str]:
    now = "".join(match[g] or "" for g in ("now", "now_scale", "now_base"))
    before = "".join(match[g] or "" for g in ("before", "before_scale", "before_base"))
    return (now, before) if order > 0 else (before, now)


def _order(text: str, match: re.Match[str]) -> int:
    """1 if ``before`` is the earlier figure, -1 if the years say the contrary, 0 if they say neither."""
    if "year" not in match.re.groupindex or not match["year"]:
        return 1
    years = _YEAR.findall(text, 0, match.start("now"))
    if not years:
        return 1 if text[: match.start("now")].find("报告期") >= 0 else 0
    gap = int(years[-1]) - int(match["year"])
    return {1: 1, -1: -1}.get(gap, 0)


# --- shares of one whole ----------------------------------------------------------------------------------------------

_PART = re.compile(
    rf"{quantity('part')}[，,（( ]{{0,2}}(?:在[^，,。；;\d]{{0,12}}中)?"
    rf"(?:占比|占(?:公司|当期|全部|同期)?(?:营业|主营业务|销售)?(?:总?收入|总额|总量|总数)的?(?:比例|比重)?)"
    rf"(?:为|达|约为)?[ ]?(?P<share>{NUMBER})[ ]?[%％]"
)


def told_shares(document: Document) -> Iterator[Finding]:
    """Parts told with their shares, one after the other: the one whose whole is not that of all the others."""
    for line in _SHARED.finditer(document.text):
        parts = [m for m in _PART.finditer(line.group()) if not is_vague(line.group(), m, "part", "share")]
        wholes = [_whole(m) for m in parts]
        if len({m["share"] for m in parts}) < _PARTS or None in wholes:
            continue
        ranges = [whole for whole in wholes if whole]
        low, high = _agreed(ranges)
        odd = [i for i, (a, b) in enumerate(ranges) if b < low or high < a]
        if len(odd) == 1 and high - low < low * _NARROW:
            yield _odd_share(document, parts[odd[0]], line.start(), (low + high) / 2)


_SHARED = re.compile(r"^(?=[^\n]{0,400}占)[^\t\n]+$", re.MULTILINE)
_PARTS = 3
"""Least parts of which all but one agree."""
_NARROW = Decimal("0.02")


def _whole(match: re.Match[str]) -> tuple[Decimal, Decimal] | None:
    """Between which figures the whole lies, by one part and its share."""
    part, share = figure_of(match, "part"), Figure(decimal_of(match["share"]), decimals_of(match["share"]))
    if part.suffix != "元" or part.value <= 0 or share.value <= share.half:
        return None
    return (part.value - part.half) / (share.value + share.half), (part.value + part.half) / (share.value - share.half)


def _agreed(ranges: Sequence[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """What most ranges have in common."""
    usual = max(ranges, key=lambda one: sum(one[0] <= other[1] and other[0] <= one[1] for other in ranges))
    agreeing = [other for other in ranges if usual[0] <= other[1] and other[0] <= usual[1]]
    return max(low for low, _ in agreeing), min(high for _, high in agreeing)


def _odd_share(document: Document, match: re.Match[str], offset: int, whole: Decimal) -> Finding:
    part = figure_of(match, "part")
    shown = f"{part.value / whole:.{max(decimals_of(match['share']), 1)}f}%"
    said = f"{match['part']}{match['part_scale'] or ''}{match['part_base'] or ''}"
    return alarm(
        document,
        SHARE,
        f"{said} 占比 {match['share']}%，应为 {shown}",
        [Span(offset + match.start(), offset + match.end())],
        Text(
            f"同句其他各项与其占比所示的总额一致，按此 {said} 占 {shown}，文中写作 {match['share']}%",
            f"By the whole that the other parts agree on, {said} is {shown}; the text says {match['share']}%",
        ),
        "medium",
    )
