"""What a contract of its type must hold, and what of that is nowhere to be found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.kinds.contract.basics import title_text
from pipeline.kinds.contract.disputes import Forum
from pipeline.kinds.contract.parties import Party
from pipeline.kinds.contract.view import Defect, View
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Finding, Span

_TYPES = (
    (
        "补充",
        re.compile(
            r"补充协议|变更协议|补充合同|解除协议|终止协议|解除合同|和解|调解|谅解|离婚|婚前|抚养|赡养|分家|监护|"
            r"收养|遗|赠与|章程|授权委托书|备忘录|意向书|承诺书|确认书|订单|通知书"
        ),
    ),
    ("劳动", re.compile(r"劳动合同(?!法)|聘用合同|雇佣合同")),
    ("保密", re.compile(r"保密|不披露|竞业限制")),
    ("担保", re.compile(r"保证合同|担保合同|抵押合同|质押合同|保证协议|担保协议|抵押协议|质押协议|反担保")),
    ("借款", re.compile(r"借款|贷款|借贷|授信|融资(?!租赁)")),
    ("租赁", re.compile(r"租赁|承租|出租|租房|转租|租用")),
    ("服务", re.compile(r"监理|勘察|设计|造价|检测|咨询|保养|维保|维修|清洗|标注")),
    ("工程", re.compile(r"施工|建设工程|分包|总承包|装修|装饰|安装工程|工程承包|土建|工程合同|机电工程|幕墙|绿化工程")),
    ("许可", re.compile(r"许可|授权(?:使用|合同|协议)|特许经营|订阅")),
    ("运输", re.compile(r"运输|物流|承运|配送")),
    ("合作", re.compile(r"合作|战略|框架|联营|(?:联合|共同|合作)经营|合伙|投资|增资|股东|联合体")),
    ("转让", re.compile(r"转让|收购|并购")),
    ("承揽", re.compile(r"承揽|定作|加工|制作|定制|印刷")),
    ("买卖", re.compile(r"采购|买卖|购销|供货|销售|订购|供应|经销|购买")),
    (
        "服务",
        re.compile(
            r"服务|技术|开发|咨询|委托|运维|物业|顾问|设计|监理|代理|外包|维护|保洁|保安|培训|居间|中介|检测|托管|"
            r"仓储|保管|广告|推广|审计|勘察|演出|派遣|劳务|经纪"
        ),
    ),
)

_ITEM = (
    r"(?:^|\n)\s*(?:第?[一二三四五六七八九十百\d]{1,4}[条章、. :]|\([一二三四五六七八九十\d]{1,3}\)|\d+(?:\.\d+)*)?\s*"
    r"(?:[A-Za-z][A-Za-z ,&/'\-]{0,60}[ /])?"
)
"""Regex of a clause's start: its number, and its English heading where the Chinese one comes second."""
_PRICE = (
    r"(?:总价款?|价款|价格|总金额|合同金额|合同价|费用|报酬|酬金|租金|服务费|许可费|货款|单价|工程款|借款(?:金额|"
    r"本金)|转让款|对价|运费|加工费|代理费|佣金|咨询费|投资款|出资额?|计价|费率|"
    r"设计费|监理费|开发费|收费(?:标准)?|月租|年租|授权费|使用费|物业费|保管费|仓储费|培训费|顾问费|检测费|维护费|租费|结算)"
)

_SOME_TIME = (
    r"(?:\d{1,3}|[一二三四五六七八九十两半]{1,4})\s?个?\s?(?:工作日|日历[日天]|自然日|[日天周月]|小时|星期|季度)"
)
_DONE = (
    r"(?:交(?!纳|易|涉|税|底|流)|送|发(?:货|出|运|车|放)|到(?:货|位|场)|供(?!应商|方)|完[成工]|提交|提[货供]|出具|安装|启动|进场|上线|办[理毕]|过户|移交|"
    r"配送|起运|装船|放款|划[付入转]|开[工课机始]|实施|起租|入住|腾退)"
)
"""What performance is called, and a period in which it may be due."""


def _any(*patterns: str) -> Sequence[re.Pattern[str]]:
    """One clause may be told in any of these ways; what is found soonest comes first."""
    return [re.compile(pattern) for pattern in patterns]


