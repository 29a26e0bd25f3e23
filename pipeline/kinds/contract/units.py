"""Currencies and units that are mixed: 人民币100万美元, 元 beside 万元, days that are 工作日 here and 日历日 there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipeline.kinds.contract.amounts import Labelled, money
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_NUMBER = r"\d[\d,]*(?:\.\d+)?\s?[万亿]?"
_MIXED = re.compile(
    rf"(?:人民币|RMB|CNY|¥)\s?{_NUMBER}(?:美元|港元|港币|欧元|日元|英镑)|(?:US\$|USD|美元|\$|HKD|港币|EUR|欧元|€)\s?{_NUMBER}(?:人民币|元人民币|元整)"
)
_FOREIGN = ("美元", "港元", "港币", "欧元", "日元", "英镑", "$", "USD")
_DAYS_ARE = re.compile(
    r"(?:所(?:称|指|述)|中的?|约定的?)(?:期限(?:中)?的?)?[^。;]{0,8}\"?(?:日|天|天数|期限)\"?[^。;]{0,10}?(?:均|系|是|皆)?(?:指|为|按|以)"
    r"[^。;]{0,4}(?P<what>工作日|日历[日天]|自然日)"
)


def unit_conflicts(view: View, totals: Sequence[Labelled]) -> Iterator[Finding]:
    foreign = any(name in view.text for name in _FOREIGN)
    for match in _MIXED.finditer(view.text) if foreign else ():
        defect = Defect(
            "币种混用", "conflict", "high", match.group(),
            Text(f"“{match.group()}”前后写了两种货币。", f"“{match.group()}” names two currencies."),
            Text("写明是哪一种货币。", "State which currency is meant."),
        )  # fmt: skip
        yield defect.at(view.quote(Span(*match.span())))
    yield from _two_currencies(view, totals)
    meanings: dict[bool, Span] = {}
    both = "工作日" in view.text and ("日历" in view.text or "自然日" in view.text)
    for match in _DAYS_ARE.finditer(view.text) if both else ():
        meanings.setdefault(match["what"] == "工作日", Span(*match.span()))
    if both and len(meanings) < 2:
        yield from _two_sorts_of_days(view)
        yield from _both_sorts_at_once(view)
    yield from _odd_currency(view)
    yield from _foreign_measures(view)
    yield from _slipped_units(view)
    if len(meanings) == 2:
        defect = Defect(
            "日的含义不一致", "conflict", "medium", "工作日／日历日",
            Text("合同在一处称“日”为工作日，在另一处称为日历日。",
                 "The contract says in one place that days are working days, in another that they are calendar days."),
            Text("全文统一，并写明：本合同所称“日”，除写明为工作日的以外，均指自然日。",
                 "Use one meaning, and write: “Days in this contract are calendar days unless working days are "
                 "named.”"),
            "民法典第五百一十条",
        )  # fmt: skip
        yield defect.at(*(view.quote(span) for span in meanings.values()))


_SORTED_DAYS = re.compile(
    r"(?<!\d)(?P<count>\d{1,3}|[一二三四五六七八九十百两]{1,5})\s?个?\s?(?P<what>工作日|日历[日天]|自然日)"
)

_CALENDAR_DAYS = re.compile("日历[日天]|自然日")
"""The rarer sort."""


_AT_ONCE = re.compile(
    r"工作日\s?\([^()\d一二三四五六七八九十]{0,12}(?:自然日|日历[日天])\)|(?:自然日|日历[日天])\s?\([^()\d一二三四五六七八九十]{0,12}工作日\)"
)


def _both_sorts_at_once(view: View) -> Iterator[Finding]:
    """七个工作日（自然日）: one of them is wrong."""
    if match := _AT_ONCE.search(view.text):
        defect = Defect(
            "日的含义不一致", "conflict", "medium", match.group(),
            Text(f"“{match.group()}”同时写了工作日和日历日，期限怎样计算不明。",
                 f"“{match.group()}” says working and calendar days at once: how the period runs is open."),
            Text("删去其一，写明工作日或日历日。", "Delete one of them."),
            "民法典第五百一十条",
        )  # fmt: skip
        yield defect.at(view.quote(Span(*match.span())))


def _two_sorts_of_days(view: View) -> Iterator[Finding]:
    """5个工作日 and 5个日历日 in one paragraph: of the same period one is a slip."""
    for line in sorted({view.line_at(match.start()) for match in _CALENDAR_DAYS.finditer(view.text)}):
        seen: dict[str, re.Match[str]] = {}
        for match in _SORTED_DAYS.finditer(view.line_texts[line]):
            first = seen.setdefault(match["count"], match)
            if (first["what"] == "工作日") == (match["what"] == "工作日"):
                continue
            start = view.lines[line].start
            defect = Defect(
                "日的含义不一致", "unclear", "medium", f"{first.group()}／{match.group()}",
                Text(f"同一段中一处为{first.group()}，另一处为{match.group()}。",
                     f"One paragraph says {first.group()} and {match.group()}: working days and calendar days."),
                Text("核对是否为同一期限，统一为工作日或日历日。",
                     "Check whether it is one period; if so, use working days or calendar days for both."),
                "民法典第五百一十条",
            )  # fmt: skip
            yield defect.at(view.quote(Span(start + first.start(), start + match.end())))
            break


_MEASURES = (
    ("平方英尺", re.compile(r"平方米|㎡|平米")), ("英尺", re.compile(r"\d\s?米")), ("英里", re.compile(r"公里|千米")),
    ("盎司", re.compile(r"千克|公斤|克|kg")), ("加仑", re.compile(r"升|立方米")),
    ("码", re.compile(r"\d\s?米")),
    ("磅", re.compile(r"千克|公斤|kg")), ("短吨", re.compile(r"吨")), ("平方码", re.compile(r"平方米|㎡")),
)  # fmt: skip
_CONVERTED_AFTER = re.compile(r"\s?(?:\(|,?(?:约|即|合|折))[^)。;]{0,12}\d")


def _foreign_measures(view: View) -> Iterator[Finding]:
    """480平方英尺 in a contract that else measures in 平方米, without a conversion beside it."""
    for unit, metric in _MEASURES:
        if unit not in view.text:
            continue
        found = next(re.finditer(rf"(?:\d[\d,.]*\s?(?:万\s?)?|每){unit}", view.text), None)
        if found is None or not metric.search(view.text) or _CONVERTED_AFTER.match(view.text, found.end()):
            continue
        defect = Defect(
            "计量单位混用", "unclear", "medium", found.group(),
            Text(f"此处以{unit}计量，全文其他处用公制单位，也没有写明换算。",
                 f"Here the unit is {unit}; the contract else uses metric units and gives no conversion."),
            Text("统一为法定计量单位，或写明换算后的数值。",
                 "Use metric units throughout, or give the converted figure."),
            "计量法（2018修正）第三条",
        )  # fmt: skip
        yield defect.at(view.quote(Span(*found.span())))
        return


_CONVERTED = re.compile(r"汇率|折合|折算|等值|约合|中间价|牌价|换算|或者?等额|equivalent|exchange rate", re.IGNORECASE)
_OF_CAPITAL = re.compile(r"注册资本|出资|投资总额")
_SAYS_YUAN = re.compile(r"人民币|RMB|CNY", re.IGNORECASE)
"""Whoever names the home currency in a contract priced in another means it."""
_NAMES = {
    "人民币": "CNY", "美元": "USD", "欧元": "EUR", "港元": "HKD", "港币": "HKD", "英镑": "GBP", "日元": "JPY",
}  # fmt: skip
_PRICED_IN = re.compile(rf"[以按](?P<name>{'|'.join(_NAMES)})(?:计(?:价|收|算|费)?(?![量划])|结算|报价|支付)")
_LEAST_USUAL = 2


def _odd_currency(view: View) -> Iterator[Finding]:
    """A single sum, or a way of pricing, in another currency than all other sums, without a word on exchange."""
    sums = [a for a in view.amounts if not a.words]
    currencies = Counter(currency for currency, _ in {(a.currency, a.yuan) for a in sums})
    if not currencies or _CONVERTED.search(view.text):
        return
    (usual, count), *others = currencies.most_common()
    if count < _LEAST_USUAL or len(others) > 1:
        return
    if not others:
        named = next((m for m in _PRICED_IN.finditer(view.text) if _NAMES[m["name"]] != usual), None)
        if named:
            yield _other_currency(view, usual, named.group(), Span(*named.span()))
        return
    odd, how_often = others[0]
    one = next(a for a in sums if a.currency == odd)
    meant = odd == "CNY" and _SAYS_YUAN.search(view.text, one.span.start - 6, one.span.end)
    if how_often == 1 and not meant and not _OF_CAPITAL.search(view.sentence_at(one.span.start).text):
        yield _other_currency(view, usual, money(one.yuan, odd), one.span)


def _other_currency(view: View, usual: str, printed: str, span: Span) -> Finding:
    defect = Defect(
        "币种混用", "unclear", "medium", printed,
        Text(f"全文其他金额均为另一币种（{usual}），只有此处为 {printed}，也没有约定汇率。",
             f"All other sums are in {usual}; only here it is {printed}, and no exchange rate is agreed."),
        Text("核对币种；确为不同币种的，写明：以____（币种）计价的款项，按付款日中国人民银行公布的人民币汇率中间价折算支付。",
             "Check the currency. If it is meant, write: “Sums in ____ are paid at the central parity rate "
             "that the People's Bank of China publishes for the day of payment.”"),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(span))


_GREAT = re.compile(r"\d[\d,]*(?:\.\d+)?\s?(?:万亿?|亿)\s?(?:元|美元|人民币|港元|欧元)")
_FAR_TOO_MUCH, _AT_LEAST = 1000, Decimal(10) ** 9


def _slipped_units(view: View) -> Iterator[Finding]:
    """A sum in 万元 or 亿元 of a billion or more that is a thousand times all others: 元 was meant."""
    sums = [a for a in view.amounts if not a.words]
    most = max(sums, key=lambda a: a.yuan, default=None)
    others = [a.yuan for a in sums if most and a.yuan != most.yuan]
    if most is None or len(others) < _LEAST_USUAL or most.yuan < _AT_LEAST or most.yuan < max(others) * _FAR_TOO_MUCH:
        return
    printed = view.text[most.span.start : most.span.end]
    if _GREAT.search(printed) is None:
        return
    defect = Defect(
        "金额单位存疑", "unclear", "high", printed,
        Text(f"“{printed}”是全文其他金额的一千倍以上，疑为元、万元、亿元写混。",
             f"“{printed}” is more than a thousand times every other sum: its unit seems to be a slip."),
        Text("核对数字与单位。", "Check the figure and its unit."), "民法典第五百一十条",
    )  # fmt: skip
    yield defect.at(view.quote(most.span))


def _two_currencies(view: View, totals: Sequence[Labelled]) -> Iterator[Finding]:
    """The contract's price in one currency here and in another there, with the same figure: one of them is a slip."""
    for at, one in enumerate(totals):
        other = next((t for t in totals[at + 1 :] if t.currency != one.currency and t.yuan == one.yuan), None)
        if other is not None:
            pair = money(one.yuan, one.currency), money(other.yuan, other.currency)
            defect = Defect(
                "币种混用", "conflict", "high", "／".join(pair),
                Text(f"合同总价一处为 {pair[0]}，另一处为 {pair[1]}。",
                     f"The contract price is {pair[0]} in one place and {pair[1]} in another."),
                Text("核对后统一币种。", "Check which currency is meant and use it throughout."), "民法典第五百一十条",
            )  # fmt: skip
            yield defect.at(view.quote(one.span), view.quote(other.span))
            return
