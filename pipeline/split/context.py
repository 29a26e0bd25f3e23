"""What a part of a document is shown with, beside its text: only what that text refers to.

An edit in one clause must not change what is asked about the others, and an attachment or a boilerplate clause that
stands in many documents is to be asked about once: whatever a prompt says of the whole document costs that. So of the
definitions those are shown whose term the part uses; of the parties the roles (甲方（买方）), not the names, which are
asked for where they stand; of a table that the part starts inside of, its head; and the title only where figures want a
period that the part leaves open (本期, 上年).
"""

from __future__ import annotations

import re

from pipeline.split.definitions import definitions_in
from pipeline.types import Document, Span

SHOWN_TOKENS = {"title": 60, "headings": 120, "columns": 120, "definitions": 300}
"""Most tokens of each thing that a prompt tells beside the part's text."""

_OPEN_PERIOD = re.compile(
    r"[本上][期年]|报告期|去年|同期|期[初末]|年[初末]"
    r"|(?:this|current|previous|prior|last|reporting) (?:year|period|quarter)",
    re.IGNORECASE,
)
_PARTY = re.compile(
    r"[甲乙丙丁戊]方|\S{1,5}[方人]|[本该]?(?:公司|集团)|(?:the )?(?:Party [A-Z]|Parties|Company|Group|Buyer|Seller"
    r"|Purchaser|Supplier|Vendor|Lessor|Lessee|Landlord|Tenant|Borrower|Lender|Licensor|Licensee|Customer|Client|Contractor"
    r"|Employer|Employee|Guarantor|Discloser|Recipient)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\s*([^\s，。：:（）()]{1,8}(?:[（(][^（）()\n]{1,20}[）)])?)\s*[：:]")
_ALIAS = re.compile(r"[（(](?:以下|下文)?[简统合并]?称[^（）()\n]{1,20}[）)]")


class Context:
    """What the parts of one document may have to be shown with."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._title = document.title
        self._text = document.text
        self._definitions = definitions_in(document)

    def title_for(self, span: Span) -> str:
        """The document's title, for a part that speaks of periods which only the title may name."""
        return self._title if _OPEN_PERIOD.search(self._text, span.start, span.end) else ""

    def columns_for(self, span: Span) -> str:
        """The head of the table that ``span`` starts inside of; empty where it has none, or repeats it there."""
        table = self._document.table_at(span.start)
        if table is None:
            return ""
        before = [row for row in table.rows if row.head and row.span.end <= span.start]
        if any(row.head and row.span.start == span.start for row in table.rows):
            return ""
        return " / ".join(
            " | ".join(self._text[cell.span.start : cell.span.end] for cell in row.cells if cell.span.length)
            for row in before
            if not row.repeated
        )

    def definitions_for(self, span: Span) -> list[str]:
        """The passages that define terms used in ``span`` but defined outside of it, in order; of a party no more than
        its roles, and nothing where that is the term itself."""
        part = self._text[span.start : span.end]
        shown = [
            _roles_in(passage, one.term) if _PARTY.fullmatch(one.term) else passage
            for one in self._definitions
            if not span.holds(one.at) and one.term in part
            for passage in [self._text[one.span.start : one.span.end].strip()]
        ]
        return [passage for passage in dict.fromkeys(shown) if passage]


def _roles_in(passage: str, term: str) -> str:
    """A party's roles without its name: ``出租方（以下简称“甲方”）``. Empty where that is no more than ``term``."""
    label = _LABEL.match(passage)
    if not label:
        return ""
    roles = label[1] + "".join(_ALIAS.findall(passage, label.end()))
    return "" if roles == term else roles
