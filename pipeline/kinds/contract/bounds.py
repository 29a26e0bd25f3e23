"""Terms that a statute limits, worked out: probation and its pay, non-competition, leases, retention and performance
money. Each bound is named by its article; what a court would weigh is not decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, Labelled, money, parse_rate, percent
from pipeline.kinds.contract.basics import COUNT, Length, Range, Term, length_from, months_between, title_text
from pipeline.kinds.contract.disputes import Forum
from pipeline.kinds.contract.essentials import contract_type
from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.lang import Text
from pipeline.types import Finding, Span


@dataclass(frozen=True, slots=True)
class Facts:
    """What other rules found of a contract."""

    term: Term
    ranges: Sequence[Range]
    amounts: Sequence[Labelled]
    totals: Sequence[Labelled]
    forums: Sequence[Forum]


def bound_findings(view: View, facts: Facts) -> Iterator[Finding]:
    """What goes past a bound of law."""
    term = facts.term
    if "试用期" in view.text:
        yield from _probations(view, term, facts.ranges)
        yield from _probation_pay(view, facts.amounts)
    if _COMPETES.search(view.text) and _EMPLOYED.search(view.text):
        yield from _non_competition(view)
    kind = contract_type(view)
    if kind == "租赁" and "融资租赁" not in view.text:
        yield from _long_lease(view, term)
    if kind == "工程":
        yield from _retention(view)
    if kind == "工程" or (kind == "租赁" and _PREMISES.search(title_text(view))):
        yield from _court_elsewhere(view, facts.forums)
    if _TENDERED.search(view.text):
        yield from _performance_money(view, facts.amounts, facts.totals)


def _months(length: Length) -> float:
    return length.count * 12 if length.unit == "年" else length.days / 30.4375


def _hit(sentence: Sentence, match: re.Match[str]) -> Span:
    return Span(sentence.span.start + match.start(), sentence.span.start + match.end())


# --- employment -------------------------------------------------------------------------------------------------------

_PROBATION = (
    re.compile(rf"试用期(?:限|间)?(?:\s|为|是|:|共|约定|自[^,。;]{{4,16}}起|\()*{COUNT}"),
    re.compile(rf"(?:前|首|头|其中|经过?|有)(?:的)?{COUNT}(?:为|是|作为|系|的)?试用期"),
)
_OPEN_ENDED = re.compile(r"无固定期限(?:的)?劳动合同(?!的?条件)")
_NOT_LABOUR = re.compile(r"软件|产品|设备|系统|商品|免费试用")
_PAY_NAMES = re.compile(
    r"试用期(?:内|间)?(?:的)?(?:按|为|发放|执行)?(?:月|每月|税前|基本|月度)*(?:工资|薪[酬资水]?|报酬)|试用期[^。;]{0,14},(?:每月|月)(?:发给|支付|发放)"
)
_PAY_SHARE = re.compile(
    rf"试用期[^。;]{{0,20}}?(?:工资|薪[酬资]?|报酬)[^。;,\d]{{0,16}}(?:转正|正式|约定|标准|月)[^。;,\d]{{0,10}}(?P<share>{PERCENT})"
)
_FULL_PAY = re.compile(
    r"(?:转正|正式|试用期满)[^。;,\d]{0,14}$|(?:月(?:基本)?(?:工资|薪[酬资]?)|劳动报酬|税前工资)[^。;,\d]{0,10}$"
)
_LEAST_PAY = Decimal("0.8")


def _probations(view: View, term: Term, ranges: Sequence[Range]) -> Iterator[Finding]:
    """Probation longer than the term of employment allows (劳动合同法第十九条)."""
    limit = _longest_probation(view, term)
    for sentence in view.sentences_with("试用期"):
        length = None if _NOT_LABOUR.search(sentence.text) else _longest(_PROBATION, sentence)
        length = length or _dated(sentence, ranges)
        if length is None or limit is None or _months(length) <= limit + 0.05:
            continue
        allowed = Text("不得约定试用期", "no probation may be agreed") if not limit else Text(
            f"不得超过{limit}个月", f"it may not exceed {limit} month(s)"
        )  # fmt: skip
        defect = Defect(
            "试用期超过法定上限", "conflict", "high", length.printed,
            Text(f"试用期为{length.printed}，按本合同的期限{allowed.zh}；超过的部分违法，已履行的应按转正工资支付赔偿金。",
                 f"Probation is {length.printed}; for the term of this contract {allowed.en}. The excess is unlawful, "
                 "and what has been served of it is compensated at full pay."),
            Text("改为：试用期为____个月（不超过法定上限），包含在劳动合同期限内。",
                 "Write: “Probation is ____ months (within the legal limit) and part of the term of the labour "
                 "contract.”"),
            "劳动合同法第十九条、第八十三条",
        )  # fmt: skip
        yield defect.at(view.quote(length.span))


_PROBATION_FROM = re.compile(r"试用期(?:限|间)?(?:为|是|:)?(?:自|从)?\s?$")


def _dated(sentence: Sentence, ranges: Sequence[Range]) -> Length | None:
    """试用期自2026年1月1日至2026年6月30日, in days."""
    for r in ranges:
        before = sentence.text[: max(0, r.span.start - sentence.span.start)]
        if r.span.start < sentence.span.end and r.end > r.start and _PROBATION_FROM.search(before):
            return Length((r.end - r.start).days + 1, "日", r.span)
    return None


def _longest(patterns: Sequence[re.Pattern[str]], sentence: Sentence) -> Length | None:
    """The longest of the periods that a sentence gives, where it stands in the whole text."""
    found = (length_from(match) for pattern in patterns for match in pattern.finditer(sentence.text))
    longest = max((length for length in found if length), key=lambda length: length.days, default=None)
    if longest is None:
        return None
    return replace(longest, span=Span(*(sentence.span.start + at for at in longest.span)))


def _longest_probation(view: View, term: Term) -> int | None:
    """Months that the term of employment allows; None where the term is not known."""
    if _OPEN_ENDED.search(view.text) and term.range is None:
        return 6
    if term.range is not None:
        months = months_between(term.range.start, term.range.end)
    elif term.length is not None:
        months = _months(term.length)
    else:
        return None
    return 0 if months < 2.95 else 1 if months < 11.95 else 2 if months < 35.95 else 6


def _probation_pay(view: View, amounts: Sequence[Labelled]) -> Iterator[Finding]:
    """Pay in probation under 80 % of the pay agreed (劳动合同法第二十条); lawful only above the least for that post."""
    for sentence in view.sentences_with("试用期"):
        match = _PAY_SHARE.search(sentence.text)
        share = parse_rate(match["share"]) if match else None
        if match and share is not None and share < _LEAST_PAY:
            yield _underpaid(view, percent(share), _hit(sentence, match))
    within = [a for a in amounts if _named(view, a, _PAY_NAMES)]
    full = [a for a in amounts if a not in within and _named(view, a, _FULL_PAY) and not _named(view, a, _PAY_NAMES)]
    if len({a.yuan for a in within}) == 1 and full:
        most = max(full, key=lambda a: a.yuan)
        if within[0].yuan < most.yuan * _LEAST_PAY and within[0].yuan * 3 > most.yuan:
            share = (within[0].yuan / most.yuan).quantize(Decimal("0.001"))
            told = f"{money(within[0].yuan)}／{money(most.yuan)}（{percent(share)}）"
            yield _underpaid(view, told, within[0].span)


def _named(view: View, amount: Labelled, name: re.Pattern[str]) -> bool:
    sentence = view.sentence_at(amount.span.start)
    before = view.text[max(sentence.span.start, amount.span.start - 24) : amount.span.start]
    return bool(name.search(before[max(before.rfind(c) for c in ",;。") + 1 :]))


def _underpaid(view: View, told: str, span: Span) -> Finding:
    defect = Defect(
        "试用期工资低于80%", "unclear", "medium", told,
        Text("试用期工资低于约定工资的80%；除非不低于本单位相同岗位最低档工资的80%，否则违法，且不得低于当地最低工资标准。",
             "Pay in probation is under 80% of the pay agreed: unlawful unless it is at least 80% of the least paid "
             "for that post; nor may it be under the local minimum wage."),
        Text("改为：试用期工资为本合同约定工资的____%（不低于80%），并不低于用人单位所在地的最低工资标准。",
             "Write: “The wage during probation is ____% (80% at least) of the agreed wage, and no less than "
             "the local minimum wage.”"),
        "劳动合同法第二十条",
    )  # fmt: skip
    return defect.at(view.quote(span))


_COMPETES = re.compile(r"竞业|竞争|同类(?:业务|产品)")
_EMPLOYED = re.compile(r"劳动(?:合同|者|关系)|用人单位|离职|在职|任职|员工")
_AFTER_LEAVING = (
    re.compile(rf"竞业(?:限制|禁止)(?:义务)?(?:的)?(?:期限|期间|期)?(?:\s|为|是|:|共|自[^,。;]{{1,20}}起)*{COUNT}"),
    re.compile(rf"(?:离职|离开|解除|终止|离任)[^,。;]{{0,24}}?{COUNT}(?:内|之内|期间)"),
)
_LONGEST_NON_COMPETITION = 24


def _non_competition(view: View) -> Iterator[Finding]:
    """Non-competition of an employee for more than two years (劳动合同法第二十四条)."""
    for sentence in view.sentences_with("竞业", "离职", "离任", "离开", "解除", "终止"):
        length = _longest(_AFTER_LEAVING, sentence)
        if length is None or length.unit not in ("年", "月") or _months(length) <= _LONGEST_NON_COMPETITION:
            continue
        section = view.document.section_at(sentence.span.start)
        if "竞业" not in sentence.text + (section.title if section else "") and not re.search(
            r"竞争|同类", sentence.text
        ):
            continue
        defect = Defect(
            "竞业限制超过二年", "conflict", "high", length.printed,
            Text(f"竞业限制期限为{length.printed}，解除或终止劳动合同后不得超过二年，超过的部分无效。",
                 f"Non-competition runs for {length.printed}; after the employment it may not exceed two years, and "
                 "the excess is void."),
            Text("改为：竞业限制期限为____个月（不超过二十四个月），自劳动合同解除或者终止之日起算；用人单位在该期限内按月支付经济补偿____元。",
                 "Write: “The restraint of competition lasts ____ months (24 at most) from the end of the labour "
                 "contract; during it the employer pays ____元 a month in compensation.”"),
            "劳动合同法第二十四条",
        )  # fmt: skip
        yield defect.at(view.quote(length.span))
        return


# --- leases -----------------------------------------------------------------------------------------------------------

_LONGEST_LEASE = 20 * 12


def _long_lease(view: View, term: Term) -> Iterator[Finding]:
    """A lease for more than twenty years (民法典第七百零五条)."""
    if term.range is not None:
        months, span = months_between(term.range.start, term.range.end), term.range.span
        told = f"{term.range.start.isoformat()}／{term.range.end.isoformat()}"
    elif term.length is not None:
        months, span, told = _months(term.length), term.length.span, term.length.printed
    else:
        return
    if months <= _LONGEST_LEASE + 0.05:
        return
    defect = Defect(
        "租赁期限超过二十年", "conflict", "high", told,
        Text("租赁期限不得超过二十年，超过的部分无效；期满可以续订，续订的期限自续订之日起不得超过二十年。",
             "A lease may not exceed twenty years; the excess is void. It can be renewed, for twenty years at most."),
        Text("改为：租赁期限为____年（不超过二十年）；租赁期限届满，承租人享有以同等条件优先承租的权利，续租的另行签订合同。",
             "Write: “The lease runs for ____ years (20 at most). When it ends, the lessee has the first "
             "right to lease on equal terms, by a new contract.”"),
        "民法典第七百零五条",
    )  # fmt: skip
    yield defect.at(view.quote(span))


# --- the court that the law prescribes ----------------------------------------------------------------------------

_PREMISES = re.compile(
    r"^(?!.*(?:设备|车辆|汽车|房车)).*(?:房|铺|楼|公寓|仓库|库房|门店|门面|车位|场地|柜台|摊位|物业)"
)
_ELSEWHERE = re.compile(
    r"(?:[方人]|单位|公司|原告|被告|签订|签约)[^,。;]{0,6}(?:所在地|住所地|注册地)|(?:签订|签约)地|注册地"
)
_AT_THE_PROPERTY = re.compile(
    r"(?:房屋|商铺|租赁物?|不动产|工程|项目|物业|厂房|场地|标的物?|施工|建设)[^,。;]{0,4}(?:所在地|地)"
)


def _court_elsewhere(view: View, forums: Sequence[Forum]) -> Iterator[Finding]:
    """A court agreed for a lease of premises or for works that need not be the one where the property lies."""
    for forum in forums:
        if forum.kind == "仲裁" or _AT_THE_PROPERTY.search(forum.where) or not _ELSEWHERE.search(forum.where):
            continue
        defect = Defect(
            "约定法院不符专属管辖", "unclear", "medium", forum.where,
            Text(f"约定由{forum.where}管辖；房屋租赁、建设工程施工合同纠纷由不动产所在地人民法院专属管辖，两地不同的，约定无效。",
                 f"“{forum.where}” is agreed; disputes on leases of premises and on building works belong to the court "
                 "where the property lies, and another court can't be agreed."),
            Text("改为：因本合同引起的争议，协商不成的，向不动产所在地有管辖权的人民法院起诉。",
                 "Write: “Disputes under this contract go to the competent people's court where the property is.”"),
            "民事诉讼法（2023修正）第三十四条；民事诉讼法司法解释（2022修正）第二十八条",
        )  # fmt: skip
        yield defect.at(view.quote(forum.span))
        return


# --- works and tenders ------------------------------------------------------------------------------------------------

_RETENTION_NAMES = r"(?:质量?保证金|质保金|质量保修金|保修金|质保款)"
_RETAINED = re.compile(
    rf"{_RETENTION_NAMES}[^。;,%‰]{{0,24}}?(?P<share>{PERCENT})|(?P<share2>{PERCENT})[^。;,]{{0,8}}(?:作为|为|即为|留作)(?:工程)?{_RETENTION_NAMES}"
)
_BACK = re.compile(r"(?:退还|返还|支付|付还|退回|释放)[^,。;]{0,14}$|(?:违约金|利息|逾期)")
_MOST_RETAINED = Decimal("0.03")
_TENDERED = re.compile(r"中标|招标|投标")
_PERFORMANCE = re.compile(
    rf"履约(?:保证金|担保|保函)[^。;%‰]{{0,30}}?(?:合同|中标)[^。;,%‰]{{0,10}}?(?:的)?(?P<share>{PERCENT})|(?:合同|中标)[^。;,%‰]{{0,10}}?(?P<share2>{PERCENT})[^。;,]{{0,8}}履约(?:保证金|担保|保函)"
)
_MOST_PERFORMANCE = Decimal("0.1")


def _retention(view: View) -> Iterator[Finding]:
    """More than 3 % of the price kept back for defects of building works."""
    for sentence in view.sentences_with("保证金", "质保", "保修金"):
        for match in _RETAINED.finditer(sentence.text):
            share = parse_rate(match["share"] or match["share2"])
            if share is None or share <= _MOST_RETAINED or share >= Decimal("0.5") or _BACK.search(match.group()):
                continue
            defect = Defect(
                "质量保证金超过3%", "conflict", "medium", percent(share),
                Text(f"质量保证金为{percent(share)}，预留总比例不得高于工程价款结算总额的3%。",
                     f"Retention is {percent(share)}; all retention together may not exceed 3% of the settled price."),
                Text("改为：质量保证金为工程价款结算总额的3%，承包人可以以保函替代；缺陷责任期为____个月，期满后14日内无息返还。",
                     "Write: “The retention is 3% of the final account and may be replaced by a guarantee. The "
                     "defects liability period is ____ months; the retention is returned without interest within 14 "
                     "days after it.”"),
                "建设工程质量保证金管理办法（2017）第七条",
            )  # fmt: skip
            yield defect.at(view.quote(_hit(sentence, match)))
            return


def _performance_money(view: View, amounts: Sequence[Labelled], totals: Sequence[Labelled]) -> Iterator[Finding]:
    """Performance security over 10 % of a price that was tendered for (招标投标法实施条例第五十八条)."""
    price = {total.yuan for total in totals}
    for amount in amounts:
        share = amount.yuan / max(price) if amount.label == "履约保证金" and len(price) == 1 else Decimal(0)
        if _MOST_PERFORMANCE < share < 1:
            yield _too_much_security(view, share.quantize(Decimal("0.0001")), amount.span)
            return
    for sentence in view.sentences_with("履约"):
        match = _PERFORMANCE.search(sentence.text)
        share = parse_rate(match["share"] or match["share2"]) if match else None
        if match is None or share is None or share <= _MOST_PERFORMANCE or share >= 1:
            continue
        yield _too_much_security(view, share, _hit(sentence, match))
        return


def _too_much_security(view: View, share: Decimal, span: Span) -> Finding:
    told = percent(share.normalize())
    defect = Defect(
        "履约保证金超过10%", "conflict", "medium", told,
        Text(f"履约保证金为{told}，招标项目的履约保证金不得超过中标合同金额的10%。",
             f"Performance security is {told}; after a tender it may not exceed 10% of the price."),
        Text("改为：履约保证金为中标合同金额的____%（不超过10%），合同履行完毕后____日内无息退还。",
             "Write: “The performance security is ____% (10% at most) of the contract sum and is returned "
             "without interest within ____ days after performance.”"),
        "招标投标法实施条例第五十八条",
    )  # fmt: skip
    return defect.at(view.quote(span))
