"""Key figures in sentences, of the company as a whole, and whether they agree with its tables.

A sentence about a business line, a region or a subsidiary names another thing with the same words; so a mention counts
only where nothing but the company, the period and a verb stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.kinds.report.alarms import CONTRADICTION, GROWTH, SHARE, UNIT_SLIP, alarm
from pipeline.kinds.report.figures import SCALES as MONEY
from pipeline.kinds.report.figures import Figure, decimal_of, decimals_of
from pipeline.kinds.report.metrics import Metric
from pipeline.kinds.report.names import PROSE_NAME, MetricName, metric_of
from pipeline.kinds.report.periods import Period, period_in
from pipeline.kinds.report.prose import CHANGE, NUMBER, is_vague, quantity, rate_of
from pipeline.kinds.report.rates import fits, growth_of, share_of
from pipeline.kinds.report.sums import is_slip_of_digits
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_DIGIT = re.compile(r"\d")
_PERIOD = re.compile(
    r"20\d\d年(?:度|末|底|上半年|半年度|前三季度|第?[一二三四]季度|[1-9]\d?[-—~至]\d{1,2}月)?"
    r"|本?报告期(?:内|末)?|本期(?:末)?|本年度?|全年(?:度)?|上半年|前三季度|第[一二三四]季度|截至|期末|年末"
    r"|(?<![较比])(?:去年|上年(?:同期|末)?)|今年"
)
_FILLER = re.compile(
    r"[\s■●◆]|公司|本公司|[本我]行|发行人|集团|本集团|我们|合并(?:报表)?(?:口径)?|一共|共计?|总计|累计|合计|全部|实现|完成|取得|达成|录得|达到?|整体|总体"
    r"|预计|预期|计划|力争|目标|预测|有望|将|其中?|年度|同比|分别|经营|[的及和与至、:：，,\-—]|拥有|持有|在手|亦|也|均|首次|突破|对应|给予|当前|股价|(?:发布|披露|公告)了?(?:年报|半年报|季报|报告)?(?:[及和](?:20\d\d年)?[一二三]?季?报)?[:：]"
)
_COMPANY = re.compile(r"公司|集团|报告期|全年|年度|20\d\d年|上半年|前三季度|截至|期末")
_PLANNED = re.compile(r"预计|预期|计划|力争|目标|预测|有望|将(?!近)")
_SENTENCE = re.compile(r"[^。！!？?\n]+")
_CLAUSE = re.compile(r"[，,；;（(]|  ")
_PART = re.compile(r"子公司|分部|业务|板块|产品|地区|海外|境内|境外|国内|行业|母公司|联营|参股|项目|市场")
_VALUE = re.compile(
    r"(?:[(（][^()（）]{0,12}[)）])?(?:金额|余额|总额|规模|净额)?(?:分别)?"
    r"(?:[由从][^，,。；;]{2,20}?(?:上升|下降|提高|降低|提升|[升降增])至)?"
    r"(?:(?:上升|下降|提高|降低|提升)?[升降增]?至|为|达到?|是|实现|完成|合计|共计|累计|录得|[:：]|人民币|[ ])*"
    rf"{quantity('now')}"
)
_LIST = re.compile(rf"[ ]?[、和及，,/][ ]?{quantity('now')}")
_LISTED = re.compile(r"[ ]?[/、]")
"""Between figures of which only the last has its unit: 67.89/81.23/97.12亿元."""
_OF_THE_WHOLE = frozenset(("经营现金流", "归母净利润", "扣非净利润", "归母净资产", "净资产收益率", "基本每股收益"))
"""Metrics that are hardly ever told of a part."""
_SHARE = (
    r"[，,（(]?占(?:公司|当期|同期|本期|全部)?(?:的)?营业总?收入的?(?:比例|比重)?(?:为|达|[:：])?"
    rf"(?P<share>{NUMBER})[ ]?[%％][)）]?"
)
_SAID = re.compile(
    rf"(?:{_SHARE})?(?:[，,（(]?(?:较|比)?(?:同比|上年同期|上年|去年同期|去年|期初|年初|上年末)[^，,。；;\d]{{0,4}}?{CHANGE})?"
)
_RANGE = re.compile(r"(20\d\d)年?[-—~至](20\d\d)年")
_YEARS = re.compile(r"20\d\d(?=年|[、/和])")
_BACK = 300
"""How far back in a sentence its period and its subject may stand."""
_SAME_SHARE = Decimal("0.5")
"""Two figures that lie further apart are not the same thing told twice, unless a power of ten lies between them."""
_POWERS = tuple(Decimal(10) ** k for k in (-8, -4, -3, -2, -1, 1, 2, 3, 4, 8))


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a figure right behind it: its share of revenue, its change."""

    share: Figure | None
    rate: Figure | None
    rate_at: int
    """Where the rate stands; -1 without one."""
    since_start: bool
    """Whether the change is against the period's start (较期初), not against a year before."""
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A key figure in a sentence, or only its change."""

    metric: MetricName
    value: Metric | None
    """None where only the change is told."""
    period: Period | None
    told: Told
    span: Span
    planned: bool


def mentions_in(document: Document, report: Period | None) -> list[Mention]:
    """The mentions of key figures of the company as a whole."""
    found: list[Mention] = []
    for sentence in _SENTENCE.finditer(document.text):
        text = sentence.group()
        if "\t" not in text and _DIGIT.search(text):
            found += _in_sentence(text, sentence.start(), report)
    return found


def _in_sentence(text: str, offset: int, report: Period | None) -> Iterator[Mention]:
    whole, known = True, False
    done = 0
    for match in PROSE_NAME.finditer(text):
        start = _clause_start(text, match.start(), done)
        prefix = text[start : match.start()]
        between = text[done:start]
        if _PART.search(between):
            whole = False
        done = match.end()
        rest = _FILLER.sub("", _PERIOD.sub("", _RANGE.sub("", prefix)))
        if rest:
            whole = False
            continue
        if _COMPANY.search(prefix):
            whole = known = True
        if whole:
            yield from _mentions(text, match, offset, report, known=known or bool(_COMPANY.search(between)))


def _clause_start(text: str, at: int, least: int) -> int:
    start = least
    for mark in _CLAUSE.finditer(text, least, at):
        start = mark.end()
    return start


def _mentions(text: str, match: re.Match[str], offset: int, report: Period | None, *, known: bool) -> Iterator[Mention]:
    metric = metric_of(match)
    values = _values(text, match.end(), metric)
    periods = _periods(text, match.start(), len(values), metric, report)
    if periods is None or not (known or values or metric.name in _OF_THE_WHOLE):
        return
    planned = bool(_PLANNED.search(text, _since(text, match.start()), match.start()))
    told = _told(text, values[-1][1] if values else match.end(), offset)
    if len(values) > 1:
        told = replace(told, rate=None, share=None, end=0)
    begin = offset + _evidence_start(text, match.start())
    for i, (figure, stop, unit) in enumerate(values or [(None, match.end(), "")]):
        period = replace(p, forecast=True) if planned and (p := periods[i]) else periods[i]
        span = Span(begin, max(offset + stop, told.end))
        value = Metric(metric, match.group(), figure, unit, period, span, "prose") if figure else None
        if value or told.rate:
            yield Mention(metric, value, period, told, span, planned)


def _told(text: str, at: int, offset: int) -> Told:
    match = _SAID.match(text, at)
    assert match  # all of it is optional
    share = None
    if match["share"]:
        share = Figure(decimal_of(match["share"]), decimals_of(match["share"]), percent=True)
    if not match["rate"] or is_vague(text, match, "rate"):
        return Told(share, None, -1, False, offset + (match.end("share") + 1 if share else at))
    since_start = bool(re.search(r"期初|年初|上年末", match.group()))
    return Told(share, rate_of(match), offset + match.start("rate"), since_start, offset + match.end())


def _evidence_start(text: str, at: int) -> int:
    """The start of the clause, so that a quote says of whom and when."""
    start = _clause_start(text, at, max(0, at - _BACK))
    while start < at and text[start] in " \t■●◆":
        start += 1
    return start


def _since(text: str, at: int) -> int:
    """Where the part of the sentence begins that ``at`` stands in: after the last semicolon."""
    least = max(0, at - _BACK)
    return max(text.rfind("；", least, at), text.rfind(";", least, at), least - 1) + 1


def _values(text: str, at: int, metric: MetricName) -> list[tuple[Figure, int, str]]:
    """The figures that follow a name, with their ends and units: one, or a list behind 分别为."""
    match = _VALUE.match(text, at)
    several = match is not None and "分别" in text[max(0, at - _BACK) : match.end()]
    matches: list[re.Match[str]] = []
    while match is not None and not is_vague(text, match, "now"):
        matches.append(match)
        match = _LIST.match(text, match.end()) if several else None
    found: list[tuple[Figure, int, str]] = []
    for one in matches:
        bare = not one["now_scale"] and not one["now_base"] and _LISTED.match(text, one.end())
        unit = _unit(matches[-1] if bare else one, metric)
        if unit is None:
            break
        number = one["now"].replace("－", "-").replace("−", "-")
        figure = Figure(decimal_of(number), decimals_of(number), percent=unit == "%")
        found.append((figure, one.end(), unit))
    return found


def _unit(match: re.Match[str], metric: MetricName) -> str | None:
    """The printed unit where it suits the metric."""
    unit = f"{match['now_scale'] or ''}{match['now_base'] or ''}".replace("％", "%")
    if metric.sort in ("flow", "stock"):
        return unit if unit in MONEY else None
    if metric.sort == "per_share":
        return unit if unit in ("元", "元/股", "美元", "港元") else None
    if metric.sort == "rate":
        return unit if unit == "%" else None
    return unit if unit == "倍" else None


def _periods(text: str, at: int, count: int, metric: MetricName, report: Period | None) -> list[Period | None] | None:
    """A period for each of ``count`` figures; None where they don't match up."""
    before = text[max(0, at - _BACK) : at]
    stock = metric.at_end
    if count > 1:
        years = _years(before)
        return [Period(year, "end" if stock else "year") for year in years] if len(years) == count else None
    phrases = list(_PERIOD.finditer(before))
    for phrase in reversed(phrases):
        if period := period_in(phrase.group(), report, stock=stock):
            return [period]
    return [None if metric.sort == "times" or metric.name == "目标价" else period_in("本期", report, stock=stock)]


