"""Which kind a document is, and which type of contract: by the words of its title, its opening and its end.

Points are given for what stands there; nothing is learned. Only contracts and reports are told apart: laws, judgments,
manuals and everything else that nobody signs is read as a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from pipeline.types import Document

KindName = Literal["contract", "report"]
ContractType = Literal[
    "采购", "技术服务", "房屋租赁", "保密", "借款", "劳动", "建设工程", "软件许可",
    "股权转让", "委托加工", "框架协议", "担保", "投资", "其他",
]  # fmt: skip

_OPENING, _ENDING = 8_000, 3_000
_TITLE_LINES, _TITLE_LENGTH = 30, 60


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern worth ``points`` when it stands in the text at least ``least`` times."""

    points: int
    pattern: re.Pattern[str]
    least: int = 1

    def worth(self, text: str) -> int:
        enough = next(islice(self.pattern.finditer(text), self.least - 1, None), None)
        return self.points if enough else 0


_COPY = r"(?:[(（【\[][^()（）【】\[\]]{1,20}[)）】\]])*"
_CONTRACT_TITLE = re.compile(
    rf"(?:合同|协议|契约|合约|订单|意向书|备忘录|承诺书|担保书|保证书|借条|借据|欠条|委托书|约定|约据|契据)书?(?:范本|样本|模板|文本)?{_COPY}$"
    r"|(?:合同|协议)(?:书)?(?:通用|专用)?(?:条款|条件)$"
    r"|\b(?:agreement|contract|deed|memorandum of understanding|purchase order|terms and conditions)\b\W*$",
    re.IGNORECASE,
)
_OTHER_TITLE = re.compile(
    r"(?:报告|年报|季报|半年报|中报|财报|研报|公告|公报|说明书|招股书|白皮书|蓝皮书|摘要|点评|简报|周报|月报|日报|纪要|综述|论文|快讯|通函"
    r"|报表|附注|手册|指南|教程|规范|标准|[^方作司办看想说]法|法典|条例|规定|办法|细则|解释|判决书|裁定书|决定书|调解书|通知书?|意见书?|批复)"
    rf"(?:全文|正文|(?:修订|更正|更新)后?|第[一二三四五六七八九十\d]+[章节编部分]?)*{_COPY}$"
    r"|\b(?:report|research|review|prospectus|handbook|manual|statements?)\b\W*$",
    re.IGNORECASE,
)
_TENDER_TITLE = re.compile(r"(?:招标|采购|磋商|谈判|询价|比选|竞价)(?:文件|公告|邀请书)")

_ROLE = (
    r"甲\s?方|乙\s?方|丙\s?方|(?:出|承)租[方人]|(?:买|卖|供|需|采购|销售)方|(?:买受|出卖)人|(?:借|贷)款[方人]|出借[方人]|保证人|担保人"
    r"|用人单位|劳动者|(?:发|承|分)包[方人]|(?:许可|被许可|披露|接收|转让|受让|委托|受托|定作|承揽|加工)[方人]|Party\s[AB]"
)
_ROLE_LINE = re.compile(
    rf"^[ \t　]*({_ROLE})[ \t　]*(?:[(（][^()（）\n]{{0,30}}[)）][ \t　]*)?[:：]", re.MULTILINE | re.IGNORECASE
)
_SIGNED = re.compile(
    rf"(?=[甲乙丙出承买卖供需采销借贷保担用劳发分许被披接转受委定加P])(?:{_ROLE})[ \t　]*[(（]?(?:单位)?"
    r"(?:盖章|签字|签章|签名|公章)"
    r"|^[一-鿿]{2,6}[方户人位商][ \t　]*[(（](?:盖章|签字|签章|签名|公章)[)）]"
    r"|IN WITNESS WHEREOF|授权代表[ \t　]*(?:[(（]签[字名章][)）])?[:：]",
    re.MULTILINE,
)

