"""Tokenizers for the tests: a small one made here, and Qwen3's real one where ../shared has it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
from split_made import small_tokenizer_json

from pipeline.tokens import Tokenizer, load_tokenizer

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("small")
    (folder / "tokenizer.json").write_text(json.dumps(small_tokenizer_json()), encoding="utf-8")
    return load_tokenizer(folder)


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maker = SHARED / "qwen3" / "make_tokenizer.py"
    if not maker.is_file():
        pytest.skip("needs ../shared/qwen3 (Qwen3's vocabulary)")
    folder = tmp_path_factory.mktemp("qwen3")
    runpy.run_path(str(maker))["main"](folder)
    return folder


@pytest.fixture(scope="session")
def qwen(qwen_folder: Path) -> Tokenizer:
    return load_tokenizer(qwen_folder)


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    """The text of the Chinese PDFs in ../shared, page by page as PDFium gives it."""
    pdfium = pytest.importorskip("pypdfium2")
    files = sorted((SHARED / "corpus" / "zh").glob("*.pdf"))
    if not files:
        pytest.skip("needs ../shared/corpus/zh")
    texts: list[str] = []
    for file in files:
        with pdfium.PdfDocument(file) as pdf:
            pages = [pdf[i].get_textpage().get_text_range() for i in range(len(pdf))]
        texts.append("\n".join(pages).replace("\r\n", "\n").replace("\ufffe", ""))
    return texts
