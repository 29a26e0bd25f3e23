"""Who contracts: roles, names, and each party's code, address and legal representative."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.tables import cells_of
from pipeline.kinds.contract.view import Defect, View, flat
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Finding, Span

_LETTERED = r"[甲乙丙丁戊己]\s{0,6}方"
_NAMED = tuple(
    re.findall(
        r"\S+",
        """
        采购人 采购方 采购单位 供应商 供应方 供货方 供货人 供货商 供货单位 买方 卖方 买受人 买受方 出卖人 出卖方
        购买方 购货方 销货方 销售方 购方 销方 需方 供方 购买人 销售人 出租方 出租人 承租方 承租人 转租方 转租人
        次承租人 受转租方 发包人 发包方 承包人 承包方 分包人 分包方 总包方 总包人 总承包人 总承包方 专业分包人
        劳务分包人 建设单位 施工单位 设计单位 监理单位 监理人 设计人 发包单位 承包单位 用人单位 用工单位 劳动者
        聘用方 聘用单位 受聘方 受聘人 派遣单位 雇主 雇员 贷款人 贷款方 贷款银行 出借人 出借方 借款人 借款方 保证人
        保证方 担保人 担保方 反担保人 抵押人 抵押权人 出质人 质权人 许可方 许可人 被许可方 被许可人 授权方 授权人
        被授权方 被授权人 委托方 委托人 受托方 受托人 顾问方 服务方 服务商 服务提供方 服务接受方 服务提供商
        接受服务方 客户 用户 开发方 研发方 开发人 披露方 接收方 信息披露方 信息接收方 接受方 转让方 受让方 转让人
        受让人 出让方 出让人 让与人 投资方 投资人 融资方 目标公司 创始股东 原股东 增资方 合作方 保理人 保理商 债权人
        债务人 定作人 定作方 承揽人 承揽方 加工方 托运人 托运方 承运人 承运方 收货人 寄存人 存货人 存货方 保管人
        保管方 仓储方 物业服务人 物业服务企业 业主 经纪人 中介方 中介人 居间人 居间方 赠与人 受赠人 特许人 被特许人
        加盟商 招标人 中标人 运营方 广告主 广告发布者 发布方 出品方 经销商 代理商 代理人 被代理人 生产商 供应单位
        需求方 外包方 接包方 发包商 总承包商 分包商 承包商 管理人 托管人 质押人 出售方 收购方 认购方 认购人 出资人
        演艺方 培训方 学员 房东 租客 运输方 使用方 提供方 创始人 实际控制人 标的公司 顾问
        定制方 定制人 承制方 承制人 制作方 印制方 员工 持股平台 业主委员会
        """,
    )
)
_ROLES = "|".join((_LETTERED, *sorted(_NAMED, key=len, reverse=True)))
_LONGEST_ROLE = max(len(name) for name in _NAMED)
_SOME_ROLE = r"[\u4e00-\u9fa5](?:\s{0,6}[\u4e00-\u9fa5]){1,7}"
"""What may be a role, for patterns that check it with ``role_named``: cheaper than to name them all."""


def role_named(text: str) -> str:
    """The role that ``text`` is, without blanks; empty where it is none."""
    bare = re.sub(r"\s", "", text)
    return bare if bare in _ROLE_NAMES else ""


_ROLE_NAMES = frozenset({*_NAMED, *(f"{letter}方" for letter in "甲乙丙丁戊己")})
_ROLE_STARTS = "".join(sorted({name[0] for name in _ROLE_NAMES}))
_LABEL = re.compile(
    rf'(?=[{_ROLE_STARTS}])(?<![\u4e00-\u9fa5A-Za-z"])(?P<role>(?:{_ROLES})(?:\s?[一二三四五1-5])?)'
    r"(?P<notes>(?:\s*\([^()\n]{1,40}\)){0,3})\s*(?:的?(?:单位|企业|公司)?(?:名称|姓名|"
    r"全称))?(?P<more>(?:\s*\([^()\n]{1,24}\))?)(?:\s*/?\s*[A-Z][A-Za-z]{2,14}(?: [A-Z][a-z]{1,12}){0,2})?\s*$"
)
_LABEL_ENDS = frozenset({*"方)称名一二三四五12345", *(role[-1] for role in _NAMED)})
_LABEL_END = re.compile(rf"[{''.join(sorted(_LABEL_ENDS))}][^\S\n\t]*(?:/ ?)?(?:[A-Z][A-Za-z ]{{2,40}})?(?=[:\t\n]|$)")
_OTHER_ROLE = re.compile(
    r"(?:^|[\t ])(?P<role>[\u4e00-\u9fa5]{1,6}[方人]|[\u4e00-\u9fa5]{0,4}(?:企业|公司|股东|平台|单位))"
    r"(?P<notes>(?:\s*\([^()\n]{1,24}\)){0,2})(?P<more>)\s*$"
)
_NO_ROLE = re.compile(
    r"联系|负责|代表|经办|代理|收款|付款|开户|签收|责任|见证|制表|介绍|持有|权利|申请|法人|第三|对方|双方|各方|^一方|"
    r"收件|发件|审核|复核|主办|承办|经理|项目|填表|推荐|联络|介绍|证明|账户|受益|"
    r"被告|原告|法定|签字|签约|通知|关联|工作|就职|任职|编制|评估|鉴定|检测|抄送|发文|主管|批准|审批|登记|印刷|出版|保险|物流|快递|开户"
)
_SEPARATOR = re.compile(r"[:\t]")
_SPACED = re.compile(
    r"(?:^|\t)\s*(?P<role>(?:[\u4e00-\u9fa5]\s{1,8}){1,4}[\u4e00-\u9fa5])(?P<notes>(?:\s*\([^()\n]{1,40}\)){0,2})\s*$"
)
_LABEL_WINDOW, _SHORT_LINE = 80, 60
_LETTERED_IN = re.compile(_LETTERED)
_NAME_LABEL = re.compile(
    r"\s*(?:单位|企业|公司|机构)?(?:名\s*称|姓\s*名|全\s*称|单位)\s*(?:\([^()\n]{1,16}\))?\s*[:\t]\s*"
)
_ALIAS_LINE = re.compile(rf"\s*\((?:以下简?称)?\"?(?P<role>{_LETTERED})\"?\)\s*")
_QUOTED_ROLE = re.compile(rf'\((?P<attributes>)\s*"(?P<role>{_SOME_ROLE})"\s*\)')
_SHORT_FORM = re.compile(
    rf"\((?P<attributes>[^()\n]{{0,90}}?)(?:以下|下文|下|本合同中|合同中|在本合同中)?(?:合|统)?(?:简称|并称|称)(?:为|"
    r'作)?\s*:?\s*"?'
    rf'(?P<role>{_SOME_ROLE})"?(?:\s*[或、/]\s*"?[^()"\n]{{1,14}}"?)?\s*\)'
)

_ORG_TAIL = (
    "公司|集团|厂|研究院|设计院|医院|学院|法院|检察院|研究所|事务所|派出所|分所|中心|管理局|局|委员会|合作社|联合社|"
    "商行|商店|经营部|门市部|营业部|项目部|"
    "工作室|学校|大学|中学|小学|幼儿园|银行|分行|支行|信用社|协会|学会|基金会|商会|合伙企业|人民政府|办事处|博物馆|"
    "图书馆|酒店|饭店|宾馆|餐厅|超市|站|"
    "农场|林场|村民委员会|居民委员会|管委会|部|店|院|馆|处|社|办公室|基地|俱乐部|出版社|杂志社|电视台|联合体|"
    "有限合伙\\)|普通合伙\\)"
)
_ORG = re.compile(
    rf"[\u4e00-\u9fa5A-Za-z0-9()·&.\-]{{2,50}}?(?:{_ORG_TAIL})"
    r"(?:\((?:有限合伙|普通合伙|特殊普通合伙|集团|筹)\))?"
    r"(?=$|[\s,;。、\"_/]|\((?![\u4e00-\u9fa5]{2,8}\)[\u4e00-\u9fa5]{0,12}公司)(?!(?:有限合伙|普通合伙|特殊普通合伙|集团|筹)\))|以下|统一社会|社会信用|信用代码|纳税人|"
    r"营业执照|[注通联办][册讯信系公](?:地址|电话|人|方式|住所)|"
    r"电话|传真|开户|负责人|身份证|住址|地址|住所|法定代表|邮编|根据|依据|与|和(?=[\u4e00-\u9fa5]{2,30}公司)|及|(?<=公司)[A-Z][a-z])"
)
_FOREIGN = re.compile(
    r"[A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f0-9 .,&'()\-]{1,80}?\b(?:Ltd\.?|Inc\.?|LLC|Limited|GmbH|Corporation|"
    r"Corp\.?|Company|S\.A\.|PLC|LLP|LP|B\.V\.|AG|KK)"
    r"(?=$|[\s,;。()/\"\u4e00-\u9fa5])"
)
_SURNAMES = frozenset(
    "区王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟"
    "安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项"
    "曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕佟蒲晋苑邬臧畅"
    "宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谌蓝宗麦桑敖仇印支巩栾冷商骆连容宿晏郁双明占令艾封戈骞闫肖付代仲伏从仝"
    "冼况利劳卓句台吾喻应慕扈揭昝晁晓朴楚权次步母水沙泰济浦濮照狄皮相祖种窦竺竹粟糜练缪羊胥能腾芮茅荀荆荣莘蒙蔚虞"
    "蔺衡计訾诸谈赫逄逯郗郏鄂钮铁门阚隗雍雒霜韶顿鞠尚巫贝弓甫勾井裘干宣贲危"
)
_COMPOUND = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "司徒",
    "令狐",
    "宇文",
    "长孙",
    "端木",
    "夏侯",
    "南宫",
)
_PERSON = re.compile(
    r"(?P<name>[\u4e00-\u9fa5]{1,4}(?:·[\u4e00-\u9fa5]{1,8})+|[\u4e00-\u9fa5] [\u4e00-\u9fa5](?![\u4e00-\u9fa5])|"
    r"[\u4e00-\u9fa5]{2,4})"
    r"(?:先生|女士)?(?=$|[\s,;。、(_/])"
)
_NOT_PERSON = re.compile(
    r"签|时间|地点|金额|数量|编号|章|名称|姓名|日期|代表|负责|地址|电话|身份|公司|单位|方$|指|应|需|合同|本人|于|"
    r"包括|任何|同意|支付"
)


@dataclass(frozen=True, slots=True)
class Party:
    """A party under one role. ``name_span`` lies in the text; ``attributes`` hold (item, value, span); ``alias`` is
    what the contract calls it from there on (买受人（以下简称“需方”）)."""

    role: str
    name: str
    name_span: Span
    line: int
    attributes: list[tuple[str, str, Span]] = field(default_factory=list[tuple[str, str, Span]])
    alias: str = ""


def parties_of(view: View, structure: Structure) -> list[Party]:
    """Every (role, name) pair once, in order of first mention, with the attributes that stand beside it."""
    named = sorted((*_labelled(view), *_short_forms(view), *_columns(view)), key=lambda p: p.name_span)
    mentions = [
        replace(party, name=_printed(view, party)) for party in map(partial(_in_chinese, view), filter(_is_name, named))
    ]
    _attach_attributes(view, mentions)
    return _folded(mentions, structure)


def _is_name(party: Party) -> bool:
    """目标公司 is a role, no name."""
    return not role_named(party.name)


def _printed(view: View, party: Party) -> str:
    """The name with the brackets and letters of the text itself."""
    if view.text[party.name_span.start : party.name_span.end] != party.name:
        return party.name
    return view.document.text[party.name_span.start : party.name_span.end]


_GAP_OF_NAMES = re.compile(r"[ /(]{0,4}")


def _in_chinese(view: View, party: Party) -> Party:
    """A party that is named in two languages, under its Chinese name; the other is an attribute."""
    text, span = view.text, party.name_span
    line = view.lines[view.line_at(span.start)]
    gap = _GAP_OF_NAMES.match(text, span.end, line.end)
    if gap is None or is_person(party.name):
        return party
    is_foreign = text[span.start : span.end].isascii()
    other = _name_after(_ORG if is_foreign else _FOREIGN, text, gap, line.end)
    if other is None or other.group().isascii() != (not is_foreign):
        return party
    chinese, foreign = (Span(*other.span()), span) if is_foreign else (span, Span(*other.span()))
    name = text[chinese.start : chinese.end]
    attribute = ("外文名称", text[foreign.start : foreign.end], foreign)
    return replace(party, name=name, name_span=chinese, attributes=[*party.attributes, attribute])


def _name_after(pattern: re.Pattern[str], text: str, gap: re.Match[str], end: int) -> re.Match[str] | None:
    """The name behind ``gap``; the whole of the brackets, if that opens any."""
    if "(" not in gap.group():
        return pattern.match(text, gap.end(), end)
    closing = (i for i in range(gap.end(), min(end, gap.end() + 110)) if text[i] == ")")
    return next((m for i in closing if (m := pattern.fullmatch(text, gap.end(), i))), None)


def findings_of(view: View, parties: Iterable[Party]) -> list[Finding]:
    found: list[Finding] = []
    for party in parties:
        found.append(view.fact("parties", party.role, party.name, party.name_span))
        found += [view.fact("parties", f"{party.role}·{item}", value, span) for item, value, span in party.attributes]
    return found


# --- names beside their labels ---------------------------------------------------------------------------------------


def _labelled(view: View) -> list[Party]:
    """甲方（采购方）：X, also with the name in the next cell or on the next line."""
    found: list[Party] = []
    for index in sorted({view.line_at(match.start()) for match in _LABEL_END.finditer(view.text)}):
        text = view.line_texts[index]
        if "方" not in text and "人" not in text and ":" not in text and "\t" not in text:
            continue
        labels = [(at, label) for at in _separators(text) if (label := _label_before(text, at))]
        beside = [(label, _names_beside(view, index, at + 1)) for at, label in labels]
        if labels and not any(names for _, names in beside):
            beside = _names_below(view, index, labels)
        for label, names in beside or _other_roles(view, index):
            role = _role_of(label)
            if names and (
                alias := _ALIAS_LINE.fullmatch(view.line_texts[index + 1] if index + 1 < len(view.lines) else "")
            ):
                role = re.sub(r"\s", "", alias["role"])
            short = _alias_of(label)
            found += [Party(role, name, span, view.line_at(span.start), alias=short) for name, span in names]
    return found


def _names_beside(view: View, index: int, at: int) -> list[tuple[str, Span]]:
    """The names behind a label on the same line, or in the same cell where that goes on below."""
    text, start = view.line_texts[index], view.lines[index].start
    names = _names_at(text, at, start)
    if names or "\t" not in text or at > len(text):
        return names
    while at < len(text) and text[at] in " _\t":
        at += 1
    if label := _NAME_LABEL.match(text, at):
        at = label.end()
    return _name_over_two_lines(view, index, Span(start + at, start + len(text[at:].partition("\t")[0]) + at))


def _name_over_two_lines(view: View, index: int, first: Span) -> list[tuple[str, Span]]:
    """An organisation whose name fills its cell and ends in the line below."""
    rest = _cell_below(view, index, first)
    if (
        rest is None
        or first.length < 4
        or not _ORG.fullmatch(view.text[first.start : first.end] + view.text[rest.start : rest.end])
    ):
        return []
    text = view.document.text
    return [(text[first.start : first.end] + text[rest.start : rest.end], Span(first.start, rest.end))]


def _cell_below(view: View, index: int, cell: Span) -> Span | None:
    """What goes on in the next line of a cell that ends a row's line: the same cell, or all of a line without others,
    which then belongs to the row's longest cell. None where the next line is a row of its own."""
    if (
        index + 1 >= len(view.lines)
        or not (below := view.line_texts[index + 1].strip())
        or ":" in below
        or "。" in below
    ):
        return None
    here, start = view.line_texts[index], view.lines[index].start
    row = cells_of(here, start)
    column = here[: cell.start - start].count("\t")
    cells = cells_of(view.line_texts[index + 1], view.lines[index + 1].start)
    if len(cells) == len(row):
        return cells[column] if cells[column].length else None
    if any(view.text[cell.start : cell.end].rstrip().endswith(":") for cell in row):
        return None
    longest = max(range(len(row)), key=lambda i: row[i].length)
    return cells[0] if len(cells) == 1 and column == longest and len(below) < 40 else None


