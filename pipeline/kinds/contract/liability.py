"""Penalties with their rates and caps, limits of liability, rights to end the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, money, parse_rate, percent
from pipeline.kinds.contract.view import Sentence, View
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding, Severity, Span

_PENALTY = re.compile(
    r"违约金|滞纳金|逾期利息|罚息|逾期付款|资金占用|逾期违约|罚款|赔偿金|补偿金|迟延履行|逾期费|占用费|迟延利息|"
    r"违约赔偿|违约责任|误期赔偿|延期赔偿|逾期罚|加收|罚"
)
_PENALTY_WORDS = ("违约", "滞纳", "逾期", "罚", "占用", "赔偿", "补偿", "迟延", "加收")
_FOR_LATENESS = re.compile(r"逾期|迟延|延迟|延误|超期|拖欠|误期|迟付|延期|未按(?:时|期|约)|每(?:逾|延|迟|超|晚|拖)")
_EVERY = (
    r"每\s?(?:逾期|延迟|迟延|延误|迟|超期|超过|晚|拖欠|延期|拖延|推迟|误期|超)?\s?(?:[\u4e00-\u9fa5]{0,3}(?=一|1|"
    r"壹))?\s?(?:一|1|"
    r"壹)?\s?(?:个)?(?P<every>日|天|周|星期|月|年|小时|工作日|日历天)|"
    r"(?:逾期|迟延|延迟|延误|拖延|超期|晚)\s?(?:一|1|壹)\s?(?P<late>天|日|周|月)|"
    r"按\s?(?P<by>日|天|月|年|周)(?!租|工资|薪|度|结|利|内)|(?P<on>日|月|年)(?:利率|费率|息|化)|(?P<lead>日|月|"
    r"年)(?=\s?(?:万|千|百)分之|"
    r"\s?\d+(?:\.\d+)?\s?[%‰‱])"
)
_EVERY_PATTERN = re.compile(_EVERY)
_AFTER_PER = re.compile(r"\s?(?:\([^()]{0,10}\))?\s?(?:/|每)\s?(?P<per>日|天|周|月|年)")
_PER_BEFORE = re.compile(r"(?<![\d一二三四五六七八九十百个作历租])(?P<per>日|月|年)\s?$")
"""按逾期金额日0.05%."""
_RATE = re.compile(rf"(?<![\d.]){PERCENT}")
_PER = {
    "日": "日",
    "天": "日",
    "日历天": "日",
    "工作日": "日",
    "周": "周",
    "星期": "周",
    "月": "月",
    "年": "年",
    "小时": "小时",
}
_RATE_SIGN = re.compile(r"[%‰‱]|分之")
_NAMES = "违约金|滞纳金|罚息|逾期利息|罚款|赔偿金|赔偿|罚金|占用费|补偿金|误期费"
_NAMED_AFTER = re.compile(
    rf"[^,。;]{{0,40}}?(?:{_NAMES}|利息|补偿|扣)|[^,。;]{{0,10}},(?![^,。;]{{0,6}}(?:逾期|如|"
    rf"若))[^,。;]{{0,16}}(?:支付|作为|"
    rf"承担)[^,。;]{{0,8}}(?:{_NAMES})"
)
_NAMED_BEFORE = re.compile(rf"(?:{_NAMES}|违约责任)[^。;]{{0,40}}$")
_OTHER_SHARE = re.compile(
    r"[^,。;]{0,12}(?:退还|返还|作为(?!违约|赔偿)|税|股权|的(?:预付款|定金|首付|进度款|尾款|质保金))"
)
_EARNED = re.compile(r"竞业限制补偿|经济补偿|补偿金?[^,。;]{0,12}(?:标准|平均工资)|平均工资")
_PAID_OUT = re.compile(r"(?:竞业|限制期限?内?|按月)[^。;]{0,24}补偿金?[^。;]{0,6}$")
"""A share of wages, and what an employer pays for non-competition, is compensation, no penalty."""
_GOES_ON = re.compile(rf"按照?\s?(?:{PERCENT})\s?(?:支付|计付|计算|承担|赔偿)")
_CAP = re.compile(
    r"(?:累计|总额|总计|合计|最高|上限|最多|最高额|限额|总和)[^。;]{0,24}?(?:不(?:得|应)?超过|以|为|不高于|不得高于|"
    r"限于)|不(?:得|应)?超过|不(?:得)?高于|为限|上限"
)
_NOT_RATE_AFTER = re.compile(r"\s?(?:以上|及以上|以下|税率|的?增值税|的?股权|的?表决权)")
_THRESHOLD = re.compile(
    r"(?:(?<!不)(?<!不得)(?<!不应)超过|达到|达|低于|高于|不足|少于|不低于|大于|小于|未达|不得低于|≥|≤|>|"
    r"<)(?:本?合同)?(?:总?价款?|总金额|总额|金额)?的?\s*$"
)
_LPR = re.compile(
    r"(?:LPR|贷款市场报价利率|同期(?:银行)?贷款(?:基准)?利率|同期同类贷款利率|"
    rf"市场报价利率)[^,。;]{{0,24}}?(?P<times>\d+(?:\.\d+)?|"
    rf"{HAN_NUMBER}{{1,3}}|[一二三四]点[一二三四五六七八九])\s?倍",
    re.IGNORECASE,
)
_ADDED = re.compile(rf"(?:上浮|加收|加计|上加)\s?(?P<share>{PERCENT})")
_MULTIPLE = re.compile(
    rf"(?P<times>\d+(?:\.\d+)?|{HAN_NUMBER}{{1,3}})\s?(?P<what>个月(?:的)?(?:租金|月租金|服务费|工资|费用)|"
    r"倍(?:的)?(?:月?租金|日租金|违约金|合同总价|占有使用费|使用费|价款))"
)
_CONDITION_AMOUNT = re.compile(r"(?:超过|达到|不足|低于|损失(?:的)?|保险|保额|工资|租金标准)[^,。;]{0,10}$")


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty: ``value`` as findings give it; ``per_year`` the annual share where it runs with time."""

    value: str
    span: Span
    item: str
    sentence: Sentence
    per_year: Decimal | None = None
    base: str = ""


