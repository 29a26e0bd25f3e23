"""By what a place where a document was cut is known again in its next version: the words before it, or those after it.

A splitter that sees one version alone must move cuts when a part outgrows the budget, and each cut that moves may move
the next. One that knows where the version before was cut divides the part that was edited, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b

from pipeline.types import Chunk

Known = Callable[[Sequence[int]], Collection[int]]
"""Which of these marks are those of earlier cuts."""

_AROUND = 48
"""Characters on either side."""


def marks_of(text: str, chunks: Sequence[Chunk], max_tokens: int) -> list[int]:
    """The marks of all cuts between ``chunks`` of at most ``max_tokens``: to be kept for the next version."""
    return [mark for chunk in chunks[1:] for mark in _marks(text, chunk.span.start, max_tokens)]


def places_known(text: str, places: Sequence[int], max_tokens: int, known: Known) -> set[int]:
    """Those of ``places`` with a mark of an earlier cut that no other of them has."""
    pairs = [_marks(text, at, max_tokens) for at in places]
    count = Counter(mark for pair in pairs for mark in pair)
    found = set(known([mark for mark, times in count.items() if times == 1]))
    return {at for at, pair in zip(places, pairs, strict=True) if not found.isdisjoint(pair)}


def _marks(text: str, at: int, max_tokens: int) -> tuple[int, int]:
    """Numbers of 64 bits, signed as databases have them."""
    return (
        _digest(f"{max_tokens}<{text[max(0, at - _AROUND) : at]}"),
        _digest(f"{max_tokens}>{text[at : at + _AROUND]}"),
    )


def _digest(words: str) -> int:
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
