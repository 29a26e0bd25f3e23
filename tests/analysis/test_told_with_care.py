"""What a model says is told with care: where a quote stands, how it differs, which figures are the model's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

from pipeline.analysis import Review, review
from pipeline.asking import Questioning
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.contract.rules import findings_in
from pipeline.split.chunks import split
from pipeline.split.headings import find_sections
from pipeline.tokens import estimator
from pipeline.types import Completion, Document, Page, Request, Span

TOKENIZER = estimator()
REPEATED = "费用由责任方承担，并在十日内付清。"
TEXT = (
    f"采购合同\n第一条 价款\n合同总价为人民币120,000,000元，签约后支付30%。\n第二条 运输与保险\n{REPEATED}\n"
    f"第三条 检验与退货\n{REPEATED}\n第四条 违约责任\n每逾期一日的，应按照合同总价的0.05%支付违约金。\n"
)


def analyse(items: Mapping[str, list[dict[str, str]]], summary: str = "") -> Review:
    """A review in which the model answers each question's list with what is given under its name."""
    pages = (Page(1, Span(0, len(TEXT)), None, 595, 842, "text", "pdfium"),)
    document = Document("id", "f.pdf", "采购合同", TEXT, pages)
    document = replace(document, sections=find_sections(TEXT, (), pages))

    async def generate(request: Request) -> Completion:
        lists = dict(request.schema or {}).get("properties", {})
        answer = {"summary": summary} if "summary" in lists else {name: items.get(name, []) for name in lists}
        return Completion(json.dumps(answer), "", "stop", 1, 0, 1, key=request.prompt)

    questioning = Questioning(KINDS["contract"], "", "auto", True, 1000, 4000, TOKENIZER)
    chunks = split(document, TOKENIZER, 100_000)
    return asyncio.run(review(document, chunks, findings_in(document), questioning, generate))


def risk(title: str, quote: str, **more: str) -> dict[str, str]:
    told = {"reason": "", "suggestion": "", "severity": "medium", "confidence": "high", **more}
    return {"title": title, "quote": quote, **told}


def test_a_quote_that_stands_twice_is_placed_by_its_section() -> None:
    for title, section in (("退货费用不明", "第三条 检验与退货"), ("保险费用不明", "第二条 运输与保险")):
        [found] = [f for f in analyse({"risks": [risk(title, REPEATED)]}).findings if f.category == "risks"]
        assert found.evidence[0].section == section


def test_the_difference_of_a_fuzzy_quote_is_shown() -> None:
    quote = "每逾期一日，应按照合同总价的0.05%支付违约金"
    [found] = [f for f in analyse({"risks": [risk("违约金", quote)]}).findings if f.category == "risks"]
    assert found.evidence[0].match == "fuzzy"
    assert "引文与原文有出入" in found.detail and "原文“一日的，" in found.detail


def test_figures_that_the_source_lacks_are_marked() -> None:
    said = risk("首付高", "签约后支付30%", reason="30%即3600万元，高于行业的20%", suggestion="总价1.2亿元宜付10%")
    outcome = analyse({"risks": [said]}, summary="总价1.2亿元，首付30%，日违约金0.05%，年化18.25%，质保金5%。")
    [found] = [f for f in outcome.findings if f.category == "risks"]
    assert "说明中的 20%、3600万元；建议中的 10% 不见于原文" in found.detail
    assert [n.zh for n in outcome.notes] == ["摘要中的数字 5% 不见于原文，请核对"]  # 18.25% is what a rule reckoned
    assert outcome.summary == "总价1.2亿元，首付30%，日违约金0.05%，年化18.25%，质保金5%〔原文未见〕。"


def test_the_model_against_the_rules_is_a_finding() -> None:
    quote = "合同总价为人民币120,000,000元"
    amounts = [{"item": "合同总价", "value": "130000000元", "detail": "", "quote": quote, "confidence": "high"}]
    conflicts = [f for f in analyse({"money": amounts}).findings if f.item == "模型与规则不一致"]
    assert [(f.status, f.value) for f in conflicts] == [("conflict", "120000000.00元／130000000元")]
