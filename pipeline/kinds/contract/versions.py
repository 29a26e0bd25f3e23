"""Two tellings of one contract, in Chinese and in English, that differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, parse_rate
from pipeline.kinds.contract.basics import COUNT, length_from
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import amounts_in, dates_in
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Finding, Span

_HAN = re.compile(r"[\u4e00-\u9fa5]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|percent)", re.IGNORECASE)
_CHINESE_SHARE = re.compile(PERCENT)
_CHINESE_DAYS = re.compile(
    r"(?<![\d月])(\d{1,3}|[一二三四五六七八九十百两]{1,5})\s?(?:个)?\s?(?:工作日|日历日|自然日|日|天)(?!期)"
)
_ENGLISH_DAYS = re.compile(r"(\d{1,3})\)?\s+(?:working|business|calendar|consecutive)?\s?days?\b", re.IGNORECASE)
_ENGLISH_SUM = re.compile(r"(?:RMB|CNY|USD|US\$|EUR|HKD|[¥$€])\s?(\d[\d,]*(?:\.\d+)?)", re.IGNORECASE)
_ENGLISH_DATE = re.compile(
    r"(?:(?P<first>\d{1,2})(?:st|nd|rd|th)?\s+(?:day\s+of\s+)?)?(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
    r"\.?,?\s+(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<year>(?:19|20)\d\d)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PHRASE = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,20}+ [A-Za-z]{2,20}+ [A-Za-z]{2}")
_LEAST_WORDS = 4


def language_conflicts(view: View) -> Iterator[Finding]:
    """A Chinese paragraph and the English one behind or below it that tell other sums, shares, periods, dates or places
    of arbitration."""
    for index in sorted({view.line_at(match.start()) for match in _PHRASE.finditer(view.text)}):
        pair = _pair_at(view, index)
        if pair is None:
            continue
        chinese, other = (view.text[span.start : span.end] for span in pair)
        for what, here, there in _told(chinese, other):
            if here and there and len(here) == len(there) and Counter(here) != Counter(there):
                yield _told_otherwise(view, what, here, there, pair)


def _pair_at(view: View, index: int) -> tuple[Span, Span] | None:
    """The Chinese and the English of a line that ends in English, or of a line in English and the Chinese above it."""
    line, text = view.lines[index], view.line_texts[index]
    if "\t" in text:
        return None
    border = _BORDER.search(text)
    if border and _is_english(text[border.end() :]) and not _WORD.search(text, 0, border.end()):
        at = line.start + border.end()
        return Span(line.start, at), Span(at, line.end)
    above = view.line_texts[index - 1] if index else ""
    if not _is_english(text) or not _HAN.search(above) or "\t" in above:
        return None
    last = index
    while last + 1 < len(view.lines) and _GOES_ON.match(view.line_texts[last + 1]):
        last += 1
    return view.lines[index - 1], Span(line.start, view.lines[last].end)


_GOES_ON = re.compile(r"(?!\s*\d+\.)[^\u4e00-\u9fa5\t]{12,}$")
"""The next line of an English paragraph that reading has left in pieces."""
_BORDER = re.compile(r"[\u4e00-\u9fa5][^\u4e00-\u9fa5A-Za-z]{0,8}(?=[^\u4e00-\u9fa5]*$)")
"""The last Chinese character of a line and the marks behind it."""


def _told_otherwise(
    view: View, what: str, here: Sequence[str], there: Sequence[str], pair: tuple[Span, Span]
) -> Finding:
    defect = Defect(
        "中英文不一致", "conflict", "high", f"{'、'.join(here)}／{'、'.join(there)}",
        Text(f"{what}在中文为 {'、'.join(here)}，在英文为 {'、'.join(there)}。",
             f"{english(what)}: {', '.join(here)} in the Chinese, {', '.join(there)} in the English."),
        Text("核对后更正，并写明：本合同的中文本与外文本不一致的，以中文本为准。",
             "Correct one of them, and write: “Where the Chinese and the foreign text differ, the Chinese "
             "prevails.”"),
        "民法典第四百六十六条",
    )  # fmt: skip
    return defect.at(*(view.evidence(span) for span in pair))


def _is_english(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LEAST_WORDS and len(_HAN.findall(text)) * 8 < len(text)


def _told(chinese: str, english: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """What both languages state of one sort, as plain values."""
    figures = [a for a in amounts_in(chinese) if not a.words] or amounts_in(chinese)
    sums = [f"{a.yuan.normalize():f}" for a in figures]
    yield (
        "金额",
        sums,
        [f"{a.yuan.normalize():f}" for a in amounts_in(english) if _ENGLISH_SUM.match(english, a.span.start)],
    )
    shares = (parse_rate(match.group()) for match in _CHINESE_SHARE.finditer(chinese))
    here = [f"{(share * 100).normalize():f}" for share in shares if share is not None]
    yield "比例", here, [f"{Decimal(p).normalize():f}" for p in _PERCENT.findall(english)]
    days = [length for match in _CHINESE_DAYS.finditer(chinese) if (length := _plain(match[1]))]
    yield "天数", days, _ENGLISH_DAYS.findall(english)
    yield "日期", [d.date.isoformat() for d in dates_in(chinese)], [_iso(m) for m in _ENGLISH_DATE.finditer(english)]
    for what, unit, pattern in (("年数", "年", _ENGLISH_YEARS), ("月数", "月", _ENGLISH_MONTHS)):
        lengths = [length for m in _ONLY_COUNT.finditer(chinese) if (length := length_from(m)) and length.unit == unit]
        yield what, [str(length.count) for length in lengths], [_number(m[1]) for m in pattern.finditer(english)]
    yield from _other_unit(chinese, english)
    yield "适用法律", _laws(_CHINESE_LAW, chinese), _laws(_ENGLISH_LAW, english)
    yield "仲裁地", _cities(_CHINESE_PLACE, chinese), _cities(_ENGLISH_PLACE, english)


_ENGLISH_NUMBERS: Sequence[str] = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_COUNTED = rf"(?<![A-Za-z\-])(\d{{1,3}}|{'|'.join(_ENGLISH_NUMBERS)})\)?[\s\-]+(?:full |calendar |consecutive )?"
_ENGLISH_YEARS = re.compile(rf"{_COUNTED}years?\b", re.IGNORECASE)
_ENGLISH_MONTHS = re.compile(rf"{_COUNTED}months?\b", re.IGNORECASE)
_IN_DAYS = {"年": 365, "月": 30, "日": 1, "天": 1, "周": 7, "year": 365, "month": 30, "day": 1, "week": 7}
_ENGLISH_PERIOD = re.compile(
    rf"{_COUNTED}(?:working |business |calendar )?(?P<unit>year|month|week|day)s?\b", re.IGNORECASE
)
_CLOSE = 0.15


def _other_unit(chinese: str, english: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """The only period of both, in another unit and far from equal: 三个月 and thirty days."""
    lengths = [length for match in _ONLY_COUNT.finditer(chinese) if (length := length_from(match))]
    periods = list(_ENGLISH_PERIOD.finditer(english))
    if len(lengths) != 1 or len(periods) != 1 or (unit := _IN_DAYS.get(lengths[0].unit)) is None:
        return
    other = periods[0]["unit"].lower()
    here, there = lengths[0].count * unit, int(_number(periods[0][1])) * _IN_DAYS[other]
    if unit != _IN_DAYS[other] and abs(here - there) > _CLOSE * max(here, there):
        yield "期限", [lengths[0].printed], [periods[0].group()]


_LAWS = {
    "中华人民共和国": "china", "中国": "china", "香港": "hong kong", "新加坡": "singapore", "英国": "england",
    "英格兰": "england", "美国": "united states", "日本": "japan", "德国": "germany",
    "瑞士": "switzerland", "纽约州": "new york",
}  # fmt: skip
_CHINESE_LAW = re.compile(rf"(?:适用|受)(?P<law>{'|'.join(_LAWS)})(?:特别行政区)?(?:的|现行)?(?:有效)?法律?")
_ENGLISH_LAW = re.compile(
    r"\b(?:govern|appl|constru)[^.;]{0,60}\blaws?\s+of\s+(?:the\s+)?(?:State\s+of\s+)?"
    r"(?P<law>People's Republic of China|PRC|P\.R\. ?China|China|Hong Kong|Singapore|England|"
    r"United States|Japan|Germany|Switzerland|New York)",
    re.IGNORECASE,
)


def _laws(pattern: re.Pattern[str], text: str) -> list[str]:
    """Whose law governs, in English; Hong Kong is not China here."""
    named = (_LAWS.get(match["law"], match["law"].lower()) for match in pattern.finditer(text))
    return list(dict.fromkeys("china" if "china" in law or law == "prc" else law for law in named))


_CITIES = {
    "北京": "Beijing", "上海": "Shanghai", "深圳": "Shenzhen", "广州": "Guangzhou", "天津": "Tianjin",
    "武汉": "Wuhan", "杭州": "Hangzhou", "南京": "Nanjing", "成都": "Chengdu", "厦门": "Xiamen", "青岛": "Qingdao",
    "香港": "Hong Kong", "新加坡": "Singapore", "伦敦": "London", "斯德哥尔摩": "Stockholm",
}  # fmt: skip
_CHINESE_PLACE = re.compile(rf"(?P<city>{'|'.join(_CITIES)})[\u4e00-\u9fa5]{{0,8}}仲裁(?:委员会|院|中心)")
_ENGLISH_PLACE = re.compile(rf"\b(?P<city>{'|'.join(_CITIES.values())})\b[A-Za-z ]{{0,44}}Arbitration", re.IGNORECASE)


def _number(printed: str) -> str:
    return printed if printed.isdigit() else str(_ENGLISH_NUMBERS.index(printed.lower()) + 1)


def _cities(pattern: re.Pattern[str], text: str) -> list[str]:
    """The seats of the institutions named, in English, each once."""
    printed = (match["city"] for match in pattern.finditer(text))
    return list(dict.fromkeys(_CITIES.get(city, city.title()) for city in printed))


def _plain(printed: str) -> str:
    match = _ONLY_COUNT.fullmatch(f"{printed}日")
    length = length_from(match) if match else None
    return str(length.count) if length else ""


_ONLY_COUNT = re.compile(COUNT)


def _iso(match: re.Match[str]) -> str:
    """The date; its month alone where it names no day, which no Chinese date equals."""
    day = match["day"] or match["first"]
    month = f"{match['year']}-{_MONTHS.index(match['month'][:3].lower()) + 1:02d}"
    return f"{month}-{int(day):02d}" if day else month
