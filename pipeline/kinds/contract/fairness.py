"""Clauses that put one side at the other's mercy: sole interpretation, sole change, liability without limit, renewal
without a way out. Each is a matter of fact that a lawyer looks at; none is an error by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_BOTH = re.compile(r"双方|各方|协商|共同|书面同意|一致")
_INTERPRETS = re.compile(
    r"(?:最终|唯一|全部)?解释权[^。;,]{0,6}(?:归|属|由)[^。;,]{0,12}|(?:归|由)[^。;,]{1,12}(?:负责|享有)?(?:最终|唯一)解释|"
    r"(?:享有|拥有|保留|具有)[^。;,]{0,14}解释权|"
    r"以[^。;,]{1,8}(?:方|人|公司)(?:的|所作的?|作出的)?(?:最终|单方)?解释为(?:准|最终)"
)
_ALTERS = r"(?:变更|修改|调整|更改|修订|上调|下调|提高|降低|增减)"
_WHAT = (
    r"(?:本?(?:合同|协议)(?:条款|内容)?|条款|价格|单价|(?:[\u4e00-\u9fa5]{0,3}[费租]|佣金|报酬|租金|利率|返利|提成)(?:的)?(?:标准|比例|率)?|"
    r"[\u4e00-\u9fa5]{2,6}(?:比例|标准|费率|系数)|服务(?:内容|标准|范围)|交货(?:期|时间|地点)|付款(?:方式|期限|条件)|规则|"
    r"技术(?:要求|标准|方案|规格)|设计|(?:采购|订货|供货)?数量|(?:工作|服务|工程)(?:内容|范围|量)|交付标准|验收标准)"
)
_ALONE = r"(?:随时|不时|自行|自主|单方面?|不经[^。;,]{2,10}同意|无需[^。;,]{2,10}同意)"
_REPLACES = r"(?:变更|修改|调整|更改|修订|上调|下调|提高|降低|增减|[调更替撤]换|取消|减少|增加)"
_OWN_AFFAIRS = r"(?:人员|代表|联系人|账[户号]|地址|名称|经理|负责人|代理人|股东)"
"""What is whoever's it is: 甲方更换联系人的，无需乙方同意."""
_CHANGES = re.compile(
    rf"(?:有权|可以?|得)[^。;,]{{0,16}}?{_ALONE}+[^。;,]{{0,8}}?{_ALTERS}[^。;,]{{0,8}}?{_WHAT}"
    rf"|(?:有权|可以?|得)[^。;,]{{0,16}}?{_ALTERS}[^。;,]{{0,8}}?{_WHAT}[^。;]{{0,12}}?,[^。;,]{{0,8}}(?:无[须需](?:征得|经|另行|事先)?[^。;,]{{0,14}}同意"
    r"|不得(?:提出)?(?:任何)?异议|无条件(?:服从|接受|同意)|即(?:视为|为)(?:接受|同意)|视为[^。;,]{0,8}(?:接受|同意))"
    rf"|(?:有权|可以?)[^。;,]{{0,16}}?对[^。;,]{{0,6}}?{_WHAT}[^。;,]{{0,4}}?(?:进行|作出|予以){_ALTERS}[^。;]{{0,20}}?,[^。;]{{0,12}}?(?:视为|无[须需]|不得|应(?:予|当)?(?:接受|遵守|服从))"
    rf"|(?:有权|可以?|得)[^。;,]{{0,20}}?{_REPLACES}(?![^。;,]{{0,10}}{_OWN_AFFAIRS})[^。;,]{{0,20}},?[^。;,]{{0,6}}"
    r"(?:无[须需]|不必|毋[须需]|不需)(?:另行|再|事先|征得|经|取得|通知)*[^。;,]{0,8}(?:同意|通知|批准|确认|许可|认可)"
    rf"|(?:有权|可以?)[^。;,]{{0,16}}?{_ALTERS}[^。;,]{{0,8}}?{_WHAT},?(?:但)?(?:仅|只)(?:须|需)?[^。;,]{{0,16}}(?:通知|告知|公告|公示)"
    rf"|(?:有权|可以?|得)[^。;,]{{0,16}}?{_REPLACES}(?![^。;,]{{0,10}}{_OWN_AFFAIRS})[^。;]{{1,24}}?,[^。;]{{0,12}}?"
    r"(?:公[布示告]|通知|发布|告知)[^。;,]{0,6}(?:后|之日起?)?[^。;,]{0,4}(?:即(?!可)|立即|自动|当日)[^。;,]{0,8}(?:生效|执行|适用)"
    r"|(?:有权|可以?|得)[^。;,]{0,6}(?:单方面?|自行|单独)(?:作出)?(?:确定|决定|认定|核定|增减|变更|调整|修改|[调更替]换)[^。;,]{1,24},[^。;,]{0,10}"
    r"(?:不持(?:任何)?异议|无(?:任何)?异议|不得(?:提出)?(?:任何)?异议|(?:应|须|无条件)[^。;,]{0,4}(?:接受|认可|服从|同意))"
    r"|由[^。;,]{1,10}(?:单方面?|自行|单独|全权)(?:决定|确定|变更|调整|变动|认定)(?![^。;,]{0,4}(?:承担|负责|解决))"
    rf"|(?:单方面?|自行|随时)(?:调价|涨价|提价|改价)|单方面?[^。;,]{{0,4}}{_ALTERS}的?权[利力]?"
    rf"|保留[^。;,]{{0,6}}{_ALTERS}[^。;,]{{0,14}}的权利"
    rf"|(?:单方面?|自行){_ALTERS}(?:本?(?:合同|协议)(?:条款|内容)?|价格|单价|费用|费率|租金|[\u4e00-\u9fa5]{{0,3}}费标准)"
)
"""The last way without a right named (乙方自行调整价格)."""
_UNLIMITED = re.compile(
    r"无限(?:额|度)[^。;,]{0,4}赔偿|无限(?:连带)?(?:赔偿)?责任|(?:责任|赔偿)(?:[金数限]?额度?|总额|范围)?(?:不设|没有|无|不受)(?:任何)?(?:上限|限额|限制|封顶)|"
    r"(?:责任|赔偿)[^。;,]{0,8}(?:不封顶|无上限)|不受[^。;,]{0,12}(?:上限|限额|金额|数额|总价|价款|费用)[^。;,]{0,4}限制|"
    r"(?:责任|赔偿)[^。;]{0,40}[,、且](?:且)?(?:均)?(?:无上限|不封顶|不设上限)|"
    r"(?:责任|赔偿)[^。;,]{0,16}不以[^。;,]{0,12}(?:总?价款?|金额|总额|费用?|报酬|租金)为限|"
    r"以[^。;,]{0,6}(?:全部|所有)(?:的)?(?:个人|自有|家庭|及|和|、|或)*(?:财产|资产)[^。;,]{0,10}承担[^。;,]{0,14}责任|"
    r"(?:无上限|不封顶|无限额|不设上限)的[^。;,]{0,8}责任"
)
_BY_LAW = re.compile(r"普通合伙人|个人独资|一人(?:有限责任)?公司")
"""Whose liability is unlimited by law (合伙企业法第二条)."""
_NOT_SO = re.compile(r"不(?:得|可|能|承担|负|应)|无权|禁止|除外|均不")
_LAWFUL = re.compile(r"故意|重大过失|欺诈|人身|保密|知识产权|侵权")
_RENEWS = re.compile(
    r"(?<!不)(?<!不再)(?<!不得)(?<!不会)(?<!当作)(?<!视为)(?<!作为)自动(?:续期|展期|延续|顺延|续展|续约|延长|续签|续订)"
)
_WAY_OUT = re.compile(
    r"(?:提前|期(?:限)?(?:届)?满前|到期前|届满)[^。;]{0,30}(?:通知|书面|提出|异议|声明)|(?:未|没有|无)[^。;]{0,20}(?:异议|终止|不再|反对|解除)|书面通知"
)
_ENDLESS = re.compile(r"(?:续期|续展|续约|延续|顺延|展期|延期)?次数(?:不限|不受限)|无限次|不限次数|永久(?:续|延)")
_DEADLINE = re.compile(r"工期|交货期|交付(?:期限|时间)|还款|付款|保密")


