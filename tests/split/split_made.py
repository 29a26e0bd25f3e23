"""What the tests of splitting are made of: a small tokenizer, and documents from plain text."""

from __future__ import annotations

from pipeline.split.headings import find_sections
from pipeline.types import Document

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = "合同 甲方 乙方 应当 支付 交付 验收 违约 人民币 第一条 条 款 项 年 月 日 元 。\n ，  、 ； the of agreement"


def byte_characters() -> dict[int, str]:
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {b: chr(b) for b in shown} | {b: chr(256 + i) for i, b in enumerate(hidden)}


def small_tokenizer_json() -> dict[str, object]:
    """A byte-level BPE of a few words, in the form of a checkpoint's tokenizer.json."""
    shown = byte_characters()
    vocabulary = {
        char: i for i, char in enumerate(shown[b] for b in [*range(33, 127), *range(161, 173), *range(174, 256)])
    }
    for char in shown.values():
        vocabulary.setdefault(char, len(vocabulary))
    merges: list[list[str]] = []
    for word in WORDS.split(" "):
        parts = [shown[b] for b in word.encode()]
        while len(parts) > 1:
            left, right = parts[:2]
            if left + right not in vocabulary:
                vocabulary[left + right] = len(vocabulary)
                merges.append([left, right])
            parts[:2] = [left + right]
    split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "added_tokens": [{"id": len(vocabulary), "content": "<|im_end|>", "special": True}],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
    }


def document_of(text: str) -> Document:
    return Document("0" * 64, "样本.pdf", "样本", text, (), find_sections(text, (), ()))