def _other_roles(view: View, index: int) -> list[tuple[re.Match[str], list[tuple[str, Span]]]]:
    """A role that no list knows (研究开发人：X公司): at the line's start, with an organisation behind it."""
    text, start = view.line_texts[index], view.lines[index].start
    at = text.find(":")
    label = _OTHER_ROLE.search(text, 0, at) if 0 < at < 40 else None
    if label is None or _NO_ROLE.search(label["role"]):
        return []
    names = [(name, span) for name, span in _names_at(text, at + 1, start) if not is_person(name)]
    return [(label, names)] if names else []


def _label_before(text: str, at: int) -> re.Match[str] | None:
    last = text[max(0, at - 3) : at].rstrip()[-1:]
    if last not in _LABEL_ENDS and not (last.isascii() and last.isalpha()):
        return None
    label = _LABEL.search(text, max(0, at - _LABEL_WINDOW), at)
    if label is None and (spaced := _SPACED.search(text, max(0, at - _LABEL_WINDOW), at)):
        return _LABEL.fullmatch(re.sub(r"\s", "", spaced["role"]) + spaced["notes"])
    return label


def _separators(text: str) -> list[int]:
    """Where a label may end: at colons and tabs, and at the end of a short line."""
    found = [match.start() for match in _SEPARATOR.finditer(text)]
    if len(text) < _SHORT_LINE and text.rstrip()[-1:] not in (":", ""):
        found.append(len(text))
    return found


