"""The names that rules use, told in English: items, roles, sums, terms and laws.

Items and values stand in the database in Chinese, whatever the language of a run: scripts, gold sets and decisions go
by them. Their English is for readers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from pipeline.kinds.labels import label_in_english
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number
from pipeline.lang import Text, language
from pipeline.types import Finding

ITEM: Mapping[str, str] = {
    "大小写金额不一致": "Amount in words differs from figures",
    "比率与数据不符": "A ratio and its figures disagree",
    "付款比例合计不为100%": "Payment shares don't add up to 100%",
    "比例合计不为100%": "Shares don't add up to 100%",
    "引用的条款不存在": "Reference to a clause that does not exist",
    "引用的附件不存在": "Reference to an attachment that does not exist",
    "空白未填": "Blank left unfilled",
    "缺少必备条款": "Essential clause missing",
    "仲裁与诉讼并存": "Arbitration and litigation both agreed",
    "定金超过20%": "Deposit over the legal 20%",
    "日期先后矛盾": "Dates contradict each other",
    "明细合计不符": "Items don't add up to the total",
    "表内合计不符": "Table doesn't add up",
    "增长率与数据不符": "Growth rate contradicts the figures",
    "资产负债不平": "Balance sheet doesn't balance",
    "金额前后不一致": "The same amount told differently",
    "比例与金额不符": "Share contradicts the amount",
    "期限与起止日期不符": "Term contradicts its dates",
    "当事人名称不一致": "A party's name varies",
    "占比与数据不符": "Share contradicts the figures",
    "毛利率与数据不符": "Gross margin contradicts the figures",
    "甲方": "Party A",
    "乙方": "Party B",
    "丙方": "Party C",
    "买方": "Buyer",
    "卖方": "Seller",
    "出租方": "Lessor",
    "出租人": "Lessor",
    "承租方": "Lessee",
    "承租人": "Lessee",
    "出借人": "Lender",
    "贷款人": "Lender",
    "借款人": "Borrower",
    "保证人": "Guarantor",
    "用人单位": "Employer",
    "劳动者": "Employee",
    "承包人": "Contractor",
    "分包人": "Subcontractor",
    "许可方": "Licensor",
    "被许可方": "Licensee",
    "披露方": "Discloser",
    "接收方": "Recipient",
    "委托方": "Principal",
    "受托方": "Agent",
    "统一社会信用代码": "Unified social credit code",
    "地址": "Address",
    "住所": "Address",
    "法定代表人": "Legal representative",
    "合同名称": "Contract title",
    "合同编号": "Contract no.",
    "签订日期": "Signed on",
    "生效日期": "Effective date",
    "合同期限": "Term",
    "起始日期": "Start date",
    "终止日期": "End date",
    "日期": "Date",
    "合同总价": "Contract price",
    "定金": "Deposit",
    "保证金": "Security",
    "租金": "Rent",
    "借款本金": "Principal",
    "税率": "Tax rate",
    "金额": "Amount",
    "合同价款": "Contract price",
    "合同金额": "Contract amount",
    "合计": "Total",
    "单价": "Unit price",
    "含税单价": "Unit price incl. tax",
    "含税金额": "Amount incl. tax",
    "不含税价": "Price excl. tax",
    "费用": "Fee",
    "服务费": "Service fee",
    "服务费总额": "Total service fee",
    "许可费": "Licence fee",
    "月租金": "Monthly rent",
    "押金": "Security deposit",
    "利率": "Interest rate",
    "交付": "Delivery",
    "验收": "Acceptance",
    "质保期": "Warranty period",
    "解除权": "Right to terminate",
    "违约金上限": "Cap on penalties",
    "责任上限": "Cap on liability",
    "保密期限": "Term of confidentiality",
    "适用法律": "Governing law",
    "付款节点": "Payment milestone",
    "违约金": "Penalty",
    "滞纳金": "Late fee",
    "逾期利息": "Default interest",
    "争议解决": "Dispute resolution",
    "营业收入": "Revenue",
    "净利润": "Net profit",
    "归母净利润": "Net profit attributable to the parent",
    "营业成本": "Operating costs",
    "营业利润": "Operating profit",
    "毛利率": "Gross margin",
    "每股收益": "Earnings per share",
    "市盈率": "Price-earnings ratio",
    "资产负债率": "Debt-to-asset ratio",
    "货币资金": "Cash",
    "销售费用": "Selling expenses",
    "管理费用": "Administrative expenses",
    "研发费用": "R&D expenses",
    "财务费用": "Finance costs",
    "经营活动产生的现金流量净额": "Net cash from operations",
    "报告名称": "Title",
    "审计意见": "Audit opinion",
    "评级": "Rating",
    "报告期": "Period",
    "公司全称": "Company",
    "币种混用": "Currencies mixed",
    "计量单位混用": "Units of measure mixed",
    "日的含义不一致": "“Day” has two meanings",
    "单方解释权": "One side interprets alone",
    "单方变更权": "One side may change the contract alone",
    "责任无上限": "Unlimited liability",
    "自动续期无退出机制": "Renews itself without a way out",
    "自动续期次数不限": "Renews itself any number of times",
    "自动续期": "Automatic renewal",
    "利率超过司法保护上限": "Interest above what courts enforce",
    "甲乙方颠倒": "Parties swapped",
    "金额单位存疑": "Unit of a sum in doubt",
    "争议解决约定不明": "Forum left open",
    "约定法院不符专属管辖": "Court against exclusive jurisdiction",
    "试用期超过法定上限": "Probation longer than the law allows",
    "试用期工资低于80%": "Pay in probation under 80%",
    "竞业限制超过二年": "Non-competition for more than two years",
    "租赁期限超过二十年": "Lease for more than twenty years",
    "质量保证金超过3%": "Retention over 3%",
    "履约保证金超过10%": "Performance security over 10%",
    "统一社会信用代码校验不符": "Credit code fails its check",
    "身份证号校验不符": "Identity number fails its check",
    "银行卡号校验不符": "Bank card number fails its check",
    "条款编号重复": "Clause number used twice",
    "条款编号缺漏": "Clause number left out",
    "定义的词语未使用": "Defined term never used",
    "引用的定义不存在": "Reference to a definition that does not exist",
    "日期不存在": "No such date",
    "正文与附件不一致": "Contract and attachment differ",
    "中英文不一致": "Chinese and English versions differ",
    "含税价与税额不符": "Price, tax and rate don't fit",
    "仲裁机构不明确": "Arbitration institution unclear",
    "模型与规则不一致": "Model and rules disagree",
    "前后不一致": "Told differently in two places",
    "文档内含对模型的指令": "The document gives orders to an AI model",
    "同一指标前后不一": "The same figure told differently",
    "单位疑似有误": "Unit seems wrong",
    "百分点误作百分比": "Percent where percentage points are meant",
    "审计意见非标准": "Audit opinion not clean",
    "数据未经审计": "Figures unaudited",
    "缺少风险提示": "No statement of risks",
    "标的": "Subject matter",
    "价款或报酬": "Price or fee",
    "履行期限": "Time of performance",
    "违约责任": "Liability for breach",
    "保密义务": "Duty of confidentiality",
    "借款金额": "Amount of the loan",
    "还款方式": "Repayment",
    "劳动合同期限": "Term of employment",
    "工作内容和工作地点": "Work and place of work",
    "工作地点": "Place of work",
    "工作时间和休息休假": "Working time, rest and leave",
    "劳动报酬": "Pay",
    "社会保险": "Social insurance",
    "劳动保护、劳动条件和职业危害防护": "Labour protection and occupational hazards",
    "工程质量": "Quality of the works",
    "担保范围": "Scope of the security",
    "当事人": "Parties",
    "风险提示": "Statement of risks",
    "附件": "Attachment",
    "仲裁": "Arbitration",
    "诉讼": "Litigation",
    "展望": "Outlook",
    "交货": "Delivery",
    "竣工": "Completion",
    "完工": "Completion",
    "开工": "Start of works",
    "到货": "Arrival",
    "供货": "Supply",
    "安装": "Installation",
    "履行": "Performance",
    "运抵": "Arrival",
    "送达": "Service",
    "提交": "Submission",
    "完成": "Completion",
    "期限": "Term",
    "租赁期限": "Lease term",
    "借款期限": "Loan term",
    "服务期限": "Service term",
    "保修期": "Warranty period",
    "质量保证期": "Warranty period",
    "免费维护期": "Free maintenance period",
    "比例": "Shares",
    "天数": "Days",
    "月数": "Months",
    "年数": "Years",
    "仲裁地": "Place of arbitration",
    "总价": "Total price",
    "履约保证金": "Performance bond",
    "借款利率": "Interest rate of the loan",
    "付款": "Payment",
    "公章": "Seal",
    "归属于上市公司股东的净利润": "Net profit attributable to shareholders",
    "归属于母公司股东的净利润": "Net profit attributable to the parent",
    "归属于上市公司股东的扣除非经常性损益的净利润": "Net profit to shareholders excl. non-recurring items",
    "扣非净利润": "Net profit excl. non-recurring items",
    "归属于上市公司股东的净资产": "Net assets attributable to shareholders",
    "基本每股收益": "Basic earnings per share",
    "加权平均净资产收益率": "Weighted return on equity",
    "标准无保留意见": "Clean (unqualified) opinion",
    "无保留意见": "Unqualified opinion",
    "保留意见": "Qualified opinion",
    "否定意见": "Adverse opinion",
    "无法表示意见": "Disclaimer of opinion",
    "资产总计": "Total assets",
    "负债和权益总计": "Total liabilities and equity",
    "资产": "Assets",
    "负债与权益之和": "Liabilities and equity",
    "付款方": "Payer",
    "履约方": "Performer",
    "丁方": "Party D",
    "需方": "Buyer",
    "供方": "Supplier",
    "定作方": "Customer",
    "定作人": "Customer",
    "承揽方": "Contractor",
    "承揽人": "Contractor",
    "承运方": "Carrier",
    "承运人": "Carrier",
    "托运方": "Shipper",
    "托运人": "Shipper",
    "发包人": "Employer of the works",
    "发包方": "Employer of the works",
    "承包方": "Contractor",
    "分包方": "Subcontractor",
    "转让方": "Transferor",
    "受让方": "Transferee",
    "存货方": "Depositor",
    "存货人": "Depositor",
    "保管方": "Warehouse keeper",
    "保管人": "Warehouse keeper",
    "抵押人": "Mortgagor",
    "抵押权人": "Mortgagee",
    "债权人": "Creditor",
    "债务人": "Debtor",
    "担保人": "Guarantor",
    "采购方": "Buyer",
    "供应商": "Supplier",
    "服务方": "Service provider",
    "买受人": "Buyer",
    "出卖人": "Seller",
    "身份证号": "Identity number",
    "电话": "Telephone",
    "开户行": "Bank",
    "账号": "Account",
    "联系人": "Contact",
    "签订地点": "Place of signing",
    "净资产收益率": "Return on equity",
    "总资产": "Total assets",
    "净资产": "Net assets",
    "利息": "Interest",
    "回报率": "Return",
    "费率": "Rate",
    "违约赔偿": "Damages",
    "逾期利率": "Default rate of interest",
    "罚息": "Penalty interest",
    "罚款": "Fine",
    "赔偿金": "Damages",
    "占用费": "Occupation fee",
    "补偿金": "Compensation",
    "工期": "Construction period",
    "交货期": "Delivery period",
    "检验": "Inspection",
    "安装调试": "Installation and commissioning",
    "目标价": "Target price",
    "股票代码": "Stock code",
    "审计机构": "Auditor",
    "买入": "Buy",
    "增持": "Overweight",
    "推荐": "Recommended",
    "持有": "Hold",
    "中性": "Neutral",
    "减持": "Underweight",
    "卖出": "Sell",
    "合作期限": "Term of cooperation",
    "服务期": "Service term",
    "租期": "Lease term",
    "法定代表": "Legal representative",
    "招标人": "Tendering party",
    "投标人": "Bidder",
    "中标人": "Successful bidder",
    "委托人": "Principal",
    "受托人": "Agent",
    "采购人": "Buyer",
    "供货方": "Supplier",
    "供货人": "Supplier",
    "出让方": "Transferor",
    "投资方": "Investor",
    "投资人": "Investor",
    "目标公司": "Target company",
    "质权人": "Pledgee",
    "出质人": "Pledgor",
    "监理人": "Supervising engineer",
    "设计人": "Designer",
    "签约主体": "Signing party",
    "中华人民共和国法律": "Laws of the People's Republic of China",
    "另一方": "The other party",
    "对方": "The other party",
    "任何一方": "Either party",
    "守约方": "The non-breaching party",
    "违约方": "The breaching party",
    "双方": "Both parties",
}
"""What rules name, and what contracts and reports usually call it."""

_LAWS: Mapping[str, str] = {
    "民法典": "Civil Code",
    "劳动合同法": "Labour Contract Law",
    "民法典合同编通则司法解释": "Interpretation on the General Provisions of Contracts of the Civil Code",
    "买卖合同司法解释": "Interpretation on Sales Contracts, Supreme People's Court",
    "第三方付款前提条款批复": "Reply on Pay-when-paid Terms, Supreme People's Court",
    "建设工程质量保证金管理办法": "Measures for Retention Money of Construction Projects",
    "招标投标法实施条例": "Regulations on the Bidding Law",
    "劳动法": "Labour Law",
    "社会保险法": "Social Insurance Law",
    "劳动争议调解仲裁法": "Labour Dispute Mediation and Arbitration Law",
    "劳动争议司法解释一": "Interpretation (I) on Labour Disputes, Supreme People's Court",
    "劳动争议司法解释二": "Interpretation (II) on Labour Disputes, Supreme People's Court",
    "个人信息保护法": "Personal Information Protection Law",
    "数据安全法": "Data Security Law",
    "民事诉讼法": "Civil Procedure Law",
    "民事诉讼法司法解释": "Interpretation on the Civil Procedure Law, Supreme People's Court",
    "民间借贷司法解释": "Provisions on Private Lending, Supreme People's Court",
    "担保制度司法解释": "Interpretation on Security, Supreme People's Court",
    "公司法": "Company Law",
    "九民纪要": "Minutes of the 2019 National Conference on Civil and Commercial Trials",
    "建筑法": "Construction Law",
    "建设工程施工合同司法解释一": "Interpretation (I) on Construction Contracts, Supreme People's Court",
    "建设工程质量管理条例": "Regulations on the Quality of Construction Projects",
    "建设工程安全生产管理条例": "Regulations on Work Safety of Construction Projects",
    "保障农民工工资支付条例": "Regulations on Wages of Migrant Workers",
    "保障中小企业款项支付条例": "Regulations on Payments to Small and Medium-sized Enterprises",
    "消防法": "Fire Protection Law",
    "城市房地产管理法": "Urban Real Estate Administration Law",
    "著作权法": "Copyright Law",
    "计算机软件保护条例": "Regulations on Computer Software",
    "仲裁法": "Arbitration Law",
    "最高人民法院关于适用《中华人民共和国仲裁法》若干问题的解释": (
        "Interpretation on the Arbitration Law, Supreme People's Court"
    ),
    "最高人民法院关于审理民间借贷案件适用法律若干问题的规定": "Provisions on Private Lending, Supreme People's Court",
}
_CURRENCIES: Mapping[str, str] = {
    "元": "CNY", "美元": "USD", "港元": "HKD", "港币": "HKD", "欧元": "EUR", "日元": "JPY", "英镑": "GBP",
}  # fmt: skip
_UNITS = {
    "日": "day", "天": "day", "个工作日": "working day", "工作日": "working day", "个日历日": "calendar day",
    "周": "week", "个月": "month", "月": "month", "季": "quarter", "季度": "quarter", "个季度": "quarter",
    "星期": "week", "个星期": "week", "年": "year", "小时": "hour",
}  # fmt: skip
_SAID: Mapping[str, str] = {
    "，应为 ": ", should be ", "，表内 ": ", in the table ", "，": ", ", "；": "; ", "：": ": ", "、": ", ",
    "／": " / ",
}  # fmt: skip
"""What rules write between the parts of a value."""
_RULES_OWN = frozenset(("，应为 ", "，表内 ", "／"))
_BETWEEN = re.compile(f"({'|'.join(_SAID)})")
_FORMS: Mapping[str, str] = {
    "小写": "in figures ", "大写": "in words ", "加收": "plus ", "增长": "up ", "增加": "up ", "上升": "up ",
    "下降": "down ", "减少": "down ", "降低": "down ",
}  # fmt: skip
_FORM = re.compile("^(?:" + "|".join(_FORMS) + ")")
_HAN = re.compile("[\u3400-\u9fff]")
_MONEY = re.compile(rf"(\d[\d,]*(?:\.\d+)?)\s?([千万亿]|百万|千万)?({'|'.join(_CURRENCIES)})")
_SCALES: Mapping[str, tuple[int, str]] = {
    "": (1, ""), "千": (1000, ""), "万": (10_000, ""), "百万": (1, " million"), "千万": (10, " million"),
    "亿": (100, " million"),
}  # fmt: skip
_TIMES = re.compile(r"(\d)倍$")
_PERIOD = re.compile(rf"(\d+(?:\.\d+)?|{HAN_NUMBER}{{1,4}})({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
_MEASURES: Mapping[str, str] = _UNITS | {
    "人次": "person and occasion", "次": "occasion", "人": "person", "股": "share", "台": "unit", "套": "set",
    "件": "piece", "平方米": "m²", "㎡": "m²", "立方米": "m³", "吨": "tonne", "吨公里": "tonne-kilometre",
    "公里": "km",
}  # fmt: skip
"""What a price is per."""
_PER = re.compile(rf"(?<=[%‰\d])/({'|'.join(sorted(_MEASURES, key=len, reverse=True))})")
_ROLE = re.compile(
    r"[甲乙丙丁]方|" + "|".join(name for name in ITEM if re.fullmatch(r"[\u4e00-\u9fff]{1,3}[方人]", name))
)
_QUOTED = re.compile(r"(“[^”]*”)")
_NUMBER = rf"(?:{HAN_NUMBER}{{1,8}}|\d{{1,4}})"
_PLACE = re.compile(rf"第(?P<clause>{_NUMBER})条|附件(?P<attachment>{_NUMBER})")
_WHEN = re.compile(
    r"(?P<year>\d{4})年(?:(?P<end>末)|第(?P<quarter>[一二三四])季度|(?P<month>\d{1,2})月|(?P<part>上半年|前三季度))?(?P<forecast>（预测）)?"
)
_PARTS = {"上半年": "first half of ", "前三季度": "first nine months of "}
_CITED = re.compile(
    rf"(?P<law>[^；（《》]*(?:《[^》]*》[^；（第]*)?)(?:（(?P<version>[^（）]*)）)?"
    rf"(?P<articles>第{_NUMBER}条(?:[至、]第{_NUMBER}条)*)(?: (?P<heading>[^；]*))?"
)


def english(item: str) -> str:
    """An item or a label in English, part by part (``甲方·地址``); one that has no English name, in quotes."""
    return " · ".join(_label(part) or f"“{part}”" for part in item.split("·"))


def item_name(item: str) -> str:
    """An item in the current language, part by part; a name that has no English stays as it is."""
    return item if language() == "zh" else " · ".join(_label(part) or part for part in item.split("·"))


def _label(part: str) -> str | None:
    return ITEM.get(part) or label_in_english(part)


def name_of(finding: Finding) -> str:
    """What a finding is about, in the language of its run, or in the current one where the item is a known name."""
    return finding.title or item_name(finding.item)


def in_english(told: str) -> str:
    """An English sentence with its sums of money and roles in English too; what it quotes stays as it is."""
    return "".join(
        part if part.startswith("“") else _ROLE.sub(lambda m: ITEM[m[0]], _money(part)) for part in _QUOTED.split(told)
    )


def value_name(value: str) -> str:
    """A value in the current language."""
    return value if language() == "zh" else value_in_english(value)


def value_in_english(value: str) -> str:
    """A value with what rules wrote in it in English: names, sums, terms, rates. What a document says stays."""
    parts = _BETWEEN.split(value)
    told = [_SAID[part] if at % 2 else _part_in_english(part) for at, part in enumerate(parts)]
    by_rules = told[::2] != parts[::2] or not _RULES_OWN.isdisjoint(parts)
    return "".join(told) if by_rules else value


def _part_in_english(part: str) -> str:
    name, space, figure = part.partition(" ")
    if space and part not in ITEM:
        return f"{_label(name) or name} {_figure(figure)}"
    if place := _PLACE.fullmatch(part):
        kind, number = place.lastgroup or "", place[place.lastgroup or 0]
        return f"{kind} {number if number.isdigit() else parse_han_number(number) or number}"
    return _label(part) or period_name(part) or _figure(part)


def period_name(period: str) -> str | None:
    """A period as reports have it (``2025年第一季度``) in the current language; None for anything else."""
    match = _WHEN.fullmatch(period)
    if match is None or language() == "zh":
        return period if match else None
    if match["month"]:
        told = f"{match['year']}-{int(match['month']):02d}"
    elif match["quarter"]:
        told = f"Q{'一二三四'.index(match['quarter']) + 1} {match['year']}"
    else:
        told = f"{'end of ' if match['end'] else _PARTS.get(match['part'], '')}{match['year']}"
    return told + (" (forecast)" if match["forecast"] else "")


def _figure(part: str) -> str:
    """A sum, a term or a rate in English; anything else as it is."""
    told = _FORM.sub(lambda m: _FORMS[m[0]], part)
    told = _TIMES.sub(r"\1×", told)
    told = _PER.sub(lambda m: f" per {_MEASURES[m[1]]}", _PERIOD.sub(_period, _money(told)))
    return part if _HAN.search(told) else told


def _money(text: str) -> str:
    return _MONEY.sub(_sum, text)


def _sum(match: re.Match[str]) -> str:
    times, scale = _SCALES[match[2] or ""]
    worth = Decimal(match[1].replace(",", "")) * times
    return f"{_CURRENCIES[match[3]]} {worth.normalize() if match[2] else worth:,f}{scale}"


def _period(match: re.Match[str]) -> str:
    count = match[1] if match[1][0].isdigit() else str(parse_han_number(match[1]) or match[1])
    if match[2] == "年" and len(count) == 4:  # 2025年 is no term
        return count
    return f"{count} {_UNITS[match[2]]}{'s' * (count != '1')}"


def law_name(basis: str) -> str:
    """Citations as lawyers write them, in the current language: ``民法典（2020）第585条 违约金`` is
    ``《民法典》第585条（违约金）`` and ``Civil Code, art. 585``. What has another form stays as it is."""
    return str(Text("；", "; ")).join(_cited(one.strip()) for one in basis.split("；"))


def _cited(one: str) -> str:
    match = _CITED.fullmatch(one)
    if match is None or (one.startswith("《") and language() == "zh"):
        return one
    law, version = match["law"], match["version"] or ""
    version = "" if (law, version) == ("民法典", "2020") else version  # there is no other
    articles = re.sub(rf"第({_NUMBER})条", _arabic, match["articles"])
    if language() == "zh":
        heading = f"（{match['heading']}）" if match["heading"] else ""
        quoted = law.replace("《", "〈").replace("》", "〉")
        return f"《{quoted}》{f'（{version}）' if version else ''}{articles}{heading}"
    year = re.match(r"\d{4}", version)
    law = law.strip("《》").removeprefix("中华人民共和国")
    numbers = (" to " if "至" in articles else ", ").join(re.findall(r"\d+", articles))
    return f"{_LAWS[law]}{f' ({year[0]})' if year else ''}, art. {numbers}" if law in _LAWS else one


def _arabic(match: re.Match[str]) -> str:
    number = match[1] if match[1].isdigit() else parse_han_number(match[1])
    return f"第{number or match[1]}条"
