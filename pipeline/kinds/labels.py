"""What contracts call their sums and reports their figures, in English.

Statement lines have names of their own; the label of a sum is put together from words that lawyers know one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LINES: Mapping[str, str] = {
    "营业总收入": "Total revenue",
    "主营业务收入": "Revenue from main business",
    "其他业务收入": "Other operating revenue",
    "利息收入": "Interest income",
    "营业总成本": "Total operating costs",
    "主营业务成本": "Cost of main business",
    "税金及附加": "Taxes and surcharges",
    "其他收益": "Other income",
    "投资收益": "Investment income",
    "公允价值变动收益": "Fair value gains",
    "信用减值损失": "Credit impairment losses",
    "资产减值损失": "Asset impairment losses",
    "资产处置收益": "Gains on disposal of assets",
    "营业外收入": "Non-operating income",
    "营业外支出": "Non-operating expenses",
    "利润总额": "Profit before tax",
    "所得税费用": "Income tax",
    "少数股东损益": "Profit attributable to minority interests",
    "毛利": "Gross profit",
    "期间费用": "Period expenses",
    "期间费用合计": "Total period expenses",
    "研发投入": "R&D spending",
    "现金分红": "Cash dividend",
    "新签合同额": "New contracts signed",
    "在手订单": "Order backlog",
    "归母净资产": "Net assets attributable to the parent",
    "归属于上市公司股东的扣除非经常性损益后的净利润": "Net profit to shareholders excl. non-recurring items",
    "归属于母公司所有者的净利润": "Net profit attributable to the parent",
    "扣非归母净利润": "Net profit to the parent excl. non-recurring items",
    "扣非每股收益": "Earnings per share excl. non-recurring items",
    "扣非净资产收益率": "Return on equity excl. non-recurring items",
    "扣除非经常性损益后的基本每股收益": "Basic earnings per share excl. non-recurring items",
    "扣除非经常性损益后的加权平均净资产收益率": "Weighted return on equity excl. non-recurring items",
    "经营现金流": "Cash flow from operations",
    "投资现金流": "Cash flow from investing",
    "筹资现金流": "Cash flow from financing",
    "经营活动现金流量净额": "Net cash from operations",
    "投资活动产生的现金流量净额": "Net cash from investing",
    "投资活动现金流量净额": "Net cash from investing",
    "筹资活动产生的现金流量净额": "Net cash from financing",
    "筹资活动现金流量净额": "Net cash from financing",
    "稀释每股收益": "Diluted earnings per share",
    "每股净资产": "Net assets per share",
    "每股经营现金流": "Operating cash flow per share",
    "综合毛利率": "Overall gross margin",
    "主营业务毛利率": "Gross margin of main business",
    "净利率": "Net margin",
    "销售费用率": "Selling expense ratio",
    "管理费用率": "Administrative expense ratio",
    "研发费用率": "R&D expense ratio",
    "财务费用率": "Finance cost ratio",
    "期间费用率": "Period expense ratio",
    "总资产收益率": "Return on assets",
    "流动比率": "Current ratio",
    "速动比率": "Quick ratio",
    "市净率": "Price-to-book ratio",
    "交易性金融资产": "Financial assets held for trading",
    "应收票据": "Notes receivable",
    "应收账款": "Accounts receivable",
    "应收款项融资": "Receivables financing",
    "预付款项": "Prepayments",
    "其他应收款": "Other receivables",
    "存货": "Inventories",
    "合同资产": "Contract assets",
    "其他流动资产": "Other current assets",
    "流动资产合计": "Total current assets",
    "长期股权投资": "Long-term equity investments",
    "投资性房地产": "Investment property",
    "固定资产": "Fixed assets",
    "在建工程": "Construction in progress",
    "使用权资产": "Right-of-use assets",
    "无形资产": "Intangible assets",
    "开发支出": "Development costs",
    "商誉": "Goodwill",
    "长期待摊费用": "Long-term deferred expenses",
    "递延所得税资产": "Deferred tax assets",
    "其他非流动资产": "Other non-current assets",
    "非流动资产合计": "Total non-current assets",
    "资产合计": "Total assets",
    "短期借款": "Short-term loans",
    "应付票据": "Notes payable",
    "应付账款": "Accounts payable",
    "预收款项": "Advances received",
    "合同负债": "Contract liabilities",
    "应付职工薪酬": "Employee benefits payable",
    "应交税费": "Taxes payable",
    "其他应付款": "Other payables",
    "流动负债合计": "Total current liabilities",
    "长期借款": "Long-term loans",
    "应付债券": "Bonds payable",
    "租赁负债": "Lease liabilities",
    "递延收益": "Deferred income",
    "递延所得税负债": "Deferred tax liabilities",
    "非流动负债合计": "Total non-current liabilities",
    "负债合计": "Total liabilities",
    "总负债": "Total liabilities",
    "股本": "Share capital",
    "实收资本": "Paid-in capital",
    "资本公积": "Capital reserve",
    "盈余公积": "Surplus reserve",
    "未分配利润": "Retained earnings",
    "归属于母公司所有者权益合计": "Total equity attributable to the parent",
    "少数股东权益": "Minority interests",
    "所有者权益合计": "Total equity",
    "股东权益合计": "Total equity",
    "负债和权益总计": "Total liabilities and equity",
    "负债和所有者权益总计": "Total liabilities and equity",
    "负债和股东权益总计": "Total liabilities and equity",
    "证券代码": "Stock code",
    "证券简称": "Stock name",
}
"""Lines of Chinese financial statements (企业会计准则) and the figures of annual reports."""

_BEFORE: Mapping[str, str] = {
    "预计": "estimated", "暂定": "provisional", "固定": "fixed", "实际": "actual", "最高": "maximum",
    "最低": "minimum", "基本": "basic", "总": "total", "首期": "first", "首": "first", "首次": "first",
    "末期": "last", "剩余": "remaining", "每月": "monthly", "月": "monthly", "每年": "annual", "年": "annual",
    "年度": "annual", "季": "quarterly", "每季": "quarterly", "每日": "daily", "日": "daily", "含税": "tax-inclusive",
    "不含税": "tax-exclusive", "试用期": "probation", "岗位": "post", "绩效": "performance", "人工": "labour",
    "劳务": "labour services", "合同": "contract", "协议": "agreement", "订单": "order", "采购": "purchase",
    "服务": "service", "租赁": "lease", "工程": "works", "设备": "equipment", "材料": "material", "技术": "technical",
    "咨询": "consulting", "顾问": "advisory", "许可": "licence", "许可使用": "licence", "授权": "authorisation",
    "使用": "use", "维护": "maintenance", "运维": "operation and maintenance", "培训": "training",
    "实施": "implementation", "开发": "development", "设计": "design", "监理": "supervision", "管理": "management",
    "运输": "transport", "安装": "installation", "调试": "commissioning", "加工": "processing", "保管": "custody",
    "仓储": "storage", "代理": "agency", "中介": "brokerage", "律师": "lawyers'", "仲裁": "arbitration",
    "诉讼": "litigation", "检测": "testing", "承揽": "contract work", "施工": "construction", "物业": "property",
    "物业服务": "property service", "物业管理": "property management", "保险": "insurance", "投资": "investment",
    "股权": "equity", "股份": "share", "资产": "asset", "转让": "transfer", "股权转让": "equity transfer",
    "付款": "payment", "进度": "progress", "到货": "arrival", "发货": "shipment", "验收": "acceptance",
    "初验": "initial acceptance", "终验": "final acceptance", "质保": "warranty", "质量": "quality",
    "履约": "performance", "投标": "bid", "预付": "advance", "借": "loan", "贷": "loan", "借款": "loan",
    "贷款": "loan", "货": "goods", "赔偿": "compensation", "责任": "liability", "违约": "default",
    "补偿": "compensation", "经济": "economic", "安全文明施工": "safe construction", "增值税": "VAT",
    "加班": "overtime", "劳动": "labour", "签约": "signed", "保密": "confidentiality", "房屋": "housing",
    "装修": "fitting-out", "水电": "utilities", "交通": "transport", "通讯": "telephone", "餐饮": "meal",
    "住宿": "accommodation", "差旅": "travel",
}  # fmt: skip
_HEADS: Mapping[str, str] = {
    "金额": "amount", "数额": "amount", "额": "amount", "总额": "total", "合计": "total", "总计": "total",
    "价": "price", "价格": "price", "价款": "price", "单价": "unit price", "总价": "total price",
    "总价款": "total price", "造价": "cost", "费": "fee", "费用": "fees", "款": "payment", "款项": "payment",
    "余款": "balance", "尾款": "final payment", "定金": "deposit", "订金": "down payment", "押金": "security deposit",
    "保证金": "security", "担保": "security", "租金": "rent", "工资": "pay", "津贴": "allowance", "补贴": "allowance",
    "奖金": "bonus", "报酬": "remuneration", "薪酬": "pay", "税额": "tax", "税款": "tax", "税": "tax",
    "本金": "principal", "合价": "line total", "总价格": "total price", "责任": "liability",
    "不含税": "amount excl. tax", "利息": "interest", "违约金": "penalty", "限额": "limit", "上限": "limit",
    "标准": "rate",
    "金": "payment", "佣金": "commission", "出资额": "capital contribution", "注册资本": "registered capital",
    "损失": "loss", "分成": "share", "收入": "income", "运价": "freight rate", "运费": "freight",
    "货款": "price of goods", "保额": "sum insured", "补偿": "compensation", "补偿金": "compensation",
    "赔偿": "compensation", "赔偿金": "damages", "罚金": "fine", "借款": "loan", "贷款": "loan",
    "价税合计": "total incl. tax", "暂列金额": "provisional sum", "质保金": "retention money",
    "质量保证金": "retention money", "质保款": "retention money", "履约保证金": "performance bond",
    "保险金额": "sum insured", "投保金额": "sum insured", "增值税额": "VAT", "增值税税额": "VAT", "增值税款": "VAT",
    "经济补偿": "severance pay", "劳动报酬": "pay", "预付款": "advance payment", "首付款": "first payment",
    "借款本金": "principal of the loan",
}  # fmt: skip
"""What a label may end with; one that stands in front of another is told as it is."""


def _one_of(words: Mapping[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_LABEL = re.compile(f"(?:{_one_of({**_BEFORE, **_HEADS})})*?(?:{_one_of(_HEADS)})")
_WORD = re.compile(f"(?P<head>(?:{_one_of(_HEADS)})$)|(?P<word>{_one_of({**_BEFORE, **_HEADS})})")


def label_in_english(label: str) -> str | None:
    """A statement line, or a sum's label all of whose words are known; None for any other."""
    if label in LINES:
        return LINES[label]
    if not _LABEL.fullmatch(label):
        return None
    parts = list(_WORD.finditer(label))
    if "".join(m[0] for m in parts) != label:
        return None
    words = [_HEADS[m["head"]] if m["head"] else {**_HEADS, **_BEFORE}[m["word"]] for m in parts]
    return f"{words[0][0].upper()}{words[0][1:]} {' '.join(words[1:])}".strip()
