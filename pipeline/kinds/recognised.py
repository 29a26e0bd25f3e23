"""What checks find in recognised text may be a misreading: a conflict that rests on OCR says so, and one of spelling
alone is a question. What rests on words that were hardly recognised says how surely, whatever it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.lang import Text
from pipeline.types import Document, Finding, OcrLine

_SPELLED = frozenset({"当事人名称不一致", "统一社会信用代码校验不符", "身份证号校验不符", "银行卡号校验不符"})
"""Checks that one misread character sets off; the others compare what is told twice."""
_TOLD = Text(
    "此处文字由扫描页识别得出，可能是误读，请先与原件核对。",
    " These words were recognised from a scan and may be misread: compare with the original first.",
)
_UNSURE = 0.85
"""Below this confidence a recognised line has mostly a wrong character; clean print has 0.95 and more."""


def unsure(document: Document, findings: Iterable[Finding]) -> list[Finding]:
    """``findings``, those that rest on words hardly recognised with a word on that; conflicts among them are
    questions."""
    if all(line.confidence >= _UNSURE for line in document.ocr_lines):
        return list(findings)
    return [_told_unsure(document, finding) for finding in findings]


def _told_unsure(document: Document, finding: Finding) -> Finding:
    lines = (line for e in finding.evidence if e.span for line in _touched(document, *e.span))
    least = min((line.confidence for line in lines), default=1.0)
    if least >= _UNSURE:
        return finding
    told = Text(
        f"〔识别可信度仅 {least:.0%}，请与原件核对〕",
        f" [recognised with a confidence of {least:.0%}: see the original]",
    )
    status = "unclear" if finding.status == "conflict" else finding.status
    return replace(finding, detail=f"{finding.detail}{told}", status=status)


def doubted(document: Document, findings: Iterable[Finding]) -> list[Finding]:
    """``findings``, those conflicts doubted whose evidence touches a recognised line."""
    if not document.ocr_lines:
        return list(findings)
    return [_doubted(f) if f.status == "conflict" and _is_recognised(document, f) else f for f in findings]


def _is_recognised(document: Document, finding: Finding) -> bool:
    return any(evidence.span and any(_touched(document, *evidence.span)) for evidence in finding.evidence)


def _touched(document: Document, start: int, end: int) -> Iterator[OcrLine]:
    """The recognised lines in a stretch of the text."""
    lines = document.ocr_lines
    at = bisect_left(lines, start, key=lambda line: line.span.end - 1)
    while at < len(lines) and lines[at].span.start < end:
        yield lines[at]
        at += 1


def _doubted(finding: Finding) -> Finding:
    detail = f"{finding.detail}{_TOLD}"
    if finding.item not in _SPELLED:
        return replace(finding, detail=detail)
    return replace(finding, detail=detail, status="unclear", severity="low")