def _role_of(label: re.Match[str]) -> str:
    """The role as printed; 甲方, 乙方 ... where the label holds both (出租方（甲方） is 甲方)."""
    role = re.sub(r"\s", "", label["role"])
    if not _LETTERED_IN.match(role) and (inner := _LETTERED_IN.search(label["notes"] + label["more"])):
        return re.sub(r"\s", "", inner.group())
    return role


_ALIAS = re.compile(rf'\((?:以下|下文|下)?(?:简?称)?(?:为|作)?:?\s?"?(?P<role>{_SOME_ROLE})"?\)')


def _alias_of(label: re.Match[str]) -> str:
    """需方 of 买受人（以下简称“需方”）; empty where there is none."""
    return next((role for m in _ALIAS.finditer(label["notes"] + label["more"]) if (role := role_named(m["role"]))), "")


def _names_at(text: str, start: int, offset: int) -> list[tuple[str, Span]]:
    """Names from ``start`` on, several where 、 or and joins them; spans shifted by ``offset``."""
    found: list[tuple[str, Span]] = []
    while start < len(text):
        while start < len(text) and text[start] in " _\t:\"'":
            start += 1
        match = _name_at(text, start)
        if match is None:
            break
        name, end = match
        found.append((name, Span(offset + start, offset + end)))
        joined = _AND.match(text, end)
        if joined is None:
            break
        start = joined.end()
    return found