def _years(text: str) -> list[int]:
    """The years that a list of figures goes with: 2026年至2028年, or 2024年、2025年和2026年."""
    if match := next(reversed(list(_RANGE.finditer(text))), None):
        first, last = int(match[1]), int(match[2])
        return list(range(first, last + 1)) if 0 < last - first < 10 else []
    return [int(m.group()) for m in _YEARS.finditer(text)]


# --- against the tables -----------------------------------------------------------------------------------------------

Known = Mapping[tuple[str, Period], Sequence[Metric]]


def mention_alarms(
    document: Document, mentions: Sequence[Mention], tables: Sequence[Metric], checked: set[int]
) -> list[Finding]:
    """Mentions that contradict the tables. ``checked``: where the rates stand that were judged already."""
    known: dict[tuple[str, Period], list[Metric]] = {}
    for metric in tables:
        if metric.period:
            known.setdefault((metric.metric.name, metric.period), []).append(metric)
    found: list[Finding] = []
    for mention in mentions:
        if mention.period is None or (mention.planned and not mention.value):
            continue
        if mention.value and (conflict := _conflict(document, mention.value, known)):
            found.append(conflict)
            continue
        if mention.told.rate_at not in checked and (wrong := _wrong_rate(document, mention, known)):
            found.append(wrong)
        if wrong := _wrong_share(document, mention, known):
            found.append(wrong)
    return found


