"""What checks find in recognised text may be a misreading: a conflict that rests on OCR says so, and one of spelling
alone is a question."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from pipeline.lang import Text
from pipeline.types import Document, Finding

_SPELLED = frozenset({"当事人名称不一致", "统一社会信用代码校验不符", "身份证号校验不符", "银行卡号校验不符"})
"""Checks that one misread character sets off; the others compare what is told twice."""
_TOLD = Text(
    "此处文字由扫描页识别得出，可能是误读，请先与原件核对。",
    " These words were recognised from a scan and may be misread: compare with the original first.",
)


def doubted(document: Document, findings: Iterable[Finding]) -> list[Finding]:
    """``findings``, those conflicts doubted whose evidence touches a recognised line."""
    if not document.ocr_lines:
        return list(findings)
    return [_doubted(f) if f.status == "conflict" and _is_recognised(document, f) else f for f in findings]


def _is_recognised(document: Document, finding: Finding) -> bool:
    return any(evidence.span and _touches(document, *evidence.span) for evidence in finding.evidence)


def _touches(document: Document, start: int, end: int) -> bool:
    lines = document.ocr_lines
    at = bisect_left(lines, start, key=lambda line: line.span.end - 1)
    return at < len(lines) and lines[at].span.start < end


def _doubted(finding: Finding) -> Finding:
    detail = f"{finding.detail}{_TOLD}"
    if finding.item not in _SPELLED:
        return replace(finding, detail=detail)
    return replace(finding, detail=detail, status="unclear", severity="low")