_CONTRACT_SIGNS = (
    _Sign(3, re.compile(
        r"(?=[甲双签订达以下简bhW])(?:甲乙(?:丙)?[双三各]方|双方(?:经|本着|在|通过)?(?:平等|友好|充分|协商)"
        r"|(?:签订|订立|签署|达成)(?:本|如下|以下)(?:合同|协议|条款)"
        r"|(?:以下|下称|简称)[^\n]{0,6}[“\"「](?:甲方|乙方|本合同|本协议)"
        r"|\bby and between\b|\bhereinafter\b|\bWHEREAS\b)"
    )),
    _Sign(2, re.compile(r"本合同|本协议|\bthis agreement\b", re.IGNORECASE), 3),
    _Sign(1, re.compile(r"违约责任|争议(?:的)?解决|不可抗力|合同(?:编|签)[号订]|\bgoverning law\b", re.IGNORECASE), 2),
    _Sign(2, re.compile(r"一式[两二三四五六七八九十\d]{1,2}份|(?:双方|各方)(?:各执|各持|各拿|签字|盖章)")),
    _Sign(2, re.compile(r"合同条款|协议条款|合同(?:通用|专用)(?:条款|条件)|合同协议书")),
)  # fmt: skip
_OTHER_SIGNS = (
    _Sign(3, re.compile(r"(?:证券|股票|公司|基金|债券)(?:代码|简称)")),
    _Sign(2, re.compile(r"报告期|本报告|年度报告"), 2),
    _Sign(2, re.compile(r"同比|环比|较上年|上年同期"), 2),
    _Sign(2, re.compile(r"营业收入|净利润|资产负债表|现金流量|每股收益|毛利率|市占率|市场规模"), 3),
    _Sign(3, re.compile(r"投资评级|(?:买入|增持|推荐|中性|减持)评级|目标价|盈利预测|分析师|研究员|风险提示"), 2),
    _Sign(6, re.compile(r"原告|被告|上诉人|被申请人|本院认为|审判[员长]|公诉机关"), 3),
    _Sign(5, re.compile(r"制定本(?:法|条例|办法|规定|解释)|本(?:法|条例)所称|主席令|国务院令|自[^\n]{4,20}起施行")),
)


