"""含税, 不含税, 税额 and 税率 that stand together and don't fit each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, money, parse_rate, percent
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_NET = re.compile(
    r"(?:不含(?:增值)?税|未税|除税)(?:合同)?(?:总?价款?|金额|总额|价格|部分|合同价)?(?:为|是|:|计|\s|[()]|人民币|¥)*$"
)
_TAX = re.compile(
    r"(?:增值税(?:税)?(?:额|款|金)?|税额|税款|税金)(?:\(\s?\d{1,2}%\s?\))?(?:为|是|:|计|\s|\(|人民币|¥)*$"
)
_GROSS = re.compile(
    r"(?<!不)(?:含(?:增值)?税(?:合同)?(?:总?价款?|金额|总额|价格)?|价税合计|(?:合同|签约)?总?(?:价款?|金额|总价))"
    r"(?:\((?:含税|含增值税|大写|小写)\))?(?:为|是|:|计|\s|\(|人民币|¥)*$"
)
_NOT_GROSS = re.compile(r"不含|未税|除税|单价|违约|保证金|预付|定金")
_RATE = re.compile(
    rf"税率(?:\([^()]*\))?\s*(?:为|按|是|:|\t)?\s*(?P<a>{PERCENT})|(?P<b>{PERCENT})\s?的?计?(?:算|征)?的?增值税|增值税\s?\((?P<c>{PERCENT})\)"
)
_KINDS = (("net", _NET), ("tax", _TAX), ("gross", _GROSS))


def tax_conflicts(view: View) -> Iterator[Finding]:
    """One finding for a paragraph whose price, tax and rate contradict each other."""
    for line in sorted({sentence.line for sentence in view.sentences_with("税额", "税款", "不含税", "不含增值税")}):
        text = view.line_texts[line]
        if "\t" in text:
            continue
        sums = _sums(view, view.lines[line])
        rates = {rate for m in _RATE.finditer(text) if (rate := parse_rate(m["a"] or m["b"] or m["c"])) is not None}
        rate = next(iter(rates)) if len(rates) == 1 else None
        if reason := _reason(sums, rate):
            defect = Defect(
                "含税价与税额不符", "conflict", "high", "；".join(money(yuan) for yuan in sums.values()), reason,
                Text("核对税率、不含税金额、税额与价税合计，四者应能互相推出。",
                     "Check rate, net price, tax and gross price: each should follow from the others."), "",
            )  # fmt: skip
            yield defect.at(view.evidence(view.lines[line]))


def _sums(view: View, line: Span) -> dict[str, Decimal]:
    """What the paragraph states once each: net, tax, gross. What it states twice is left out."""
    found: dict[str, set[Decimal]] = {}
    for amount in view.amounts_of(line):
        if amount.words or amount.currency != "CNY":
            continue
        before = view.text[max(line.start, amount.span.start - 30) : amount.span.start]
        for kind, pattern in _KINDS:
            match = pattern.search(before)
            if match and not (kind == "gross" and _NOT_GROSS.search(before[max(0, match.start() - 4) :])):
                found.setdefault(kind, set()).add(amount.yuan)
                break
    return {kind: next(iter(values)) for kind, values in found.items() if len(values) == 1}


def _reason(sums: Mapping[str, Decimal], rate: Decimal | None) -> Text | None:
    net, tax, gross = (sums.get(kind) for kind in ("net", "tax", "gross"))
    if net is not None and tax is not None and gross is not None and _differ(net + tax, gross):
        odd = _odd_one(net, tax, gross, rate)
        return Text(
            f"不含税 {money(net)} 加税额 {money(tax)} 为 {money(net + tax)}，含税价写作 {money(gross)}。{odd.zh}",
            f"Net {money(net)} and tax {money(tax)} make {money(net + tax)}; the gross price says {money(gross)}."
            + (odd.en and f" {odd.en}"),
        )
    if rate is None:
        return None
    if net is not None and tax is not None and _differ(net * rate, tax):
        return _by_rate(rate, Text("不含税", "Net"), net, Text("税额", "tax"), net * rate, tax)
    if net is not None and gross is not None and _differ(net * (1 + rate), gross):
        return _by_rate(rate, Text("不含税", "Net"), net, Text("含税价", "the gross price"), net * (1 + rate), gross)
    if gross is not None and tax is not None and net is None and _differ(gross * rate / (1 + rate), tax):
        taxed = gross * rate / (1 + rate)
        return _by_rate(rate, Text("含税价", "Gross"), gross, Text("所含税额", "the tax in it"), taxed, tax)
    return None


def _odd_one(net: Decimal, tax: Decimal, gross: Decimal, rate: Decimal | None) -> Text:
    """Which of the three is wrong, where the rate bears out the two others."""
    if rate is None:
        return Text("", "")
    if not _differ(net * (1 + rate), gross):
        return _should_be(rate, Text("税额", "the tax"), gross - net)
    if not _differ(net * rate, tax):
        return _should_be(rate, Text("含税价", "the gross price"), net + tax)
    if not _differ(gross * rate / (1 + rate), tax):
        return _should_be(rate, Text("不含税价", "the net price"), gross - tax)
    return Text("", "")


def _should_be(rate: Decimal, what: Text, yuan: Decimal) -> Text:
    return Text(
        f"按税率{percent(rate)}，{what.zh}应为 {money(yuan)}。",
        f"At {percent(rate)} {what.en} should be {money(yuan)}.",
    )


def _by_rate(rate: Decimal, of: Text, base: Decimal, what: Text, expected: Decimal, stated: Decimal) -> Text:
    return Text(
        f"{of.zh} {money(base)} 按税率 {percent(rate)} 计，{what.zh}为 {_cents(expected)}，文中写作 {money(stated)}。",
        f"{of.en} {money(base)} at {percent(rate)}: {what.en} would be {_cents(expected)}; the text says "
        f"{money(stated)}.",
    )


def _cents(yuan: Decimal) -> str:
    return money(yuan.quantize(Decimal("0.01")))


def _differ(one: Decimal, other: Decimal) -> bool:
    """By more than rounding: a yuan, or a ten-thousandth where sums are given in 万元."""
    return abs(one - other) > max(Decimal(1), other / 10000)
