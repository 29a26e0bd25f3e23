"""Every word of the reports that does not come from a document, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.lang import Text

WORDS: Mapping[str, Text] = {
    # one document
    "contract_report": Text("合同审查报告", "Contract review"),
    "report_report": Text("报告分析", "Report analysis"),
    "failure_report": Text("未能完成的分析", "Analysis not completed"),
    "file": Text("文件", "File"),
    "pages": Text("页数", "Pages"),
    "characters": Text("字数", "Characters"),
    "finished": Text("完成时间", "Finished"),
    "reviewed_for": Text("审查立场", "Reviewed for"),
    "contents": Text("目录", "Contents"),
    "skip": Text("跳到正文", "Skip to the report"),
    "rules_only": Text("仅规则", "Rules only"),
    "rules_only_long": Text(
        "本报告没有使用语言模型：只含规则抽取与核对的结果，不含需要理解的判断，没有列出的风险不等于不存在。",
        "No language model was used: this report holds only what rules extract and check. "
        "It makes no judgement that needs understanding, and a risk it does not list may still be there.",
    ),
    "rules_only_some": Text(
        "标注“仅规则”的文件没有使用语言模型：只含规则抽取与核对的结果，没有列出的风险不等于不存在。",
        "Documents marked “Rules only” were read without a language model: only what rules extract and check is "
        "listed, and a risk that is not listed may still be there.",
    ),
    "summary": Text("摘要", "Summary"),
    "no_summary": Text("这次没有生成文字摘要。要点如下。", "No prose summary was generated. The key points:"),
    "key_facts": Text("要点", "Key facts"),
    "verdict": Text("结论", "Verdict"),
    "high": Text("高风险", "High risk"),
    "medium": Text("中风险", "Medium risk"),
    "low": Text("低风险", "Low risk"),
    "info": Text("提示", "Note"),
    "conflicts": Text("矛盾", "Conflicts"),
    "absences": Text("缺失", "Absent"),
    "ungrounded": Text("无依据", "Ungrounded"),
    "unread": Text("未读页", "Unread pages"),
    "issues": Text("需要处理的问题", "Issues"),
    "no_issues": Text("没有发现需要处理的问题。", "No issue was found."),
    "filter": Text("筛选", "Filter"),
    "filter_text": Text("查找文字", "Find text"),
    "filter_none": Text("没有符合筛选的条目。", "Nothing matches the filter."),
    "suggestion": Text("建议", "Suggestion"),
    "legal_basis": Text("依据", "Legal basis"),
    "issues_short": Text("问题", "Issues"),
    "number": Text("发现编号", "Finding no."),
    "page": Text("第 {} 页", "p. {}"),
    "more_places": Text("另有 {} 处：", "{} more: "),
    "see_absent": Text("见“缺失的内容”", "see “What is absent”"),
    "absent_title": Text("缺失的内容", "What is absent"),
    "absent_lead": Text(
        "以下内容在已读的全文中没有找到。没有引文可列，依据是读过的范围。",
        "Nothing of the following was found in all that was read. An absence has no quote: its proof is what was read.",
    ),
    "nothing_absent": Text("没有发现缺失的必备内容。", "No essential content was found to be absent."),
    "what": Text("内容", "What"),
    "level": Text("级别", "Level"),
    "why": Text("说明", "Why"),
    "ungrounded_title": Text("没有原文依据的内容", "Ungrounded statements"),
    "ungrounded_lead": Text(
        "以下内容附有引文，但引文在原文里找不到。不计入结论，也不能作为依据；请人工核对后再决定是否采用。",
        "The quotes given for these statements do not stand in the document. They are not counted in the verdict and "
        "prove nothing: check each against the document before using it.",
    ),
    "no_quote": Text("没有给出引文。", "No quote was given."),
    "facts": Text("事实", "Facts"),
    "no_facts": Text("没有抽取到事实。", "No fact was extracted."),
    "item": Text("名目", "Item"),
    "value": Text("内容", "Value"),
    "quote": Text("原文", "Source text"),
    "plan": Text("方案、引擎与用量", "Plan, engine and cost"),
    "engine": Text("引擎", "Engine"),
    "engine_reason": Text("为何用它", "Why this engine"),
    "model": Text("模型", "Model"),
    "none": Text("无", "none"),
    "strategy": Text("策略", "Strategy"),
    "strategy_reason": Text("为何如此", "Why this strategy"),
    "pack": Text("类型", "Type"),
    "chunks": Text("分段", "Parts"),
    "requests": Text("请求", "Requests"),
    "prompt_tokens": Text("提示 token", "Prompt tokens"),
    "cached": Text("其中缓存命中", "of which cached"),
    "completion_tokens": Text("生成 token", "Generated tokens"),
    "seconds": Text("用时", "Time"),
    "document_id": Text("文件指纹 SHA-256", "File SHA-256"),
    "analysis_id": Text("分析编号", "Analysis no."),
    "run_id": Text("运行编号", "Run"),
    "notes": Text("可信范围", "Limits of trust"),
    "note_proof": Text(
        "每条引文都在原文中逐一定位。“逐字一致”与原文完全相同；“规范化后一致”仅空白、标点、全半角等写法不同；“近似”与原文有出入，"
        "请对照原件；“未找到”的内容单列，不计入结论。",
        "Every quote was looked up in the document. “Verbatim” is the very same text; “normalised” differs in spacing, "
        "punctuation or character width only; “similar” differs from the text: compare it with the original; what was "
        "“not found” is listed apart and not counted.",
    ),
    "note_rules": Text(
        "来源为“规则”的条目由程序计算得出，同样的文件总得到同样的结果；来源为“模型”的条目由语言模型给出，"
        "可能有误或遗漏。",
        "What comes from rules was computed and is the same every time. What comes from the model may be wrong, or "
        "incomplete.",
    ),
    "note_rules_only": Text(
        "所有条目都由程序规则得出，同样的文件总得到同样的结果；规则没有覆盖的内容不会出现在这里。",
        "All of it was computed by rules and is the same every time; what no rule covers does not appear here.",
    ),
    "note_advice": Text(
        "本报告由程序生成，供专业人员复核，不构成法律或投资意见。",
        "This report was made by a program for review by professionals. It is neither legal nor investment advice.",
    ),
    "unread_pages": Text("未读到文字的页：{}", "Pages that gave no text: {}"),
    "failed": Text("失败", "Failed"),
    "done": Text("完成", "Done"),
    "cause": Text("原因与处理办法", "Cause and remedy"),
    "failed_lead": Text(
        "这份文件没有分析结果。按下面的办法处理后重新运行即可；已完成的部分不会重做。",
        "There is no result for this document. Follow the remedy and run again: what is done is not done again.",
    ),
    "page_picture": Text("第 {} 页原件图像，引文处有标记", "Picture of page {} with the quote marked"),
    "whole_page": Text("打开整页图像", "Open the whole page"),
    "picture_lacks": Text("页面图像不在这份报告旁边", "The page's picture does not lie beside this report"),
    "rejected_title": Text("已驳回的发现", "Rejected findings"),
    "rejected_lead": Text(
        "以下发现经人工判断不成立：留存备查，不计入结论。",
        "A person decided that these do not hold. They are kept for the record and counted nowhere.",
    ),
    # the batch
    "index_title": Text("分析总览", "Overview"),
    "documents": Text("文件", "Documents"),
    "document": Text("文件", "Document"),
    "kind": Text("种类", "Kind"),
    "findings": Text("发现", "Findings"),
    "failures": Text("失败的文件", "Documents that failed"),
    "all_documents": Text("全部文件", "All documents"),
    "no_documents": Text("这一批没有文件。", "There is no document in this batch."),
    "period": Text("时间", "Period"),
    # the digest
    "digest_title": Text("分析简报", "Digest"),
    "digest_nothing": Text("这段时间没有新的分析。", "Nothing new was analysed in this period."),
    "since_start": Text("开始使用以来", "since the beginning"),
    "new_documents": Text("新分析的文件", "New documents"),
    "high_risks": Text("高风险", "High risks"),
    "no_high_risks": Text("没有高风险。", "No high risk."),
    "other_conflicts": Text("其他矛盾之处", "Other conflicts"),
    "no_other_conflicts": Text("没有其他矛盾。", "No other conflict."),
    "absent_clauses": Text("缺失的条款", "Absent clauses"),
    "no_absent_clauses": Text("没有发现缺失的条款。", "No absent clause."),
    "masked": Text(
        "身份证号、电话与银行账号已打码，完整内容见各文件的报告。",
        "Identity numbers, telephone numbers and bank accounts are masked; the reports have them in full.",
    ),
    "colon": Text("：", ": "),
    # exports
    "evidence": Text("证据", "Evidence"),
    "detail": Text("说明", "Detail"),
    "category": Text("类别", "Category"),
    "status": Text("状态", "Status"),
    "source": Text("来源", "Source"),
    "grounded": Text("有原文依据", "Grounded"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "title": Text("标题", "Title"),
    "side": Text("立场", "Side"),
    "error": Text("错误", "Error"),
    "notes_short": Text("备注", "Notes"),
    "place": Text("页", "Page"),
    "section": Text("章节", "Section"),
    "match_kind": Text("比对", "Match"),
    "start": Text("起", "Start"),
    "end": Text("止", "End"),
    # decisions in sheets
    "mark": Text("校验", "Check"),
    "decision": Text("决定", "Decision"),
    "decision_note": Text("决定说明", "Decision note"),
    "decided_by": Text("决定人", "Decided by"),
    "decided_at": Text("决定时间", "Decided at"),
    "decision_id": Text("决定编号", "Decision no."),
    "new_value": Text("改后内容", "New value"),
    "new_severity": Text("改后级别", "New level"),
    "new_detail": Text("改后说明", "New detail"),
    "new_suggestion": Text("改后建议", "New suggestion"),
}

CATEGORY: Mapping[str, Text] = {
    "parties": Text("当事人", "Parties"),
    "basics": Text("基本信息", "Basics"),
    "money": Text("金额", "Money"),
    "payment": Text("付款", "Payment"),
    "delivery": Text("交付与验收", "Delivery and acceptance"),
    "liability": Text("违约与解除", "Liability and termination"),
    "disputes": Text("争议与其他", "Disputes and general"),
    "risks": Text("风险", "Risk"),
    "checks": Text("核对", "Check"),
    "clauses": Text("审查清单", "Checklist"),
    "metrics": Text("关键指标", "Key metrics"),
    "changes": Text("变动与原因", "Changes and causes"),
    "outlook": Text("展望", "Outlook"),
    "profile": Text("概况", "Profile"),
}
SEVERITY: Mapping[str, Text] = {
    "high": Text("高", "High"),
    "medium": Text("中", "Medium"),
    "low": Text("低", "Low"),
    "info": Text("提示", "Note"),
}
STATUS: Mapping[str, Text] = {
    "present": Text("已载明", "Stated"),
    "absent": Text("缺失", "Absent"),
    "unclear": Text("不明确", "Unclear"),
    "conflict": Text("矛盾", "Conflict"),
}
RULING: Mapping[str, Text] = {
    "accept": Text("已采纳", "Accepted"),
    "reject": Text("已驳回", "Rejected"),
    "edit": Text("已修改", "Edited"),
}
CHOICE: Mapping[str, Text] = {
    "accept": Text("采纳", "accept"),
    "reject": Text("驳回", "reject"),
    "edit": Text("修改", "edit"),
}
"""What is chosen in a sheet."""
SOURCE: Mapping[str, Text] = {"llm": Text("模型", "Model"), "rule": Text("规则", "Rule")}
MATCH: Mapping[str, Text] = {
    "exact": Text("逐字一致", "verbatim"),
    "normalized": Text("规范化后一致", "normalised"),
    "fuzzy": Text("近似，请对照原件", "similar: compare with the original"),
    "none": Text("原文中未找到", "not found in the document"),
}
KIND: Mapping[str, Text] = {
    "contract": Text("合同", "Contract"),
    "report": Text("报告", "Report"),
    "auto": Text("未定", "undecided"),
}
STRATEGY: Mapping[str, Text] = {
    "whole": Text("整篇", "Whole document"),
    "map-reduce": Text("分段再合并", "Map-reduce"),
    "rules": Text("仅规则", "Rules only"),
}
ERROR: Mapping[str, Text] = {
    "InputError": Text("打不开这个路径", "The path can't be opened"),
    "ReadError": Text("读不了这个 PDF", "The PDF can't be read"),
    "NoTextError": Text("没有可读的文字", "There is no text to read"),
    "PromptTooLongError": Text("超出模型的上下文", "Too long for the model's context"),
    "CutAnswerError": Text("模型的回答被截断", "The model's answer was cut"),
    "BadAnswerError": Text("模型的回答不合格式", "The model's answer is not as asked for"),
    "RequestError": Text("引擎拒绝或丢失了请求", "The engine refused or lost a request"),
    "EngineError": Text("引擎不可用", "The engine is out of reach"),
    "SettingsError": Text("设置不可用", "A setting can't be used"),
}
TYPE: Mapping[str, Text] = {
    "采购": Text("采购", "Procurement"),
    "技术服务": Text("技术服务", "Technical services"),
    "房屋租赁": Text("房屋租赁", "Lease"),
    "保密": Text("保密", "Confidentiality"),
    "借款": Text("借款", "Loan"),
    "劳动": Text("劳动", "Employment"),
    "建设工程": Text("建设工程", "Construction"),
    "软件许可": Text("软件许可", "Software licence"),
    "股权转让": Text("股权转让", "Share transfer"),
    "委托加工": Text("委托加工", "Contract manufacturing"),
    "框架协议": Text("框架协议", "Framework agreement"),
    "通用": Text("通用", "General"),
    "其他": Text("其他", "Other"),
}
ITEM: Mapping[str, Text] = {
    zh: Text(zh, en)
    for zh, en in {
        "大小写金额不一致": "Amount in words differs from figures",
        "付款比例合计不为100%": "Payment shares don't add up to 100%",
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
    }.items()
}
"""The items that rules give, told in English beside the Chinese of the document."""


def in_words(table: Mapping[str, Text], code: str) -> str:
    """A code of one of these tables in the current language; one that is not there stays as it is."""
    text = table.get(code)
    return str(text) if text else code


def pack_name(pack: str) -> str:
    """``采购@2`` in the current language; also a type without a version, as older analyses have it."""
    name, at, version = pack.partition("@")
    return in_words(TYPE, name) + at + version


def item_name(item: str) -> str:
    """An item in the current language, part by part (``甲方·地址``)."""
    return "·".join(in_words(ITEM, part) for part in item.split("·"))