def _conflict(document: Document, said: Metric, known: Known) -> Finding | None:
    """The same figure told differently: only where no table agrees with the sentence."""
    assert said.period
    tables = known.get((said.metric.name, said.period), ())
    pairs = [(table, *pair) for table in tables if (pair := _pair(said, table))]
    if not pairs or any(abs(a - b) <= room for _, a, b, room in pairs):
        return None
    table, told, printed, _ = pairs[0]
    if printed == 0 or told == 0 or (told < 0) != (printed < 0):
        return None
    ratio = told / printed
    slip = any(abs(ratio / power - 1) < Decimal("0.006") for power in _POWERS) and said.metric.sort in ("flow", "stock")
    typo = said.unit == table.unit and is_slip_of_digits(said.figure, table.figure.value)
    if not slip and not typo and abs(ratio - 1) > _SAME_SHARE:
        return None
    first = f"{said.figure.value:,}{said.unit}"
    second = f"{table.figure.value:,}{table.unit}"
    name, period = said.printed, str(said.period)
    return alarm(
        document,
        UNIT_SLIP if slip else CONTRADICTION,
        f"{name} {first}，表内 {second}",
        [said.span, table.span],
        Text(
            f"{period}{name}：文中 {first}，表内 {second}" + (f"，相差约 {_nearest(ratio):f} 倍" if slip else ""),
            f"{name}, {period}: {first} in the text, {second} in the table",
        ),
        "high" if slip else "medium",
    )


