"""甲方 and 乙方 swapped: the party that pays or delivers in one clause is the one that receives in all others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pipeline.kinds.contract.parties import Party, role_named
from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_WILL = r"(?:应当?|须|需|将|同意|负责|保证|承诺)?"
_PRICE = (
    r"(?:合同(?:总价款?|价款|款项?|金额|价|余款|尾款)|总价款?|价款|货款|设备款|工程款|服务费|技术服务费|开发费|许可费|加工费|设计费|"
    r"咨询费|运费|租金|报酬|预付款|首付款|首期款|进度款|到货款|验收款|尾款|余款|结算款|剩余(?:款项|价款|货款))"
)
_GOODS = r"(?:货物|设备|产品|标的物|合同设备|全部设备|租赁物|房屋|工作成果|服务成果|开发成果|交付物|软件)"
_VERBS = {
    "付款": ("付", "结清"),
    "还款": ("还", "清偿"),
    "交付": ("交货", "供货", "交付", "提供", "运送", "运抵", "供应", "货物", "设备", "出售", "销售", "提交"),
}
_DOES = {"付款": "pays", "交付": "delivers", "还款": "repays"}
_PENALTY = re.compile(r"[^,。;]{0,24}(?:违约金|赔偿|滞纳|罚)")
"""合同价款1‰的违约金 is no price."""
_FARTHEST = 24


@lru_cache(64)
def _patterns(roles: str) -> Mapping[str, re.Pattern[str]]:
    """What each duty looks like; ``who`` bears it."""
    who = rf"(?<![按照据经合足向给对与从应])(?P<who>{roles})"  # 按甲方要求的时间供货 is the other party's duty
    between = rf"(?:(?!{roles})[^。;])" + f"{{0,{_FARTHEST}}}?"
    nearer = rf"(?:(?!{roles})[^,。;])" + f"{{0,{_FARTHEST}}}?"
    return {
        "付款": re.compile(
            rf"{who}{_WILL}{between}"
            rf"(?:向(?:{roles}))?(?:一次性)?(?:支付|付清|付至|结清)(?:至|给(?:{roles}))?(?:本|全部|所有|剩余)?(?:的)?{_PRICE}"
            rf"|(?P<who2>{roles})(?:逾期|迟延|未按[^,。;]{{0,8}})(?:支付{_PRICE}|付款)"
        ),
        "还款": re.compile(
            rf"{who}{_WILL}{between}(?:向(?:{roles}))?(?:归还|偿还|还清|清偿)[^,。;]{{0,6}}?(?:借款|本金|本息|贷款|欠款)"
            rf"|(?P<who2>{roles})(?:逾期|迟延|未按[^,。;]{{0,8}}|不按[^,。;]{{0,4}})(?:还款|归还|偿还|还清)"
        ),
        "交付": re.compile(
            rf"{who}{_WILL}{nearer}"
            rf"(?:交货|供货|(?:交付|提供|运送|运抵)[^,。;]{{0,6}}?{_GOODS}|将[^,。;]{{0,6}}?{_GOODS}[^,。;]{{0,4}}?(?:运|送|发|交付)[至到往给]|"
            rf"向(?:{roles})(?:供应|出售|销售)|提供[^,。;]{{0,6}}?(?:保修|质保|维修|售后)|"
            rf"(?:向(?:{roles}))?提交[^,。;]{{0,6}}?(?:报告|成果|方案|设计文件|源代码))(?!地点|的|期)"
            rf"|(?P<who2>{roles})(?:逾期|迟延|未按[^,。;]{{0,8}})(?:交货|交付|供货|提交(?:报告|成果|方案|工作成果))"
        ),
    }


_OTHER_DUTY = re.compile(
    r"违约金|赔偿|退还|返还|退回|垫付|代[付垫]|扣除|抵扣|保证金|押金|配合|验收(?!合格|通过|完|后)|拒绝|有权|不得|无需|无须|不再"
)


def swapped_parties(view: View, structure: Structure, parties: Sequence[Party]) -> Iterator[Finding]:
    """A clause that lays a duty on the party that it lies on nowhere else, against two others at least."""
    roles = list(dict.fromkeys(party.role for party in parties if party.line < structure.attachments_from))
    plain = [bare for role in roles if (bare := role.rstrip("一二三四五12345")) not in roles]  # 保证人 of 保证人一
    callings = {role: _calling(view, role, parties) for role in roles}
    yield from _owed_to_itself(view, [*roles, *plain, *_other_names(view, parties)])
    if len(roles) != 2:
        return
    for duty, pattern in _patterns("|".join(map(re.escape, roles))).items():
        for borne in _borne(view, structure, duty, pattern).values():
            few, many = sorted(roles, key=lambda role: len(borne.get(role, ())))
            usual = bool(_BEARS[duty].search(callings[many])) and not _BEARS[duty].search(callings[few])
            if len(borne.get(few, ())) == 1 and len(borne.get(many, ())) + usual >= 2 and borne.get(many):
                yield _finding(view, duty, few, many, borne[few][0], borne[many][0])


_BEARS = {
    "付款": re.compile(r"买|购|需方|承租|委托|发包|定作|借款"),
    "交付": re.compile(r"卖|供[方货应]|供应商|销|出卖|出租|受托|承揽"),
    "还款": re.compile(r"借款|借入"),
}
"""What a party is called that pays, delivers or repays: as good as a clause that says so."""
_AT_THE_END = re.compile(r"期满|届满|终止|解除|腾退|清场|撤离|返还|退还|归还")


def _calling(view: View, role: str, parties: Sequence[Party]) -> str:
    """What stands before a party's name: 甲方（买方）."""
    starts = [(view.lines[party.line].start, party.name_span.start) for party in parties if party.role == role]
    return role + "".join(view.text[start:end] for start, end in starts if start < end)


