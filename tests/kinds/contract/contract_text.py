"""Documents from plain text, and a short clean contract to plant things in."""

from __future__ import annotations

from pipeline.kinds.contract.rules import findings_in
from pipeline.types import Document, Finding, Page, Span

CLEAN = """采购合同
合同编号：TJ-2026-018
甲方（买方）：天津渤海造纸有限公司
住所：天津市滨海新区新港路9号
乙方（卖方）：唐山冀东泵业有限公司
住所：河北省唐山市丰南区运河路21号
第一条 标的与价款
1.1 乙方向甲方供应纸浆泵6台。
1.2 合同总价为人民币900,000元（大写：玖拾万元整），含13%增值税。
第二条 付款
2.1 合同签订后十日内，甲方支付合同总价的30%。
2.2 验收合格后三十日内，甲方支付合同总价的65%。
2.3 质量保证期届满后十日内，甲方支付合同总价的5%。
第三条 交货
3.1 乙方应于2026年9月30日前交货，质量保证期为十二个月。
第四条 违约责任
4.1 乙方逾期交货的，每逾期一日按合同总价的0.05%支付违约金。
4.2 甲方逾期付款的，按本合同第4.1条的标准支付违约金。
第五条 争议解决
5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。
第六条 其他
6.1 合同附件：附件一《技术规格书》、附件二《备件清单》。
6.2 技术要求见附件一。
6.3 本合同自双方盖章之日起生效，一式两份。
甲方（盖章）：天津渤海造纸有限公司
乙方（盖章）：唐山冀东泵业有限公司
签订日期：2026年6月18日
"""


def document(text: str) -> Document:
    pages = (Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium"),)
    return Document("0" * 64, "test.pdf", "", text, pages)


def found(text: str, category: str) -> list[tuple[str, str]]:
    """(item, value) of the findings of one category."""
    return [(f.item, f.value) for f in findings_in(document(text)) if f.category == category]


def checks(text: str) -> list[Finding]:
    return [f for f in findings_in(document(text)) if f.category == "checks"]


def with_clause(clause: str, *, instead_of: str = "") -> str:
    """The clean contract with ``clause`` as 6.4, or in place of a passage of it."""
    if instead_of:
        assert CLEAN.count(instead_of) == 1, instead_of
        return CLEAN.replace(instead_of, clause)
    return CLEAN.replace("6.3 本合同自", f"{clause}\n6.3 本合同自")