_CLAUSES: Mapping[str, Sequence[re.Pattern[str]]] = {
    "标的": _any(
        r"标的|品名|(?:加工|定作|定制|印制|制作|设计|咨询|检测|开发|委托|保管)(?:内容|事项|范围|件)|货物|产品|设备|商品|物资|材料|服务内容|服务范围|服务事项|工作内容|工程概况|工程内容|工程范围|承包范围|"
        r"租赁物|房屋|场地|厂房|车辆|软件|技术|许可|借款|贷款|保密信息|股权|委托事项|"
        r"合作内容|合作事项|运输|定作物|成果|项目|系统|作品|土地|业务|特许|品牌|商标|课程|广告|演出|活动|资产|商品|"
        r"车辆|劳务|事项|服务|工程|施工|安装|维修|保养|供应|提供|送到|送货|出售|购买|打制|借给|租给"
    ),
    "价款或报酬": _any(
        rf"{_PRICE}[^。\n]{{0,40}}?(?:人民币|¥|\d[\d,.]*\s?[万亿千百]?(?:元|圆|美元|欧元|港[元币])|[壹贰叁肆伍陆柒捌玖拾佰仟]{{2}}|_|"
        r"(?:见|详见|列于|载于|以)[^。\n,]{0,12}(?:附件|清单|报价|订单)|另行)",
        rf"{_PRICE}[^。,\n\d]{{0,20}}?(?:按|依|据实)",
        rf"(?:^|\n)[^\n。;,]{{0,12}}{_PRICE}[^\n。;,]{{0,14}}(?:\n|$)",
        r"免费|无偿|不收取[^。\n]{0,10}费|\((?:人民币)?[万亿]?元[)/]|单价\t|\t(?:金额|单价|总价)",
    ),
    "履行期限": _any(
        r"(?:交付|交货|履行|服务|租赁|合同|合作|许可|授权|借款|贷款|委托|承包|供货|运输|使用|开发|完成|有效|施工|"
        r"订阅|聘用|保管|代理|投资|还款|保密|到货|发货|送货|供应|配送|提货|制作|加工|交割|过户|移交|培训|托管|经营|履约)"
        r"(?:的)?(?:期限|时间|日期|期间|工期|期|周期|进度|计划|时限)|工期|竣工",
        rf"{_ITEM}(?:[\u4e00-\u9fa5]{{1,4}}的)?(?:期限|期间|时间|进度)[ :.\t\n]|"
        r"(?<!质保)(?<!保修)(?<!免租)(?<!试用)(?:期|期限|期间)\s?:?(?:自|从)[^。\n]{0,40}(?:至|到)|"
        r"(?:自|从)[^。;\n]{0,16}日\s?(?:起|开始)?,?\s?(?:至|到)[^。;\n]{0,20}日?\s?止|"
        r"装运|交期|借期|货期|[日天]内[^。\n]{0,12}(?:送货|交货|交付|发货|送达|完工|放款)|开课|学时|活动时间|举办|不迟于|不晚于|有效期|租期|期限为|之前(?:交付|完成|提交)|日(?:内|"
        r"前)[^。\n]{0,30}(?:交付|交货|"
        r"完成|提交|运抵|送达|发货|供货|到货|交房)|(?:于|"
        r"在)[^。\n]{0,20}日前[^。\n]{0,20}(?:交|完成|提供|运|送)|里程碑|进度",
        r"[\u4e00-\u9fa5]{2}(?:时间|期限|期间|周期)(?:为|是|:|自|从|\s|\d)",
        rf"{_SOME_TIME}(?:内|之?前|以内|左右|后)?[^。;\n]{{0,20}}?{_DONE}|{_DONE}[^。;\n]{{0,16}}?{_SOME_TIME}(?:内|之?前|以内|左右)",
        rf"(?:按|以|根据|依)[^。;,\n]{{0,14}}(?:订单|通知|排期|时间表|节点|计划)[^。;,\n]{{0,10}}(?:为准|{_DONE})",
        rf"(?:即日起?|当[日天场]|次日|同日|即时|随时|立即)[^。;,\n]{{0,16}}{_DONE}",
        r"(?:19|20)\d\d\s?年(?:度|第?[一二三四1-4]季度|上半年|下半年)|\d{1,2}月(?:底|初|中旬|上旬|下旬|末)",
    ),
    "违约责任": _any(
        r"违约金|滞纳金|逾期利息|罚息|罚款|罚金|赔偿(?:由此|因此|对方|甲方|乙方|守约方|全部|一切|实际|相应|其|直接|"
        r"经济)?[^。\n]{0,14}损失|"
        r"承担[^。\n]{0,10}违约责任|承担[^。\n]{0,8}赔偿责任|负责赔偿|予以赔偿|照价赔偿|双倍返还|加倍(?:支付|返还|偿还)",
        rf"{_ITEM}(?:违约(?:责任|处理|条款)?|赔偿责任|责任承担|罚则|责任)[ .:。\t\n]",
        r"(?:^|\n)\s*(?:第?[一二三四五六七八九十百\d]{1,4}[条章、. ]|\([一二三四五六七八九十\d]{1,3}\)|"
        r"\d+(?:\.\d+)*)?\s*[^\n。;,]{0,8}(?:违约|"
        r"法律责任|赔偿责任|责任承担|罚则)[^\n。;,]{0,10}(?:\n|$)",
        r"(?:逾期|迟延|延迟|延误|每[日天迟晚逾拖延])[^。;\n]{0,40}?(?:[%‰]|分之)|"
        r"(?:逾期|迟延|延误|未按|不符合?|不合格|迟|晚)[^。;\n]{0,40}?(?:扣[减除款罚]|罚|赔|责任|损失)|"
        r"(?:逾期|迟|晚|拖欠|不合|不到|损坏|没按|未按|违反)[^。\n]{0,30}?(?:扣|加付|减收|赔|补偿|占用费|返工|重做|双倍|两倍)|"
        r"违约[^。;\n]{0,30}(?:责任|赔|付|损失|返还)|(?:损失|后果|责任)[^。;,\n]{0,8}由[^。;,\n]{1,10}承担",
    ),
    "争议解决": _any(
        r"争议(?:的)?(?:解决|处理)|纠纷(?:的)?(?:解决|处理)|解决(?:争议|纠纷)|(?:争议|纠纷|争端)[^。\n]{0,60}(?:协商|"
        r"仲裁|诉讼|起诉|法院|调解)|提交[^。\n]{0,30}仲裁|"
        r"向[^。\n]{0,30}法院(?:提起诉讼|起诉)|法院管辖|申请仲裁",
        r"(?:分歧|争执|争论|异议|协商不成|协商未果)[^。\n]{0,40}(?:仲裁|诉讼|起诉|法院|裁决)|法院(?:受理|裁判|判决|解决)|"
        r"(?:通过|以|依法)[^。;,\n]{0,8}(?:诉讼|仲裁)[^。;,\n]{0,6}解决|管辖(?:的)?法院|打官司|(?:去|到|找)[^。;,\n]{0,16}法院",
    ),
    "保密义务": _any(r"保密"),
    "保密期限": _any(
        r"(?:保密|有效)(?:义务)?(?:的)?(?:期限|期间|期)|(?:\d|[一二三两五十])\s?年|长期|永久|终止后|解除后"
    ),
    "借款金额": _any(r"(?:借款|贷款|出借|融资|授信|借[给到得予]|向[^。\n]{1,20}借)[^。\n]{0,40}(?:元|额度)|本金"),
    "还款方式": _any(r"还款|偿还|归还|还本|付息|清偿|返还借款"),
    "劳动合同期限": _any(
        r"合同期限|固定期限|无固定期限|以完成一定工作任务为期限|合同期|聘用期限|(?:履行|聘用|有效)期[限间]|合同有效期"
    ),
    "工作内容和工作地点": _any(r"工作(?:内容|岗位|任务)|岗位|职务|职位"),
    "工作地点": _any(r"工作地点|工作场所|工作地|工作地址|办公地点"),
    "工作时间和休息休假": _any(r"工作时间|工时|休息|休假|每日工作|每周工作"),
    "劳动报酬": _any(r"劳动报酬|工资|薪酬|薪资|报酬|月薪|年薪"),
    "社会保险": _any(r"社会保险|社保|五险|养老保险"),
    "劳动保护、劳动条件和职业危害防护": _any(r"劳动保护|劳动条件|职业危害|劳动安全|职业病|安全生产|安全卫生|劳动防护"),
    "工程质量": _any(r"质量"),
    "担保范围": _any(r"(?:担保|保证|抵押|质押)(?:的)?范围|被担保(?:的)?(?:主)?债权|主债权|担保债权"),
}

