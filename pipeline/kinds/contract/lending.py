"""Interest and late charges of private loans against the judicial bound: four times the one-year LPR.

The bound is that of the day on which the loan was agreed, see ``_BASE``. It does not bind licensed institutions.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, parse_rate, percent
from pipeline.kinds.contract.liability import Penalty
from pipeline.kinds.contract.parties import Party
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding, Span

LPR: Sequence[tuple[date, Decimal]] = [
    (date(year, month, day), Decimal(rate))
    for year, month, day, rate in (
        (2019, 8, 20, "0.0425"), (2019, 9, 20, "0.0420"), (2019, 11, 20, "0.0415"), (2020, 2, 20, "0.0405"),
        (2020, 4, 20, "0.0385"), (2021, 12, 20, "0.0380"), (2022, 1, 20, "0.0370"), (2022, 8, 22, "0.0365"),
        (2023, 6, 20, "0.0355"), (2023, 8, 21, "0.0345"), (2024, 7, 22, "0.0335"), (2024, 10, 21, "0.0310"),
        (2025, 5, 20, "0.0300"),
    )
]  # fmt: skip
"""One-year LPR from the day of each change, as published by 全国银行间同业拆借中心 (www.chinamoney.com.cn)."""
LPR_KNOWN_UNTIL = date(2025, 10, 20)
"""The last publication that the table was checked against. Later loans are judged with reserve."""

_TIMES = 4
_LOAN = re.compile(r"借款|借贷|出借|借条|借据")
_LICENSED = re.compile(
    r"银行|信用社|小额贷款|消费金融|汽车金融|融资担保|信托|典当|融资租赁|保理|金融资产|财务公司|证券"
)
_LENDER = re.compile(r"出借|贷款|债权")
_INTEREST = re.compile(
    rf"(?P<per>年化?|月|日|每年|每月|每日)(?:利率|利息|息)[^,。;%‰]{{0,16}}?(?P<rate>{PERCENT})|"
    rf"(?P<per2>年|月|日)(?:化|利率)?\s?(?P<rate2>{PERCENT})(?=[^,。;]{{0,8}}(?:利率|利息|计息))"
)
_SHARES = re.compile(
    r"(?P<per>[年月日])(?:息|利)(?:率)?(?:按|为|是|:)?\s?(?P<fen>\d(?:\.\d)?|[一二两三四五六七八九])分(?:(?P<li>[一二三四五六七八九\d])厘?)?(?!之)"
)
"""月息2分, 年利一分五厘: a 分 is a tenth by the year, a hundredth by the month."""
_FEN = {"年": Decimal("0.1"), "月": Decimal("0.01"), "日": Decimal("0.001")}
_PER_YEAR = {"年": 1, "月": 12, "日": 360}
_BASE = "最高人民法院关于审理民间借贷案件适用法律若干问题的规定（2020年第二次修正）第二十五条、第二十九条"

_RESERVE = Text(
    "；签订日期不明或晚于本表核对日期，请按合同成立时的LPR复核",
    "; the date of signing is unknown or later than the table of rates: check against the LPR of that day",
)


def rate_conflicts(
    view: View,
    title: str,
    parties: Sequence[Party],
    penalties: Sequence[Penalty],
    signed: date | None,
    months: float | None,
) -> Iterator[Finding]:
    """Rates of a private loan of ``months`` whose annual share is over the bound of its day; each place once."""
    if not _LOAN.search(title) or any(_LICENSED.search(party.name) for party in parties):
        return
    seen: set[Span] = set()
    told = [*_interest(view), *_sums_of_interest(view, months)]
    for span, yearly in sorted([*told, *((p.span, p.per_year) for p in penalties if p.per_year)]):
        sentence = view.sentence_at(span.start).span
        if sentence in seen or (bound := _bound(signed)) >= yearly:
            continue
        seen.add(sentence)
        yield _conflict(view, span, yearly, bound, signed)


def _interest(view: View) -> Iterator[tuple[Span, Decimal]]:
    for match in _SHARES.finditer(view.text):
        fen, li = (Decimal(_figure(match[name] or "0")) for name in ("fen", "li"))
        yield Span(*match.span()), (fen + li / 10) * _FEN[match["per"]] * _PER_YEAR[match["per"]]
    for sentence in view.sentences_with("利率", "利息", "月息", "年息", "日息", "计息"):
        for match in _INTEREST.finditer(sentence.text):
            share = parse_rate(match["rate"] or match["rate2"])
            per = (match["per"] or match["per2"]).removeprefix("每")[0]
            if share is not None:
                start = sentence.span.start
                yield Span(start + match.start(), start + match.end()), share * _PER_YEAR[per]


_PRINCIPAL = re.compile(r"(?:借款|本金|借[给到得予]|出借|向[^。;]{1,20}借)[^。;]{0,30}$")
_MONTHLY_SUM = re.compile(r"(?:利息[^,。;\d]{0,8}(?:每月|月付)|(?:每月|按月)[^,。;\d]{0,8}利息)[^,。;\d]{0,8}$")
_WHOLE_SUM = re.compile(r"利息(?:总额|总计|共计|合计|一共|共)(?:为|是|:|人民币|¥)*$")


def _sums_of_interest(view: View, months: float | None) -> Iterator[tuple[Span, Decimal]]:
    """Interest told as a sum, by the month or for the whole term, as an annual share of the first principal."""
    principal = None
    for amount in view.amounts:
        sentence = view.sentence_at(amount.span.start).span
        before = view.text[max(sentence.start, amount.span.start - 40) : amount.span.start]
        if principal is None and "利息" not in before and _PRINCIPAL.search(before):
            principal = amount.yuan
        elif principal and _MONTHLY_SUM.search(before):
            yield amount.span, (amount.yuan * 12 / principal).quantize(_SHARE)
        elif principal and months and _WHOLE_SUM.search(before):
            yield amount.span, (amount.yuan * 12 / principal / Decimal(months)).quantize(_SHARE)


_SHARE = Decimal("0.0001")


def _figure(printed: str) -> str:
    return printed if printed[0].isdigit() else str(parse_han_number(printed))


def _bound(signed: date | None) -> Decimal:
    at = bisect_right([day for day, _ in LPR], signed) - 1 if signed else len(LPR) - 1
    return LPR[max(0, at)][1] * _TIMES


def _conflict(view: View, span: Span, yearly: Decimal, bound: Decimal, signed: date | None) -> Finding:
    sure = signed is not None and LPR[0][0] <= signed <= LPR_KNOWN_UNTIL
    since = LPR[max(0, bisect_right([day for day, _ in LPR], signed) - 1 if signed else -1)][0]
    reserve = Text("", "") if sure else _RESERVE
    defect = Defect(
        "利率超过司法保护上限", "conflict" if sure else "unclear", "high", f"{percent(yearly.normalize())}/年",
        Text(f"折合年化 {percent(yearly.normalize())}，超过一年期LPR（{since.isoformat()}起 {percent(bound / _TIMES)}）"
             f"的四倍 {percent(bound.normalize())}{reserve.zh}。",
             f"That is {percent(yearly.normalize())} a year: over {percent(bound.normalize())}, four times the "
             f"one-year LPR ({percent(bound / _TIMES)} since {since.isoformat()}){reserve.en}."),
        Text("改为：借款年利率为____%；逾期利息、违约金和其他费用与利息合计，不超过合同成立时一年期贷款市场报价利率的四倍。",
             "Write: “The rate is ____% a year. Interest, default interest, penalties and other costs "
             "together do not exceed four times the one-year LPR at the time of the contract.”"),
        _BASE,
    )  # fmt: skip
    return defect.at(view.quote(span))
