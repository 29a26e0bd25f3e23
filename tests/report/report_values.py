# ruff: noqa: E501
"""Analyses made by hand: every status, severity, source and match; a failure; a hostile one; a long one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.types import Analysis, DocumentInfo, Evidence, Finding, Span, StoredAnalysis

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""2026-03-02 12:00 in Shanghai."""


def cite(quote: str, page: int = 1, section: str = "", match: str = "exact") -> Evidence:
    if match == "none":
        return Evidence(quote, None, None, "none")
    return Evidence(quote, Span(page * 1000, page * 1000 + len(quote)), page, match, section)


def fact(category: str, item: str, value: str, quote: str, page: int = 1, section: str = "", **more: object) -> Finding:
    return Finding(category, item, value, "rule", (cite(quote, page, section),), **more)


def store(analysis: Analysis, id: int = 1, *, engine: str = "http", model: str = "Qwen3-14B-FP8",
          finished_at: datetime = NOON) -> StoredAnalysis:  # fmt: skip
    """As the database would give it back."""
    if engine == "rules":
        model = ""
    count = len(analysis.findings)
    return StoredAnalysis(
        id=id,
        run_id="20260302-040000-5f0c9a1e",
        engine=engine,
        engine_reason="设置了 base_url，服务器可达" if engine == "http" else "没有 GPU，也没有设置模型",
        model=model,
        finished_at=finished_at,
        analysis=analysis,
        finding_ids=tuple(range(id * 1000 + 1, id * 1000 + 1 + count)),
    )


def document(filename: str, **more: object) -> DocumentInfo:
    return DocumentInfo(hashlib.sha256(filename.encode()).hexdigest(), filename, **more)