_TIMED = frozenset({"买卖", "承揽", "工程", "租赁", "运输", "借款"})
"""Where a time for payment alone leaves open when the other side performs."""
_OF_A_CONTRACT = re.compile(r"本(?:合同|协议|契约)|甲\s?方|双方(?:约定|同意|签字|盖章|协商)|合同编号")
_COMMON = ("标的", "价款或报酬", "履行期限", "违约责任")
_WANTED: Mapping[str, tuple[str, ...]] = {
    "补充": (),
    "劳动": (
        "劳动合同期限",
        "工作内容和工作地点",
        "工作地点",
        "工作时间和休息休假",
        "劳动报酬",
        "社会保险",
        "劳动保护、劳动条件和职业危害防护",
    ),
    "保密": ("保密义务", "保密期限", "违约责任", "争议解决"),
    "担保": ("担保范围", "争议解决"),
    "借款": ("借款金额", "履行期限", "还款方式", "违约责任", "争议解决"),
    "租赁": (*_COMMON, "争议解决"),
    "工程": (*_COMMON, "工程质量", "争议解决"),
    "合作": ("违约责任", "争议解决"),
    "转让": ("标的", "价款或报酬", "违约责任", "争议解决"),
    "": ("违约责任", "争议解决"),
}
_ADVICE: Mapping[str, Text] = {
    "争议解决": Text(
        "增加：因本合同引起的争议，双方协商解决；协商不成的，向____人民法院起诉（选择仲裁的，改为：提交____仲裁委员会仲裁）。",
        "Add: “Disputes under this contract are settled by talks; failing that, by ____ People's Court” "
        "(for arbitration: “are submitted to ____ Arbitration Commission”).",
    ),
    "违约责任": Text(
        "增加：一方逾期履行的，每逾期一日按逾期部分金额的万分之五支付违约金；履行不符合约定的，应当修理、重作、更换或者减少价款，并赔偿由此造成的损失；拒绝履行主要义务的，对方有权解除合同并要求赔偿。",
        "Add: “A party in delay pays 0.05% of the overdue amount a day. Defective performance is "
        "repaired, redone, replaced or reduced in price, and the loss made good. Where a main duty is "
        "refused, the other party may rescind and claim damages.”",
    ),
    "价款或报酬": Text(
        "增加：合同总价为人民币____元（大写：____），含税，税率____%；付款方在____后____日内以转账方式支付。",
        "Add: “The price is ____元 (in words: ____), including tax at ____%; it is paid by transfer "
        "within ____ days after ____.”",
    ),
    "履行期限": Text(
        "增加：本合同的履行期限自____年__月__日起至____年__月__日止。",
        "Add: “This contract is performed from ____ to ____.”",
    ),
    "当事人": Text(
        "写明各方的名称或姓名、住所和证照号码。", "State each party's name, address and registration number."
    ),
}
_CIVIL, _LABOUR = "民法典第四百七十条", "劳动合同法第十七条"