def one_sided_clauses(view: View) -> Iterator[Finding]:
    yield from _sole_rights(view)
    for sentence in view.sentences_with("责任", "赔偿", "限额", "上限"):
        match = (
            None if _LAWFUL.search(sentence.text) or _BY_LAW.search(sentence.text) else _UNLIMITED.search(sentence.text)
        )
        if match and not _NOT_SO.search(sentence.text[max(0, match.start() - 10) : match.start()]):
            yield _UNLIMITED_LIABILITY.at(view.quote(_hit(sentence, match)))
    for sentence in view.sentences_with("自动"):
        match = _RENEWS.search(sentence.text)
        if match is None or _DEADLINE.search(sentence.text[max(0, match.start() - 14) : match.start()]):
            continue
        near = view.text[view.lines[sentence.line].start : view.lines[sentence.line].end]
        if _ENDLESS.search(sentence.text):
            yield _WITHOUT_END.at(view.quote(_hit(sentence, match)))
        elif not _WAY_OUT.search(near) and not _BOTH.search(sentence.text):
            yield _NO_WAY_OUT.at(view.quote(_hit(sentence, match)))


def _sole_rights(view: View) -> Iterator[Finding]:
    for sentence in view.sentences_with("解释"):
        match = _INTERPRETS.search(sentence.text)
        refused = match and _NOT_SO.search(sentence.text[max(0, match.start() - 4) : match.end()])
        if (
            match
            and not refused
            and not _BOTH.search(match.group())
            and not re.search(r"法院|仲裁|法律", match.group())
        ):
            yield _INTERPRETATION.at(view.quote(_hit(sentence, match)))
    for sentence in view.sentences_with(
        "变更",
        "修改",
        "调整",
        "调价",
        "涨价",
        "提价",
        "更改",
        "修订",
        "上调",
        "下调",
        "提高",
        "降低",
        "增减",
        "换",
        "单方",
        "自行",
        "单独",
        "取消",
        "减少",
        "增加",
    ):
        match = _CHANGES.search(sentence.text)
        if match is None:
            continue
        right = sentence.text[max(0, match.start() - 12) : match.start()] + match.group().partition(",")[0]
        if not _NOT_SO.search(right):
            yield _CHANGE.at(view.quote(_hit(sentence, match)))