_AND = re.compile(r"\s*[、及和]\s*(?!乙方|甲方)")


def _name_at(text: str, start: int) -> tuple[str, int] | None:
    """The organisation or person that starts at ``start``, and where it ends."""
    if label := _NAME_LABEL.match(text, start):
        start = label.end()
    limit = min(len(text), start + 110)
    for pattern in (_ORG, _FOREIGN):
        if match := pattern.match(text, start, limit):
            return match.group(), match.end()
    match = _PERSON.match(text, start)
    if match and is_person(match["name"]):
        return match["name"].replace(" ", ""), match.end("name")
    return None


@cache
def is_person(name: str) -> bool:
    """Whether ``name`` looks like a Chinese personal name."""
    bare = name.replace(" ", "")
    if bare in _ROLE_NAMES:
        return False  # 代理人
    known = bare[:1] in _SURNAMES or bare.startswith(_COMPOUND) or "·" in bare
    return known and not _NOT_PERSON.search(bare)


def _names_below(
    view: View, index: int, labels: Sequence[tuple[int, re.Match[str]]]
) -> list[tuple[re.Match[str], list[tuple[str, Span]]]]:
    """The names on the next line that is not blank, one for each label: by cell, else by white space."""
    here = view.line_texts[index]
    below = next((i for i in range(index + 1, min(index + 3, len(view.lines))) if view.line_texts[i].strip()), None)
    if below is None or here.rstrip(" :_\t")[-1:] not in _LABEL_ENDS:
        return []
    text, start = view.line_texts[below], view.lines[below].start
    if len(labels) == 1 and "\t" not in text:
        return [(labels[0][1], _names_at(text, 0, start))]
    cells = cells_of(text, 0) if "\t" in text else [Span(*match.span()) for match in re.finditer(r"\S+", text)]
    same = text.count("\t") == here.count("\t") > 0
    columns = [here[:at].count("\t") if same else order for order, (at, _) in enumerate(labels)]
    return [
        (label, _names_beside(view, below, cells[column].start))
        for column, (_, label) in zip(columns, labels, strict=True)
        if column < len(cells) and cells[column].length
    ]


