"""Sums of money and rates, each under the name that the contract gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.contract.tables import Table
from pipeline.kinds.contract.view import View
from pipeline.kinds.numerals import Amount, parse_han_number
from pipeline.lang import Text
from pipeline.types import Finding, Span

TOTAL_LABEL = (
    r"(?:本?合同|协议|订单|项目|工程|采购|货物|设备|服务|软件|许可|租赁|开发|分包|承包|加工|定作|运输)?(?:含税|签约|"
    r"暂定|固定)?"
    r"(?:总价款|总款项|总价|总金额|总价格|总额|总款|总费用|总造价|总报酬)|合同(?:含税|暂定)?(?:价款|价格|金额|价)|"
    r"签约合同价|价款总额|费用总额|价税合计|"
    r"(?:服务|许可|开发|咨询|设计|运输|使用|授权|加工|监理|保管|仓储|代理|维护|培训|物业|保密|检测|顾问|承揽|施工)费(?:用)?"
    r"总(?:额|计|价)|(?:股权|股份|资产|技术)?转让(?:总)?(?:价款|价格|价)|(?:货款|价款|租金|报酬)(?:总(?:额|计|价)|合计)"
)
_LABELS = (
    rf"{TOTAL_LABEL}|不含税(?:价款|金额|总价|价格|价)?|增值税税?额|税额|税款|定金|订金|预付款|预付租金|首付款|首期款|"
    r"首期租金|进度款|到货款|发货款|验收款|终验款|初验款|"
    r"尾款|余款|质保金|质量保证金|质保款|履约保证金|履约担保|投标保证金|保证金|押金|月租金?|年租金?|季租金?|租金标准|"
    r"租金|物业(?:服务|管理)?费|借款本金|借款金额|借款总额|贷款金额|"
    r"贷款本金|本金|借款|利息|违约金|滞纳金|罚息|赔偿(?:金|额|限额|总额)|补偿总额|责任总额|罚款|责任限额|赔偿责任|月工资|试用期(?:月)?工资|"
    r"基本工资|岗位工资|绩效工资|工资|津贴|补贴|奖金|劳动报酬|薪酬|报酬|"
    r"基本服务费|技术服务费|服务费|咨询费|顾问费|许可(?:使用)?费|授权费|使用费|维护费|运维费|培训费|实施费|开发费|"
    r"设计费|监理费|管理费|运输费|运费|安装费|调试费|设备款|设备费|"
    r"材料费|工程款|安全文明施工费|暂列金额|人工费|劳务费|加工费|保管费|仓储费|代理费|中介费|佣金|律师费|仲裁费|费用|"
    r"货款|价款|价格|单价|保险金额|保额|投保金额|投资款|转让款|转让价|"
    r"股权转让(?:价款|款)|出资额|注册资本|补偿金|经济补偿|损失|分成|收入|金额|标准"
)
_LABEL = re.compile(_LABELS)
_LABEL_AFTER = re.compile(rf"\s*(?:\([^()\n]{{0,30}}\))?\s*(?:整)?(?:的|作为|为|计)\s*(?:一次性)?(?P<label>{_LABELS})")
_TOTAL = re.compile(TOTAL_LABEL)
_SHARE = re.compile(r"\d\s?[%‰]|[百千万]分之")
_LOOK_BACK = 48
_NEAR = 14
_PAIR_GAP = re.compile(r"[整正]?[\s(),:;/、]*(?:人民币|大写|小写|共?计|即|金额|数额|[:(),\s]|¥|元)*[\s(),:;/、]*")

_UNITS = {
    "CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元", "TWD": "新台币",
    "AUD": "澳元", "CAD": "加元", "SGD": "新加坡元", "CHF": "瑞士法郎", "MOP": "澳门元",
}  # fmt: skip


def money(yuan: Decimal, currency: str = "CNY") -> str:
    """The value of a finding: plain number, two decimals at least, unit."""
    exact = yuan.normalize()
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{yuan:.{places}f}{_UNITS.get(currency, currency)}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sum under its name. ``words`` is the other form (大写) that stands beside it."""

    label: str
    yuan: Decimal
    currency: str
    span: Span
    words: Amount | None = None
    in_table: bool = False