def _borne(view: View, structure: Structure, duty: str, pattern: re.Pattern[str]) -> dict[str, dict[str, list[Span]]]:
    """Where each role bears the duty, by what is paid or delivered: rent is another matter than the price."""
    borne: dict[str, dict[str, list[Span]]] = {}
    for sentence in view.sentences_with(*_VERBS[duty]):
        if "\t" in sentence.text or sentence.line >= structure.attachments_from:
            continue
        for match in pattern.finditer(sentence.text):
            if duty == "交付" and _AT_THE_END.search(sentence.text):
                continue
            if _OTHER_DUTY.search(match.group()) or _PENALTY.match(sentence.text, match.end()):
                continue
            special = _SPECIAL.search(match.group())
            by_role = borne.setdefault(special.group() if special else "", {})
            start = sentence.span.start
            span = Span(start + match.start(), start + match.end())
            by_role.setdefault(match["who"] or match["who2"], []).append(span)
    return borne


_NOT_ITSELF = (
    r"(?!\s?(?:的|所|住|指定|授权|委派|派驻|派出|及|和|与|或|、|/|[一二三四五六\d]|内部|自[己身行]|人员|员工|股东|董事|财务|母|子|总|分|上级|"
    r"关联|律师|代表|联系|项目|财产|账|银行|客户|用户))"
)
"""甲方向甲方住所地法院起诉: another is behind the word."""
_TO_SELF = (
    rf"(?:(?:向|给|报|报送|提交|交由|交给|送交|送达)\s?(?P=who)|"
    r"对\s?(?P=who)\s?(?:一次性|足额|另行)?(?:支付|交付|返还|退还|赔偿|补偿|承担)|"
    r"(?:支付|交付|返还|退还|移交|交还|偿还|赔偿|(?:书面)?(?:要求|催告|责令|请求|通知|告知))\s?(?P=who)(?=[\u4e00-\u9fa5]?[,。;]|$|[\u4e00-\u9fa5]{2}))"
    rf"{_NOT_ITSELF}"
)
"""What nobody does to himself."""
_FROM_SELF = (
    r"(?:在|于|自)?(?:收到|接到|取得|征得)\s?(?P=who)\s?(?:的)?(?:书面|发出的)?"
    r"(?:通知|要求|指令|同意|款项|付款|货款|发票)"
)
_OWN_BREACH = (
    r"(?:逾期|迟延|未按|未能按|拒绝|拒不|无故)[^。;]{{0,30}}?的?,\s?(?P=who)(?:均|即)?(?:有权|可以?)(?:单方|单方面|立即|随时)?(?:解除|终止|中止|暂停|拒绝|拒收|"
    r"追究|没收|要求(?:{others})(?:支付|承担|赔偿)?违约金)"
)
"""A right that nobody has by his own breach: 甲方逾期支付租金的，甲方有权解除合同."""
_ANOTHER = r"[方人者]|公司|单位|机构|部门|法院|银行|客户|用户|业主|企业"
_BREACH = r"(?:逾期|违反|违约|未按|迟延|擅自|提前|拒绝|怠于)[^,。;]{0,30}的,\s?(?:应当?|须|需)?"