# --- X公司（以下简称“甲方”） ---------------------------------------------------------------------------------------

_NAME_BEFORE = re.compile(
    rf"(?:[\u4e00-\u9fa5A-Za-z0-9()·&.\-]{{2,60}}(?:{_ORG_TAIL})(?:\((?:有限合伙|普通合伙|特殊普通合伙)\))?|"
    rf"[\u4e00-\u9fa5·]{{2,8}})\s*$"
)
_LEAD_IN = re.compile(
    rf"^.*(?:由(?!于)|[为系是](?=[\u4e00-\u9fa5()]{{4,40}}公司)|以下各方|双方|(?:{_LETTERED}|债[权务]人|[出受]让方|"
    r"[供需买卖]方|承[租包]人|发包人|出租人)"
    r"(?=[\u4e00-\u9fa5()]{4,40}$))(?=[\u4e00-\u9fa5])|^(?:就|与|和|及|以及|同|为?确保|为?保证|为?担保|鉴于|因)(?=[\u4e00-\u9fa5]{2})|^[^(]*\)|^(?:兹有|"
    r"兹由|现有)|^.*?(?:持有|拥有|收购|设立|成立|聘请|选聘)(?=[\u4e00-\u9fa5()]{4,40}公司$)"
)


def _short_forms(view: View) -> list[Party]:
    found: list[Party] = []
    for pattern in (_SHORT_FORM, _QUOTED_ROLE):
        for match in pattern.finditer(view.text):
            line = view.lines[view.line_at(match.start())]
            name = _name_before(view.text, line.start, match.start()) or _name_of_line(view.text, line, match.start())
            if name is not None and (role := role_named(match["role"])):
                found.append(Party(role, view.text[name.start : name.end], name, view.line_at(name.start)))
    return found + _aliases_below(view)