def labelled_amounts(view: View, tables: Iterable[Table]) -> list[Labelled]:
    """Every sum of the running text and of the tables, by position; a sum and its 大写 are one."""
    found: list[Labelled] = []
    cells = _table_amounts(tables)
    spans = {amount.span.start for amount in cells}
    amounts = view.amounts
    skip = -1
    for i, amount in enumerate(amounts):
        if i == skip or any(s in spans for s in range(amount.span.start, amount.span.start + 2)):
            continue
        after = amounts[i + 1] if i + 1 < len(amounts) else None
        paired = after if after is not None and are_pair(view, amount, after) else None
        if paired:
            skip = i + 1
        figures, words = (paired, amount) if paired and amount.words else (amount, paired)
        label = _label_of(view, amount, (paired or amount).span.end)
        found.append(Labelled(label, figures.yuan, figures.currency, figures.span, words))
    return sorted([*found, *cells], key=lambda a: a.span)


def are_pair(view: View, first: Amount, second: Amount) -> bool:
    """Whether two neighbours are one sum in figures and in words (either first), with nothing but labels between."""
    if first.words == second.words or second.span.start - first.span.end > 30:
        return False
    between = view.text[first.span.end : second.span.start]
    if "\n" in between and not re.search(r"大写|小写|人民币", between):
        return False
    return _PAIR_GAP.fullmatch(between) is not None


def _label_of(view: View, amount: Amount, end: int) -> str:
    """The name before a sum. A total names but the sum next to it: those behind are its parts, or what it becomes."""
    sentence = view.sentence_at(amount.span.start)
    if after := _LABEL_AFTER.match(view.text, end, sentence.span.end):
        return after["label"]
    start = max(sentence.span.start, amount.span.start - _LOOK_BACK)
    labels = list(_LABEL.finditer(view.text, start, amount.span.start))
    if not labels:
        return "金额"
    last = labels[-1]
    if _RENT.fullmatch(last.group()):
        return _rent_label(view, labels, amount.span.start)
    if not _TOTAL.fullmatch(last.group()):
        return last.group()
    if _SHARE.search(view.text, last.end(), amount.span.start):
        return "付款金额"
    others = view.amounts_of(Span(last.end(), amount.span.start))
    return "金额" if any(not are_pair(view, other, amount) for other in others) else last.group()


_RENT = re.compile("[月年季]租金?")
_BY_AREA = re.compile(r"每(?:建筑)?(?:平方米|平米|㎡)(?:每[天日月年])?(?:人民币|[¥:为])?\s?$")
_SECURITY = re.compile("押金|保证金|违约金|定金")


def _rent_label(view: View, labels: Sequence[re.Match[str]], at: int) -> str:
    """A rent, unless it is a price per square metre, or a security told in months of rent (保证金为三个月租金，计…)."""
    last = labels[-1]
    if _BY_AREA.search(view.text[last.end() : at]):
        return "租金单价"
    months = view.text[last.start() - 1 : last.end()].startswith("个月")
    before = labels[-2] if len(labels) > 1 else None
    if months and before and _SECURITY.search(before.group()) and last.start() - before.end() < _NEAR:
        return before.group()
    return last.group()


def _table_amounts(tables: Iterable[Table]) -> list[Labelled]:
    found: list[Labelled] = []
    for table in tables:
        for row in table.rows:
            for column in table.columns:
                cell = row.cells.get(column.index)
                if cell is not None and cell.yuan is not None and not (row.total and column.unit_price):
                    name = "合计" if row.total else column.name
                    found.append(Labelled(name, cell.yuan, "CNY", cell.span, in_table=True))
    return found


# --- rates ------------------------------------------------------------------------------------------------------------

PERCENT = (
    r"(?:\d{1,4}(?:\.\d{1,4})?\s?[%‰‱]|"
    r"(?:百|千|万)分之\s?(?:[零〇一二三四五六七八九十百两半点]{1,7}|\d{1,3}(?:\.\d{1,3})?)|"
    r"(?<![一二三四五六七八九十])[一二三四五六七八九两]成(?![本品立交果套员不效绩分功就人年色份型熟]|为(?![\u4e00-\u9fa5]{0,4}[款金])))"
)
_TENTHS = "一二三四五六七八九"
TENTHS = tuple(f"{digit}成" for digit in f"{_TENTHS}两")
"""Regex of a share: 5%, 0.5‰, 万分之五, 百分之1.5, 三成."""
_RATE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s?(?P<sign>[%‰‱])|"
    r"(?P<base>[百千万])分之\s?(?P<share>[零〇一二三四五六七八九十百两半点]+|\d+(?:\.\d+)?)|(?P<tenths>[一二三四五六七八九两])成"
)
_SIGNS = {"%": 100, "‰": 1000, "‱": 10000, "百": 100, "千": 1000, "万": 10000}


