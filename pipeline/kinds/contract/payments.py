"""Payment nodes: what share or sum is due when, and whether the shares make the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.kinds.contract.amounts import PERCENT, TENTHS, TOTAL_LABEL, Labelled, money, parse_rate, percent
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_BASE = (
    r"(?:(?:本|该)?(?:合同|协议|订单|项目|工程|服务|设备|货物|软件|租赁|技术|开发|许可|施工|分包|承包|采购|定作|加工|"
    r"运输|系统|硬件|产品|专项)(?:含税|暂定|结算|审定|签约|固定)?)?"
    r"(?:含税|暂定|结算|审定|签约)?(?:总价款|总价格|总价|价款总额|费用总额|货款总额|总值|总金额|总额|金额|总款|"
    r"总费用|服务费用?总额|服务费用?|许可费用?(?:总额)?|开发费用?(?:总额)?|"
    r"设计费用?(?:总额)?|"
    r"咨询费用?(?:总额)?|报酬总额|总报酬|报酬|货款|总货款|工程款|工程价款|设备款|软件款|款项|总造价|造价|结算价款?|"
    r"结算款|合同款|合同价|价款|价格|费用|运费|加工费|酬金|标的额|[\u4e00-\u9fa5]{2}费(?:总额)?|转让款|增资款|投资款|经费|价)"
)
_NODE = re.compile(
    rf"(?<!回款)(?<!销售)(?<!营业)(?<!成交)(?<!实收)(?<!交易)(?<!投资)(?P<base>{_BASE})(?:\([^()\n]{{0,40}}\))?\s?(?:的|之|×|\*)?\s?(?P<upto>至)?\s?(?P<share>{PERCENT})|"
    rf"(?P<share2>{PERCENT})\s?(?:\([^()\n]{{0,30}}\))?的?(?P<base2>{_BASE})|"
    r"(?P<rest>剩余|剩下|余下|其余|余|质保金|质量保证金|定金|[\u4e00-\u9fa5]?[期付余尾头首末预度程收货进装验保修工竣投底交]款)(?:的|部分|款项|款|价款|货款|合同款)?(?:即|为|计|:|,|"
    rf"的|\()*\s?(?P<share3>{PERCENT})|"
    r"(?:(?:支付|付款|预付|付)(?:[\u4e00-\u9fa5]{1,2}期款?)?|(?:首|第[一二三四五六1-6])(?:期|笔)(?:款|"
    rf"款项)?\s?[:(]?)(?:比例)?(?:为|(?P<upto2>至|到))?\s?(?P<share4>{PERCENT})"
    rf"(?=\s?(?:[,(;。:\d¥]|人民币|的?[\u4e00-\u9fa5]{{1,3}}[款金]|即|计|共计|作为|$))|"
    rf"(?<=[,;、])\s?(?P<share5>{PERCENT})(?=\s?(?:(?:于|在|待|自)[^,。;%]{{0,24}}?(?:支付|付清|付讫|结清)|(?:为|作为|作|即|是)[^,。;%]{{0,6}}[款金]))"
)
_PAYING = re.compile(
    r"付|结算|结清|汇入|作为|[退返]还剩余|(?:尾|余|定|质保|进度|验收|到货|质量保证|[首一二三四五六]期)(?:款|金)"
)
_UPTO = re.compile(r"(?:付|支付|拨付|结算|累计)(?:[^,。;]{0,10})?(?:至|到(?![货场账位])|达)[^,。;]{0,20}$")
_NOT_PAYING = re.compile(
    r"违约|逾期|滞纳|赔偿|罚|上限|不超过|不得超过|超过|低于|高于|以内|幅度|上浮|下浮|折扣|扣减|扣除|所有权|"
    r"履约保证金|履约保函|履约担保|投标保证金|保函|抵押|解除|退还|返还|利率|利息|调整|变更(?!登记)|"
    r"\d\s?分(?!之|期|次|[二三四五六]|阶段)|涨跌|浮动|优惠|让利|减免|分成|佣金|提成|变化|滞留|不足|税率|递增|回扣|折旧|未达到|达不到|累计(?:达|超)"
)
_NODE_OVER = re.compile(r"超过|不低于|低于|逾期|违约|赔偿|不超过")
_NOTHING_OWED = re.compile(r"(?:无|没有|未(?:发生|出现)?|不存在)[^,。;]{0,14}(?:赔偿|违约|逾期)[^,。;]{0,6}")
"""无违约情形的: a condition of the payment, no penalty."""
_KEPT = re.compile(r"剩余|余下|质保金|质量保证金|保修金|尾款")
_BACK = re.compile(r"退还|返还")
_CLAIMS_WHOLE = re.compile(
    r"分[两二三四五六七2-9]\s?(?:期|次|笔|阶段|批)|[两二三四五六七2-9]\s?(?:期|次|笔)支付|尾款|质保金|质量保证金|"
    r"质保款|保修金|结清|付清|最终验收|终验|验收合格|竣工|正式验收|"
    r"按(?:照)?(?:以下|下列|如下)|分期|分阶段|分次"
)
_REMAINDER = re.compile(
    r"(?:剩余|余下|其余|余款|尾款)(?![^,。;]{0,12}(?:%|百分之|[一二三四五六七八九两]成))[^。;]{0,40}(?:付|结)"
)
_REST_PAID = re.compile(
    r"(?:付清|结清|支付|付)(?:全部|所有)?(?:的)?(?:剩余|余下|其余|余款|尾款)(?![^,。;]{0,12}(?:%|百分之|[一二三四五六七八九两]成))|(?:付清|"
    r"结清)(?:全部|所有|合同)|全额(?:付清|支付)"
)
_RETENTION = re.compile(r"质保金|质量保证金|保修金|质保款|尾款|质量保修金|缺陷责任|保留金|质量保修")
_KEPT_BACK = re.compile(r"扣留|扣除|预留|留取|暂扣|扣下|其中|从[^,。;]{1,12}中")


_MONEY_STEP = re.compile(
    r"(?:每期|每季度?|每月|每年|按[季月年]|首期|第[一二三四五六1-6](?:期|笔|次|阶段)|预付款|首付款|进度款|到货款|"
    r"验收款|尾款|余款|剩余|一次性|各期)"
)


_DUE = re.compile(
    r"(?:支付|付清|交付|偿还|归还|缴纳|缴付|拨付|应付|预付|付款?|清偿)[^,。;\d%]{0,24}$|(?:余款|尾款|余额|"
    r"剩余[^,。;\d]{0,8})(?:为|计|即|人民币|:|\s)*$"
)
_NOT_PRICE = re.compile(
    r"每平方米|每[吨米]|每小时|押金|(?<!质量)保证金|补偿|赔偿|工资|津贴|补贴|奖金|利息|另行|另付|保函|每次|每名|每[人台套件次]|律师|注册资本|"
    r"超时|违约|滞纳|罚|提供(?:的)?借款|发放|保险|上限|额度"
)
_LATE = re.compile(r"逾期|违约|迟延|赔偿")
_TOTAL = re.compile(rf"{TOTAL_LABEL}|总额")
_DUE_AFTER = re.compile(
    r"\s*(?:\([^()\n]{0,40}\))?整?\s*,?\s*(?:于|在|自|应|由|须|一次性|签|合同|本合同|本协议|验收|收到|"
    r"[买甲乙需]方)[^。;]{0,40}?(?:支付|付清|缴清|交纳|缴纳|"
    r"付款)"
)
_RECURRING = re.compile(r"^(?:月租|年租|季租|租金标准|单价|标准|工资|月工资|试用期)")
_PAYMENT_TOPIC = re.compile(r"费|付款|支付|价款|结算|还款|偿还|费用|租金|报酬|对价|服务费|货款|价格")


@dataclass(frozen=True, slots=True)
class Node:
    """One payment. Either a share of ``base`` (cumulative if ``upto``) or a sum."""

    sentence: Sentence
    span: Span
    share: Decimal | None = None
    base: str = ""
    upto: bool = False
    amount: Labelled | None = None

    @property
    def value(self) -> str:
        return percent(self.share) if self.share is not None else money(self.amount.yuan) if self.amount else ""


def payment_nodes(view: View) -> list[Node]:
    """Nodes in order: shares of a price, and sums where a payment sentence names no share."""
    nodes: list[Node] = []
    for sentence in view.sentences_with("%", "分之", *TENTHS):
        if "\t" not in sentence.text and _PAYING.search(sentence.text):
            nodes += _shares(sentence) or _listed_shares(sentence)
    return nodes


_LISTED = re.compile(
    rf"(?:(?:付款|支付|各[期次笔]|结算)[^,。;%\d]{{0,6}}(?:比例)?|比例(?=依次|分别))[^,。;%\d]{{0,8}}?(?P<shares>{PERCENT}(?:[、,:/和及]{{1,2}}{PERCENT})+)"
)
_ONE = re.compile(PERCENT)


def _listed_shares(sentence: Sentence) -> list[Node]:
    """各期比例依次为20%、30%、50%."""
    match = _LISTED.search(sentence.text)
    if match is None or _NOT_PAYING.search(sentence.text):
        return []
    start = sentence.span.start
    found = [(parse_rate(m.group()), m) for m in _ONE.finditer(sentence.text, *match.span("shares"))]
    return [Node(sentence, Span(start + m.start(), start + m.end()), share, "总价") for share, m in found if share]


def _shares(sentence: Sentence) -> list[Node]:
    found: list[Node] = []
    for match in _NODE.finditer(sentence.text):
        piece = _piece(sentence.text, match.start(), match.end())
        if _KEPT.search(piece):
            piece = _BACK.sub("", piece)
        before = _NOTHING_OWED.sub("", sentence.text[: match.start()])
        if _NOT_PAYING.search(piece) or not _PAYING.search(sentence.text) or _NODE_OVER.search(before):
            continue
        printed = match["share"] or match["share2"] or match["share3"] or match["share4"] or match["share5"]
        share = parse_rate(printed)
        if share is None or not 0 < share <= 1:
            continue
        upto = bool(match["upto"] or match["upto2"]) or bool(_UPTO.search(sentence.text[: match.start()]))
        base = match["base"] or match["base2"] or ""
        start = sentence.span.start
        found.append(Node(sentence, Span(start + match.start(), start + match.end()), share, _plain(base), upto))
    return found


def _piece(text: str, start: int, end: int) -> str:
    """The clause around a match: up to the commas before and behind."""
    left = max(text.rfind(c, 0, start) for c in ",;。") + 1
    right = min((i for c in ",;。" if (i := text.find(c, end)) >= 0), default=len(text))
    return text[left:right]


def _plain(base: str) -> str:
    return re.sub(r"本|该|含税|暂定|的|用", "", base)


def money_nodes(view: View, amounts: Sequence[Labelled], structure: Structure) -> list[Node]:
    """Sums that fall due by their own sentence (每期应付153,600元, 余款20万元) where it names no share."""
    found: list[Node] = []
    for amount in amounts:
        sentence = view.sentence_at(amount.span.start)
        if amount.in_table or not _falls_due(sentence, amount):
            continue
        if _PAYMENT_TOPIC.search(_heading(view, structure, sentence.line)) or _MONEY_STEP.search(sentence.text):
            found.append(Node(sentence, amount.span, amount=amount))
    return found


def _falls_due(sentence: Sentence, amount: Labelled) -> bool:
    """Whether the sentence has this very sum paid, as a part of the price."""
    text = sentence.text
    if "\t" in text or "%" in text or "分之" in text or ("付" not in text and "还" not in text) or _LATE.search(text):
        return False
    start, end = amount.span.start - sentence.span.start, amount.span.end - sentence.span.start
    before = text[:start]
    if _NOT_PAYING.search(_piece(text, start, end)) or _TOTAL.search(amount.label) or _NOT_PRICE.search(before):
        return False
    return bool(_DUE.search(before)) or (not _RECURRING.match(amount.label) and bool(_DUE_AFTER.match(text, end)))


def _heading(view: View, structure: Structure, line: int) -> str:
    article = structure.article_at(line)
    return view.line_texts[article.first][:24] if article else ""


def findings_of(view: View, nodes: Iterable[Node]) -> list[Finding]:
    found: list[Finding] = []
    seen: set[tuple[str, int]] = set()
    for node in nodes:
        if (node.value, node.sentence.span.start) in seen:
            continue
        seen.add((node.value, node.sentence.span.start))
        found.append(view.fact("payment", "付款节点", node.value, node.span, _condition(node)))
    return found


def _condition(node: Node) -> str:
    """What has to happen first: the words before the payment, without the number of the clause."""
    text = node.sentence.text[: node.span.start - node.sentence.span.start]
    text = re.sub(r"^\s*(?:\d+(?:\.\d+)*[.、]?|\(\S{1,3}\)|[一二三四五六七八九十]+、|第\S{1,4}[条期笔])\s*", "", text)
    return text.strip(" ,:、")[:80]


# --- the whole --------------------------------------------------------------------------------------------------------


def percent_conflicts(view: View, nodes: Sequence[Node], structure: Structure) -> list[Finding]:
    """Shares of one price that claim to be all of it but don't make 100 %."""
    found: list[Finding] = []
    for group in _across(_groups(nodes, structure), structure):
        total = _sum(group)
        if (
            total is None
            or total == 1
            or _several_wholes(group)
            or _without_repeats(group)
            or not _claims_whole(view, group, total, structure)
        ):
            continue
        found.append(_not_whole(view, group, total))
    return found