def _hit(sentence: Sentence, match: re.Match[str]) -> Span:
    return Span(sentence.span.start + match.start(), sentence.span.start + match.end())


_INTERPRETATION = Defect(
    "单方解释权", "present", "medium", "单方解释权",
    Text("解释权归于一方；格式条款有两种以上解释的，应作不利于提供方的解释。",
         "One side alone interprets the contract. A standard term that can be read in two ways is read against the "
         "side that provided it."),
    Text("改为：对本合同条款的理解有争议的，按照所使用的词句，结合相关条款、合同的性质和目的、习惯以及诚信原则确定其含义。",
         "Write: “Where a term of this contract is in dispute, its meaning follows from its words, the "
         "other terms, the nature and purpose of the contract, usage and good faith.”"),
    "民法典第四百九十八条",
)  # fmt: skip
_CHANGE = Defect(
    "单方变更权", "present", "high", "单方变更权",
    Text("一方可以不经对方同意变更合同内容。", "One side may change the contract without the other's consent."),
    Text("改为：变更本合同内容，应当经双方协商一致并签订书面协议；一方提出变更而对方不同意的，继续按原约定履行。",
         "Write: “This contract is changed by written agreement of both parties only; where one does not "
         "agree, it is performed as it stands.”"),
    "民法典第五百四十三条",
)  # fmt: skip
_UNLIMITED_LIABILITY = Defect(
    "责任无上限", "present", "high", "责任无上限",
    Text("约定承担无限责任或责任不设上限。", "Liability is agreed to be unlimited or without a cap."),
    Text("改为：任何一方在本合同项下的赔偿责任总额不超过合同总价的____%，但因故意、重大过失造成损失或者造成人身损害的除外。",
         "Write: “Each party's total liability under this contract is limited to ____% of the contract "
         "price, except for intent, gross negligence and personal injury.”"),
    "民法典第五百八十四条",
)  # fmt: skip
_WITHOUT_END = Defect(
    "自动续期次数不限", "present", "medium", "自动续期",
    Text("合同到期自动续期，次数不限，实际上成为没有期限的合同。",
         "The contract renews itself any number of times: in effect it has no end."),
    Text("改为：本合同期满后至多续期____次，每次____年；任何一方在期满前30日书面通知对方不续期的，本合同到期终止。",
         "Write: “The contract is renewed ____ times at most, for ____ years each. It ends with its term "
         "if either party gives notice 30 days before.”"), "",
)  # fmt: skip
_NO_WAY_OUT = Defect(
    "自动续期无退出机制", "present", "medium", "自动续期",
    Text("合同到期自动续期，没有写明如何、在何时之前拒绝续期。",
         "The contract renews itself; it does not say how, or by when, a party can refuse."),
    Text("改为：任何一方在期满前30日书面通知对方不续期的，本合同到期终止。",
         "Write: “The contract ends with its term if either party gives written notice 30 days before.”"), "",
)  # fmt: skip
