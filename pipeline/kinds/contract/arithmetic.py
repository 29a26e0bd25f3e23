"""Sums that don't agree: 大写 and 小写, table rows and totals, shares and their amounts, 定金 and its limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, TOTAL_LABEL, Labelled, money, parse_rate, percent
from pipeline.kinds.contract.payments import Node
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.tables import Column, Table
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.numerals import Amount
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Finding, Span

_CENT = Decimal("0.01")

# --- 大写 and 小写 ---------------------------------------------------------------------------------------------------


def word_conflicts(view: View, amounts: Sequence[Labelled]) -> list[Finding]:
    """A sum in figures whose 大写 beside it says another."""
    found = [_word_conflict(view, a.yuan, a.span, a.words) for a in amounts if a.words and a.words.yuan != a.yuan]
    found += [_word_conflict(view, a.yuan, a.span, words) for a, words in _row_pairs(view, amounts)]
    return found


_LONGEST_ROW = 500


def _row_pairs(view: View, amounts: Sequence[Labelled]) -> Iterator[tuple[Labelled, Amount]]:
    """合计 rows that give the figure in one cell and the 大写 in another, and 大写/小写 on neighbouring lines."""
    paired = {a.words.span for a in amounts if a.words is not None}
    figures: dict[int, list[Labelled]] = {}
    for amount in amounts:
        if amount.words is None:
            figures.setdefault(view.line_at(amount.span.start), []).append(amount)
    spelling = {i for i, text in enumerate(view.line_texts) if "大写" in text}
    for words in view.amounts:
        line = view.line_at(words.span.start)
        text = view.line_texts[line]
        if not words.words or words.span in paired or line not in spelling:
            continue
        if "\t" in text[:_LONGEST_ROW]:
            beside = figures.get(line, [])
            other = next((a for a in beside if a.span.start != words.span.start), None) if len(beside) <= 2 else None
        else:
            other = _small_form(view, line, figures)
        if other is not None and other.yuan != words.yuan:
            yield other, words


def _small_form(view: View, line: int, figures: Mapping[int, Sequence[Labelled]]) -> Labelled | None:
    """The sum labelled 小写 on the line above or below."""
    for at in (line - 1, line + 1):
        near = figures.get(at, [])
        if len(near) == 1 and "小写" in view.line_texts[at]:
            return near[0]
    return None


def _word_conflict(view: View, yuan: Decimal, span: Span, words: Amount | None) -> Finding:
    spelled = words.yuan if words else yuan
    defect = Defect(
        "大小写金额不一致", "conflict", "high", f"小写{money(yuan)}，大写{money(spelled)}",
        Text(f"小写为 {money(yuan)}，大写为 {money(spelled)}，相差 {money(abs(yuan - spelled))}。",
             f"In figures it is {money(yuan)}, in words {money(spelled)}: {money(abs(yuan - spelled))} apart."),
        Text("核对报价与审批文件，更正其中之一，并写明：金额的大写与小写不一致的，以大写为准。",
             "Check the offer and the approval, correct one of them, and write: “Where words and figures of a "
             "sum differ, the words prevail.”"),
        "民法典第五百一十条",
    )  # fmt: skip
    if words and max(words.span.start - span.end, span.start - words.span.end) < 60:
        return defect.at(view.quote(Span(min(span.start, words.span.start), max(span.end, words.span.end))))
    quotes = [view.quote(span), *([view.quote(words.span)] if words else [])]
    return defect.at(*quotes)


# --- tables ----------------------------------------------------------------------------------------------------------


def table_conflicts(view: View, tables: Iterable[Table]) -> list[Finding]:
    """Rows that don't add up to their 合计, and rows whose 数量 times 单价 isn't their sum."""
    found: list[Finding] = []
    for table in tables:
        sums = [c for c in table.columns if not c.unit_price]
        for column in sums:
            if finding := _total_conflict(view, table, column):
                found.append(finding)
        prices = [c for c in table.columns if c.unit_price]
        if len(sums) >= 1 and len(prices) == 1:
            found += _product_conflicts(view, table, prices[0], sums)
    return found


def _total_conflict(view: View, table: Table, column: Column) -> Finding | None:
    items = [row for row in table.rows if not row.total and not row.subtotal and not row.label.startswith("其中")]
    totals = [row for row in table.rows if row.total]
    if len(totals) != 1 or not items:
        return None
    index = table.rows.index(totals[0])
    items = [row for row in items if table.rows.index(row) < index]
    values = [cell.yuan for row in items if (cell := row.cells.get(column.index)) is not None]
    if len(values) != len(items) or None in values or len(values) < 2:
        return None
    stated = totals[0].cells.get(column.index)
    total = stated.yuan if stated else None
    expected = sum((v for v in values if v is not None), Decimal(0))
    if total is None or abs(total - expected) < _CENT or expected in _subtotal_sums(table, column):
        return None
    if total == sum(_subtotal_sums(table, column), Decimal(0)):
        return None
    defect = Defect(
        "明细合计不符", "conflict", "high", money(total),
        Text(f"“{column.name}”各行相加为 {money(expected)}，合计写作 {money(total)}，"
             f"相差 {money(abs(total - expected))}。",
             f"The rows of “{column.name}” add up to {money(expected)}; the total is given as {money(total)}. They "
             f"differ by {money(abs(total - expected))}."),
        Text("逐行核对数量、单价与金额，更正合计或明细，并同步更正合同总价。",
             "Check quantity, unit price and sum of every row; correct the total or the rows, and the contract price "
             "with them."), "",
    )  # fmt: skip
    return defect.at(view.quote(totals[0].span))


def _subtotal_sums(table: Table, column: Column) -> list[Decimal]:
    cells = [row.cells.get(column.index) for row in table.rows if row.subtotal]
    return [cell.yuan for cell in cells if cell is not None and cell.yuan is not None]


def _product_conflicts(view: View, table: Table, price: Column, sums: Sequence[Column]) -> list[Finding]:
    found: list[Finding] = []
    right = 0
    if any(_MULTIPLIER.search(name) for name in table.head):
        return []
    for row in table.rows:
        quantity, unit = table.quantity(row), row.cells.get(price.index)
        if row.total or row.subtotal or quantity is None or unit is None or unit.yuan is None:
            continue
        stated = [cell.yuan for c in sums if (cell := row.cells.get(c.index)) is not None and cell.yuan is not None]
        product = quantity * unit.yuan
        if (
            not stated
            or any(abs(product - s) <= max(Decimal(1), s * Decimal("0.005")) for s in stated)
            or _taxed(product, stated)
        ):
            right += bool(stated)
            continue
        defect = Defect(
            "明细合计不符", "conflict", "high", money(stated[0]),
            Text(f"“{row.label}”数量 {quantity} × 单价 {money(unit.yuan)} = {money(product)}，"
                 f"表中写作 {money(stated[0])}。",
                 f"“{row.label}”: quantity {quantity} × unit price {money(unit.yuan)} = {money(product)}; the table "
                 f"says {money(stated[0])}."),
            Text("核对该行数量、单价与金额。", "Check quantity, unit price and sum of this row."), "",
        )  # fmt: skip
        found.append(defect.at(view.quote(row.span)))
    return found if len(found) <= right or len(table.rows) <= 2 else []


_MULTIPLIER = re.compile(r"折扣|折后|优惠|系数|天数|月数|期数|次数|年数|人月|/[月年天日]|·月|税率")


def _taxed(product: Decimal, stated: Sequence[Decimal]) -> bool:
    """Whether price and sum differ by a VAT rate: one of them is without tax."""
    rates = [Decimal(r) / 100 for r in (1, 3, 5, 6, 9, 13)]
    return any(
        min(abs(product * (1 + r) - s), abs(product / (1 + r) - s)) <= max(Decimal(1), s / 10000)
        for r in rates
        for s in stated
    )


# --- shares and their amounts ----------------------------------------------------------------------------------------

_EQUALS = re.compile(
    r"\s*(?:的[\u4e00-\u9fa5]{0,8})?\s*[,(]?\s*(?:即|计|合计|共计|也即|(?:金|数|款)额(?:为|是)?|折合|为)?\s*[:(]?\s*(?:人民币)?\s*$"
)
_EQUALS_BEFORE = re.compile(r"[整正]?\s*(?:\(\s*(?:即|为|占|约?[为占合])?|,?\s*(?:即|占|相当于|合))\s*(?:本)?\s*$")


def contract_totals(view: View, amounts: Iterable[Labelled]) -> list[Labelled]:
    """The sums that the contract states as its price, strictly labelled so."""
    return [a for a in amounts if _strict_label(view, a, _TOTAL_STRICT)]


_ANY_STRICT = re.compile(r"[价额款费计金造酬]")
_JOIN = (
    r"(?:\s|为|是|以|按|共计|合计|总计|计|人民币|:|\(?(?:含税|大写|小写|含增值税|不变)\)?|暂定为?|固定为?|,|¥|"
    r"即|\(|\))*"
)
_TOTAL_STRICT = re.compile(rf"(?P<label>{TOTAL_LABEL}){_JOIN}$")
_OTHER_TOTAL = re.compile(
    r"赔偿|违约金|责任|保证金|担保|债权|首批|首期|保险|利息|投资|工资|罚|优惠|扣|分项|不含税|除税|未税|调整后|变更后|"
    r"原合同|原|每|单批|当期|当月|剩余|预算|单项|其中|增值税|税额|追加|累计|若|"
    r"如果|超过|低于|分包|年度|第[一二三四五六七八九十\d]{1,3}(?![条章款一二三四五六七八九十\d])|各"
)


def _strict_label(view: View, amount: Labelled, pattern: re.Pattern[str]) -> re.Match[str] | None:
    if amount.in_table:
        return None
    sentence = view.sentence_at(amount.span.start)
    at = min(amount.span.start, amount.words.span.start) if amount.words else amount.span.start
    before = view.text[max(sentence.span.start, at - 60) : at]
    match = pattern.search(before) if _ANY_STRICT.search(before) else None
    if match is None:
        return None
    near = before[max(0, match.start() - 10) : match.start()]
    return None if _OTHER_TOTAL.search(near[max(near.rfind(c) for c in ",;:") + 1 :]) else match


def share_conflicts(view: View, nodes: Iterable[Node], totals: Sequence[Labelled]) -> list[Finding]:
    """合同总价的30%，即人民币…元 where the product is another."""
    found: list[Finding] = []
    sums = {t.yuan for t in totals if t.currency == "CNY"} | {t.words.yuan for t in totals if t.words}
    for node in nodes:
        if not sums or node.share is None or node.upto or not re.search(r"合同|总价|总金额|总额|价款总", node.base):
            continue
        said = _said_of(view, node)
        if said is None:
            continue
        stated = said.yuan
        if any(abs(total * node.share - stated) <= max(Decimal(1), stated / 1000) for total in sums):
            continue
        expected = next(iter(sums)) * node.share if len(sums) == 1 else None
        shown = _NO_SUCH_PRICE if expected is None else Text(f"应为 {money(expected)}", f"should be {money(expected)}")
        defect = Defect(
            "比例与金额不符", "conflict", "high", money(stated),
            Text(f"按{node.base}的{percent(node.share)}计算{shown.zh}，文中写作 {money(stated)}。",
                 f"{percent(node.share)} of “{node.base}” {shown.en}; the text says {money(stated)}."),
            Text("核对比例与金额，更正其中之一。", "Check share and amount, and correct one of them."), "",
        )  # fmt: skip
        start, end = min(node.span.start, said.span.start), max(node.span.end, said.span.end)
        found.append(defect.at(view.quote(Span(start, end))))
    return found


def _said_of(view: View, node: Node) -> Amount | None:
    """The sum that is said to be the share: right behind it, or right before it (270,000元（合同总价的30%）)."""
    behind = view.amounts_of(Span(node.span.end, node.sentence.span.end))
    if behind and _EQUALS.fullmatch(view.text, node.span.end, behind[0].span.start):
        return behind[0]
    before = view.amounts_of(Span(node.sentence.span.start, node.span.start))
    return before[-1] if before and _EQUALS_BEFORE.fullmatch(view.text, before[-1].span.end, node.span.start) else None


_NO_SUCH_PRICE = Text("与文中任何一个合同总价都不符", "fits no contract price in the text")

# --- 定金 ------------------------------------------------------------------------------------------------------------

_LIMIT = Decimal("0.2")
_DEPOSIT_SHARE = re.compile(
    rf"(?P<a>{PERCENT})\s?(?:\([^()\n]{{0,40}}\))?(?:的|作为|的款项作为|,?[^,。;%]{{0,24}}作为)?(?:购[货房]|合同|"
    r"履约)?定金|"
    rf"定金[^,。;%\d]{{0,30}}?(?:总价|价款|金额|总额|货款|价格|标的额|报酬|费|[\u4e00-\u9fa5]款)[^,。;%\d]{{0,6}}?的?\s?(?P<b>{PERCENT})|"
    rf"定金(?:的)?(?:比例|数额)?(?:为|是|:|\()?\s?(?P<c>{PERCENT})|"
    rf"(?P<d>{PERCENT})(?:\s?\(定金\)|[^。;%]{{0,24}}?性质(?:上)?(?:为|系|属于?)定金)"
)


_NO_DEPOSIT = re.compile(r"不(?:得)?超过|超过|上限|不(?:得)?作|不视|不属|并非|不是")


def deposit_conflicts(view: View, amounts: Sequence[Labelled], totals: Sequence[Labelled]) -> list[Finding]:
    """定金 over a fifth of the price (民法典第五百八十六条), by share or by sum."""
    found: list[Finding] = []
    for sentence in view.sentences_with("定金"):
        for match in _DEPOSIT_SHARE.finditer(sentence.text):
            share = parse_rate(next(group for group in match.groups() if group))
            if share is not None and share > _LIMIT and not _NO_DEPOSIT.search(match.group()):
                at = sentence.span.start + match.start()
                detail = Text(f"定金为价款的 {percent(share)}", f"The deposit (定金) is {percent(share)} of the price")
                found.append(_deposit_conflict(view, percent(share), detail, Span(at, at + 1)))
    shared = {finding.evidence[0].span for finding in found}
    for amount in amounts:
        total = _price_for(view, amount, amounts, totals) if amount.label == "定金" else None
        if total and total * _LIMIT < amount.yuan < total:
            share = (amount.yuan / total).quantize(Decimal("0.0001"))
            detail = Text(
                f"定金 {money(amount.yuan)} 为合同总价 {money(total)} 的 {percent(share.normalize())}",
                f"The deposit (定金) of {money(amount.yuan)} is {percent(share.normalize())} of the contract price, "
                f"{money(total)}",
            )
            finding = _deposit_conflict(view, money(amount.yuan), detail, amount.span)
            if finding.evidence[0].span not in shared:
                shared.add(finding.evidence[0].span)
                found.append(finding)
    return found


def _price_for(
    view: View, deposit: Labelled, amounts: Sequence[Labelled], totals: Sequence[Labelled]
) -> Decimal | None:
    """The price that a 定金 is part of: named in its own paragraph, else the contract's, else the total of a table."""
    line = view.line_at(deposit.span.start)
    near = [a.yuan for a in amounts if view.line_at(a.span.start) == line and _IS_TOTAL.fullmatch(a.label)]
    tables = [a.yuan for a in amounts if a.in_table and a.label == "合计"]
    return max(near or [t.yuan for t in totals] or tables, default=None)