def _words(pattern: str) -> re.Pattern[str]:
    """A pattern written over several lines: white space in it means nothing."""
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_TITLES: tuple[tuple[ContractType, re.Pattern[str]], ...] = (
    ("框架协议", _words(r"""
        ^(?!.*(?:采购|买卖|购销|供货|供应|销售|purchase|supply))
        .*(?:框架|战略合作|(?:全面|长期|年度)合作|framework|master\sservice)""")),
    ("保密", _words(r"保密|商业秘密|不披露|non-?disclosure|confidential|\bNDA\b")),
    ("股权转让", _words(r"""
        (?:股权|股份|出资(?:额|份额)?|合伙份额)[^质押代持]{0,6}(?:转让|让与|收购|购买|受让|买卖)
        |(?:share|equity)[^\n]{0,12}(?:purchase|transfer)""")),
    ("投资", _words(r"增资|入股|股东协议|投资(?:合作)?(?:协议|合同)|(?:股权|股份)认购|对赌")),
    ("劳动", _words(r"劳动合同|劳动协议|聘用|雇佣|雇用|竞业(?:限制|禁止)|employment")),
    ("担保", _words(r"担保|保证(?:合同|协议|书)|抵押|质押|guarant(?:ee|y)|mortgage|\bpledge\b")),
    ("其他", _words(r"""
        融资租赁|(?:设备|车辆|汽车|机械|机器|船舶|电脑|仪器)[^房]{0,4}(?:租赁|出租)|土地|物业(?:管理|服务)
        |房(?:屋|产|地产)?买卖|商品房|存量房|劳务(?:合同|协议)|派遣|人力资源|保理|特许经营|加盟|经纪|培训|保险|运输|仓储|保洁|广告|演出|赠与|居间|中介""")),
    ("房屋租赁", _words(r"""
        (?:房屋|房产|商铺|店铺|门面|写字楼|办公|厂房|仓库|公寓|住宅|住房|场地|物业|车位)[^\n]{0,8}(?:租赁|出租|承租|转租|租用)
        |租房|房租|\blease\b|tenancy""")),
    ("委托加工", _words(r"加工|承揽|定作|定制(?![^\n]*(?:开发|软件|系统|服务))|印刷|代工|贴牌|\bO[ED]M\b|processing")),
    ("软件许可", _words(r"""
        (?:软件|系统|程序|源代码|平台|著作权|知识产权|专利|技术)[^服开采买购]{0,10}(?:许可|授权)
        |(?:软件|系统|平台|云)[^\n]{0,10}订阅|许可(?:使用|协议|合同)|授权使用|saas|licen[sc]e""")),
    ("技术服务", _words(r"^(?!.*(?:施工|承包|EPC|采购|买卖)).*(?:监理|勘察|工程(?:设计|造价|检测|咨询))")),
    ("建设工程", _words(r"""
        (?:建设|建筑|施工|安装|装修|装饰|装潢|土建|市政|公路|桥梁|绿化|消防|钢结构|幕墙|防水|弱电|智能化|分包|总承包)
        [^服务]{0,10}(?:工程|施工|承包|分包|合同|协议)
        |工程(?:施工|设计|监理|勘察|承包|分包|总承包)|工程.{0,6}合同|监理合同|勘察|劳务分包|装修|\bEPC\b|construction""")),
    ("借款", _words(r"借款|贷款|借贷|授信|借条|借据|欠条|\bloan\b|credit\sfacility")),
    ("采购", _words(r"采购|买卖|购销|供货|供应|销售|订购|购买|订货|购置|经销|订单|purchase|supply|sale")),
    ("技术服务", _words(r"""
        技术|软件|系统|信息化?|运维|维护|开发|咨询|检测|测试|集成|实施|数据|网络|平台|云|托管|顾问|设计
        |consult|services?\b|development""")),
)  # fmt: skip

_BODIES: tuple[tuple[ContractType, re.Pattern[str]], ...] = (
    ("房屋租赁", _words(r"出租[方人]|承租[方人]|租赁(?:房屋|物|期限|场地)|该房屋|租金|押金")),
    ("劳动", _words(r"用人单位|劳动者|试用期|劳动合同|社会保险|工作岗位|劳动报酬")),
    ("借款", _words(r"借款人|出借[方人]|贷款[方人]|借款(?:金额|期限|利率|本金|用途)|年利率|还款")),
    ("担保", _words(r"保证(?:人|期间|责任)|抵押(?:人|物|权)|出质|质(?:物|权)|主债权|担保范围")),
    ("建设工程", _words(r"发包[方人]|承包[方人]|施工|工期|竣工|工程(?:款|量|质量)|隐蔽工程|监理")),
    ("保密", _words(r"保密信息|披露方|接收方|保密义务|商业秘密|confidential\sinformation")),
    ("软件许可", _words(r"许可软件|许可方|被许可[方人]|许可(?:期限|费|使用|范围)|授权软件|源代码|licensee?")),
    ("股权转让", _words(r"目标公司|标的(?:股权|股份|公司)|股权转让|受让方|转让价款|工商变更")),
    ("委托加工", _words(r"加工(?:费|方|件|成品)|定作[方人]|承揽[方人]|来料|委托加工|代工")),
    ("采购", _words(r"""
        买[受]?[方人]|卖方|出卖人|供方|需方|供货|货物|交货|采购(?:方|产品|货物)|产品(?:名称|数量|质量)|型号|质保期""")),
    ("技术服务", _words(r"""
        技术服务|服务(?:内容|费|期限|成果)|委托方|受托方|开发|运维|技术(?:资料|成果|支持|咨询)|项目(?:实施|验收)|系统""")),
)  # fmt: skip
_LEAST_BODY_SHARE = 5
"""Mentions that a type needs in the opening when the title names none."""

