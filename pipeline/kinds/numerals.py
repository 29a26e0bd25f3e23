"""Chinese numerals, sums of money and calendar dates in running text.

Everything here is pure and linear in the length of the text; half-width and full-width digits and signs are equal.
大写 forms follow 《正确填写票据和结算凭证的基本规定》 (Payment and Settlement Measures, annex 1), read leniently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from pipeline.types import Span

_DIGIT_FORMS = ("零〇○", "一壹弌", "二贰貳两", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
_DIGITS = {form: digit for digit, forms in enumerate(_DIGIT_FORMS) for form in forms}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_TWENTIES = {"廿": 20, "卅": 30}
_COLLOQUIAL = frozenset("一二三四五六七八九")

_HAN_CHARS = "".join((*_DIGITS, *_UNITS, *_MYRIADS, *_TWENTIES))
_FORMAL_CHARS = "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
HAN_NUMBER = f"[{_HAN_CHARS}]"
"""Regex class of one character of a Chinese number, for use in others' patterns."""
DECIMALS = r"(?:\.\d++|．\d\d(?!\d))?"
NUMBER = rf"(?:\d{{1,3}}(?:[,，]\d{{3}}(?!\d))++|\d++){DECIMALS}"
"""Regex of a plain number with or without thousands separators. ``．`` is a decimal point only before two digits:
else it follows the number of a list item (１．2026年…)."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money as printed: ``span`` holds the currency sign, the number and its unit."""

    span: Span
    yuan: Decimal
    """In main units of ``currency`` (元, dollars ...), never in 万元."""
    currency: str
    """ISO 4217 code."""
    words: bool
    """Whether it is written in Chinese numerals (大写 or 一二三), not in digits."""


@dataclass(frozen=True, slots=True)
class DateMention:
    """A full calendar date as printed."""

    span: Span
    date: date


@lru_cache(1024)
def parse_han_number(text: str) -> int | None:
    """Read a whole number in Chinese numerals (一百二十, 壹佰贰拾, 二〇二六, 廿三, 两万); None for anything else.

    A run of bare digits is read by place (二〇二六 is 2026); a last digit without its unit takes the next lower one
    (三千五 is 3500) unless 零 stands before it or the numerals are 大写.
    """
    if not text or any(c not in _HAN_CHARS for c in text):
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    return _by_units(text)


def _by_units(text: str) -> int | None:
    total = section = 0
    digit: int | None = None
    last_unit = 1
    for c in text:
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
            last_unit = 1 if digit == 0 else last_unit
        elif c in _TWENTIES:
            section, digit, last_unit = section + _TWENTIES[c], None, 10
        elif c in _UNITS:
            unit = _UNITS[c]
            if digit is None and unit != 10:
                return None
            section, digit, last_unit = section + (digit or 1) * unit, None, unit
        else:
            scale = _MYRIADS[c]
            section += digit or 0
            if section == 0 and total == 0:
                return None
            total = (total + section) * scale if scale == 10**8 else total + section * scale
            section, digit, last_unit = 0, None, scale
    if digit and last_unit >= 100 and text[-1] in _COLLOQUIAL:
        digit *= last_unit // 10
    return total + section + (digit or 0)


_WORDS = re.compile(
    rf"(?:(?P<yuan>{HAN_NUMBER}+)[元圆圓])?零?(?:(?P<jiao>{HAN_NUMBER})角)?零?(?:(?P<fen>{HAN_NUMBER})分)?[整正]?"
)
_WORDS_PREFIX = re.compile(r"(?:人民币|[(（]?大写[)）]?|[::：])+")
_SPACE = re.compile(r"\s+")


def parse_amount_words(text: str) -> Decimal | None:
    """Read a sum in words (人民币壹佰贰拾捌万元整, 伍万零叁元贰角伍分, 叁拾万圆正); None where it is no such sum."""
    bare = _SPACE.sub("", text)
    if prefix := _WORDS_PREFIX.match(bare):
        bare = bare[prefix.end() :]
    if bare[-1:] in ("整", "正") and not re.search("[元圆圓角分]", bare):
        bare = f"{bare[:-1]}元"
    match = _WORDS.fullmatch(bare)
    if match is None or not any((match["yuan"], match["jiao"], match["fen"])):
        return None
    parts = [parse_han_number(match[name]) if match[name] else 0 for name in ("yuan", "jiao", "fen")]
    yuan, jiao, fen = parts
    if yuan is None or jiao is None or fen is None or jiao > 9 or fen > 9:
        return None
    return Decimal(yuan * 100 + jiao * 10 + fen) / 100