_IS_TOTAL = re.compile(TOTAL_LABEL)


def _deposit_conflict(view: View, value: str, detail: Text, span: Span) -> Finding:
    defect = Defect(
        "定金超过20%", "conflict", "high", value,
        Text(f"{detail.zh}，超过主合同标的额的20%；超过部分不产生定金的效力。",
             f"{detail.en}: over 20% of the value of the main contract. What is beyond has no effect as a deposit."),
        Text("改为：定金为合同总价的____%（不超过20%）；超出该比例的部分为预付款，不适用定金罚则。",
             "Write: “The deposit (定金) is ____% of the contract price (20% at most); what is paid beyond is "
             "an advance payment, to which the rule on deposits does not apply.”"),
        "民法典第五百八十六条",
    )  # fmt: skip
    return defect.at(view.quote(span))


# --- the same sum stated twice ---------------------------------------------------------------------------------------

_STRICT = {
    "借款本金": re.compile(rf"(?P<label>借款本金|借款金额|借款总额|贷款金额|贷款本金){_JOIN}$"),
    "押金": re.compile(rf"(?P<label>(?:租赁|房屋)?押金){_JOIN}$"),
    "履约保证金": re.compile(rf"(?P<label>履约保证金){_JOIN}$"),
    "劳动报酬": re.compile(rf"(?P<label>(?:年度?|每年)(?:劳动报酬|工资总额)|年薪){_JOIN}$"),
    "月租金": re.compile(rf"(?P<label>月租金){_JOIN}$"),
}  # fmt: skip