_EDGES = " \t　《》<>*#-—–_·.。:：0123456789、"
_INNER_SPACE = re.compile(r"(?<=[一-鿿])[ \t　]+(?=[一-鿿])")
_FILE_SUFFIX = re.compile(r"\.(?:pdf|docx?|wps)$", re.IGNORECASE)
_NAMED = re.compile(r"(?:合同|协议|项目)名称[ \t　]*[:：][ \t　]*([^\n\t]{2,60})")
_SENTENCE = re.compile(r"[。；;？?！!，,]")


def kind_of(document: Document) -> KindName:
    """``contract`` where parties and a contract's structure or title stand; else ``report``."""
    opening = document.text[:_OPENING]
    edges = opening + "\n" + document.text[max(_OPENING, len(document.text) - _ENDING) :]
    titles = _titles(document)
    roles = {_bare(role) for role in _ROLE_LINE.findall(edges)}
    contract = _title_points(titles, _CONTRACT_TITLE) + 2 * min(len(roles), 3) + 2 * bool(_SIGNED.search(edges))
    contract += sum(sign.worth(edges) for sign in _CONTRACT_SIGNS)
    other = _title_points(titles, _OTHER_TITLE) + sum(sign.worth(edges) for sign in _OTHER_SIGNS)
    if any(_TENDER_TITLE.search(title) for title in titles) and _ends_in_a_contract(document.text):
        contract += 6
    return "contract" if contract > other and contract >= 4 else "report"


def contract_type(document: Document) -> ContractType:
    """The type of a contract: by its title, else by the words its opening uses most; ``其他`` where neither tells."""
    named = [m[1] for m in _NAMED.finditer(document.text, 0, _OPENING)]
    for title in [*_contract_titles(document), *named[:1]]:
        if (found := _type_by_title(title, document.text)) is not None:
            return found
    return _type_by_body(document.text[:_OPENING])


def _titles(document: Document) -> list[str]:
    """What may be the title, best first: the first short lines, the PDF's own title, the file's name."""
    lines: list[str] = []
    for line in document.text[: _OPENING // 2].split("\n"):
        bare = _bare_title(line)
        if 2 <= len(bare) <= _TITLE_LENGTH and not _SENTENCE.search(bare):
            lines.append(bare)
        if len(lines) == _TITLE_LINES:
            break
    own = (_bare_title(document.title), _bare_title(_FILE_SUFFIX.sub("", document.filename)))
    return [*lines, *(title for title in own if title)]


def _contract_titles(document: Document) -> list[str]:
    return [title for title in _titles(document) if _CONTRACT_TITLE.search(title) or _TENDER_TITLE.search(title)]


def _title_points(titles: Sequence[str], pattern: re.Pattern[str]) -> int:
    """Five points for a title among the first lines or the PDF's own; the earlier the surer."""
    first = next((at for at, title in enumerate(titles) if pattern.search(title)), None)
    if first is None:
        return 0
    return 5 if first < 4 or first >= len(titles) - 2 else 3


def _ends_in_a_contract(text: str) -> bool:
    roles = {_bare(m[1]) for m in _ROLE_LINE.finditer(text, _OPENING)}
    return len(roles) >= 2 and "合同" in text


def _type_by_title(title: str, text: str) -> ContractType | None:
    for name, pattern in _TITLES:
        if pattern.search(title):
            return name
    if "租赁" in title:
        housed = re.search(r"房屋|商铺|厂房|建筑面积|房产证|写字楼|不动产权|该房", text[:_OPENING])
        return "房屋租赁" if housed else "其他"
    return None


def _type_by_body(opening: str) -> ContractType:
    counts: Iterable[tuple[int, ContractType]] = ((len(pattern.findall(opening)), name) for name, pattern in _BODIES)
    count, name = max(counts, key=lambda pair: pair[0])
    return name if count >= _LEAST_BODY_SHARE else "其他"


def _bare(role: str) -> str:
    return re.sub(r"\s", "", role)


def _bare_title(line: str) -> str:
    return _INNER_SPACE.sub("", line.strip(_EDGES))