_FIRM = re.compile(r"[\u4e00-\u9fa5()]{2,30}(?:公司|厂|院|所|中心|合作社|集团|局)")


def contract_type(view: View) -> str:
    """The type that the title names, or else the first lines; empty where neither tells."""
    title = title_text(view)
    for name, pattern in _TYPES:
        if title and pattern.search(title):
            return name
    head = _FIRM.sub("", view.text[:300])
    return next((name for name, pattern in _TYPES if pattern.search(head) and name != "补充"), "")


@dataclass(frozen=True, slots=True)
class Held:
    """What was found of the essentials by other rules."""

    parties: Sequence[Party]
    forums: Sequence[Forum]


def missing_clauses(view: View, held: Held) -> list[Finding]:
    """Essential clauses of the contract's type that stand nowhere in the text, or are only touched on."""
    kind = contract_type(view)
    if not kind and not _has_parties(view, held) and not _OF_A_CONTRACT.search(view.text):
        return []
    wanted = _WANTED.get(kind, (*_COMMON, "争议解决"))
    standing = {name: _standing(view, name, held) for name in wanted}
    if standing.get("工作内容和工作地点") is False:
        standing["工作地点"] = True
    if not _has_parties(view, held):
        standing = {"当事人": False, **standing}
    if kind not in _TIMED and standing.get("履行期限"):
        standing["履行期限"] = True
    return [_absent(view, name, kind, place) for name, place in standing.items() if place is not True]


