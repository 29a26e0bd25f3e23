"""When things are delivered, accepted and warranted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pipeline.kinds.contract.basics import COUNT, length_from
from pipeline.kinds.contract.view import Sentence, View
from pipeline.types import Finding, Span

_TOPICS = (
    ("质保期", re.compile(r"质保期|质量保证期|保修期|保固期|缺陷责任期|免费维护期|维保期")),
    ("竣工", re.compile(r"竣工|完工|交工")),
    ("开工", re.compile(r"开工|进场")),
    ("验收", re.compile(r"验收|检验")),
    ("交付", re.compile(r"交付|交货|交房|送达|运抵|发货|到货|供货|提交|上线|提货|放款|发放借款|划付")),
)
_WITHIN = re.compile(COUNT)
_PENALTY = re.compile(r"违约金|逾期|迟延|延迟|延误|解除|滞纳|赔偿|每日|争议")
_PAYING = re.compile(r"支付|付款|付至|发票")
_DUTY = re.compile(r"应|须|需|将|日期|时间|期限|期:|期为|内|前")


@dataclass(frozen=True, slots=True)
class Due:
    """A date by which something is to be done."""

    item: str
    date: date
    span: Span


def findings_of(view: View) -> list[Finding]:
    """Dates and periods of delivery, acceptance and warranty; payments and penalties that only mention them are out."""
    found: list[Finding] = []
    for sentence in view.sentences:
        topic = _topic_of(sentence)
        if topic is None or _PENALTY.search(sentence.text) or _PAYING.search(sentence.text) or "\t" in sentence.text:
            continue
        item, at = topic
        dates = view.dates_of(sentence.span)
        if dates and item != "质保期" and _DUTY.search(sentence.text):
            found.append(view.fact("delivery", item, dates[0].date.isoformat(), dates[0].span))
        elif (period := _period(sentence, at)) is not None:
            found.append(view.fact("delivery", item, *period))
    return found


_ANY_TOPIC = re.compile("|".join(pattern.pattern for _, pattern in _TOPICS))


def _topic_of(sentence: Sentence) -> tuple[str, int] | None:
    if not _ANY_TOPIC.search(sentence.text):
        return None
    for item, pattern in _TOPICS:
        if match := pattern.search(sentence.text):
            return item, match.end()
    return None


def _period(sentence: Sentence, at: int) -> tuple[str, Span] | None:
    for match in _WITHIN.finditer(sentence.text):
        if abs(match.start("count") - at) > 40:
            continue
        length = length_from(match)
        if length is None or sentence.text[max(0, match.start("count") - 1)] in "第.月":
            continue
        start = sentence.span.start
        return length.printed, Span(start + match.start("count"), start + match.end("unit"))
    return None


def due_dates(view: View) -> list[Due]:
    """Days by which the contract wants something delivered, accepted, begun or finished."""
    found: list[Due] = []
    for mention in view.dates:
        sentence = view.sentence_at(mention.span.start)
        after = view.text[mention.span.end : min(sentence.span.end, mention.span.end + 60)]
        before = view.text[max(sentence.span.start, mention.span.start - 24) : mention.span.start]
        named = _DUE_BEFORE.search(before)
        if _RECITAL.match(sentence.text):
            continue
        ahead = _ON_THE_DAY.match(after) or _DUE_AHEAD.match(after) or (_BY_THEN.match(after) and _OWED.search(before))
        if (named or ahead or _NO_LATER.search(before)) and not _PAST.search(before + after[:12]):
            found.append(Due(_due_name(named["what"] if named else after), mention.date, mention.span))
    return found


_DUE_AHEAD = re.compile(
    r"\s?(?:\([^()]{0,8}\))?(?:之?前|以前|止)[^。;,]{0,40}?(?:交付|交货|运抵|送[达至到]|竣工|完工|验收|供货|提交|完成|支付|付清|缴纳|交纳|"
    r"付款|安装|调试)(?![的了款]|合格后|通过后|之日|后)|(?:之?前|以前)[^。;]{0,40}?(?:交付|交货|运抵|送[达至到]|竣工|完工|验收|供货|提交|完成)(?![的了])"
)
_DUE_BEFORE = re.compile(
    r"(?P<what>交货|交付|竣工|完工|开工|验收|到货|供货|上线|并网|投产)(?:日期|时间|期限?)?(?:为|是|:|于|不(?:得)?(?:迟|晚)于)\s?$"
)
_ON_THE_DAY = re.compile(r"[^。;,]{0,6}?(?:交付|交货|运抵|到货|验收|安装)(?![的了款]|合格后|通过后|之日|后)")
_OWED = re.compile(r"(?:应当?|须|需|保证|承诺|负责|促使|同意)[^,。;]{0,16}(?:于|在)?\s?$")
_BY_THEN = re.compile(
    r"\s?(?:\([^()]{0,8}\))?(?:之?前|以前)(?![的述已]|[^,。;]{0,4}(?:形成|发生|产生|签|入职|取得|存在|有效|届满))"
)
_NO_LATER = re.compile(r"(?:不(?:得)?(?:迟|晚)于|最迟|至迟)(?:在|于)?\s?$")
_RECITAL = re.compile(r"\s*(?:鉴于|根据|依据|经|\(?[A-Z一二三]\)?[、.)]?\s?鉴于)")
_PAST = re.compile(r"已|曾|原")


_INSTALLED = re.compile(
    r"\s?(?:之?前|以前)(?:,?完成)?(?:全部|设备|货物|现场|的)*安装(?:(?:、|及|和|与)?调试)?(?:工作|完毕|完成)?\s?(?=[,。;]|$)"
)


def _due_name(text: str) -> str:
    if _INSTALLED.match(text):
        return "安装"
    match = re.search(
        r"交付|交货|运抵|送[达至到]|竣工|完工|验收|供货|开工|到货|上线|并网|投产|付清|缴纳|交纳|支付|付款",
        text.partition(",")[0],
    )
    match = match or re.search(r"交付|交货|运抵|送[达至到]|竣工|完工|验收|供货|提交|完成|开工|到货", text)
    return match.group() if match else "履行"