_DAYS = {"日": 365, "周": 52, "月": 12, "年": 1}


def penalties_in(view: View) -> list[Penalty]:
    """Every rate, fixed sum and multiple of a penalty, and their caps, in order."""
    found: list[Penalty] = []
    for sentence in view.sentences_with(*_PENALTY_WORDS, "%", "‰", "‱", "分之"):
        text = sentence.text
        named = bool(_PENALTY.search(text))
        goes_on = bool(found) and found[-1].sentence.line == sentence.line
        if named or ((goes_on or _FOR_LATENESS.search(text)) and _RATE_SIGN.search(text)):
            found += _rates(sentence, goes_on=goes_on and not named)
        if named:
            found += _fixed(view, sentence)
            found += _multiples(sentence)
    return sorted(found, key=lambda p: p.span)


def _rates(sentence: Sentence, *, goes_on: bool) -> list[Penalty]:
    """``goes_on``: the sentence before spoke of a penalty, so that 按照10%支付 here is one too."""
    found: list[Penalty] = []
    text, start = sentence.text, sentence.span.start
    for match in _RATE.finditer(text):
        share = parse_rate(match.group())
        before, after = text[: match.start()], text[match.end() :]
        if share is None or _NOT_RATE_AFTER.match(after) or _THRESHOLD.search(before):
            continue
        piece = _clause(before)
        span = Span(start + match.start(), start + match.end())
        if _ADDED.search(text[max(0, match.start() - 4) : match.end()]):
            per = _period(before, after)
            rate = f"{percent(share)}/{per}" if per else f"加收{percent(share)}"
            yearly = share * _DAYS[per] if per in _DAYS else None
            found.append(Penalty(rate, span, "逾期利率" if not per else _name(text, match.end()), sentence, yearly))
            continue
        if not _is_penalty(text, match) and not (goes_on and _GOES_ON.search(text, max(0, match.start() - 3))):
            continue
        if _CAP.search(piece):
            found.append(Penalty(percent(share), span, "违约金上限", sentence))
            continue
        per = _period(before, after)
        value = percent(share) + (f"/{per}" if per else "")
        yearly = share * _DAYS[per] if per in _DAYS else None
        found.append(Penalty(value, span, _name(text, match.end()), sentence, yearly, _base_of(piece)))
    return found


def _clause(before: str) -> str:
    """What stands before a rate since the last comma; 每逾期一日 may stand one comma further."""
    return before[max(before.rfind(c) for c in ",;。") + 1 :]


def _is_penalty(text: str, match: re.Match[str]) -> bool:
    """Whether the rate measures a penalty: the word stands near, or the rate runs with lateness."""
    before, after = text[: match.start()], text[match.end() :]
    if _OTHER_SHARE.match(after) or _EARNED.search(_clause(before)):
        return False
    if _NAMED_AFTER.match(after) or _NAMED_BEFORE.search(before):
        return True
    return bool(_period(before, after)) and bool(_FOR_LATENESS.search(before))