def _aliases_below(view: View) -> list[Party]:
    """（以下简称甲方） on a line of its own, under a line that ends with the name."""
    found: list[Party] = []
    for index in sorted({sentence.line for sentence in view.sentences_with("方)")} - {0}):
        alias = _ALIAS_LINE.fullmatch(view.line_texts[index])
        name = _name_before(view.text, view.lines[index - 1].start, view.lines[index - 1].end) if alias else None
        if alias and name:
            role = re.sub(r"\s", "", alias["role"])
            found.append(Party(role, view.text[name.start : name.end], name, index - 1))
    return found


def _name_before(text: str, line_start: int, end: int) -> Span | None:
    """The name that ends right at ``end``."""
    start = max(line_start, end - 70)
    cut = max(text.rfind(c, start, end) for c in ':,;。、"\t ')
    match = _NAME_BEFORE.search(text, max(start, cut + 1), end)
    if match is None:
        return None
    name = match.group().rstrip()
    lead = 0
    while found := _LEAD_IN.match(name[lead:]):
        lead += found.end()
    if not (_ORG.fullmatch(name, lead) or is_person(name[lead:])):
        return None
    return Span(match.start() + lead, match.start() + len(name))


def _name_of_line(text: str, line: Span, end: int) -> Span | None:
    """The name at the start of the line, where its address and code come before the short form."""
    if end - line.start > 300:
        return None
    head = _LINE_HEAD.match(text, line.start, end)
    start = head.end() if head else line.start
    match = _ORG.match(text, start, end) or _FOREIGN.match(text, start, end)
    return Span(*match.span()) if match else None


_LINE_HEAD = re.compile(
    r"\s*(?:\(?[\d一二三四五六]{1,2}\)?\s?[、.．)]?\s?)?(?:[\u4e00-\u9fa5]{2,8}(?:\([^()]{1,12}\))?:)?\s*"
)


# --- tables with a column for each party -----------------------------------------------------------------------------

_COLUMN_ROLE = re.compile(rf"\s*(?P<role>{_SOME_ROLE})\s*(?P<notes>(?:\([^()\n]{{1,24}}\))?)\s*$")
_NAME_ROW = re.compile(
    r"\s*(?:单位|企业|公司)?(?:名\s*称|姓\s*名|全\s*称|姓名/名称|名称/姓名|当事人)(?:\([^()]*\))?\s*$"
)


def _columns(view: View) -> list[Party]:
    """甲方 and 乙方 as column heads, 名称 as a row."""
    found: list[Party] = []
    heads: dict[int, str] = {}
    for index, text in enumerate(view.line_texts):
        if "\t" not in text:
            heads = {} if text.strip() else heads
            continue
        cells = cells_of(text, view.lines[index].start)
        roles = {
            i: _plain_role(m)
            for i, cell in enumerate(cells)
            if (m := _COLUMN_ROLE.match(view.text[cell.start : cell.end])) and role_named(m["role"])
        }
        if len(roles) >= 2:
            heads = roles
        elif heads and _NAME_ROW.match(view.text[cells[0].start : cells[0].end]):
            for i, role in heads.items():
                if i < len(cells):
                    names = _names_at(view.text[: cells[i].end], cells[i].start, 0)
                    names = names or _name_over_two_lines(view, index, cells[i])
                    found += [Party(role, name, span, index) for name, span in names]
    return found


def _plain_role(match: re.Match[str]) -> str:
    inner = _LETTERED_IN.search(match["notes"])
    role = match["role"]
    return re.sub(r"\s", "", inner.group() if inner and not _LETTERED_IN.match(role) else role)


# --- codes, addresses, representatives -------------------------------------------------------------------------------

