"""Real PDFs for tests, made with reportlab and the bundled Chinese font."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pipeline.fonts import FONT

WIDTH_CHARS = 40
FACT = re.compile(r"第\d+批设备\d+号共\d+台，单价为\d+元，由乙方负责运输。")
"""As ``contract`` plants them."""


@cache
def font() -> str:
    pdfmetrics.registerFont(TTFont("wqy", str(FONT), subfontIndex=0))
    return "wqy"


def write_pdf(path: Path, pages: Sequence[Sequence[str]], size: float = 11) -> Path:
    """One PDF page for each list of paragraphs, hard-wrapped as a word processor does."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    name = font()
    for paragraphs in pages:
        canvas.setFont(name, size)
        y = A4[1] - 80
        for paragraph in paragraphs:
            for start in range(0, len(paragraph), WIDTH_CHARS):
                canvas.drawString(70, y, paragraph[start : start + WIDTH_CHARS])
                y -= size * 1.6
        canvas.showPage()
    canvas.save()
    return path


def contract(path: Path, number: int = 0, pages: int = 4, filler: int = 1) -> tuple[Path, dict[str, int]]:
    """A purchase contract with one fact a page; returns the facts with their page numbers."""
    facts = {
        f"第{page}批设备{number}号共{page + 2}台，单价为{1000 * page + number}元，由乙方负责运输。": page
        for page in range(1, pages + 1)
    }
    sheets: list[list[str]] = []
    for fact, page in facts.items():
        head = ["设备采购合同", f"合同编号：CG-2026-{number:03d}", "甲方：东海机械有限公司", "乙方：南山设备有限公司"]
        body = [
            f"第{page}条 设备与价款",
            fact,
            *(
                "双方应当按照诚实信用原则履行本合同约定的各项义务，任何一方不得无故拖延或者拒绝履行。"
                for _ in range(filler)
            ),
        ]
        sheets.append((head if page == 1 else []) + body)
    return write_pdf(path, sheets), facts