_ASIDE: Mapping[str, re.Pattern[str]] = {
    "违约责任": re.compile(
        r"不(?:再)?承担|不负|免除|免责|无[须需]|保密|泄露|泄密|知识产权|侵犯|侵权|保险|第三[方人]|事故|人身"
    ),
    "价款或报酬": re.compile(r"违约|赔偿|罚|滞纳|逾期|保证金|押金|定金|注册资本|保险|损失|责任"),
    "履行期限": re.compile(
        r"付款|支付|付清|发票|异议|质保|保证期|保修|保密|违约|逾期|争议|解除|退还|返还|通知|整改|补正"
    ),
    "争议解决": re.compile(r"第三[方人]|知识产权|侵犯|侵权"),
}
"""What a sentence is about that mentions an essential in passing only; of 履行期限, the part between two commas."""
_EXCUSED = re.compile(r"(?:不(?:再|予)?(?:承担|负|视为)|免除|无[须需])[^,。;]{0,8}$")
_NAMED = re.compile(r"违约责任|交货期|交付期|履行期|工期|期限")


def _standing(view: View, name: str, held: Held) -> Span | bool:
    """True where the clause is there, False where it is not; else the place that touches on its subject in passing."""
    if (name == "争议解决" and held.forums) or (name == "价款或报酬" and _is_priced(view)):
        return True
    aside, passing = _ASIDE.get(name), False
    for pattern in _CLAUSES[name]:
        for match in pattern.finditer(view.text):
            at = match.start() + len(match.group()) - len(match.group().lstrip())
            if _EXCUSED.search(view.text, max(0, at - 10), at):
                continue
            if (
                aside is None
                or _NAMED.search(match.group())
                or not aside.search(_around(view, Span(at, match.end()), name))
            ):
                return True
            passing = passing or Span(at, match.end())
    return passing


def _around(view: View, hit: Span, name: str) -> str:
    sentence = view.sentence_at(hit.start)
    if name != "履行期限":
        return sentence.text
    start, end = sentence.span.start, max(hit.end, sentence.span.end)
    cut = max(view.text.rfind(c, start, hit.start) for c in ",;:、") + 1
    stop = min((i for c in ",;。" if (i := view.text.find(c, hit.end, end)) >= 0), default=end)
    return view.text[max(start, cut) : stop]


def _is_priced(view: View) -> bool:
    """Whether a sum of money is agreed that is neither a penalty nor a security."""
    aside = _ASIDE["价款或报酬"]
    return any(not aside.search(view.sentence_at(amount.span.start).text) for amount in view.amounts)


def _has_parties(view: View, held: Held) -> bool:
    """At least two names, or labels of two parties (their blanks are another check's)."""
    if len({p.name for p in held.parties}) >= 2:
        return True
    return (
        len(
            set(
                re.findall(
                    r"(?:^|[\n\t ])\s*([甲乙丙]\s?方|[\u4e00-\u9fa5]{1,4}[方人])\s*(?:\([^()\n]*\))?\s*[:\t]", view.text
                )
            )
        )
        >= 2
    )


def _absent(view: View, name: str, kind: str, passing: Span | bool) -> Finding:
    grave = name in ("价款或报酬", "违约责任", "争议解决", "当事人", "借款金额", "劳动报酬")
    touched = Text(
        f"全文只在此处附带涉及“{name}”，没有一般性的约定。",
        f"Only touched on here; no clause agrees it in general: {english(name).lower()}.",
    )
    nowhere = Text(
        f"已检查全文，没有找到关于“{name}”的约定。",
        f"The whole text was searched; nothing was found on: {english(name).lower()}.",
    )
    defect = Defect(
        "缺少必备条款", "unclear" if passing else "absent", "high" if grave and not passing else "medium", name,
        touched if passing else nowhere,
        _ADVICE.get(name, Text(f"补充“{name}”条款。", f"Add a clause on: {english(name).lower()}.")),
        _LABOUR if kind == "劳动" else _CIVIL,
    )  # fmt: skip
    return defect.at(view.quote(passing)) if isinstance(passing, Span) else defect.at()