def _period(before: str, after: str) -> str:
    """日, 周, 月 or 年 that the rate runs by; empty for a flat share."""
    if match := _AFTER_PER.match(after):
        return _PER[match["per"]]
    if match := _PER_BEFORE.search(before):
        return _PER[match["per"]]
    cut = max(before.rfind(c) for c in ";。")
    piece = before[cut + 1 :]
    last = None
    for match in _EVERY_PATTERN.finditer(piece):
        last = match
    if last is None:
        behind = re.match(r"\s?(?:的标准)?(?:按|逐)(?P<by>日|月)", after)
        return _PER[behind["by"]] if behind else ""
    if _settled_between(piece[last.end() :]):
        return ""
    return _PER[next(g for g in last.groups() if g)]


def _settled_between(text: str) -> bool:
    """Whether another rate or sum already used the period up (每日0.05%，逾期超过30日的，按20%), unless this one goes
    on with it (超过30日的部分按0.1%)."""
    used = _RATE.search(text) or re.search(r"\d\s?元", text)
    return bool(used) and not re.search(r"(?:部分,?|日起,?|之后|以后|其后|此后)(?:按照?|的)?\s?$", text)


def _name(text: str, end: int) -> str:
    match = re.search(r"滞纳金|罚息|逾期利息|罚款|赔偿金|资金占用费|占用费|补偿金", text[end : end + 40])
    return match.group() if match and "违约金" not in text[end : end + match.start() + end] else "违约金"


def _base_of(piece: str) -> str:
    match = re.search(
        r"(?:逾期|应付|未付|迟延|欠付|拖欠)[^,。;的]{0,12}(?:金额|款项|价款|部分|款|租金|费用)|(?:合同|"
        r"总)[^,。;的]{0,6}(?:总价|价款|金额|总额|价)|月租金|年租金",
        piece,
    )
    return match.group() if match else ""


_EACH_AFTER = re.compile(r"\s?/\s?(?P<each>人次|[次人台处项件])")
_EACH_BEFORE = re.compile(
    r"每(?:一|发生一|出现一|违反一|查实一)?(?P<each>人次|[次人台处项件条])(?:,?[\u4e00-\u9fa5]{0,5}?(?:应当?|须|需))?(?:另|再)?(?:按|向[\u4e00-\u9fa5]{1,4}[方人])?"
    r"(?:支付|承担|赔付|赔偿|罚款|扣款|扣除|扣减|处以|缴纳)?(?:违约金|罚款|赔偿金)?(?:为|按|人民币|¥|\s)*$"
)


def _fixed(view: View, sentence: Sentence) -> list[Penalty]:
    found: list[Penalty] = []
    text, start = sentence.text, sentence.span.start
    amounts = view.amounts_of(sentence.span)
    for i, amount in enumerate(amounts):
        before, after = text[: amount.span.start - start], text[amount.span.end - start :]
        if i and amount.words != amounts[i - 1].words and amount.span.start - amounts[i - 1].span.end < 14:
            continue
        near_after = re.match(
            r"\s?(?:\([^()]{0,40}\))?\s?(?:整)?(?:的|作为|/[日天次人台]|每[日天次])?\s?[^,。;]{0,10}?(?:违约金|"
            r"滞纳金|罚款|赔偿金|罚金|补偿金|逾期费|占用费)",
            after,
        )
        near_before = re.search(r"(?:违约金|滞纳金|罚款|赔偿金|罚金|补偿金|逾期费|赔偿|赔付)[^。;]{0,30}$", before)
        blocked = (
            _EARNED.search(before)
            or _PAID_OUT.search(before)
            or _CONDITION_AMOUNT.search(before)
            or (
                near_before
                and re.search(
                    r"[,](?!.*(?:违约金|罚款|赔偿))[^,]{0,30}(?:工资|保险|押金|租金|费用|货款|价款|返还|退还)",
                    before[near_before.start() :],
                )
            )
        )
        if blocked or not (near_after or near_before):
            continue
        if _CAP.search(_clause(before)):
            found.append(Penalty(money(amount.yuan, amount.currency), amount.span, "违约金上限", sentence))
            continue
        per = _period(before, after)
        each = _EACH_AFTER.match(after) or _EACH_BEFORE.search(before)
        per = per or (each["each"] if each else "")
        value = money(amount.yuan, amount.currency) + (f"/{per}" if per else "")
        found.append(Penalty(value, amount.span, _name(text, amount.span.end - start), sentence))
    return found


