"""What a reader of a report must know before its figures: who audited them, and whether risks are named at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.ground import evidence_at
from pipeline.kinds.terms import in_english
from pipeline.lang import Text
from pipeline.types import Document, Evidence, Finding, Severity, Span, Status

_BASIS = r"形成(?:保留|否定|无法表示)意见的(?:基础|事项)|与持续经营相关的重大不确定性(?![^\n])"
"""Headings of audit reports (中国注册会计师审计准则第1502号), which need no verb."""
_QUALIFIED = re.compile(
    rf"{_BASIS}|"
    r"(?<!无)(?<!非)保留意见(?!类型)|无法(?:\(|（)?表示(?:\)|）)?意见|否定意见|带(?:有)?(?:强调事项|持续经营)[^。；;\n]{0,20}(?:无保留|意见|段落)|"
    r"持续经营能力[^。；;\n]{0,12}(?:存在|具有)?[^。；;\n]{0,6}重大不确定性"
)
_ISSUED = re.compile(rf"{_BASIS}|出具|审计报告|审计意见|被出具|发表|强调事项|持续经营能力")
_NOT_ISSUED = re.compile(
    r"不适用|未(?:被)?出具|没有(?:被)?出具|是否|如(?:果)?被|若|□|可能(?:被)?|最近一[年期]|上一?年度?|上期|前任|已(?:经)?消除|之一|情形"
)
_UNAUDITED = re.compile(r"未经(?:会计师事务所|注册会计师)?审计|未审计")
_NOT_OWN = re.compile(r"预测|备考|子公司|联营|标的|被投资|收购|参股|比较|以外")
_RESEARCH = re.compile(
    r"投资评级|买入评级|增持评级|(?:维持|给予|首次覆盖)[^。\n]{0,12}(?:买入|增持|推荐|中性|减持)|目标价"
)
_WARNING = re.compile(r"风险(?:提示|因素|分析|揭示|警示)|(?:主要|核心|潜在|下行|投资)风险")
_FIGURE = re.compile(
    r"(?P<metric>营业(?:总)?收入|归母净利润|净利润|总资产|净资产|总市值|经营(?:活动)?现金流净额|研发(?:费用|投入)|合同负债)"
    r"(?:为|约|达|达到|实现|合计|约为|共计|：|:|\s)*(?:人民币)?(?P<number>\d[\d,]*\.\d+|\d{2,}[\d,]*)\s?(?P<unit>万元|亿元|元)"
)
_SCALES = {"元": 1, "万元": 10**4, "亿元": 10**8}


def opinion_alarms(document: Document) -> Iterator[Finding]:
    """An audit opinion that is not clean, figures without an audit, advice to invest without a word on risks."""
    text = document.text
    if qualified := _first(text, _QUALIFIED, _ISSUED, _NOT_ISSUED):
        yield _alarm(
            "审计意见非标准", text[slice(*qualified)], "high", "present",
            Text("审计意见不是标准无保留意见。", "The audit opinion is not a clean one."),
            Text("查阅审计报告全文与董事会专项说明，评估其影响。", "Read it in full, and what the board says."),
            _sentence(document, qualified),
        )  # fmt: skip
    if unaudited := _first(text, _UNAUDITED, None, _NOT_OWN):
        yield _alarm(
            "数据未经审计", text[slice(*unaudited)], "low", "present",
            Text("报告声明其财务数据未经审计。", "The report says that its figures are unaudited."),
            Text("引用时注明未经审计，并与经审计的数据核对。", "Say so where they are quoted."),
            _sentence(document, unaudited),
        )  # fmt: skip
    if _RESEARCH.search(text) and not _WARNING.search(text):
        yield _alarm(
            "缺少风险提示", "风险提示", "medium", "absent",
            Text("已检查全文，没有找到风险提示。", "The whole text was searched: no word on risks."),
            Text("研究报告应当作风险提示。", "A research report has to name the risks."),
        )  # fmt: skip
    yield from _unit_slips(document)


def _first(text: str, what: re.Pattern[str], near: re.Pattern[str] | None, unlike: re.Pattern[str]) -> Span | None:
    for match in what.finditer(text):
        start, end = _bounds(text, match.start())
        sentence = text[start:end]
        if (near is None or near.search(sentence)) and not unlike.search(sentence):
            return Span(*match.span())
    return None


def _bounds(text: str, at: int) -> tuple[int, int]:
    start = max(text.rfind(mark, max(0, at - 200), at) for mark in "。；;\n") + 1
    ends = [end for mark in "。；;\n" if (end := text.find(mark, at, at + 200)) >= 0]
    return start, min(ends, default=min(len(text), at + 200))


def _sentence(document: Document, hit: Span) -> Evidence:
    start, end = _bounds(document.text, hit.start)
    while start < hit.start and document.text[start].isspace():
        start += 1
    return evidence_at(document, Span(start, max(end, hit.end)))


def _unit_slips(document: Document) -> Iterator[Finding]:
    """One figure of one metric in 亿元 here and in 万元 there: the same digits can't be both."""
    told: dict[tuple[str, Decimal], dict[str, Span]] = {}
    for match in _FIGURE.finditer(document.text):
        number = Decimal(match["number"].replace(",", "").rstrip("."))
        told.setdefault((match["metric"], number), {}).setdefault(match["unit"], Span(*match.span()))
    for (metric, number), units in told.items():
        if len(units) < 2:
            continue
        one, other = sorted(units, key=lambda unit: units[unit])[:2]
        times = max(_SCALES[one], _SCALES[other]) // min(_SCALES[one], _SCALES[other])
        yield _alarm(
            "单位疑似有误", f"{number}{one}／{number}{other}", "high", "conflict",
            Text(
                f"{metric}一处为 {number}{one}，另一处为 {number}{other}，数字相同而相差 {times} 倍。",
                f"{metric} is {number}{one} in one place and {number}{other} in another: {times} times apart.",
            ),
            Text("核对单位（元、万元、亿元）", "Check the unit (yuan, ten thousands, hundred millions)"),
            _sentence(document, units[one]), _sentence(document, units[other]),
        )  # fmt: skip


def _alarm(
    item: str, value: str, severity: Severity, status: Status, detail: Text, suggestion: Text, *evidence: Evidence
) -> Finding:
    return Finding(
        "checks",
        item,
        value,
        "rule",
        evidence,
        str(Text(detail.zh, in_english(detail.en))),
        severity,
        status,
        str(suggestion),
    )