PURCHASE = Analysis(
    document=document(
        "01_设备采购合同.pdf", title="设备采购合同", pages=12, characters=18_432, tokens=10_870,
        health={"text": 11, "scan": 1}, unread_pages=(12,),
    ),
    fingerprint="f" * 64,
    kind="contract",
    pack="采购",
    strategy="map-reduce",
    strategy_reason="正文 10,870 个 token，一次放不下（上下文 16,384，可放正文 9,200），按 8,000 分段",
    status="done",
    side="甲方",
    summary="甲方苏州恒拓精密科技有限公司向乙方无锡华岳数控装备有限公司采购六项数控设备，合同总价 252 万元，分四期支付。\n"
    "付款安排与总价之间存在多处不一致：大写金额与小写金额相差两万元，定金比例超过法定上限；逾期交货违约金未设上限，对乙方的约束与对甲方的约束不对等。",
    notes=("第 12 页没有读到文字，未参与分析",),
    chunks=2,
    requests=14,
    prompt_tokens=96_540,
    cached_tokens=68_200,
    completion_tokens=7_912,
    seconds=143.2,
    findings=(
        Finding(
            "checks", "大小写金额不一致", "2520000.00元", "rule",
            (cite("合同总价为人民币贰佰伍拾万元整（¥2,520,000.00）", 2, "第三条 合同价款"),
             cite("合计 2,520,000.00", 2, "第一条 标的物")),
            detail="大写“贰佰伍拾万元整”为 2,500,000.00 元，小写为 2,520,000.00 元，相差 20,000.00 元。",
            severity="high", status="conflict", suggestion="核实报价单后统一大小写，并注明以何者为准。",
        ),
        Finding(
            "checks", "定金超过20%", "30%", "rule",
            (cite("甲方应于本合同签订后5个工作日内向乙方支付合同总价30%的定金", 3, "第四条 付款方式"),),
            detail="定金 756,000.00 元为合同总价的 30%，超过部分不产生定金的效力。",
            severity="medium", status="conflict", suggestion="改为不超过合同总价的 20%，或把超出部分写明为预付款。",
            legal_basis="《中华人民共和国民法典》第五百八十六条",
        ),
        Finding(
            "risks", "逾期交货违约金没有上限", "", "llm",
            (cite("乙方逾期交货的，每逾期一日按合同总价的0.05%向甲方支付违约金", 5, "第八条 违约责任", "normalized"),),
            detail="违约金按日累计，未约定上限；但第 8.4 条又约定乙方责任以合同总价的 5% 为限，两处何者优先并不清楚。",
            severity="high", suggestion="明确第 8.4 条的责任上限不适用于逾期违约金，或单独约定上限为合同总价的 20%。",
        ),
        Finding(
            "risks", "验收期限过短，逾期视为合格", "", "llm",
            (cite("甲方应在到货后三日内完成验收，逾期未提出书面异议的，视为验收合格", 4, "第六条 验收", "fuzzy"),),
            detail="数控设备的安装调试通常需要两周以上，三日内无法发现性能缺陷。",
            severity="medium", suggestion="改为安装调试完成后 30 日内验收。",
        ),
        Finding(
            "checks", "空白未填", "质保期", "rule", (cite("质量保证期为验收合格之日起______个月", 4, "第七条 质量保证"),),
            detail="质保期没有填写。", severity="low", status="unclear", suggestion="填写质保期的月数。",
        ),
        Finding(
            "checks", "引用的附件不存在", "附件四", "rule", (cite("培训的课程、学时和考核办法见附件四", 6, "第九条 培训"),),
            detail="附件清单只有附件一至附件三。", severity="medium", status="conflict", suggestion="补上附件四，或改正引用。",
        ),
        Finding(
            "checks", "缺少必备条款", "争议解决", "rule", (),
            detail="已读第 1 至 11 页，没有找到约定仲裁或诉讼管辖的条款。", severity="high", status="absent",
            suggestion="增加争议解决条款，写明具体仲裁机构或有管辖权的人民法院，二者择一。",
            legal_basis="《中华人民共和国民法典》第四百七十条",
        ),
        Finding(
            "risks", "乙方可单方转让合同", "", "llm", (cite("乙方有权将本合同项下的全部权利义务转让给其关联方", match="none"),),
            detail="乙方可不经甲方同意转让合同。", severity="high", suggestion="增加须经甲方书面同意。",
        ),
        fact("parties", "甲方", "苏州恒拓精密科技有限公司", "甲方（买方）：苏州恒拓精密科技有限公司", 1, "合同首部"),
        fact("parties", "乙方", "无锡华岳数控装备有限公司", "乙方（卖方）：无锡华岳数控装备有限公司", 1, "合同首部"),
        fact("parties", "甲方·统一社会信用代码", "91320505MAK0QR455L", "统一社会信用代码：91320505MAK0QR455L", 1, "合同首部"),
        fact("parties", "甲方·地址", "江苏省苏州市虎丘区锦峰路188号3幢", "地址：江苏省苏州市虎丘区锦峰路188号3幢", 1, "合同首部"),
        fact("parties", "甲方·联系电话", "13812345678", "联系电话：13812345678", 1, "合同首部"),
        fact("parties", "乙方·银行账号", "6222021234567890123", "开户行：中国银行无锡分行，账号：6222021234567890123", 1, "合同首部"),
        fact("parties", "乙方·身份证号", "320211198803052417", "经办人身份证号：320211198803052417", 1, "合同首部"),
        fact("basics", "合同编号", "HT-CG-2026-0317", "合同编号：HT-CG-2026-0317", 1, "合同首部"),
        fact("basics", "签订日期", "2026-03-12", "签订日期：2026年3月12日", 1, "合同首部"),
        fact("basics", "合同期限", "12个月", "本合同有效期为十二个月，自双方签字盖章之日起算", 8, "第十二条 附则"),
        fact("money", "合同总价", "2520000.00元", "合同总价为人民币贰佰伍拾万元整（¥2,520,000.00）", 2, "第三条 合同价款"),
        fact("money", "税率", "13%", "上述价格含13%增值税", 2, "第三条 合同价款"),
        fact("payment", "付款节点", "40%", "设备到货验收合格后10日内支付合同总价的40%", 3, "第四条 付款方式", detail="到货款"),
        fact("liability", "违约金", "0.05%/日", "每逾期一日按合同总价的0.05%向甲方支付违约金", 5, "第八条 违约责任"),
        Finding("delivery", "交货地点", "甲方苏州工厂", "llm",
                (cite("交货地点：甲方苏州工厂", 4, "第五条 交货", "normalized"), cite("运至甲方苏州工厂", 4, "第五条 交货"),
                 cite("在甲方苏州工厂验收", 4), cite("苏州工厂", 6))),
        Finding("money", "保修金", "126000元", "llm", (cite("保修金为合同总价的百分之五即126000元", match="none"),)),
    ),
)  # fmt: skip

REPORT = Analysis(
    document=document("12_公司研究报告.pdf", title="深耕主业，盈利修复", pages=18, characters=22_000, tokens=13_000),
    fingerprint="e" * 64,
    kind="report",
    pack="",
    strategy="whole",
    strategy_reason="正文 13,000 个 token，一次放得下",
    status="done",
    summary="公司 2025 年收入与利润双增，毛利率修复。",
    requests=5,
    chunks=1,
    prompt_tokens=40_000,
    cached_tokens=30_000,
    completion_tokens=2_000,
    seconds=31.5,
    findings=(
        Finding("checks", "增长率与数据不符", "12.5%", "rule", (cite("营业收入同比增长12.5%", 3),),
                detail="按表内数据为 11.2%。", severity="medium", status="conflict"),
        fact("metrics", "营业收入", "1234.56万元", "营业收入1,234.56万元", 3, "二、经营情况", detail="2025年度"),
        fact("metrics", "净利润", "-98765.00万元", "净利润为-98,765.00万元", 3, "二、经营情况", detail="2025年度"),
    ),
)  # fmt: skip

