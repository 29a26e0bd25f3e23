"""Two tellings of one contract: body and attachments, Chinese and English."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.kinds.contract.amounts import Labelled, money
from pipeline.kinds.contract.basics import COUNT, length_from
from pipeline.kinds.contract.delivery import due_dates
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import amounts_in, dates_in
from pipeline.kinds.terms import english, value_in_english
from pipeline.lang import Text
from pipeline.types import Evidence, Finding, Span

# --- body and attachments ---------------------------------------------------------------------------------------------

_WARRANTY = re.compile(
    rf"(?P<what>质保期|质量保证期|保修期|免费维护期)(?:限)?(?:为|是|:|\s|自[^,。;]{{0,16}}起)*{COUNT}"
)
_TOTAL = re.compile(r"(?:合同|协议)?(?:含税)?(?:总价款?|总金额|总额|价款总额|总费用|价税合计|报价总计)")


def attachment_conflicts(
    view: View, structure: Structure, amounts: Sequence[Labelled], totals: Sequence[Labelled]
) -> Iterator[Finding]:
    """What body and attachments each state just once, and differently: the price, a day of duty, the warranty."""
    border = structure.attachments_from
    if border >= len(view.lines):
        return
    start = view.lines[border].start
    body = [a for a in totals if a.span.start < start]
    attached = [a for a in amounts if a.span.start >= start and not a.in_table and _TOTAL.fullmatch(a.label)]
    if len({a.yuan for a in body}) == 1 and len({a.yuan for a in attached}) == 1:
        one, other = body[0], attached[0]
        if one.yuan != other.yuan and one.currency == other.currency and _near(one, other):
            pair = money(one.yuan, one.currency), money(other.yuan, other.currency)
            yield _conflict("合同总价", *pair, view.quote(one.span), view.quote(other.span))
    for name, here, there in (*_days(view, start), *_warranties(view, start)):
        yield _conflict(name, here[0], there[0], view.quote(here[1]), view.quote(there[1]))


def _near(one: Labelled, other: Labelled) -> bool:
    """Whether the sums may be meant to be one: an attachment that prices a part is no contradiction."""
    return other.yuan * 2 > one.yuan and one.yuan * 2 > other.yuan


Told = tuple[str, Span]
"""A value and where it stands."""


def _days(view: View, start: int) -> Iterator[tuple[str, Told, Told]]:
    dues = [(due.item, (due.date.isoformat(), due.span)) for due in due_dates(view)]
    yield from _differing(dues, start)


def _warranties(view: View, start: int) -> Iterator[tuple[str, Told, Told]]:
    found: list[tuple[str, Told]] = []
    for match in _WARRANTY.finditer(view.text):
        if length := length_from(match):
            months = {"年": 12, "月": 1}.get(length.unit)
            value = f"{length.count * months}个月" if months else length.printed
            found.append((match["what"], (value, Span(*match.span()))))
    yield from _differing(found, start)


def _differing(told: Sequence[tuple[str, Told]], start: int) -> Iterator[tuple[str, Told, Told]]:
    for item in dict.fromkeys(name for name, _ in told):
        here = [t for name, t in told if name == item and t[1].start < start]
        there = [t for name, t in told if name == item and t[1].start >= start]
        if len({t[0] for t in here}) == len({t[0] for t in there}) == 1 and here[0][0] != there[0][0]:
            yield item, here[0], there[0]


def _conflict(name: str, here: str, there: str, *evidence: Evidence) -> Finding:
    defect = Defect(
        "正文与附件不一致", "conflict", "high", f"{here}／{there}",
        Text(f"{name}在正文为 {here}，在附件为 {there}。",
             f"{english(name)}: {value_in_english(here)} in the body, {value_in_english(there)} in the attachment."),
        Text("核对后使二者一致，并约定正文与附件不一致时以何者为准。",
             "Make them agree, and say which prevails if contract and attachment differ."), "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(*evidence)


# --- Chinese and English ----------------------------------------------------------------------------------------------

_HAN = re.compile(r"[\u4e00-\u9fa5]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|percent)", re.IGNORECASE)
_CHINESE_DAYS = re.compile(
    r"(?<![\d月])(\d{1,3}|[一二三四五六七八九十百两]{1,5})\s?(?:个)?\s?(?:工作日|日历日|自然日|日|天)(?!期)"
)
_ENGLISH_DAYS = re.compile(r"(\d{1,3})\)?\s+(?:working|business|calendar|consecutive)?\s?days?\b", re.IGNORECASE)
_ENGLISH_SUM = re.compile(r"(?:RMB|CNY|USD|US\$|EUR|HKD|[¥$€])\s?(\d[\d,]*(?:\.\d+)?)", re.IGNORECASE)
_ENGLISH_DATE = re.compile(
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+"
    r"(?P<year>(?:19|20)\d\d)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PHRASE = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,20}+ [A-Za-z]{2,20}+ [A-Za-z]{2}")
_LEAST_WORDS = 4


def language_conflicts(view: View) -> Iterator[Finding]:
    """A Chinese paragraph and the English one below it that give other sums, shares, days or dates."""
    for second in sorted({view.line_at(match.start()) for match in _PHRASE.finditer(view.text)}):
        first = second - 1
        chinese, other = view.line_texts[first], view.line_texts[second]
        if first < 0 or not (_HAN.search(chinese) and _is_english(other)) or "\t" in chinese + other:
            continue
        for what, here, there in _told(chinese, other):
            if here and there and len(here) == len(there) and Counter(here) != Counter(there):
                defect = Defect(
                    "中英文不一致", "conflict", "high", f"{'、'.join(here)}／{'、'.join(there)}",
                    Text(f"{what}在中文为 {'、'.join(here)}，在英文为 {'、'.join(there)}。",
                         f"{english(what)}: {', '.join(here)} in the Chinese, {', '.join(there)} in the English."),
                    Text("核对后更正，并约定以何种文本为准。", "Correct one of them, and say which version prevails."),
                    "民法典第四百六十六条",
                )  # fmt: skip
                yield defect.at(view.evidence(view.lines[first]), view.evidence(view.lines[second]))


def _is_english(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LEAST_WORDS and len(_HAN.findall(text)) * 8 < len(text)


def _told(chinese: str, english: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """What both languages state of one sort, as plain values."""
    sums = [f"{a.yuan.normalize():f}" for a in amounts_in(chinese) if not a.words]
    yield (
        "金额",
        sums,
        [f"{a.yuan.normalize():f}" for a in amounts_in(english) if _ENGLISH_SUM.match(english, a.span.start)],
    )
    yield "比例", _PERCENT.findall(chinese), _PERCENT.findall(english)
    days = [length for match in _CHINESE_DAYS.finditer(chinese) if (length := _plain(match[1]))]
    yield "天数", days, _ENGLISH_DAYS.findall(english)
    yield "日期", [d.date.isoformat() for d in dates_in(chinese)], [_iso(m) for m in _ENGLISH_DATE.finditer(english)]


def _plain(printed: str) -> str:
    match = _ONLY_COUNT.fullmatch(f"{printed}日")
    length = length_from(match) if match else None
    return str(length.count) if length else ""


_ONLY_COUNT = re.compile(COUNT)


def _iso(match: re.Match[str]) -> str:
    return f"{match['year']}-{_MONTHS.index(match['month'][:3].lower()) + 1:02d}-{int(match['day']):02d}"
