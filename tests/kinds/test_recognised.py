"""A conflict that rests on recognised text says that it may be misread; one of spelling alone is a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.examination import examine_alone
from pipeline.kinds.recognised import unsure
from pipeline.settings import load_settings
from pipeline.types import Box, Document, Finding, OcrLine, Page, Span

CONTRACT = """采购合同
甲方：厦门鹭港仓储服务有限公司
乙方：广州粤泓进出口贸易有限公司
第一条 标的
甲方向乙方采购叉车一台。
第二条 价款
合同总价为人民币壹拾万元整（¥100,001.00）。
第三条 送货
乙方应将叉车送至厦门鹭港仓务服务有限公司的仓库。
"""


def checks(recognised: str, confidence: float = 0.9) -> dict[str, Finding]:
    """The conflicts of names and sums by item, the lines that hold ``recognised`` having been read by OCR."""
    ends = [i for i, character in enumerate(CONTRACT) if character == "\n"]
    spans = [Span(start + 1, end) for start, end in zip([-1, *ends], ends, strict=False)]
    lines = [OcrLine(s, Box(1, 0, 0, 1, 1), confidence) for s in spans if recognised in CONTRACT[s.start : s.end]]
    page = Page(1, Span(0, len(CONTRACT)), None, 595, 842, "scan" if lines else "text", "ocr" if lines else "pdfium")
    document = replace(Document("id", "f.pdf", "", CONTRACT, (page,)), ocr_lines=tuple(lines))
    settings = load_settings({"engine": "rules", "kind": "contract"}, environ={})
    examined = examine_alone(document, settings)
    findings = unsure(document, examined.findings)
    return {f.item: f for f in findings if f.item in ("当事人名称不一致", "大小写金额不一致")}


@pytest.mark.parametrize("recognised", ["", "仓务"])
def test_a_name_that_may_be_misread_is_a_question(recognised: str) -> None:
    name = checks(recognised)["当事人名称不一致"]
    assert (name.status, name.severity) == ("unclear", "low")
    assert "误读" in name.detail


def test_a_sum_that_may_be_misread_stays_a_conflict_and_says_so() -> None:
    found = checks("")["大小写金额不一致"]
    assert (found.status, found.severity) == ("conflict", "high")
    assert "与原件核对" in found.detail


def test_typed_lines_are_taken_at_their_word_beside_recognised_ones() -> None:
    found = checks("叉车一台")
    assert {f.status for f in found.values()} == {"conflict"}
    assert not any("误读" in f.detail for f in found.values())


def test_what_was_hardly_recognised_says_how_surely_and_conflicts_are_questions() -> None:
    found = checks("", 0.62)["大小写金额不一致"]
    assert (found.status, found.severity) == ("unclear", "high")
    assert found.detail.count("识别可信度仅 62%") == 1
    assert not any("可信度" in f.detail for f in checks("叉车一台", 0.62).values())