def parse_number(text: str) -> Decimal | None:
    """Read a plain number, thousands separators allowed (1,280,000.00, １２８); None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    return _decimal(text)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("，", "").replace("．", "."))


_SIGNS = {
    "小写": "CNY", "人民币": "CNY", "RMB": "CNY", "CNY": "CNY", "¥": "CNY", "￥": "CNY",
    "美元": "USD", "美金": "USD", "USD": "USD", "US$": "USD", "$": "USD", "＄": "USD",
    "港元": "HKD", "港币": "HKD", "HKD": "HKD", "HK$": "HKD", "欧元": "EUR", "EUR": "EUR", "€": "EUR",
    "英镑": "GBP", "GBP": "GBP", "£": "GBP", "日元": "JPY", "JPY": "JPY", "新台币": "TWD", "澳门币": "MOP",
}  # fmt: skip
_MONEY_UNITS = {
    "元": "CNY", "圆": "CNY", "圓": "CNY", "元人民币": "CNY", "人民币": "CNY", "美元": "USD", "美金": "USD",
    "港元": "HKD", "港币": "HKD", "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "澳元": "AUD", "加元": "CAD",
    "新加坡元": "SGD", "瑞士法郎": "CHF", "澳门元": "MOP",
}  # fmt: skip


def _either(names: Iterable[str]) -> str:
    """Alternation that tries the longest name first."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_PREFIXES = _either(_SIGNS)
_SUFFIXES = _either(_MONEY_UNITS)
_NUMBER = re.compile(NUMBER)
_SCALE = "[十百千拾佰仟]?[万亿萬億]{1,2}|[百千佰仟]"
_FIGURES = re.compile(
    r"(?P<number>\d(?<![\d.]\d)(?<!\d[,，]\d)(?:\d{0,2}(?:[,，]\d{3}(?!\d))++|\d*+)"
    rf"{DECIMALS})[ \u3000]?(?P<scale>{_SCALE})?"
    rf"(?:(?P<more>{NUMBER})[ \u3000]?(?P<more_scale>{_SCALE}))?"
    rf"[ \u3000]*(?P<unit>{_SUFFIXES})?(?:(?<=元)(?P<jiao>\d)角(?:(?P<fen>\d)分)?)?"
)
_PREFIX = re.compile(
    rf"(?:(?:人民币|RMB)[ (（]*)?(?P<sign>{_PREFIXES})(?:[ \u3000:：(（)）]|大写|小写)*$", re.IGNORECASE
)
_PREFIX_ENDS = frozenset({*(sign[-1] for sign in _SIGNS), *" \u3000:：(（)）写"})
_PREFIX_WINDOW = 14
_LETTER = re.compile(r"[A-Za-z]")
_NOT_MONEY_AFTER = re.compile(r"[ \u3000]*(?:[%％‰‱年月日天个倍期号次人份台套件条款项页层栋]|[.．\-/]\d)")
_NOT_YUAN = re.compile(r"[月旦宵素件器化论]|组(?!成)")
_AFTER_FEW_YUAN = re.compile(r"$|[\s,，。;；、:：)）(（/每的整钱以至到或和起~-]")
_MANY = frozenset("数几多")
_WORD_RUN = re.compile(
    rf"(?P<run>{HAN_NUMBER}(?<![{_HAN_CHARS}\d.．第].)(?<!{HAN_NUMBER}[ \u3000].)(?:[ \u3000]?{HAN_NUMBER})*+)"
    rf"[ \u3000]?(?:(?P<unit>{_SUFFIXES})|(?P<bare>角)|(?=[整正](?![\u4e00-\u9fa5])))"
    rf"(?:零?[{_HAN_CHARS}]角)?(?:零?[{_HAN_CHARS}]分)?[整正]?"
)


def amounts_in(text: str) -> list[Amount]:
    """Find the sums of money in ``text``, in figures (128万元, ¥1,280,000.00, US$ 300) and in words, by position.

    A number counts only with a currency sign before it or a currency unit after it: the cells of a table whose unit
    stands in its head are the caller's.
    """
    found = [a for m in _FIGURES.finditer(text) if (a := _from_figures(text, m))]
    found += [a for m in _WORD_RUN.finditer(text) if (a := _from_words(text, m))]
    return sorted(found, key=lambda a: a.span)