def _multiples(sentence: Sentence) -> list[Penalty]:
    found: list[Penalty] = []
    text, start = sentence.text, sentence.span.start
    for match in _LPR.finditer(text):
        if _CAP.search(text[: match.end()]) or _CAP.match(text, match.end()):
            continue
        found.append(
            Penalty(
                f"LPR的{_times(match['times'])}倍",
                Span(start + match.start(), start + match.end()),
                "逾期利率",
                sentence,
            )
        )
    for match in _MULTIPLE.finditer(text):
        behind = text[match.end() : match.end() + 24]
        if re.search(r"违约金|赔偿金|滞纳金|罚款", behind) or re.search(
            r"(?:违约金|赔偿金)[^,。;]{0,16}$", text[: match.start()]
        ):
            what = match["what"].replace("的", "")
            value = f"{_times(match['times'])}{what}"
            found.append(Penalty(value, Span(start + match.start(), start + match.end()), "违约金", sentence))
    return found


def _times(printed: str) -> str:
    if "点" in printed:
        whole, _, rest = printed.partition("点")
        return f"{parse_han_number(whole)}.{parse_han_number(rest)}"
    return printed if printed[0].isdigit() else str(parse_han_number(printed))


# --- findings ---------------------------------------------------------------------------------------------------------

_END = re.compile(
    r"(?P<who>甲方|乙方|丙方|双方|任何一方|一方|守约方|对方|[\u4e00-\u9fa5]{2,4}[方人]|劳动者|"
    r"用人单位)?[^,。;]{0,10}?(?:有权|可以|可|得|"
    r"均可)[^,。;]{0,24}?(?:解除|终止)(?:本|该|劳动)?(?:合同|协议)"
)
_LIMIT = re.compile(
    r"(?:赔偿责任|责任总额|累计责任|赔偿总额|赔偿金额|责任限额|全部责任|总责任|赔偿上限|"
    r"责任上限)[^。;]{0,40}?(?:不超过|不得超过|以[^。;]{1,30}为限|为限|限于|不高于)"
)
_HIGH_YEARLY, _NOTE_YEARLY = Decimal("0.36"), Decimal("0.24")


def findings_of(view: View, penalties: Iterable[Penalty]) -> list[Finding]:
    return [*_penalty_findings(view, penalties), *_termination(view), *_limits(view)]


def _penalty_findings(view: View, penalties: Iterable[Penalty]) -> list[Finding]:
    found: list[Finding] = []
    seen: set[tuple[str, str, Span]] = set()
    for penalty in penalties:
        key = (penalty.item, penalty.value, penalty.sentence.span)
        if key in seen:
            continue
        seen.add(key)
        finding = view.fact("liability", penalty.item, penalty.value, penalty.span, _yearly_note(penalty))
        found.append(_graded(finding, penalty))
    return found


def _yearly_note(penalty: Penalty) -> str:
    if penalty.per_year is None or not penalty.value.endswith(("/日", "/周", "/月")):
        return ""
    yearly = percent(penalty.per_year)
    return str(Text(f"折合年化 {yearly}。", f"That is {yearly} a year."))


_OVER_24 = Text(
    "超过年化24%；违约金超过损失30%的，一般认定为过分高于损失，当事人可以请求法院或仲裁机构适当减少。",
    "Over 24% a year: a penalty more than 30% above the loss is as a rule too high, and can be reduced on request.",
)


def _graded(finding: Finding, penalty: Penalty) -> Finding:
    """A penalty that runs past 24 % a year may be cut by a court: worth a look."""
    if penalty.per_year is None or penalty.per_year <= _NOTE_YEARLY:
        return finding
    severity: Severity = "medium" if penalty.per_year > _HIGH_YEARLY else "low"
    return Finding(
        finding.category, finding.item, finding.value, finding.source, finding.evidence,
        str(Text(f"{finding.detail}{_OVER_24.zh}", f"{finding.detail} {_OVER_24.en}".strip())),
        severity, finding.status,
        str(Text("按对己方的利弊评估是否调低费率，或约定累计上限。",
                 "Weigh for your own side whether to lower the rate, or agree a cap on the total.")),
        "民法典第五百八十五条；民法典合同编通则司法解释（2023）第六十五条",
    )  # fmt: skip


def _termination(view: View) -> list[Finding]:
    found: list[Finding] = []
    for sentence in view.sentences_with("解除", "终止"):
        if match := _END.search(sentence.text):
            hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
            found.append(view.fact("liability", "解除权", match["who"] or "", hit))
    return found


def _limits(view: View) -> list[Finding]:
    found: list[Finding] = []
    for sentence in view.sentences_with("责任", "赔偿"):
        match = _LIMIT.search(sentence.text)
        if match and not re.search("违约金", match.group()):
            hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
            value = re.sub(r"^.*?(?=不超过|不得超过|以|为限|限于|不高于)", "", sentence.text[match.start() :])[:40]
            found.append(view.fact("liability", "责任上限", value.rstrip("。;"), hit))
    return found
