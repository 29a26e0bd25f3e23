"""Make the sample PDFs and their gold from the texts in ``source/``.

    python data/samples/make_samples.py [OUT]      # OUT: this folder

Needs reportlab and pypdfium2. The PDFs with a text layer come out byte for byte the same every time (with the same
reportlab); the scanned one depends on the JPEG encoder of the Pillow at hand.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pypdfium2
from source.layout import write_pdf
from source.markup import Source, read_source
from source.scan import write_scan

HERE = Path(__file__).resolve().parent


def bare(text: str) -> str:
    """Text without white space and table rules: what a quote and a page are compared by."""
    return re.sub(r"[\s|\ufffe]", "", text)


def page_texts(path: Path) -> list[str]:
    """PDFium's text of each page."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def page_of(quote: str, texts: list[str], name: str) -> int:
    """The page (from 1) on which ``quote`` begins; it must stand in the document exactly once."""
    pages = [bare(text) for text in texts]
    needle = bare(quote)
    holding = [number for number, text in enumerate(pages, start=1) if needle in text]
    if len(holding) == 1 and pages[holding[0] - 1].count(needle) == 1:
        return holding[0]
    raise SystemExit(f"{name}: “{quote}” stands on pages {holding}; a defect's quote must stand on one page, once")


def located(defect: dict[str, Any], texts: list[str], name: str) -> dict[str, Any]:
    quote = defect.get("quote")
    placed = {**defect, "page": page_of(quote, texts, name) if quote else None}
    if quote:
        placed["quote"] = re.sub(r"\|+", " ", quote)
    if "other" in defect:
        placed["other"] = {"quote": defect["other"], "page": page_of(defect["other"], texts, name)}
    return placed


def gold_of(source: Source, pages: int, texts: list[str]) -> dict[str, Any]:
    front = source.front
    defects = [located(defect, texts, source.name) for defect in front["defects"]]
    head = {"file": f"{source.name}.pdf", "kind": front["kind"], "type": front["type"], "pages": pages}
    return {**head, "fields": front["fields"], "defects": defects}


def make_scan(source: Source, path: Path, title: str) -> tuple[int, list[str]]:
    """The scan goes to ``path``; the text of its pages is that of the PDF it was scanned from."""
    with tempfile.TemporaryDirectory() as folder:
        typeset = Path(folder) / "typeset.pdf"
        pages = write_pdf(typeset, source.blocks, source.style, title)
        write_scan(typeset, path, title, [party["name"] for party in source.front["fields"]["parties"]])
        return pages, page_texts(typeset)


def make(source: Source, out: Path) -> None:
    path = out / f"{source.name}.pdf"
    fields = source.front["fields"]
    title = fields.get("title") or source.front["title"]
    if source.front.get("scanned"):
        pages, texts = make_scan(source, path, title)
    else:
        pages = write_pdf(path, source.blocks, source.style, title)
        texts = page_texts(path)
    gold = gold_of(source, pages, texts)
    text = json.dumps(gold, ensure_ascii=False, indent=1)
    (out / f"{source.name}.gold.json").write_text(text + "\n", encoding="utf-8")


def sources() -> dict[str, Source]:
    """Every sample by name."""
    return {path.stem: read_source(path) for path in sorted((HERE / "source").glob("[0-9]*.sample"))}


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for source in sources().values():
        make(source, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
