"""Totals told in running text beside their parts: 共8万元，分两次支付：前期5万元、后期2万元. Tables are another's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from math import prod

from pipeline.kinds.contract.amounts import Labelled, money
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding, Span

_TOTAL = re.compile(
    r"(?:共计?|合计|总计|总额|总价款?|总金额|总投资|总费用|总预算|预算|全部|总)[\u4e00-\u9fa5]{0,8}(?:为|是|:|人民币|¥|\s)*$"
)
_SPLITS = re.compile(
    rf"其中|分(?:为|成|别)?\s?(?P<count>\d{{1,2}}|{HAN_NUMBER}{{1,2}})?\s?(?:次|期|笔|部分|阶段|批)|包括|分别(?:为|是)|"
    r"^[整正]?\s?(?:\([^()]*\))?:"
)
_SPLIT_BEFORE = re.compile(
    rf"分\s?(?P<count>\d{{1,2}}|{HAN_NUMBER})\s?(?:次|期|笔|批)(?:支付|付款|付清|结清|给付|交纳|缴纳)"
)
_MADE_OF = re.compile(r"由[^。;]{1,80}(?P<count>)(?:组成|构成)")
_OPEN = re.compile(
    r"等[,、。;\s)]|剩余|余款|余下|其余|尾款|另|暂列|暂估|不含|超过|以内|约\s?\d|单价|每|/|税|押金|保证金|违约|定金|预留|首付|上限|不低于|原|变更|调整|增加|减少|抵|"
    r"乘|×|折|优惠"
)
"""What leaves the list open, or makes its sums something else than parts."""
_EACH = re.compile(
    r"每\s?(?P<per>半年|个?月|季度?|年度?|期|次)[^,。;\d]{0,12}$|"
    r"(?<![\d个当本首末每按整满上下])(?P<per2>[月季])度?(?:租金?|[\u4e00-\u9fa5]{0,4}费|工资|薪[资酬]?)(?:为|是|:|人民币|¥|\s)*$"
)
_BY_YEAR = re.compile(r"(?<!\d)(?:年|每年|年度|全年|一年)[^,。;\d]{0,12}$")
_UNEVEN = re.compile(r"递增|不等|(?:首|末|最后)[一\d]?[个期月次笔年季]|免租|[年月期]起|第[一二三四五六\d]")
_IN_A_YEAR = {"月": 12, "季": 4}
_TIMES = re.compile(rf"(?<![\d.])(?P<count>\d{{1,3}}|{HAN_NUMBER}{{1,4}})\s?(?P<per>个?月|个?季度?|年|期|次)")
_CENT = Decimal("0.01")
_MOST_SUMS = 16
"""Sums that a sentence may have; more are a table that lost its lines."""


def sum_conflicts(view: View, amounts: Sequence[Labelled], structure: Structure) -> Iterator[Finding]:
    """Sentences in which a total stands with all its parts, or with an instalment and its number, and doesn't agree."""
    by_sentence: dict[Span, list[Labelled]] = {}
    for amount in amounts:
        if not amount.in_table:
            by_sentence.setdefault(view.sentence_at(amount.span.start).span, []).append(amount)
    for held in by_sentence.values():
        sentence = view.sentence_at(held[0].span.start)
        if len(held) == 1:
            yield from _summed_above(view, sentence, held[0], amounts, structure)
        elif len(held) <= _MOST_SUMS and len({a.currency for a in held}) == 1:
            yield from _parts(view, sentence, held) if len(held) >= 3 else ()
            yield from _summed(view, sentence, held) if len(held) >= 3 else ()
            yield from list(_instalments(view, sentence, held)) or _products(view, sentence, held)


_STEP = re.compile(rf"第\s?(?P<number>[1-9]|{HAN_NUMBER})\s?(?:笔|期|次|阶段|批)(?:款项?)?(?!工程)")
_LEFT = re.compile(r"剩余|余款|余下|其余|尾款|另付|等额|约\s?\d|每|暂定")
_ONE_CLAUSE = 900


def step_conflicts(
    view: View, amounts: Sequence[Labelled], totals: Sequence[Labelled], structure: Structure
) -> Iterator[Finding]:
    """第一笔340,000元 … 第三笔68,000元 in one clause, each with its sum, against the only price of the contract."""
    prices = {total.yuan for total in totals}
    if len(prices) != 1:
        return
    lines = {view.line_at(match.start()) for match in _STEP.finditer(view.text)}
    clauses = {
        Span(view.lines[a.first].start, view.lines[a.end - 1].end) for at in lines if (a := structure.article_at(at))
    }
    for span in sorted(clauses | {view.lines[at] for at in lines}):
        marks = list(_STEP.finditer(view.text, span.start, min(span.end, span.start + _ONE_CLAUSE)))
        numbers = [_counted(match["number"]) for match in marks]
        whole = view.text[span.start : min(span.end, span.start + _ONE_CLAUSE)]
        if len(marks) < 2 or numbers != list(range(1, len(marks) + 1)) or _LEFT.search(whole):
            continue
        ends = [*(match.start() for match in marks[1:]), span.end]
        steps = [
            [a for a in amounts if match.end() <= a.span.start < end and not a.in_table]
            for match, end in zip(marks, ends, strict=True)
        ]
        told = sum((step[0].yuan for step in steps if step), Decimal(0))
        price = prices.copy().pop()
        if all(len(step) == 1 for step in steps) and told != price and price / 2 < told < price * 2:
            listed = " + ".join(money(step[0].yuan, step[0].currency) for step in steps)
            yield _conflict(view, steps[0][0], Text(
                f"{listed} = {money(told)}，合同总价为 {money(price)}。",
                f"{listed} = {money(told)}; the contract price is {money(price)}.",
            ))  # fmt: skip
            return


def _counted(printed: str) -> int | None:
    return int(printed) if printed.isdigit() else parse_han_number(printed.replace("两", "二"))


_BEFORE = re.compile(
    r"(?:原|主|签订[^。;]{0,40})[^。;]*?(?<!单)总?(?<!单)(?:价款?|金额|造价|费用?)(?:为|是|:|人民币|¥|\s)*$"
)
_ADDS = re.compile(
    r"(?P<sign>增加|调增|追加|减少|调减|扣减|核减)(?:的)?(?:合同)?(?:价款|金额|费用|款项|造价)?(?:为|计|人民币|¥|:|\s)*$"
)
_AFTER = re.compile(
    r"(?:调整|变更|增加|补充|修订)后(?:的)?[^,。;\d]{0,6}(?:总?价款?|总?金额|总额|总?造价|总?费用)(?:为|是|:|人民币|¥|\s)*$"
)


def adjusted_totals(view: View, amounts: Sequence[Labelled]) -> Iterator[Finding]:
    """A price, what is added to it or taken off, and the price that it becomes, each named once."""
    told: dict[str, list[tuple[Labelled, str]]] = {"before": [], "change": [], "after": []}
    for amount in amounts:
        sentence = view.sentence_at(amount.span.start).span
        words = view.text[max(sentence.start, amount.span.start - 60) : amount.span.start]
        if _AFTER.search(words):
            told["after"].append((amount, ""))
        elif change := _ADDS.search(words):
            told["change"].append((amount, change["sign"]))
        elif _BEFORE.search(words):
            told["before"].append((amount, ""))
    if any(len({a.yuan for a, _ in found}) != 1 for found in told.values()):
        return
    (old, _), (change, sign), (new, _) = (found[0] for found in told.values())
    less = sign in ("减少", "调减", "扣减", "核减")
    right = old.yuan - change.yuan if less else old.yuan + change.yuan
    if right != new.yuan and len({old.currency, change.currency, new.currency}) == 1:
        sum_of = f"{money(old.yuan, old.currency)} {'-' if less else '+'} {money(change.yuan, change.currency)}"
        yield _conflict(view, new, Text(
            f"{sum_of} = {money(right, new.currency)}，调整后写作 {money(new.yuan, new.currency)}。",
            f"{sum_of} = {money(right, new.currency)}; the adjusted total is given as {money(new.yuan, new.currency)}.",
        ))  # fmt: skip


def _parts(view: View, sentence: Sentence, held: Sequence[Labelled]) -> Iterator[Finding]:
    """The first sum is the total, all others its parts; fewer parts than the whole only where they claim to be all."""
    total, parts, start = held[0], held[1:], sentence.span.start
    end = max(a.span.end for a in ([total, total.words] if total.words else [total])) - start
    between = sentence.text[end : parts[0].span.start - start]
    rest = sentence.text[end:]
    splits = _SPLIT_BEFORE.search(sentence.text[: total.span.start - start]) or _SPLITS.search(between)
    splits = splits or _MADE_OF.search(rest)
    named = _TOTAL.search(sentence.text[: total.span.start - start]) or (splits and _alike_behind(sentence, parts))
    if splits is None or not named or _OPEN.search(rest):
        return
    told = sum((a.yuan for a in parts), Decimal(0))
    if abs(told - total.yuan) < _CENT or any(a.yuan >= total.yuan for a in parts):
        return
    all_told = told > total.yuan or _claims_all(splits, sentence, parts)
    if all_told or told >= total.yuan * _MOST_OF_IT:
        yield _conflict(view, total, _differs(told, total, parts), sure=all_told)


_MOST_OF_IT = Decimal("0.8")
"""Of a total, named part by part: what is left is more likely a slip than something unnamed."""


def _differs(told: Decimal, total: Labelled, parts: Sequence[Labelled]) -> Text:
    listed = " + ".join(money(a.yuan, a.currency) for a in parts)
    return Text(
        f"{listed} = {money(told, total.currency)}，总额写作 {money(total.yuan, total.currency)}，"
        f"相差 {money(abs(told - total.yuan), total.currency)}。",
        f"{listed} = {money(told, total.currency)}; the total is given as {money(total.yuan, total.currency)}. They "
        f"differ by {money(abs(told - total.yuan), total.currency)}.",
    )


_SUM_OF_ALL = re.compile(
    rf"(?:(?:以上|上述|前述|[前各])?(?:(?P<count>[两\d]|{HAN_NUMBER})\s?(?:项|笔|期|阶段|次|部分|者|批|种|类))?[^,。;\d]{{0,8}})?"
    r"(?:合计|共计|总计|总额|合共|(?<=,)(?:全年|年度|全部)[\u4e00-\u9fa5]{0,6})[^,。;\d]{0,4}?(?:为|是|:|人民币|¥|\s)*$"
)


_SECURITY = re.compile(r"[\u4e00-\u9fa5]{0,4}(?:保证金|押金|定金)(?=\d)")
"""An item of the list like others: 加盟费…元、保证金…元，合计…元."""


def _summed(view: View, sentence: Sentence, held: Sequence[Labelled]) -> Iterator[Finding]:
    """The last sum is the total of those before it: 运输费…元，装卸费…元，以上两项合计…元."""
    *parts, total = held
    before = sentence.text[: total.span.start - sentence.span.start]
    named = _SUM_OF_ALL.search(before)
    if (
        named is None
        or _OPEN.search(_SECURITY.sub("", before))
        or _TOTAL.search(before[: parts[0].span.start - sentence.span.start])
    ):
        return
    told = sum((a.yuan for a in parts), Decimal(0))
    counted = _counted(named["count"]) if named["count"] else len(parts)
    if counted == len(parts) and abs(told - total.yuan) >= _CENT and told / 2 < total.yuan < told * 2:
        yield _conflict(view, total, _differs(told, total, parts))


def _summed_above(
    view: View, sentence: Sentence, total: Labelled, amounts: Sequence[Labelled], structure: Structure
) -> Iterator[Finding]:
    """以上三项合计5,860元, behind a clause that holds three sums."""
    named = _SUM_OF_ALL.search(sentence.text[: total.span.start - sentence.span.start])
    article = structure.article_at(sentence.line)
    if named is None or not named["count"] or not _ABOVE.match(named.group()) or article is None:
        return
    start = view.lines[article.first].start
    parts = [a for a in amounts if start <= a.span.start < sentence.span.start and not a.in_table]
    told = sum((a.yuan for a in parts), Decimal(0))
    if len(parts) == _counted(named["count"]) and told != total.yuan and told / 2 < total.yuan < told * 2:
        yield _conflict(view, total, _differs(told, total, parts))


_ABOVE = re.compile("以上|上述|前述|[前各]")


def _claims_all(splits: re.Match[str], sentence: Sentence, parts: Sequence[Labelled]) -> bool:
    """Whether the parts are said to be all: as many as announced, its components, or named alike."""
    if splits["count"]:
        count = int(splits["count"]) if splits["count"].isdigit() else parse_han_number(splits["count"])
        return count == len(parts)
    if "组成" in splits.group() or "构成" in splits.group() or "分别" in splits.group():
        return True
    names = {sentence.text[: a.span.start - sentence.span.start].rstrip("为是:人民币¥ ")[-2:] for a in parts}
    return len(names) == 1 or _alike_behind(sentence, parts)


def _alike_behind(sentence: Sentence, parts: Sequence[Labelled]) -> bool:
    """Whether the words behind the parts begin alike (250万元计入注册资本，2,750万元计入资本公积)."""
    behind = {sentence.text[a.span.end - sentence.span.start :].lstrip("整 ")[:2] for a in parts}
    return len(behind) == 1 and re.fullmatch(r"[\u4e00-\u9fa5]{2}", next(iter(behind))) is not None


def _instalments(view: View, sentence: Sentence, held: Sequence[Labelled]) -> Iterator[Finding]:
    """全部服务费120,000元，分12个月支付，每月15,000元."""
    start = sentence.span.start
    for each in held:
        per = _EACH.search(sentence.text[: each.span.start - start])
        total = next((a for a in held if a is not each and _is_total(sentence.text[: a.span.start - start])), None)
        if per is None or total is None or _UNEVEN.search(sentence.text):
            continue
        unit = (per["per"] or per["per2"]).strip("个度")
        counts = [m for m in _TIMES.finditer(sentence.text) if m["per"].strip("个度") in (unit, "期")]
        numbers = {int(m["count"]) if m["count"].isdigit() else parse_han_number(m["count"]) for m in counts}
        if not numbers and _BY_YEAR.search(sentence.text[: total.span.start - start]):
            numbers = {_IN_A_YEAR.get(unit)}
        if len(numbers) != 1 or (count := numbers.pop()) is None or count < 2:
            continue
        if (told := each.yuan * count) != total.yuan and told / 2 < total.yuan < told * 2:
            yield _conflict(view, total, Text(
                f"{money(each.yuan, each.currency)} × {count} = {money(told, each.currency)}，"
                f"总额写作 {money(total.yuan, total.currency)}。",
                f"{money(each.yuan, each.currency)} × {count} = {money(told, each.currency)}; the total is given as "
                f"{money(total.yuan, total.currency)}.",
            ))  # fmt: skip
            return


_COUNTS = r"[台套个件人名次批吨只箱本份张集期月季年天日辆课场届节家户项米亩斤]"
_COUNTED = re.compile(
    rf"(?<![\d.第每])(?<!\d,)(?P<count>\d{{1,6}}|{HAN_NUMBER}{{1,4}}|两)\s?个?(?P<unit>{_COUNTS})(?!以|元|[内前后])"
)
_PER = re.compile(
    rf"(?:单价|(?P<per>(?:每\s?(?:平方|学|自然|会计)?{_COUNTS}度?){{1,2}})[^,。;\d]{{0,8}})(?:为|是|:|人民币|¥|\s)*$"
)
_PRODUCT = re.compile(
    r"(?:(?:总计|合计|共计|总价|总额|总金额|金额|小计)|全年[\u4e00-\u9fa5]{0,4}费|年租金|年[\u4e00-\u9fa5]{0,4}费)(?:为|是|:|人民币|¥|\s)*$"
)
_MOST_COUNTS = 4


def _products(view: View, sentence: Sentence, held: Sequence[Labelled]) -> Iterator[Finding]:
    """10套，单价300元，金额3,500元; 每台每月28,000元，两台十个月合计650,000元: what no product of the counts is."""
    if len(held) != 2 or _OPEN.search(_EVERY.sub("", sentence.text)):
        return
    start, (each, total) = sentence.span.start, held
    per = _PER.search(sentence.text[: each.span.start - start])
    if per is None or not _PRODUCT.search(sentence.text[: total.span.start - start]):
        return
    units = set(re.sub(r"[每平方度学自然会计\s]", "", per["per"] or ""))
    counts = [m for m in _COUNTED.finditer(sentence.text) if not units or m["unit"] in units]
    numbers = [n for n in {_counted(m["count"]) for m in counts} if n and n > 1]
    if not numbers or len(numbers) > _MOST_COUNTS or (not units and len(numbers) > 1):
        return
    told = each.yuan * prod(numbers)
    some = {each.yuan * prod(chosen) for k in range(1, len(numbers) + 1) for chosen in combinations(numbers, k)}
    if total.yuan not in some and told / 2 < total.yuan < told * 2:
        formula = " × ".join([money(each.yuan, each.currency), *map(str, numbers)]) + f" = {money(told, each.currency)}"
        yield _conflict(view, total, Text(
            f"{formula}，总额写作 {money(total.yuan, total.currency)}。",
            f"{formula}; the total is given as {money(total.yuan, total.currency)}.",
        ))  # fmt: skip


_EVERY = re.compile(r"单价|每|(?<!不)含\d{0,2}%?[增值]{0,2}税|增值税(?!额)|(?<=\d)/|/(?=[\u4e00-\u9fa5])")


def _is_total(before: str) -> bool:
    return bool(_TOTAL.search(before) or _BY_YEAR.search(before))


def _conflict(view: View, total: Labelled, detail: Text, *, sure: bool = True) -> Finding:
    status, severity = ("conflict", "high") if sure else ("unclear", "medium")
    defect = Defect(
        "明细合计不符", status, severity, money(total.yuan, total.currency), detail,
        Text("核对各项金额与总额，更正其中之一。", "Check the parts and the total, and correct one of them."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(total.span))