def amount_conflicts(view: View, amounts: Sequence[Labelled], structure: Structure) -> list[Finding]:
    """The same thing priced differently in two sentences of the body."""
    found: list[Finding] = []
    for item, stated in _stated_again(view, amounts, structure).items():
        first = stated[0] if stated else None
        other = next(
            (
                a
                for a in stated
                if first and a.currency == first.currency and a.yuan != first.yuan and not _same_money(a, first)
            ),
            None,
        )
        if first is None or other is None or _parallel(view, stated):
            continue
        defect = Defect(
            "金额前后不一致", "conflict", "high", f"{money(first.yuan)}／{money(other.yuan)}",
            Text(f"{item}在一处为 {money(first.yuan)}，在另一处为 {money(other.yuan)}。",
                 f"{english(item)}: {money(first.yuan)} in one place, {money(other.yuan)} in another."),
            Text("核对后全文统一，或写明两处金额各指什么。",
                 "Check and use one figure throughout, or say what each of the two means."),
            "民法典第五百一十条",
        )  # fmt: skip
        found.append(defect.at(view.quote(first.span), view.quote(other.span)))
    return found


def _stated_again(view: View, amounts: Sequence[Labelled], structure: Structure) -> dict[str, list[Labelled]]:
    """Sums by what they are strictly said to be, of the body and of attachments that speak of the main contract."""
    stated: dict[str, list[Labelled]] = {}
    for amount in amounts:
        line = view.line_at(amount.span.start)
        if line >= structure.attachments_from and not _OF_BODY.search(view.line_texts[line]):
            continue
        for item, pattern in (("合同总价", _TOTAL_STRICT), *_STRICT.items()):
            match = _strict_label(view, amount, pattern)
            if match is not None and not _comparing(view, amount):
                key = _kind_of_total(match) if item == "合同总价" else item
                stated.setdefault(key, []).append(amount)
                break
    return stated


