"""Documents for tests: one page of plain text."""

from pipeline.types import Document, Finding, Page, Span


def document(text: str) -> Document:
    page = Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium")
    return Document("0" * 64, "r.pdf", "", text, (page,))


def checks(findings: list[Finding]) -> list[tuple[str, str]]:
    """Item and first quote of every alarm."""
    return [(f.item, f.evidence[0].quote) for f in findings if f.category == "checks"]