_CODE = re.compile(
    r"(?:统一社会信用代码|社会信用代码|信用代码|纳税人识别号|税务登记号|(?<![\u4e00-\u9fa5])税号|营业执照号码?|营业执照注册号|"
    r"机构代码)(?:\([^()\n]{1,20}\))?"
    r"(?:/[\u4e00-\u9fa5]{2,8})?\s*[:\t为是]?\s*(?:\t[^\t\n]*\n\s*)?"
    r"(?P<value>[0-9A-Z](?: ?[0-9A-Z]){17}|[0-9A-Z]{15,20})(?![0-9A-Z])"
)
_NEXT_FIELD = (
    "(?:法定代表人|负责人|统一社会信用代码|社会信用代码|联系人|联系电话|联系方式|电话|手机|邮政编码|邮编|开户|身份证|"
    "委托代理人|传真|账号)"
)
_ADDRESS = re.compile(
    r"(?:住\s{0,8}所\s{0,3}地?|地\s{0,8}址|住\s{0,8}址|主要(?:经营|营业|办事机构)(?:场所|所在地)|"
    + "|".join(  # each spelt out, so that the search can skip to their first characters
        rf"{kind}(?:地址|住址|所在地|地)(?:\(住所\))?"
        for kind in re.findall(r"\S+", "注册 联系 通讯 通信 办公 营业 经营 送达 户籍 户口 居住 家庭 身份证 常住")
    )
    + r")"
    r"(?:\([^()\n]{1,16}\))?(?:/[\u4e00-\u9fa5]{2,6})?\s*(?:[:\t]|为|位于|是)\s*(?P<value>[^\s:;。][^\t\n;。]{3,80}?)"
    r"(?=\s*$|\s*[\t\n;。]|\s+(?=[\u4e00-\u9fa5]{2,10}\s*[:(])"
    r"|\s*[,、](?=\s*(?:法定代表|统一社会|电话|联系|邮编|邮政|身份证|开户|账号|负责人|手机|传真|性别))"
    rf"|,?\s*\(?(?:以下|下)简?称|\s?\(\"|,(?=一家)|{_NEXT_FIELD}[\u4e00-\u9fa5]{{0,4}}\s*[:(])"
)
_LEGAL_HEAD = re.compile(
    r"(?:法\s?定\s?代\s?表\s?人|法人代表|法定代理人|负责人|执行事务合伙人)(?:[(/或][^:\n]{0,14})?\s*[:\t]\s*"
    r"(?P<value>[\u4e00-\u9fa5·]{2,8}|[\u4e00-\u9fa5] [\u4e00-\u9fa5])(?=$|[\s,;。、(])"
)
_IDENTITY = re.compile(r"(?:身份证|证件)(?:件)?(?:号码|号|编号)?\s*[:\t]?\s*(?P<value>\d{17}[\dXx])(?!\d)")
_ATTRIBUTES = (
    ("统一社会信用代码", _CODE),
    ("地址", _ADDRESS),
    ("法定代表人", _LEGAL_HEAD),
    ("身份证号", _IDENTITY),
)
_FAR = 14


def _attach_attributes(view: View, mentions: Sequence[Party]) -> None:
    """Give each attribute to the party it stands under; side by side, to the party of the same column."""
    if not mentions:
        return
    lines = [party.line for party in mentions]
    for item, pattern in _ATTRIBUTES:
        for match in pattern.finditer(view.text):
            value = match["value"].strip(" _,、")
            start = match.start("value")
            if item == "法定代表人" and not is_person(value):
                continue
            if item == "地址" and _is_part_of_word(view.text, match.start()):
                continue
            owner = _owner(view, mentions, lines, match)
            if owner is not None and not any(name == item for name, _, _ in owner.attributes):
                span = Span(start, start + len(value))
                printed, whole = _whole_address(view, span) if item == "地址" else _as_printed(view, span)
                owner.attributes.append((item, printed.replace(" ", "") if pattern is _CODE else printed, whole))


def _as_printed(view: View, span: Span) -> tuple[str, Span]:
    return view.document.text[span.start : span.end], span


def _whole_address(view: View, span: Span) -> tuple[str, Span]:
    """The address with what stands in the next line of its cell."""
    line = view.line_at(span.start)
    ends_cell = span.end == view.lines[line].end or view.text[span.end] == "\t"
    in_cell = "\t" in view.line_texts[line] and view.text[max(0, span.start - 9) : span.start].rstrip(" ")[-1:] != "\t"
    rest = _cell_below(view, line, span) if ends_cell and in_cell else None
    text, whole = _as_printed(view, span)
    return (text + view.document.text[rest.start : rest.end], Span(span.start, rest.end)) if rest else (text, whole)