_OF_BODY = re.compile(r"主合同|主协议|本合同|本协议")
_GENERIC_BEFORE = re.compile(
    r"(?:^|[^\u4e00-\u9fa5]|[的本该为计即]|约定|合同|协议|预计|采购|上述|支付|确认|成交|交易|全部)$"
)


def _kind_of_total(match: re.Match[str]) -> str:
    """What the total is of: 合同总价 for the contract's own, else the words that qualify it (设备, 装修)."""
    if special := _SPECIAL.match(match["label"]):
        return special.group()
    before = match.string[: match.start()]
    if match["label"] == "价税合计" and _PART_NAMED.search(before) and not _WHOLE_NAMED.search(before):
        return "价税合计"
    return "合同总价" if _GENERIC_BEFORE.search(before) else before[-2:]


_SPECIAL = re.compile(r"订单|货物|设备|服务|软件|许可|租赁|开发|分包|加工|运输|项目|工程|[\u4e00-\u9fa5]{2}费(?=用?总)")
_PART_NAMED = re.compile(r"(?<![总各])[\u4e00-\u9fa5]{1,3}(?:费|(?<![价货合同])款)|(?:备|配|附|零)件")
_WHOLE_NAMED = re.compile(r"合同|协议|总价|总额|本项目|货款|价款")


