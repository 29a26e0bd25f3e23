"""What a part of a document is shown with: the document's head, and the definitions of the terms that it uses.

An edit in one clause must not change what is asked about the others, or their answers are paid for again. So the head
ends before the first section, and of the definitions only those are shown whose term the part uses.
"""

from __future__ import annotations

from pipeline.split.definitions import definitions_in
from pipeline.types import Document, Span

SHOWN_TOKENS = {"title": 60, "head": 120, "headings": 120, "definitions": 300}
"""Most tokens of each thing that a prompt tells beside the part's text."""
_HEAD_MAX = 600
"""Characters of the head."""


class Context:
    """The head and the definitions of one document."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        first = document.sections[0].span.start if document.sections else 0
        self._head = Span(0, min(first, _HEAD_MAX))
        self._definitions = definitions_in(document)

    def head_for(self, span: Span) -> str:
        """What stands before the first section, in one line; empty for a part that holds it."""
        return "" if span.start < self._head.end else " ".join(self._text[: self._head.end].split())

    def definitions_for(self, span: Span) -> list[str]:
        """The passages that define terms used in ``span`` but defined outside of it, in order."""
        part = self._text[span.start : span.end]
        return [
            self._text[one.span.start : one.span.end].strip()
            for one in self._definitions
            if not span.holds(one.at) and one.term in part
        ]