def _is_part_of_word(text: str, start: int) -> bool:
    """工程地址 and 邮箱地址 are nobody's; 甲方地址 is."""
    before = text[start - 1 : start]
    is_word = "\u4e00" <= before <= "\u9fa5" or (before.isascii() and before.isalpha())
    return is_word and not _role_before(text[max(0, start - 12) : start])


def _role_before(text: str) -> str:
    """The longest role that ``text`` ends with (甲方, 甲方的)."""
    bare = re.sub(r"\s", "", text).removesuffix("的")
    return next((bare[-n:] for n in range(_LONGEST_ROLE, 1, -1) if bare[-n:] in _ROLE_NAMES), "")


def _owner(view: View, mentions: Sequence[Party], lines: Sequence[int], match: re.Match[str]) -> Party | None:
    line = view.line_at(match.start())
    if role := _role_before(view.text[max(view.lines[line].start, match.start() - 12) : match.start()]):
        return next((party for party in mentions if party.role == role), None)
    before = bisect_right(lines, line) - 1
    while before >= 0 and mentions[before].line == line and mentions[before].name_span.start > match.start():
        before -= 1
    if before < 0 or line - mentions[before].line > _FAR:
        return None
    row = [party for party in mentions if party.line == mentions[before].line]
    if len(row) == 1 or mentions[before].line == line:
        return mentions[before]
    text, start = view.line_texts[line], view.lines[line].start
    column = sum(1 for m in match.re.finditer(text) if start + m.start() < match.start())
    if "\t" in text:
        wrapped = match.start("value") > view.lines[line].end  # to the next line of its cell
        cells = text[: (match.start() if wrapped else match.start("value")) - start].count("\t")
        column = (
            cells
            if len(text.split("\t")) == len(row)
            else cells - 1
            if not text.split("\t")[0].endswith(":")
            else column
        )
    return row[column] if 0 <= column < len(row) else row[-1]


# --- folding ---------------------------------------------------------------------------------------------------------


def _folded(mentions: Sequence[Party], structure: Structure) -> list[Party]:
    """One party per role and name. A lettered role (甲方) replaces a named one (采购方) for the same name; a short form
    (需方) is its label's role (买受人)."""
    long = _long_roles(mentions)
    lettered = {p.name: p.role for p in mentions if _LETTERED_IN.match(p.role)}
    folded: dict[tuple[str, str], Party] = {}
    for mention in mentions:
        party = mention
        if not _LETTERED_IN.match(party.role) and party.name in lettered:
            party = replace(party, role=lettered[party.name])
        elif party.role in long:
            party = replace(party, role=long[party.role])
        if party.line >= structure.attachments_from and any(role == party.role for role, _ in folded):
            continue
        known = folded.setdefault((party.role, party.name), party)
        if known is not party:
            names = {item for item, _, _ in known.attributes}
            known.attributes.extend(a for a in party.attributes if a[0] not in names)
    return list(folded.values())


def _long_roles(mentions: Sequence[Party]) -> dict[str, str]:
    """The role of the label for each short form that isn't lettered, given in the label or behind the name."""
    long = {p.alias: p.role for p in mentions if p.alias and p.alias != p.role and not _LETTERED_IN.match(p.alias)}
    for first, second in itertools.pairwise(mentions):
        if first.name_span == second.name_span and not any(_LETTERED_IN.match(p.role) for p in (first, second)):
            long.setdefault(second.role, first.role)
    return {short: role for short, role in long.items() if short != role and role not in long}


# --- checks ----------------------------------------------------------------------------------------------------------


def name_conflicts(view: View, structure: Structure, parties: Sequence[Party]) -> list[Finding]:
    """The same role under two company names, once in the head and once in the signature block."""
    found: list[Finding] = []
    for party in parties:
        signed = [
            p
            for p in parties
            if p.role == party.role
            and p.name != party.name
            and p.line in structure.signature
            and party.line not in structure.signature
        ]
        for other in signed:
            if party.name in other.name or other.name in party.name:
                continue
            if not (_ORG.fullmatch(flat(party.name)) and _ORG.fullmatch(flat(other.name))):
                continue
            defect = Defect(
                "当事人名称不一致", "conflict", "high", party.role,
                Text(f"{party.role}在首部为“{party.name}”，在签署处为“{other.name}”。",
                     f"{english(party.role)} is “{party.name}” at the head and “{other.name}” where it signs."),
                Text(f"核对营业执照，把{party.role}的名称全文统一为同一主体；确有变更的，附变更证明。",
                     f"Compare with the business licence and name one entity as {english(party.role)} throughout; if "
                     "the name was changed, attach the proof."),
            )  # fmt: skip
            found.append(defect.at(view.quote(party.name_span), view.quote(other.name_span)))
    return found