def _other_names(view: View, parties: Sequence[Party]) -> list[str]:
    """What else the parties' labels call them: 委托方 of 委托方（甲方）."""
    found: list[str] = []
    for party in parties:
        label = view.text[view.lines[view.line_at(party.name_span.start)].start : party.name_span.start]
        found += [role for word in _HAN_WORD.findall(label) if (role := role_named(word)) and role not in found]
    return found


_HAN_WORD = re.compile(r"[\u4e00-\u9fa5]{2,8}")


def _owed_to_itself(view: View, roles: Sequence[str]) -> Iterator[Finding]:
    """甲方应向甲方支付: one of the two is meant to be the other."""
    if len(roles) < 2:
        return
    either = "|".join(sorted(map(re.escape, dict.fromkeys(roles)), key=len, reverse=True))
    pattern = re.compile(
        rf"(?:^|[,。;:、\s\d)]|[期间时内])(?P<who>{either})(?:(?:(?!{either}|{_ANOTHER})[^,。;]){{0,{_FARTHEST}}}?|{_BREACH})(?:{_TO_SELF}|{_FROM_SELF})"
    )
    breach = re.compile(
        rf"(?:^|[,。;:、\s\d)])(?P<who>{either})(?:(?!{either}).){{0,2}}?{_OWN_BREACH.format(others=either)}"
    )
    for sentence in view.sentences_with(*roles):
        if "\t" not in sentence.text and (match := pattern.search(sentence.text) or breach.search(sentence.text)):
            yield _self_owed(view, match["who"], Span(*(sentence.span.start + at for at in match.span())))


def _self_owed(view: View, who: str, span: Span) -> Finding:
    defect = Defect(
        "甲乙方颠倒", "conflict", "high", f"{who}／{who}",
        Text(f"此处{who}的义务或请求以{who}自己为相对人，疑为双方写反或漏改。",
             f"Here {who} owes to, or claims from, {who} itself: one of the two must be the other party."),
        Text("核对后把其中一处改为对方。", "Check, and change one of the two to the other party."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(span))


_SPECIAL = re.compile(r"租金|运费|服务费|开发费|许可费|加工费|设计费|咨询费|工程款|软件|房屋")


def _finding(view: View, duty: str, few: str, many: str, odd: Span, usual: Span) -> Finding:
    defect = Defect(
        "甲乙方颠倒", "conflict", "high", f"{duty}：{few}",
        Text(f"此处由{few}{duty}，而合同其他各处均由{many}{duty}，疑为双方写反。",
             f"Here {few} {_DOES[duty]}; everywhere else it is {many}. The parties seem to be swapped."),
        Text(f"核对后改为{many}，或写明{few}为何有此义务。",
             f"Check and change to {many}, or say why {few} has this duty."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(odd), view.quote(usual))
