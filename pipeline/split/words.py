"""Word boundaries by jieba: loaded only when a text has nothing else to divide it by."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Protocol, cast


class _Segmenter(Protocol):
    FREQ: dict[str, int]
    total: int
    initialized: bool

    def get_dict_file(self) -> object: ...
    def gen_pfdict(self, f: object) -> tuple[dict[str, int], int]: ...
    def tokenize(self, text: str) -> list[tuple[str, int, int]]: ...


def boundaries(text: str) -> list[int]:
    """Offsets inside ``text`` where a word ends and the next begins."""
    return [end for _, _, end in _segmenter().tokenize(text)][:-1]


@lru_cache(maxsize=1)
def _segmenter() -> _Segmenter:
    """jieba with its own dictionary, read straight from the package (1 s): no cache file in /tmp, no stderr output."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SyntaxWarning and pkg_resources deprecation on import
        import jieba

    segmenter = cast(_Segmenter, jieba.Tokenizer())
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter
