"""What body and attachments tell differently: each figure under its own name, wherever it stands.

A figure is a sum, a share, a period, a date or a number with its unit; its name is what stands right before it. Only
what each side tells once, or always alike, is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, TOTAL_LABEL, Labelled, money, parse_rate, percent
from pipeline.kinds.contract.basics import Range, term_of
from pipeline.kinds.contract.delivery import due_dates
from pipeline.kinds.contract.payments import Node
from pipeline.kinds.contract.structure import Structure, is_attachment_head, is_signature_line
from pipeline.kinds.contract.tables import Table, cells_of
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number
from pipeline.kinds.terms import english, value_in_english
from pipeline.lang import Text
from pipeline.types import Finding, Span

_TOTAL = re.compile(rf"{TOTAL_LABEL}|报价总计")


@dataclass(frozen=True, slots=True)
class Told:
    """A value under its name. ``sort`` keeps what can't be compared apart; ``size`` is the value as a number."""

    name: str
    sort: str
    value: str
    size: Decimal
    span: Span


@dataclass(frozen=True, slots=True)
class Facts:
    """What other rules have read already."""

    amounts: Sequence[Labelled]
    totals: Sequence[Labelled]
    ranges: Sequence[Range]
    nodes: Sequence[Node]
    grids: Sequence[Table]


def attachment_conflicts(view: View, structure: Structure, facts: Facts) -> Iterator[Finding]:
    """What body and attachments each state just once, and differently."""
    border = _attachments_start(view, structure)
    if border >= len(view.lines):
        return
    start = view.lines[border].start
    values = _values(view)
    pairs = [
        *_price(facts, start),
        *_shares(facts, start),
        *_terms(view, facts, start),
        *_pairs([*_dates(view, start), *_figures(view, facts, values, start), *_rows(facts)], start),
        *_waits(view, start),
        *_brands(view, start),
        *_sums(view, values, start),
    ]
    seen: set[Span] = set()
    for here, there in pairs:
        if not seen & {here.span, there.span}:
            seen |= {here.span, there.span}
            yield _conflict(view, here, there)


def _attachments_start(view: View, structure: Structure) -> int:
    """First line of the attachments; those too that stand before the signatures, under a heading with text below it
    and no further article of the body behind."""
    if structure.attachments_from < len(view.lines):
        return structure.attachments_from
    last = structure.articles[-1].first if structure.articles else len(view.lines)
    for index in range(last + 1, len(view.lines) - 1):
        below = view.line_texts[index + 1]
        closes = is_attachment_head(below) or is_signature_line(below) or index + 1 in structure.signature
        if is_attachment_head(view.line_texts[index]) and below.strip() and not closes:
            return index
    return len(view.lines)


Pair = tuple[Told, Told]


def _price(facts: Facts, start: int) -> Iterator[Pair]:
    """The contract's price; an attachment that prices a part is no contradiction."""
    there = [a for a in facts.amounts if a.span.start >= start and not a.in_table and _TOTAL.fullmatch(a.label)]
    body = [a for a in facts.totals if a.span.start < start]
    if len({a.yuan for a in body}) == len({a.yuan for a in there}) == 1:
        one, other = (
            Told("合同总价", a.currency, money(a.yuan, a.currency), a.yuan, a.span) for a in (body[0], there[0])
        )
        if _differ(one, other) and _near(one, other, 2):
            yield one, other


_WHOLE_SHARES = 2


def _shares(facts: Facts, start: int) -> Iterator[Pair]:
    """The shares of the payments, where both make 100 %."""
    sides = [
        [n for n in facts.nodes if n.share is not None and (n.span.start < start) is body] for body in (True, False)
    ]
    told: list[Told] = []
    for nodes in sides:
        shares = [node.share for node in nodes if node.share is not None]
        if len(shares) < _WHOLE_SHARES or sum(shares) != 1 or any(node.upto for node in nodes):
            return
        told.append(Told("付款比例", "", "、".join(percent(s) for s in shares), Decimal(1), nodes[0].span))
    if told[0].value != told[1].value:
        yield told[0], told[1]


_PERIOD_NAME = re.compile(r"[\u4e00-\u9fa5]{0,8}(?:期限|期间|时间|期|有效期|排期)")


def _terms(view: View, facts: Facts, start: int) -> Iterator[Pair]:
    """The contract's term: from which day to which."""
    term = term_of(view, [r for r in facts.ranges if r.span.start < start]).range
    if term is None:
        return
    there = [r for r in facts.ranges if r.span.start >= start and not r.side and _same_term(view, term, r)]
    told = [Told("期限", "", f"{r.start.isoformat()}至{r.end.isoformat()}", Decimal(1), r.span) for r in (term, *there)]
    if len({t.value for t in told[1:]}) == 1 and told[0].value != told[1].value:
        yield told[0], told[1]


def _same_term(view: View, one: Range, other: Range) -> bool:
    """The same name; or other names, but the same first or last day."""
    own, their = _range_name(view, one), _range_name(view, other)
    return bool(own and their) and (own == their or one.start == other.start or one.end == other.end)


def _range_name(view: View, found: Range) -> str:
    """发布期 for 发布期限 and 发布期间; in tables the column's head."""
    name = found.label
    line = view.line_at(found.span.start)
    if "\t" in view.line_texts[line]:
        name = _head_of(view, line, found.span.start)
    elif not name and (match := _NAME.search(_before(view, view.lines[line].start, found.span.start))):
        name = match["name"]
    return _bare_period(name) if _PERIOD_NAME.fullmatch(name) else ""


def _bare_period(name: str) -> str:
    return name[:-1] if name.endswith(("期限", "期间")) else name


# --- figures under their names ----------------------------------------------------------------------------------------

_TIMES = {
    "周年": ("月", 12), "年": ("月", 12), "月": ("月", 1), "季度": ("月", 3), "周": ("日", 7), "小时": ("分", 60),
    "分钟": ("分", 1),
}  # fmt: skip
_DAYS = ("日历天", "日历日", "自然日", "工作日", "天", "日")
_UNITS = {
    "㎡": ("平方米", 1), "m2": ("平方米", 1), "平米": ("平方米", 1), "kg": ("公斤", 1), "千克": ("公斤", 1),
    "吨": ("公斤", 1000), "千瓦": ("kW", 1), "兆瓦": ("kW", 1000), "MW": ("kW", 1000), "千伏": ("kV", 1),
    "千米": ("公里", 1), "km": ("公里", 1),
    "毫米": ("mm", 1), "厘米": ("mm", 10), "cm": ("mm", 10), "人": ("名", 1),
}  # fmt: skip
_PIECES = "台套辆部架艘座组樘名"
_COUNTED = "台套辆部架艘座组樘名人把只枚根块个件份户间箱桶张"
_FIGURE = re.compile(
    rf"(?<![\d.,/A-Za-z第每\-])(?:(?P<share>{PERCENT})|"
    rf"(?P<count>\d{{1,4}}|{HAN_NUMBER}{{1,5}}|半)\s?(?:\(\s?[^()]{{1,6}}\s?\)\s?)?个?\s?"
    rf"(?P<time>{'|'.join((*_TIMES, *_DAYS))})(?![内前]?[起度次]|之?前|以前)|"
    rf"(?P<han>{HAN_NUMBER}{{1,3}})(?P<piece>[{_PIECES}])|"
    rf"(?P<number>\d[\d,]{{0,9}}(?:\.\d{{1,4}})?)\s?(?P<unit>平方米|㎡|m2|平米|亩|公里|千米|毫米|厘米|公斤|千克|吨|千瓦|兆瓦|"
    rf"千伏|℃|米|升|转(?:/分)?|[A-Za-z]{{1,4}}(?![A-Za-z\d])|[{_COUNTED}])(?![/件阶])|"
    r"(?P<model>(?=[A-Z\d\-]*\d)[A-Z]{1,6}-?\d[A-Z\d\-.]{1,14}))"
)
_RUN = re.compile(
    rf"[\d半百千万{HAN_NUMBER[1:]}++(?=[%‰‱分成周年月季小日自工天平㎡亩公千毫厘吨兆℃米升转a-zA-Z,.(\s{_COUNTED}])|"
    r"[A-Z](?<![A-Za-z].)(?=[A-Z]{0,5}-?\d)"
)
"""Where a figure may begin: cheaper than to try every character."""
_LINK = re.compile(
    r"(?:[为是即:\t\s(\"=≥≤<>~约计按以在从]|(?<!供)应|不?(?:得|应)?(?:少于|低于|超过|高于|大于|小于|多于)|至少|最[多少高低]|"
    r"(?:总|共)计?|合计|达到?|人民币|¥|总?数量?|每[\u4e00-\u9fa5]{1,2}|[型款]号|规格|自[^,;。:]{0,18}?(?:起|后|之日)(?:计?算)?|"
    r"(?<=[为按是:])[^,;。:\t]{1,18}(?:的|[后起]))$"
)
_LINK_ENDS = frozenset('为是即:\t ("=≥≤<>~约计按以在从应于过低高少大小多总共到达币¥数量号格起后日算的至')
_NAME = re.compile(r"(?P<name>[\u4e00-\u9fa5A-Za-z\d]{2,16})(?:\([^()]{1,8}\))?$")
_BEHIND = {
    "型号": re.compile(r"型?(?P<name>[\u4e00-\u9fa5]{3,10}?)(?=\d|[,。;、(\s]|$)"),
    "%": re.compile(r"的(?P<name>[\u4e00-\u9fa5]{2,5}(?:率|比例))"),
}
"""Where the name stands behind: QTZ80型塔式起重机2台, 按10%的版税率."""
_KEY = re.compile(r"(?:^|[;,。\s])(?P<name>[\u4e00-\u9fa5]{2,8}):[^:;。]{1,24}$")
"""螺纹钢：HRB400E Φ28mm."""
_STOP = (
    "由", "对", "将", "应", "须", "提供", "派驻", "配备", "配置", "配有", "设有", "设置", "安装", "包括", "包含",
    "采用", "采购", "购买", "部位", "及", "和", "与", "或", "其中", "并", "方", "合同", "为", "设备", "产品", "货物",
    "系统", "平台", "软件", "工程", "项目", "主机",
)  # fmt: skip
"""Words that end what goes before a name: 设有消防栓12个 is about 消防栓."""
_NO_NAME = re.compile(
    r"(?:提前|逾期|超过|支付|付至|收到|签订|届满|[后前内满每达按]|连续|累计|延[迟期长误]|迟延|少于|低于|不足|顺延|缴纳|扣除|预留|通知|"
    r"任何|一|其|该|另|首付款|尾款|预付款|进度款|第[一二三四五]|共|[以之])$|^(?:数量|金额|比例|时间|日期|价格|费用|单价)$"
)
_NO_FACT = re.compile(r"违约|逾期|赔偿|罚|扣[减除留]|解除|延误|迟延|累计|连续|上浮|下浮|递增")
_WARRANTED = re.compile(r"(?<=..)(?:工程|系统)?的?(?:保修|质保|质量保证)(?:期限?|年限|时间)?$")
_LOOK_BACK = 48
_LEAST_NAME, _LEAST_EQUAL = 3, 2


def _before(view: View, first: int, at: int) -> str:
    """What stands before a figure in its clause, without the words that link a name to its figure."""
    text = view.text[max(first, at - _LOOK_BACK) : at]
    text = text[max(text.rfind(","), text.rfind(";"), text.rfind("、")) + 1 :]
    while (text[-1:] in _LINK_ENDS or "每" in text[-3:]) and (link := _LINK.search(text)):
        text = text[: link.start()]
    return text


def _values(view: View) -> list[Told]:
    """Every figure outside dates and sums of money, without a name as yet."""
    dated = {at for mention in view.dates for at in range(*mention.span)}
    found: list[Told] = []
    read: dict[str, tuple[str, str, Decimal] | None] = {}
    for run in _RUN.finditer(view.text):
        match = _FIGURE.match(view.text, run.start()) if run.start() not in dated else None
        if match is None:
            continue
        printed = match.group()
        if printed not in read:
            read[printed] = _value(match)
        if value := read[printed]:
            found.append(Told("", *value, Span(*match.span())))
    return found


def _figures(view: View, facts: Facts, values: Sequence[Told], start: int) -> Iterator[Told]:
    shared = {v.sort for v in values if v.span.start < start} & {v.sort for v in values if v.span.start >= start}
    for figure in (value for value in values if value.sort in shared or value.sort in _COUNTED):
        yield from _named(view, figure.sort, figure.value, figure.size, figure.span)
    for match in _BARE.finditer(view.text):
        if name := _HAN_NAME.search(view.text, max(0, match.start() - 10), match.start()):
            number = Decimal(match["number"].replace(",", ""))
            yield Told(_plain(f"{name.group()}数"), "数", f"{number:f}", number, Span(name.start(), match.end()))
    for amount in facts.amounts:
        if not amount.in_table:
            value = money(amount.yuan, amount.currency)
            yield from (
                t for t in _named(view, amount.currency, value, amount.yuan, amount.span) if len(t.name) >= _PRICE_NAME
            )


_BARE = re.compile(
    r"数量?(?:[为是:约\s]|不少于|不低于|不超过|至少|达到)*(?P<number>\d[\d,]{0,9})"
    r"(?![\d.%]|\s?[\u4e00-\u9fa5A-Za-z])"
)
"""并发用户数不少于500: a number that wants no unit."""
_HAN_NAME = re.compile(r"[\u4e00-\u9fa5]{2,14}$")
_PRICE_NAME = 5
"""Characters that the name of a price has at least: 服务费 may be another's."""


def _value(match: re.Match[str]) -> tuple[str, str, Decimal] | None:
    """Sort, value and size of a figure; the same for 24个月 and 两年."""
    if match["share"]:
        share = parse_rate(match["share"])
        return None if share is None else ("%", percent(share), share)
    if match["model"]:
        return "型号", match["model"], Decimal(1)
    if match["time"]:
        return _time(match["count"], match["time"])
    if match["han"]:
        count = parse_han_number(match["han"])
        return (match["piece"], f"{count}{match['piece']}", Decimal(count)) if count else None
    unit, factor = _UNITS.get(match["unit"], (match["unit"], 1))
    number = Decimal(match["number"].replace(",", "")) * factor
    return unit, f"{number.normalize():f}{unit}", number


def _time(printed: str, unit: str) -> tuple[str, str, Decimal] | None:
    if printed == "半":
        return ("期", "6个月", Decimal(180)) if unit == "年" else None
    count = int(printed) if printed.isdigit() else parse_han_number(printed)
    if not count or (unit == "年" and count > _MOST_YEARS):
        return None
    sort, factor = _TIMES.get(unit, ("日", 1))
    number = count * factor
    value = {"月": f"{number}个月", "日": f"{number}{unit if unit == '工作日' else '日'}", "分": f"{number}分钟"}[sort]
    return "期", value, number * _IN_DAYS[sort]


_MOST_YEARS = 99
_IN_DAYS = {"月": Decimal(30), "日": Decimal(1), "分": Decimal(1) / 1440}


def _named(view: View, sort: str, value: str, size: Decimal, span: Span) -> Iterator[Told]:
    line = view.line_at(span.start)
    if "\t" in view.line_texts[line]:
        names = [_head_of(view, line, span.start), view.line_texts[line].partition("\t")[0].strip()]
    else:
        sentence = view.sentence_at(span.start).span
        around = view.text[max(sentence.start, span.start - _LOOK_BACK) : min(sentence.end, span.end + 6)]
        if _NO_FACT.search(around):
            return
        behind = _BEHIND[sort].match(view.text, span.end) if sort in _BEHIND else None
        match = (
            behind
            or _NAME.search(_before(view, sentence.start, span.start))
            or (":" in around and _KEY.search(view.text, max(sentence.start, span.start - _LOOK_BACK), span.start))
        )
        names = [match["name"]] if match else []
    for name in names:
        bare = _plain(name)
        if len(bare) >= _LEAST_EQUAL and not _NO_NAME.search(bare):
            yield Told(bare, sort, value, size, span)


_CUT = re.compile(r"(?<=.)[后内](?=..)|[甲乙丙供需买卖双]方(?=..)")
"""What a name begins behind: 上线后乙方免费维护."""


def _plain(name: str) -> str:
    """电梯 for 电梯的保修期限: what is warranted; 保修期 alone stays."""
    name = _bare_period(_CUT.split(name)[-1].replace("的", "").replace("质量保证期", "质保期"))
    thing = _WARRANTED.sub("", name)
    return name if thing.endswith(_STOP) else thing


def _head_of(view: View, line: int, at: int) -> str:
    """The head of a cell's column."""
    first = line
    while first and "\t" in view.line_texts[first - 1]:
        first -= 1
    heads = view.line_texts[first].split("\t")
    column = next(
        (i for i, cell in enumerate(cells_of(view.line_texts[line], view.lines[line].start)) if at < cell.end), 0
    )
    return heads[column].strip() if first < line and column < len(heads) else ""


def _rows(facts: Facts) -> Iterator[Told]:
    """Numbers of things in tables: 纸浆泵 8 under 数量."""
    for table in facts.grids:
        for row in table.rows:
            quantity = table.quantity(row)
            if quantity is not None and not row.total and len(row.label) >= _LEAST_NAME:
                yield Told(row.label, "数量", f"{quantity:f}", quantity, row.span)


_SUM_NAME = re.compile(r"(?:合计|总计|共计|总[\u4e00-\u9fa5]{1,3})[\u4e00-\u9fa5]{0,4}\s?[:为共\s]*$")
_CLOSE = Decimal("1.3")


def _sums(view: View, values: Sequence[Told], start: int) -> Iterator[Pair]:
    """合计派驻16人 in an attachment, where the body has 18 and nowhere 16."""
    for there in values:
        at = there.span.start
        if at >= start and there.sort not in ("%", "期", "型号") and _SUM_NAME.search(view.text, at - 12, at):
            body = [t for t in values if t.span.start < start and t.sort == there.sort]
            near = [t for t in body if t.size < there.size * _CLOSE and there.size < t.size * _CLOSE]
            if near and all(t.size != there.size for t in body):
                yield replace(near[0], name="合计"), replace(there, name="合计")


_BRANDED = re.compile(
    r"(?P<what>[\u4e00-\u9fa5]{2,8}?)(?:均|须|应)?(?:采用|选用|使用|为|:)\s?(?P<brand>[\u4e00-\u9fa5A-Za-z]{2,10}?)(?:品牌|牌(?![照子号]))"
)


def _brands(view: View, start: int) -> Iterator[Pair]:
    """墙面乳胶漆采用多乐士品牌 here, 乳胶漆：立邦 there."""
    before = (s for s in view.sentences_with("牌") if s.span.start < start)
    for match in (m for s in before for m in _BRANDED.finditer(view.text, s.span.start, s.span.end)):
        what, brand = match["what"], match["brand"]
        names = "|".join(what[at:] for at in range(len(what) - 1))
        there = re.compile(
            rf"(?:{names})(?:的?品牌)?\s?[:\t为]\s?(?:采用|选用)?(?P<brand>[\u4e00-\u9fa5A-Za-z]{{2,10}}?)(?=品?牌|[;,。、\s]|$)"
        )
        attached = list(there.finditer(view.text, start))
        if len(attached) == 1 and (other := attached[0]["brand"]) not in brand and brand not in other:
            told = (Told(what, "品牌", m["brand"], Decimal(1), Span(*m.span())) for m in (match, attached[0]))
            yield next(told), next(told)


_SAME_DUTY = {
    "交付": "交货", "运抵": "交货", "送达": "交货", "到货": "交货", "供货": "交货", "送至": "交货", "送到": "交货",
    "完工": "竣工", "付清": "付款", "支付": "付款", "缴纳": "付款", "交纳": "付款",
}  # fmt: skip


def _dates(view: View, start: int) -> Iterator[Told]:
    """Days by which something is due; and what the attachments name so (并网时间：…), wherever the body dates it."""
    for due in due_dates(view):
        yield Told(_SAME_DUTY.get(due.item, due.item), "日期", due.date.isoformat(), Decimal(1), due.span)
    for mention in (m for m in view.dates if m.span.start >= start):
        if label := _DATE_LABEL.search(view.text, max(start, mention.span.start - 16), mention.span.start):
            body = [m for m in view.dates if m.span.start < start and label["what"] in _clause_behind(view, m.span.end)]
            for dated in (mention, *body):
                yield Told(f"{label['what']}时间", "日期", dated.date.isoformat(), Decimal(1), dated.span)


_DATE_LABEL = re.compile(r"(?P<what>[\u4e00-\u9fa5]{2})(?:完成)?(?:时间|日期|期限|节点)\s?[:为\t]\s?$")


def _clause_behind(view: View, at: int) -> str:
    return re.split("[,;。\n]", view.text[at : at + 30])[0]


def _pairs(told: Sequence[Told], start: int) -> Iterator[Pair]:
    """What each side tells under one name in one value only."""
    groups: dict[str, list[Told]] = {}
    for one in told:
        groups.setdefault(one.name[-_LEAST_EQUAL:], []).append(one)
    for group in groups.values():
        for name, sort in dict.fromkeys((t.name, t.sort) for t in group):
            alike = [t for t in group if _alike(t, name, sort)]
            body, attached = ([t for t in alike if (t.span.start < start) is side] for side in (True, False))
            once = len({t.value for t in attached}) == len({t.value for t in body}) == 1
            if once and _differ(body[0], attached[0]) and _near(body[0], attached[0], 10):
                yield body[0], attached[0]


def _alike(told: Told, name: str, sort: str) -> bool:
    """Whether it is about what ``name`` says: the same name, or one behind what else belongs to the sentence."""
    if told.sort != sort and not (sort == "数量" and told.sort in _COUNTED):
        return False
    if not told.name.endswith(name):
        return False
    rest = told.name.removesuffix(name)
    return (
        not rest
        or rest.endswith(_STOP)
        or (name[-1] in "率数" and len(name) >= _LEAST_NAME)
        or len(name) >= (_LONG_PRICE if sort == "CNY" else _LONG_NAME)
    )


_LONG_NAME, _LONG_PRICE = 4, 6
"""Characters of a name that tells what it is about by itself: 额定电压, 响应时间. A price wants more."""


def _differ(one: Told, other: Told) -> bool:
    if one.sort == "期" or "数量" in (one.sort, other.sort):
        return one.size != other.size or one.value[-3:] == "工作日" != other.value[-3:]
    return one.value != other.value


def _near(one: Told, other: Told, most: int) -> bool:
    return one.size < other.size * most and other.size < one.size * most


# --- how long after what ----------------------------------------------------------------------------------------------

_WAIT = re.compile(
    rf"[后起]的?\s?(?P<count>\d{{1,3}}|{HAN_NUMBER}{{1,4}})\s?个?\s?"
    rf"(?P<time>{'|'.join((*_DAYS, '小时', '分钟', '月'))})内?[^。;:\d]{{0,20}}?"
    r"(?P<act>支付|付款|付清|结清|提交|交付|交货|送达|验收|开具|返还|退还|到[场达]|抵达|赶[到赴]|响应|修复|归还)"
)
_CREDIT = re.compile(
    rf"(?:月结|账期|付款期限?)[为:\s]*(?P<count>\d{{1,3}}|{HAN_NUMBER}{{1,4}})\s?个?\s?(?P<time>天|日|月)"
)
_PAYS = ("支付", "付款", "付清", "结清")
_EVENT_TAIL = 4


def _waits(view: View, start: int) -> Iterator[Pair]:
    """采样后10日内提交 here, 采样后15日内提交 there; 收到发票后30日内支付 here, 月结60天 there."""
    told: list[Told] = []
    for match in _WAIT.finditer(view.text):
        event = _HAN_NAME.search(view.text, max(0, match.start() - 14), match.start())
        value = _time(match["count"], match["time"])
        if event and value and not _NO_FACT.search(event.group() + match.group()):
            act = "付款" if match["act"] in _PAYS else match["act"]
            name = f"{event.group().removesuffix('之日')[-_EVENT_TAIL:]}后{act}"
            if re.match("到|抵|赶", act):
                name = f"到场（{match['time']}）"
            told.append(Told(name, *value, Span(*match.span())))
    yield from _pairs(told, start)
    credits = [m for m in _CREDIT.finditer(view.text) if m.start() >= start]
    paid = [t for t in told if t.name.endswith("付款") and t.span.start < start]
    body = [t for t in paid if re.search("票|对账", t.name)] or paid
    if len(credits) == 1 and len({t.value for t in body}) == 1 and (value := _time(credits[0][1], credits[0][2])):
        credit = Told("付款期限", *value, Span(*credits[0].span()))
        if _differ(body[0], credit):
            yield body[0], credit


def _conflict(view: View, here: Told, there: Told) -> Finding:
    name = min(here.name, there.name, key=len)
    defect = Defect(
        "正文与附件不一致", "conflict", "high", f"{here.value}／{there.value}",
        Text(f"{name}在正文为 {here.value}，在附件为 {there.value}。",
             f"{english(name)}: {value_in_english(here.value)} in the body, {value_in_english(there.value)} in the "
             "attachment."),
        Text("核对后使二者一致，并写明：附件与合同正文不一致的，以合同正文为准。",
             "Make them agree, and write: “Where an attachment differs from the contract, the contract "
             "prevails.”"), "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(here.span), view.quote(there.span))
