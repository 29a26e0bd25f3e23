"""Currencies and units that are mixed: 人民币100万美元, 元 beside 万元, days that are 工作日 here and 日历日 there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.kinds.contract.amounts import Labelled, money
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_NUMBER = r"\d[\d,]*(?:\.\d+)?\s?[万亿]?"
_MIXED = re.compile(
    rf"(?:人民币|RMB|CNY|¥)\s?{_NUMBER}(?:美元|港元|港币|欧元|日元|英镑)|(?:US\$|USD|美元|\$)\s?{_NUMBER}(?:人民币|元人民币|元整)"
)
_FOREIGN = ("美元", "港元", "港币", "欧元", "日元", "英镑", "$", "USD")
_DAYS_ARE = re.compile(
    r"(?:所(?:称|指|述)|中的?|约定的?)(?:期限(?:中)?的?)?[^。;]{0,8}\"?(?:日|天|天数|期限)\"?[^。;]{0,10}?(?:均|系|是|皆)?(?:指|为|按)"
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
    if len(meanings) == 2:
        defect = Defect(
            "日的含义不一致", "conflict", "medium", "工作日／日历日",
            Text("合同在一处称“日”为工作日，在另一处称为日历日。",
                 "The contract says in one place that days are working days, in another that they are calendar days."),
            Text("全文统一，或逐条写明工作日或日历日。",
                 "Use one meaning throughout, or state at each period whether working or calendar days are meant."),
            "民法典第五百一十条",
        )  # fmt: skip
        yield defect.at(*(view.quote(span) for span in meanings.values()))


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