def _same_money(one: Labelled, other: Labelled) -> bool:
    spelled = {one.words.yuan} if one.words else set[Decimal]()
    return other.yuan in spelled or bool(other.words and other.words.yuan == one.yuan)


def _comparing(view: View, amount: Labelled) -> bool:
    """A condition or a comparison, not a statement."""
    sentence = view.sentence_at(amount.span.start)
    before = view.text[max(sentence.span.start, amount.span.start - 40) : amount.span.start]
    return bool(
        re.search(
            r"超过|低于|达到|不足|调整为|变更为|增加至|减少至|递增|第[二三四五六七八](?:个|年|期|批|阶段|次|季|笔)",
            before,
        )
    )


def _parallel(view: View, stated: Sequence[Labelled]) -> bool:
    """Sums side by side in one sentence, or of different stages: alternatives, not a contradiction."""
    sentences = [view.sentence_at(a.span.start) for a in stated]
    if len({s.span for s in sentences}) < 2:
        return True
    return any(
        re.search(r"第[一二三四五六\d](?:年|阶段|标段|批|包|期)|标段|分别|起至[^。]{0,30}止", s.text) for s in sentences
    )


def total_against_table(view: View, tables: Sequence[Table], totals: Sequence[Labelled]) -> list[Finding]:
    """The 合计 of the only price table against the stated price."""
    rows = [(t, row) for t in tables for row in t.rows if row.total]
    if len(rows) != 1 or not totals:
        return []
    table, row = rows[0]
    in_row = {c.yuan for c in row.cells.values() if c.yuan is not None}
    sums = {t.yuan for t in totals} | {t.words.yuan for t in totals if t.words}
    if not in_row or in_row & sums or len(table.rows) < 3 or len(totals) != 1:
        return []
    line, stated = view.line_at(row.span.start), view.line_at(totals[0].span.start)
    total = max(in_row)
    near = abs(total - totals[0].yuan) <= totals[0].yuan * Decimal("0.2")
    if abs(line - stated) > 12 or not near or _taxed(total, [totals[0].yuan]):
        return []
    defect = Defect(
        "金额前后不一致", "conflict", "high", f"{money(total)}／{money(totals[0].yuan)}",
        Text(f"价格表合计为 {money(total)}，合同总价写作 {money(totals[0].yuan)}。",
             f"The price table adds up to {money(total)}; the contract price is given as {money(totals[0].yuan)}."),
        Text("核对价格表与合同总价，使二者一致。", "Check price table and contract price, and make them agree."),
        "民法典第五百一十条",
    )  # fmt: skip
    return [defect.at(view.quote(row.span), view.quote(totals[0].span))]