def _nearest(ratio: Decimal) -> Decimal:
    return min(_POWERS, key=lambda power: abs(ratio / power - 1)).normalize()


def _pair(said: Metric, table: Metric) -> tuple[Decimal, Decimal, Decimal] | None:
    """Both figures in one unit, and how far rounding lets them differ; None where they can't be compared."""
    if said.yuan is not None and table.yuan is not None:
        return said.yuan, table.yuan, said.half_yuan + table.half_yuan
    if said.metric.sort in ("rate", "times", "per_share"):
        return said.figure.value, table.figure.value, said.figure.half + table.figure.half
    return None


def _wrong_rate(document: Document, mention: Mention, known: Known) -> Finding | None:
    """A told change that the table's own two figures contradict."""
    rate = mention.told.rate
    if mention.period is None or rate is None:
        return None
    now = known.get((mention.metric.name, mention.period), ())
    before_period = mention.period.before()
    if mention.told.since_start and mention.period.part != "end":
        return None
    pairs = [(a, b) for a in now for b in known.get((mention.metric.name, before_period), ()) if a.span == b.span]
    if not pairs:
        return None
    truths = [_change(mention.metric, rate, a.figure, b.figure) for a, b in pairs]
    if any(truth is None or truth[1] for truth in truths):
        return None
    (a, b), truth = pairs[0], truths[0]
    assert truth
    unit = "个百分点" if mention.metric.sort == "rate" else "%"
    shown = f"{truth[0]:+.2f}{unit}"
    said = f"{rate.value:+}{unit}"
    name = f"{mention.period}{a.printed}"
    figures = f"{a.figure}{a.unit if not a.figure.percent else ''} / {b.figure}{b.unit if not b.figure.percent else ''}"
    return alarm(
        document,
        GROWTH,
        f"{a.printed} {said}，应为 {shown}",
        [mention.span, a.span],
        Text(
            f"{name}：表内本期与上期为 {figures}，变动 {shown}，文中写作 {said}",
            f"{name}: the table has {figures}, a change of {shown}, the text says {said}",
        ),
    )


def _change(metric: MetricName, rate: Figure, now: Figure, before: Figure) -> tuple[Decimal, bool] | None:
    """The true change, and whether the told one can be it; None where that can't be said."""
    if metric.sort == "rate":
        if not rate.points:
            return None
        gap = now.value - before.value
        return gap, abs(gap - rate.value) <= now.half + before.half + rate.half
    truth = None if rate.points else growth_of(now, before)
    return None if truth is None else (truth[0], fits(rate, truth))


def _wrong_share(document: Document, mention: Mention, known: Known) -> Finding | None:
    """A told share of revenue that the tables' revenue contradicts."""
    share, value = mention.told.share, mention.value
    if share is None or value is None or value.yuan is None or value.period is None or mention.planned:
        return None
    revenues = [m for name in ("营业收入", "营业总收入") for m in known.get((name, value.period), ()) if m.yuan]
    if not revenues:
        return None
    truths = [share_of(_in_yuan(value), _in_yuan(revenue)) for revenue in revenues]
    if any(truth is None or fits(share, truth) for truth in truths):
        return None
    revenue, truth = revenues[0], truths[0]
    assert truth
    shown = f"{truth[0]:.{max(share.decimals, 2)}f}%"
    formula = f"{value.figure}{value.unit} ÷ {revenue.figure}{revenue.unit} = {shown}"
    return alarm(
        document,
        SHARE,
        f"{value.printed}占营业收入 {share}，应为 {shown}",
        [mention.span, revenue.span],
        Text(f"{formula}，文中写作 {share}", f"{formula}, the text says {share}"),
        "medium",
    )


def _in_yuan(metric: Metric) -> Figure:
    scale = MONEY[metric.unit]
    return Figure(metric.figure.value * scale, metric.figure.decimals - (len(str(scale)) - 1))