def _from_figures(text: str, match: re.Match[str]) -> Amount | None:
    start, unit = match.start(), match["unit"]
    if unit is None and text[start - 1 : start] not in _PREFIX_ENDS:
        return None
    prefix = _PREFIX.search(text, max(0, start - _PREFIX_WINDOW), start)
    if unit is None:
        if prefix is None or _NOT_MONEY_AFTER.match(text, match.end()):
            return None
    elif _NOT_YUAN.match(text, match.end()) or (prefix is None and _LETTER.match(text, start - 1)):
        return None
    yuan = _decimal(match["number"]) * _scale_of(match["scale"])
    if match["more"]:
        yuan += _decimal(match["more"]) * _scale_of(match["more_scale"])
    yuan += Decimal(int(match["jiao"] or 0)) / 10 + Decimal(int(match["fen"] or 0)) / 100
    span = Span(prefix.start() if prefix else start, match.end("fen" if match["fen"] else 0))
    return Amount(_trimmed(text, span), yuan, _currency_of(prefix, unit), words=False)


def _trimmed(text: str, span: Span) -> Span:
    """Without the blanks that an optional unit left at the end."""
    end = span.end
    while end > span.start and text[end - 1].isspace():
        end -= 1
    return Span(span.start, end)


def _scale_of(scale: str | None) -> int:
    value = 1
    for c in scale or "":
        value *= _UNITS.get(c) or _MYRIADS[c]
    return value


def _currency_of(prefix: re.Match[str] | None, unit: str | None) -> str:
    if unit and _MONEY_UNITS[unit] != "CNY":
        return _MONEY_UNITS[unit]
    if prefix:
        return _SIGNS[prefix["sign"].upper()]
    return "CNY"


def _from_words(text: str, match: re.Match[str]) -> Amount | None:
    run, unit = _SPACE.sub("", match["run"]), match["unit"]
    formal = any(c in _FORMAL_CHARS for c in run)
    before = text[match.start() - 1] if match.start() else ""
    if before in _MANY or (not formal and (not unit or _NOT_YUAN.match(text, match.end()))):
        return None
    if len(run) == 1 and not formal and not _AFTER_FEW_YUAN.match(text, match.end()):
        return None  # 三元乙丙, 二元结构
    tail = _SPACE.sub("", text[match.end("run") : match.end()])
    if unit:
        tail = "元" + tail[len(unit) :]
    yuan = parse_amount_words(run + tail)
    if yuan is None:
        return None
    prefix = _PREFIX.search(text, max(0, match.start() - _PREFIX_WINDOW), match.start())
    span = Span(prefix.start() if prefix else match.start(), match.end())
    return Amount(span, yuan, _currency_of(prefix, unit), words=True)


_HAN_DAY = "[一二三四五六七八九十廿卅〇零○]"
_DATE = re.compile(
    r"[12１２一二](?<![\dA-Za-z一二].)(?:"
    r"(?P<year>[09０９]\d\d)(?:"
    r"[ \u3000]*年[ \u3000]*(?P<month>\d{1,2})[ \u3000]*月[ \u3000]*(?P<day>\d{1,2})[ \u3000]*[日号]"
    r"|(?P<sep>[\-/.．－])(?<![\dA-Za-z\])）][\-/.]....[\-/.．－])(?P<month2>\d{1,2})(?P=sep)(?P<day2>\d{1,2})(?!\d|"
    r"[\-/.．－]\d|[A-Za-z]))"
    r"|(?P<han_year>[一二三四五六七八九〇零○]{3})年"
    rf"(?P<han_month>{_HAN_DAY}{{1,3}})月(?P<han_day>{_HAN_DAY}{{1,3}})[日号])"
)


def dates_in(text: str) -> list[DateMention]:
    """Find the full calendar dates in ``text`` (2026年3月1日, 二〇二六年三月一日, 2026-03-01, 2026/3/1, 2026.3.1).

    Blank forms (____年__月__日), partial dates and dates that no calendar has (2026年2月30日) are left out.
    """
    return calendar_of(text)[0]


def calendar_of(text: str) -> tuple[list[DateMention], list[Span]]:
    """The dates in ``text``, and what is written as a full date but is in no calendar: 2026年2月30日, 2026-13-01."""
    dates: list[DateMention] = []
    impossible: list[Span] = []
    for match in _DATE.finditer(text):
        span = Span(*match.span())
        if (day := _date_of(match)) is not None:
            dates.append(DateMention(span, day))
        else:
            impossible.append(span)
    return dates, impossible


def _date_of(match: re.Match[str]) -> date | None:
    first = match.group()[0]
    if match["han_year"]:
        year = parse_han_number(first + match["han_year"])
        month, day = parse_han_number(match["han_month"]), parse_han_number(match["han_day"])
    else:
        year = int(first + match["year"])
        month, day = int(match["month"] or match["month2"]), int(match["day"] or match["day2"])
    if year is None or month is None or day is None:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