def _not_whole(view: View, group: Sequence[Node], total: Decimal) -> Finding:
    parts = _listed(group, "至", "、")
    defect = Defect(
        "付款比例合计不为100%", "conflict", "high", percent(total),
        Text(f"各付款节点比例为 {parts}，合计 {percent(total)}，{'少于' if total < 1 else '超过'}100%。",
             f"The payments are {_listed(group, 'up to ', ', ')}: {percent(total)} in all, "
             f"{'less' if total < 1 else 'more'} than 100%."),
        Text("核对各期付款比例，使其合计为100%；尾款、质量保证金应计入。",
             "Check the shares so that they make 100%, the last payment and the retention included."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(*(view.quote(node.span) for node in group))


# --- tables of payments -----------------------------------------------------------------------------------------------

_SHARE_HEAD = re.compile(
    r"(?:付款|支付|收款|结算)?(?:比\s?例|占比|百分比)(?:\(%\))?|占(?:合同)?总?价?(?:比例|款?的?%)?"
)
_STEP_HEAD = re.compile(r"付款|支付|期\s?[次数别]|节点|阶段|款项|里程碑|批次")
_TABLE_TOTAL = re.compile(r"\s*(?:合\s*计|总\s*计|共\s*计)")


def share_tables(view: View) -> list[list[Node]]:
    """Tables with a step of payment and its share in each row, as groups of nodes; their totals are left out."""
    found: list[list[Node]] = []
    column = -1
    rows: list[Node] = []
    for index, text in enumerate(view.line_texts):
        cells = text.split("\t")
        if len(cells) < 2:
            if column >= 0 and text.strip():
                column = -1
            continue
        heads = [i for i, cell in enumerate(cells) if _SHARE_HEAD.fullmatch(cell.strip())]
        if heads and _STEP_HEAD.search(text):
            column, rows = heads[0], list[Node]()
            found.append(rows)
        elif 0 <= column < len(cells) and not _TABLE_TOTAL.match(text):
            share = parse_rate(cells[column])
            if share is not None and 0 < share <= 1:
                at = view.lines[index].start + sum(len(cell) + 1 for cell in cells[:column])
                span = Span(at, at + len(cells[column]))
                rows.append(Node(view.sentence_at(at), span, share, upto=bool(_UPTO_CELL.search(text))))
    return [rows for rows in found if len(rows) >= 2]


_UPTO_CELL = re.compile(r"(?:付|支付|累计)(?:至|到)")


def share_table_conflicts(view: View, tables: Sequence[Sequence[Node]]) -> list[Finding]:
    """Tables of payments whose shares don't make 100 %."""
    sums = [(rows, _sum(rows)) for rows in tables]
    return [_not_whole(view, rows, total) for rows, total in sums if total is not None and total != 1]


_HELD_HEAD = re.compile(r"(?:持股|出资|股权|认缴|实缴|份额|权益|分配|分成|收益|投资)(?:比例|占比|份额)(?:\(%\))?")
_ALMOST = Decimal("0.001")


def holding_conflicts(view: View) -> Iterator[Finding]:
    """Tables of shareholders and the like whose shares don't make 100 %, though their total says so or nothing else is
    left."""
    column, rows = -1, list[tuple[Decimal, Span]]()
    if not _HELD_HEAD.search(view.text):
        return
    for index, text in enumerate((*view.line_texts, "")):
        if column < 0 and "\t" not in text:
            continue
        cells = [cell.strip() for cell in text.split("\t")]
        heads = [i for i, cell in enumerate(cells) if _HELD_HEAD.fullmatch(cell)]
        if heads and rows and heads[0] == column:
            continue
        if len(cells) < 2 or heads or _TABLE_TOTAL.match(text):
            told = sum((share for share, _ in rows), Decimal(0))
            if len(rows) >= 2 and _TABLE_TOTAL.match(text) and "100" in text and abs(told - 1) > _ALMOST * len(rows):
                yield _not_held(view, rows, told)
            column, rows = (heads[0] if heads else -1), []
        elif 0 <= column < len(cells) and (share := parse_rate(cells[column])) is not None:
            rows.append((share, view.lines[index]))


def _not_held(view: View, rows: Sequence[tuple[Decimal, Span]], told: Decimal) -> Finding:
    parts = [percent(share) for share, _ in rows]
    defect = Defect(
        "比例合计不为100%", "conflict", "high", percent(told),
        Text(f"表中各行比例为 {'、'.join(parts)}，相加为 {percent(told)}，合计写作100%。",
             f"The shares are {', '.join(parts)}: {percent(told)} in all; the total says 100%."),
        Text("核对各方比例，使其合计为100%，并与出资额一致。",
             "Check the shares so that they make 100% and agree with the contributions."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(*(view.quote(span) for _, span in rows))


_SPLIT = re.compile(
    rf"(?P<who>[甲乙丙丁]方)(?:应)?(?:占|得|享有?|分得|分享|获得?|取得|收取|承担|负担)(?:有)?(?:其中的?)?(?:比例为?)?\s?(?P<share>{PERCENT})"
)


def split_conflicts(view: View) -> Iterator[Finding]:
    """甲方占60%、乙方占45%: all parties' shares of one thing that don't make a whole."""
    parties = {who for who in ("甲方", "乙方", "丙方", "丁方") if who in view.text}
    for sentence in view.sentences_with("%", "分之", *TENTHS):
        held = {m["who"]: (m, share) for m in _SPLIT.finditer(sentence.text) if (share := parse_rate(m["share"]))}
        told = sum((share for _, share in held.values()), Decimal(0))
        if len(held) < 2 or set(held) != parties or len(_ONE.findall(sentence.text)) != len(held) or told == 1:
            continue
        start = sentence.span.start
        spans = [Span(start + m.start(), start + m.end()) for m, _ in held.values()]
        parts = [percent(share) for _, share in held.values()]
        defect = Defect(
            "比例合计不为100%", "conflict", "high", percent(told),
            Text(f"各方比例为 {'、'.join(parts)}，合计 {percent(told)}，不是100%。",
                 f"The parties' shares are {', '.join(parts)}: {percent(told)} in all, not 100%."),
            Text("核对各方比例，使其合计为100%。", "Check the shares so that they make 100%."),
            "民法典第五百一十条",
        )  # fmt: skip
        yield defect.at(view.quote(spans[0]))


def _listed(group: Sequence[Node], upto: str, between: str) -> str:
    return between.join((upto if n.upto else "") + percent(n.share) for n in group if n.share is not None)


def _groups(nodes: Sequence[Node], structure: Structure) -> list[list[Node]]:
    """Nodes of one article and one kind of price; 合同总价 and its near synonyms are one."""
    groups: dict[tuple[int, str], list[Node]] = {}
    for node in nodes:
        if node.share is None:
            continue
        key = (structure.part_at(node.sentence.line), _kind_of(node.base))
        groups.setdefault(key, []).append(node)
    merged: list[list[Node]] = []
    for (part, kind), group in groups.items():
        kinds = [k for p, k in groups if p == part and k]
        if kind:
            rest = groups.get((part, ""), []) if len(kinds) == 1 else []
            merged.append(sorted([*group, *rest], key=lambda n: n.span))
        elif not kinds:
            merged.append(group)
    return merged


def _across(groups: Sequence[list[Node]], structure: Structure) -> list[list[Node]]:
    """Groups of one price whose parts stand in several articles of the body, none a whole by itself, as one."""
    by_kind: dict[str, list[list[Node]]] = {}
    for group in groups:
        in_body = group[0].sentence.line < structure.attachments_from
        kind = _kind_of(next((node.base for node in group if node.base), "")) if in_body else f"@{group[0].span.start}"
        by_kind.setdefault(kind, []).append(group)
    merged: list[list[Node]] = []
    for parts in by_kind.values():
        shares = [sum((node.share or Decimal(0) for node in part), Decimal(0)) for part in parts]
        if len(parts) > 1 and max(shares) < 1 and sum(shares) <= 1:
            merged.append(sorted((node for part in parts for node in part), key=lambda node: node.span))
        else:
            merged += parts
    return merged


def _kind_of(base: str) -> str:
    if not base:
        return ""
    special = re.search(r"设备|硬件|软件|服务|开发|许可|设计|咨询|安装|运费|运输|加工|订单|专项", base)
    return special.group() if special else "总价"


def _sum(group: Sequence[Node]) -> Decimal | None:
    """Total share; 支付至80% sets it, a plain share adds. None for fewer than two payments."""
    total = Decimal(0)
    for node in group:
        share = node.share or Decimal(0)
        total = max(total, share) if node.upto else total + share
    return total if len(group) >= 2 else None


def _several_wholes(group: Sequence[Node]) -> bool:
    """Whether the shares, in order, make 100 % several times: each stage's price, in sentences of its own."""
    wholes, total, last = 0, Decimal(0), group[0].sentence
    for node in group:
        if total == 1 and node.sentence.span != last.span:
            wholes, total = wholes + 1, Decimal(0)
        share = node.share or Decimal(0)
        total = max(total, share) if node.upto else total + share
        last = node.sentence
    return wholes > 0 and total == 1


def _without_repeats(group: Sequence[Node]) -> bool:
    """Whether the sum is 100 % once a share that is only explained again (质保金为5%) is left out."""
    seen: set[tuple[Decimal, bool]] = set()
    kept: list[Node] = []
    for node in group:
        key = (node.share or Decimal(0), bool(_RETENTION.search(node.sentence.text)))
        if key in seen and key[1]:
            continue
        seen.add(key)
        kept.append(node)
    if _sum(kept) == 1:
        return True
    return any(_only_explains(n) and _sum([m for m in group if m is not n]) == 1 for n in group)


def _only_explains(node: Node) -> bool:
    """A retention that is kept back from another payment, not paid on top of it."""
    text = node.sentence.text
    return bool(_RETENTION.search(text)) and (
        not re.search(r"支付|付清|付至|结清", text) or bool(_KEPT_BACK.search(text))
    )


def _claims_whole(view: View, group: Sequence[Node], total: Decimal, structure: Structure) -> bool:
    article = structure.article_at(group[0].sentence.line)
    if article and group[-1].sentence.line < structure.attachments_from:
        text = view.text[view.lines[article.first].start : view.lines[article.end - 1].end]
    else:
        text = view.text[view.lines[group[0].sentence.line].start : view.lines[group[-1].sentence.line].end]
    if total < 1 and (_REMAINDER.search(text) or _REST_PAID.search(text)):
        return False
    return total > 1 or len(group) >= 3 or bool(_CLAIMS_WHOLE.search(text))