def parse_rate(text: str) -> Decimal | None:
    """Read 0.05%, 0.5‰, 万分之五, 百分之二十, 千分之1.5, 三成 as a share of one."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        return None
    if match["sign"]:
        return Decimal(match["number"]) / _SIGNS[match["sign"]]
    if match["tenths"]:
        return Decimal(_TENTHS.index(match["tenths"].replace("两", "二")) + 1) / 10
    share = _share(match["share"])
    return None if share is None else share / _SIGNS[match["base"]]


def _share(text: str) -> Decimal | None:
    if text[0].isdecimal():
        return Decimal(text)
    if text == "半":
        return Decimal("0.5")
    whole, point, fraction = text.partition("点")
    digits = parse_han_number(whole)
    if digits is None:
        return None
    if not point:
        return Decimal(digits)
    tail = [parse_han_number(c) for c in fraction]
    return None if None in tail or not tail else Decimal(f"{digits}.{''.join(str(d) for d in tail)}")


def percent(share: Decimal) -> str:
    """``0.0005`` as ``0.05%``."""
    text = f"{share * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


_TAX = re.compile(
    rf"税率(?:\([^()]*\))?\s*(?:为|按|是|:|\t)?\s*(?P<a>{PERCENT})|(?P<b>{PERCENT})\s?的?(?:增值税|税率|专用发票|"
    r"的?专票)|(?:增值税|"
    rf"税金)\s?\(?(?P<c>{PERCENT})|含\s?(?P<d>{PERCENT})\s?增?值?税"
)
_INTEREST = re.compile(
    rf"(?P<period>年|月|日)?(?P<name>利率|利息|费率|回报率)[^,。;%]{{0,24}}?(?P<value>{PERCENT})|"
    rf"年(?:化)?(?P<value2>{PERCENT})(?:的|"
    r"计)?(?:利率|利息|计息)"
)
_LATE = re.compile(r"逾期|违约|罚|滞纳|迟延|延迟")


def rate_findings(view: View) -> list[Finding]:
    """Tax rates and the interest of a loan; rates of penalties are the liability rules'."""
    found: dict[tuple[str, str], Finding] = {}
    for sentence in view.sentences_with("税", "利"):
        text = sentence.text
        if "税" in text:
            for match in _TAX.finditer(text):
                _keep(
                    view, found, "税率", next(g for g in match.groups() if g), "", sentence.span.start + match.start()
                )
        if "利" in text and not _LATE.search(text):
            for match in _INTEREST.finditer(text):
                per = {"月": "/月", "日": "/日"}.get(match["period"] or "", "/年")
                printed = match["value"] or match["value2"]
                _keep(view, found, match["name"] or "利率", printed, per, sentence.span.start + match.start())
    return list(found.values())


def _keep(view: View, found: dict[tuple[str, str], Finding], item: str, printed: str, per: str, at: int) -> None:
    share = parse_rate(printed)
    if share is not None and (item, printed) not in found:
        found[item, printed] = view.fact("money", item, percent(share) + per, Span(at, at + len(printed)))


def findings_of(view: View, amounts: Sequence[Labelled]) -> list[Finding]:
    """Each sum once per name and value. Where 大写 differs, both stand."""
    found: dict[tuple[str, str], Finding] = {}
    for amount in amounts:
        value = money(amount.yuan, amount.currency)
        if (amount.label, value) not in found:
            found[amount.label, value] = view.fact("money", amount.label, value, amount.span)
        if amount.words is not None and amount.words.yuan != amount.yuan:
            other = money(amount.words.yuan, amount.currency)
            in_words = view.fact("money", amount.label, other, amount.words.span, str(Text("大写", "in words")))
            found.setdefault((amount.label, other), in_words)
    return list(found.values())
