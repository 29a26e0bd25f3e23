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
    "pack": Text("审查清单", "Checklist"),
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
    "failed_partly": Text(
        "这份文件没有审完。以下只是规则与已得到的回答的结果：没有列出的不等于没有问题。按下述办法处理后重新运行即可，"
        "已完成的部分不会重做。",
        "This document was not examined to the end. What follows is from the rules and the answers there were: what is "
        "not listed may still be there. Follow the remedy and run again: what is done is not done again.",
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
    "minor_absences": Text("另有 {} 项缺失级别为低，见各文件的报告。", "{} absences of low weight are in the reports."),
    "masked": Text(
        "身份证号、电话与银行账号已打码，完整内容见各文件的报告。",
        "Identity numbers, telephone numbers and bank accounts are masked; the reports have them in full.",
    ),
    "colon": Text("：", ": "),
    "comma": Text("、", ", "),
    # two versions
    "diff_title": Text("版本比对", "Comparison of versions"),
    "diff_before": Text("旧版", "Before"),
    "diff_after": Text("新版", "After"),
    "diff_changed": Text("改动", "Changed"),
    "diff_moved": Text("移动", "Moved"),
    "diff_added": Text("新增", "Added"),
    "diff_removed": Text("删除", "Removed"),
    "diff_weighty": Text("要紧的改动", "Changes of weight"),
    "diff_weighty_lead": Text(
        "改到了数字、否定词、权利义务、当事人、款项、管辖、条件、时间或范围，或者只动了标点的地方。“细微”指一长句里只动了几个字，最易漏看。",
        "Where a figure, a negation, a right or duty, a party, a payment, the forum, a condition, a time or a scope "
        "changed, or nothing but punctuation. "
        "“Slight”: a few characters in a long sentence, easily overlooked.",
    ),
    "diff_small": Text("细微", "slight"),
    "diff_kind": Text("改到什么", "What kind"),
    "diff_words": Text("改动的文字", "Words"),
    "diff_clauses": Text("逐条改动", "Clause by clause"),
    "diff_head": Text("首部", "Head"),
    "diff_renumbered": Text("另有 {} 处只改了条款编号。", "{} more lines have only another clause number."),
    "diff_findings": Text("发现的变化", "Findings"),
    "diff_new": Text("新出现的发现", "New findings"),
    "diff_changed_findings": Text("有变化的发现", "Changed findings"),
    "diff_resolved": Text("不再出现的发现", "Resolved findings"),
    "diff_none": Text("没有。", "None."),
    "diff_no_text": Text(
        "数据库不保存原文：按编号比对时只比较发现，不比较条款。请改用两个文件的路径。",
        "The database keeps no documents: by number only findings are compared. Name the two files to compare clauses.",
    ),
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
    "ReadError": Text("读不了这个文件", "The file can't be read"),
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


def in_words(table: Mapping[str, Text], code: str) -> str:
    """A code of one of these tables in the current language; one that is not there stays as it is."""
    text = table.get(code)
    return str(text) if text else code


def type_name(pack: str) -> str:
    """The type of contract that a checklist is for, in the current language."""
    return in_words(TYPE, pack.partition("@")[0])


def pack_name(pack: str) -> str:
    """``采购@2`` in the current language; also a type without a version, as older analyses have it."""
    version = pack.partition("@")[2]
    return f"{type_name(pack)} v{version}" if version else type_name(pack)