CLEAN = Analysis(
    document=document("04_保密协议.pdf", title="保密协议", pages=3, characters=3_210, tokens=1_900),
    fingerprint="d" * 64,
    kind="contract",
    pack="保密",
    strategy="rules",
    strategy_reason="没有用模型",
    status="done",
    notes=("没有用模型：只有规则抽取与核对的结果，不含需要理解的判断",),
    seconds=0.03,
    findings=(fact("disputes", "争议解决", "仲裁：上海仲裁委员会", "提交上海仲裁委员会仲裁", 3, "第九条"),),
)

FAILED = Analysis(
    document=document("扫描件_旧合同.pdf"),
    fingerprint="c" * 64,
    kind="auto",
    pack="",
    strategy="",
    strategy_reason="",
    status="failed",
    error_type="NoTextError",
    error_message="扫描件_旧合同.pdf：12 页都没有文字层，且没有安装 OCR。请安装 longdoc[ocr] 后重跑",
    seconds=0.4,
)

MISSING = replace(
    FAILED,
    document=DocumentInfo(None, "../../etc/不存在.pdf"),
    fingerprint="",
    error_type="InputError",
    error_message="不存在.pdf：没有这个文件。请检查路径",
)

HOSTILE_TEXT = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'` javascript:alert(3) "
    "{{ 7*7 }} </style></title> \u202egnp.exe\u2066 \u200b零宽\ufeff \x00\x1b[31m \ud800 &amp; =cmd|' /C calc'!A0"
)
HOSTILE = Analysis(
    document=DocumentInfo("a" * 64, "../../../<b>x</b>\u202efdp.exe'\".pdf", title=HOSTILE_TEXT, pages=1, characters=10),
    fingerprint="b" * 64,
    kind=HOSTILE_TEXT,
    pack=HOSTILE_TEXT,
    strategy=HOSTILE_TEXT,
    strategy_reason=HOSTILE_TEXT,
    status="done",
    summary=HOSTILE_TEXT,
    notes=(HOSTILE_TEXT, "W" * 4000),
    findings=(*(
        Finding(
            category, HOSTILE_TEXT, HOSTILE_TEXT, "llm",
            (Evidence(HOSTILE_TEXT, None if match == "none" else Span(0, 9), 1, match, HOSTILE_TEXT),),
            detail=HOSTILE_TEXT, severity=severity, status=status, suggestion=HOSTILE_TEXT, legal_basis=HOSTILE_TEXT,
        )
        for category in ("risks", "money", HOSTILE_TEXT)
        for severity in ("high", "info")
        for status in ("present", "absent", "unclear", "conflict")
        for match in ("exact", "none")
    ), Finding("money", "长" * 3000, "9" * 4000, "rule", (cite("字" * 5000),), severity="low")),
)  # fmt: skip


def long_analysis(count: int = 500) -> Analysis:
    """As many findings, of the usual length, over all severities and categories."""
    severities, categories = ("high", "medium", "low", "info"), ("risks", "checks", "money", "delivery", "liability")
    return replace(
        PURCHASE,
        findings=tuple(
            Finding(
                categories[i % 5], f"第 {i} 项", f"{10000 + i}.00元", "llm" if i % 2 else "rule",
                (cite(f"乙方应于第{i}日前向甲方支付人民币{10000 + i:,}.00元，逾期按日万分之五支付违约金" * 2, i % 90 + 1, "第八条 违约责任"),),
                detail="付款期限与第四条不一致，可能导致甲方提前承担付款义务。" * 2,
                severity=severities[i % 4],
                status=("present", "conflict", "unclear")[i % 3],
                suggestion="建议改为“验收合格并收到等额增值税专用发票后 30 日内支付”。",
            )
            for i in range(count)
        ),
    )  # fmt: skip


def batch() -> list[StoredAnalysis]:
    return [
        store(PURCHASE, 1),
        store(REPORT, 2, finished_at=NOON + timedelta(minutes=3)),
        store(CLEAN, 3, engine="rules"),
        store(FAILED, 4),
        store(MISSING, 5),
    ]
