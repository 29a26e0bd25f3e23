"""The values that travel from PDF to row. Pure, frozen; identity is the store's concern.

Every position is a half-open character span of ``Document.text``, which is final once reading ends.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from pipeline.lang import Text

PageHealth = Literal["text", "garbled", "scan", "sparse", "blank"]
RegionKind = Literal["header", "footer", "page_number", "footnote", "watermark", "contents", "picture"]
"""``picture``: the labels of a chart, the letters of a logo, as OCR recognised them."""
Match = Literal["exact", "normalized", "fuzzy", "none"]
Severity = Literal["high", "medium", "low", "info"]
Status = Literal["present", "absent", "unclear", "conflict"]
Source = Literal["llm", "rule"]
FinishReason = Literal["stop", "length", "abort", "error", "repetition"]
Role = Literal["system", "user"]

Kind = Literal["contract", "report", "auto"]
EngineName = Literal["auto", "vllm", "http", "rules"]
Strategy = Literal["auto", "whole", "map-reduce"]
Switch = Literal["auto", "on", "off"]
Side = Literal["甲方", "乙方"]
Ruling = Literal["accept", "reject", "edit"]
ThinkingSwitch = Literal["enable_thinking", "none", "always"]
"""How a model's thinking is switched: by that variable of its chat template; it never thinks; it always does."""


class Span(NamedTuple):
    """Half-open character interval of ``Document.text``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    def holds(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


class Box(NamedTuple):
    """A rectangle on a page as shown: PDF points, origin at the top left, y downwards. ``page`` counts from 1."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


# --- documents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Region:
    """A line that is no part of a page's running text."""

    kind: RegionKind
    text: str
    """Its cells with a TAB between them, where it has several."""
    box: Box | None = None
    """None where the input has no places (docx)."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``span`` tiles ``Document.text`` with its neighbours (a paragraph that runs over a page break is cut
    there); it is empty for a page without readable text."""

    number: int
    """Counts from 1, as PDF viewers do."""
    span: Span
    label: str | None
    """The printed page number where the PDF names one (``iv``, ``A-3``)."""
    width: float
    height: float
    """Size as shown, in points."""
    health: PageHealth
    """What the page's own text layer is worth, before any OCR."""
    read_by: Literal["pdfium", "pypdf", "text", "ocr", "none"]
    """``text``: straight from a Word or text file, without places on a page."""
    confidence: float | None = None
    """Mean confidence of what OCR recognised on it, 0 to 1; None where that is nothing."""
    regions: tuple[Region, ...] = ()
    """What stands beside the running text, from top to bottom: kept, but not part of ``Document.text``."""
    pictures: tuple[Box, ...] = ()
    """Pictures on a page with text of its own that may hold text, too, and were not recognised."""
    gaps: tuple[Box, ...] = ()
    """Lines with characters that their font does not tell, shown as U+FFFD, and that were not recognised."""

    @property
    def margins(self) -> tuple[str, ...]:
        """The texts of the regions."""
        return tuple(region.text for region in self.regions)


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A recognised line: where it stands in the text, and on the page."""

    span: Span
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the PDF's own outline. ``page`` counts from 1 (None: it leads nowhere); ``level`` from 1."""

    title: str
    page: int | None
    level: int


class Prominent(NamedTuple):
    """A line whose type sets it off from the running text."""

    start: int
    size: float
    """Type size, as a multiple of the running text's."""
    heavy: bool
    """Bold among lighter lines."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table, merged ones once. Its text is ``Document.text`` at ``span``, without TABs or line breaks."""

    span: Span
    """Empty where nothing is printed."""
    column: int
    """Counts from 0."""
    columns: int = 1
    """How many columns it covers."""
    rows: int = 1
    """How many rows it covers, its own included."""
    box: Box | None = None
    """None where the input has no places (docx)."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: one line of the text, in which a TAB separates each column from the next: the columns that a
    merged cell covers are empty there."""

    span: Span
    page: int
    cells: tuple[TableCell, ...]
    """Those that start in this row, by column."""
    head: bool = False
    """Whether it names the columns."""
    repeated: bool = False
    """Whether a page break repeats a head: the row says nothing new."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, whole even where page breaks cut it. Other lines (续表, a caption) may stand between its rows."""

    rows: tuple[TableRow, ...]
    columns: int
    found_by: Literal["rules", "alignment", "markup"]
    """Drawn lines, cells that stand in columns, or the input's own markup (docx)."""

    @property
    def span(self) -> Span:
        return Span(self.rows[0].span.start, self.rows[-1].span.end)

    def place_of(self, offset: int) -> tuple[int, int] | None:
        """Row and column (from 0) of the cell that holds the character at ``offset``; None between cells."""
        at = bisect_right(self.rows, offset, key=lambda row: row.span.start) - 1
        for cell in self.rows[at].cells if at >= 0 else ():
            if cell.span.start <= offset < cell.span.end:
                return at, cell.column
        return None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and all that stands under it, up to the next heading of its level or above."""

    number: str
    """As printed: ``第三条``, ``3.1``, ``（二）``; empty for an unnumbered heading."""
    title: str
    level: int
    """1 is the outermost."""
    span: Span
    heading: Span
    """The heading line itself; starts where ``span`` starts."""
    parent: int | None
    """Index of the enclosing section in ``Document.sections``."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read. ``text`` is NFKC-cleaned, lines joined to paragraphs (one a line), and final.

    ``origins[i]`` is the index of PDFium's character on its page that ``text[i]`` came from; -1 where there is none
    (a joined line's newline, an OCR page); -2 - n is character n of the next page: the rest of a table row that a page
    break divides. ``places[page - 1]`` holds the edges of the page's characters, four a character. Boxes come from
    both, see ``pdf.places``.
    """

    id: str
    """sha256 of the file's bytes, in hex."""
    filename: str
    title: str
    text: str
    pages: tuple[Page, ...]
    sections: tuple[Section, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    origins: array[int] = field(default_factory=lambda: array("i"))
    places: tuple[array[float], ...] = ()
    ocr_lines: tuple[OcrLine, ...] = ()
    """In the order of their spans."""
    tables: tuple[Table, ...] = ()
    """In the order of their spans, which don't overlap row by row."""
    prominent: tuple[Prominent, ...] = ()
    """In order; none where the input has no type sizes."""
    traits: Mapping[str, int] = field(default_factory=dict[str, int])
    """What a reader must know of how it was read, by code, with a count: see ``pdf.traits``."""
    tables_unseen: tuple[int, ...] = ()
    """Pages whose tables could not be looked for (a limit was passed): they keep their text, line by line."""

    def page_at(self, offset: int) -> int:
        """Page number (from 1) of the character at ``offset``; ``offset == len(text)`` is the last page with text."""
        low, high = 0, len(self.pages) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.pages[middle].span.start <= offset:
                low = middle
            else:
                high = middle - 1
        while low > 0 and not self.pages[low].span.length:  # empty pages share their neighbour's start
            low -= 1
        return self.pages[low].number

    def section_at(self, offset: int) -> Section | None:
        """The innermost section around ``offset``."""
        at: int | None = bisect_right(self.sections, offset, key=lambda section: section.span.start) - 1
        while at is not None and at >= 0:
            if offset < self.sections[at].span.end:
                return self.sections[at]
            at = self.sections[at].parent
        return None

    def table_at(self, offset: int) -> Table | None:
        """The table that a character stands in; or between whose rows, where a page break cuts it."""
        at = bisect_right(self.tables, offset, key=lambda table: table.span.start) - 1
        return self.tables[at] if at >= 0 and offset < self.tables[at].span.end else None

    def unread_pages(self) -> tuple[int, ...]:
        """Numbers of the pages that have content but gave no usable text."""
        return tuple(p.number for p in self.pages if p.read_by == "none" and p.health != "blank")

    def unread_pictures(self) -> Mapping[int, tuple[Box, ...]]:
        """By page number the pictures that may hold text, and were not recognised, of pages that were read."""
        return {p.number: p.pictures for p in self.pages if p.pictures}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document that is sent to the model as it stands. A document's chunks tile its text."""

    index: int
    span: Span
    tokens: int
    headings: tuple[str, ...] = ()
    """Titles of the sections around its start, outermost first."""


# --- generation -------------------------------------------------------------------------------------------------------


class Message(NamedTuple):
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters, as vLLM and OpenAI-compatible servers name them.

    Without a seed: per request it slows vLLM's sampler, and on a CPU it kills the engine as soon as a prompt is
    prefilled in pieces (0.32.0: "CPU Generator does not use offset"). What makes a run repeatable is the journal.
    """

    temperature: float = 0.7
    top_p: float = 0.8
    top_k: int = 20
    min_p: float = 0.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a model is to be spoken to. The defaults are Qwen3's, see ``models/profiles.yaml``."""

    switch: ThinkingSwitch = "enable_thinking"
    thinking: Sampling = Sampling(temperature=0.6, top_p=0.95)
    """Sampling of an answer that is thought about."""
    plain: Sampling = Sampling()
    """Sampling of one that is not."""
    reasoning_parser: str = ""
    """vLLM's name of what tells thoughts from the answer; empty for none."""
    tool_parser: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the model. Messages, schema, sampling, limits and attempt decide the answer."""

    document_id: str
    prompt: str
    """Name and version of the prompt, such as ``contract/money@1``."""
    prompt_sha256: str
    """sha256 of the prompt's template."""
    messages: tuple[Message, ...]
    schema: Mapping[str, object] | None
    """JSON schema of the answer; None for free text."""
    max_tokens: int
    sampling: Sampling
    thinking: bool
    prompt_tokens: int
    """Counted (or over-estimated) before sending; for admission, never for billing."""
    attempt: int = 0
    """0 for the first asking; a retry of a bad answer is another request."""
    priority: int = 0
    """Lower runs first."""
    prefix: str = ""
    """Names what it shares with other requests from the start (a document part); empty for nothing."""
    prefix_tokens: int = 0
    """Of ``prompt_tokens``, those of the shared prefix."""

    @property
    def thinking_tokens(self) -> int:
        """Of ``max_tokens``, those that thoughts may take: the rest is kept for the answer."""
        return self.max_tokens // 2 if self.thinking else 0


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer, whole or not: ``finish_reason`` says which."""

    text: str
    """The answer without the thoughts."""
    thoughts: str
    finish_reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reused: bool = False
    """Whether it came from the journal."""
    key: str = ""
    """Its key in the journal; empty before it is kept there."""


# --- findings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote, and where it stands. ``span`` None means that it is not in the document (``match`` is ``none``)."""

    quote: str
    span: Span | None
    page: int | None
    match: Match
    section: str = ""
    """Number and title of the innermost section."""
    boxes: tuple[Box, ...] = ()

    def standing_in(self, boxes: tuple[Box, ...]) -> Evidence:
        """The same with its boxes; ``replace`` would take five times as long."""
        return Evidence(self.quote, self.span, self.page, self.match, self.section, boxes)


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about a document.

    ``category`` is a stable code (``parties``, ``money``, ``risks``, ``checks`` ...); ``item`` names the thing within
    it, in Chinese where rules or checklists name it; ``value`` is short; ``detail`` explains. ``detail``,
    ``suggestion`` and ``title`` are in the language of the run.
    """

    category: str
    item: str
    value: str
    source: Source
    evidence: tuple[Evidence, ...] = ()
    detail: str = ""
    severity: Severity = "info"
    status: Status = "present"
    suggestion: str = ""
    legal_basis: str = ""
    title: str = ""
    """What a reader is told for ``item``; empty where that is the item itself, or the known name of one."""

    def proved_by(self, evidence: tuple[Evidence, ...]) -> Finding:
        """The same with other evidence; ``replace`` would take five times as long."""
        return Finding(
            self.category, self.item, self.value, self.source, evidence, self.detail, self.severity, self.status,
            self.suggestion, self.legal_basis, self.title,
        )  # fmt: skip

    @property
    def grounded(self) -> bool:
        """Whether every quote stands in the document. An absence has no quote and counts as grounded: its proof is
        what was read; so does an open question, which claims nothing."""
        if not self.evidence:
            return self.status in ("absent", "unclear")
        return self.status == "absent" or all(e.match != "none" for e in self.evidence)

    @property
    def mark(self) -> str:
        """Eight letters of what makes it this finding and no other: a row of a sheet that was sorted by one column
        alone no longer fits its number."""
        return mark_of(self.category, self.item, self.value, self.evidence[0].quote if self.evidence else "")


def mark_of(*told: str) -> str:
    """:attr:`Finding.mark` of category, item, value and first quote. No digits: Excel would open ``00424140`` and
    ``123456e7`` as numbers, and save those."""
    digest = hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:8]
    return digest.translate(_NO_DIGITS)


_NO_DIGITS = str.maketrans("0123456789", "ghjkmnpqrs")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a finding. Kept for ever; the last one counts."""

    id: int
    finding_id: int
    ruling: Ruling
    changes: Mapping[str, str]
    """Of an edit: the new texts by field of :class:`Finding` (``value``, ``detail``, ``severity``, ``suggestion``)."""
    note: str
    by: str
    at: datetime
    """Timezone-aware, UTC."""


@dataclass(frozen=True, slots=True)
class Examined:
    """All that code alone can say of a document."""

    sections: tuple[Section, ...]
    kind: str
    """``contract`` or ``report``."""
    pack: str
    """Name and version of the checklist, such as ``采购@1``; empty where there is none."""
    role: str
    """The role in that pack whose side is taken; empty for none."""
    tokens: int
    """Estimated, never too few."""
    findings: list[Finding]
    notes: list[Text] = field(default_factory=list[Text])
    """What a reader must know where there is no more than this."""


RULES_ALONE = Text(
    "没有用模型：只有规则抽取与核对的结果，不含需要理解的判断",
    "no model was used: only what rules extract and check, nothing that needs understanding",
)


# --- analyses ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What the database keeps of a document: everything but its text."""

    id: str | None
    """sha256 of the bytes; None where no bytes could be read (a missing path)."""
    filename: str
    title: str = ""
    pages: int = 0
    characters: int = 0
    tokens: int = 0
    health: Mapping[str, int] = field(default_factory=dict[str, int])
    """Pages by health: ``{"text": 10, "scan": 1}``."""
    unread_pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """One document analysed, or failed by name: the unit that is saved in one transaction."""

    document: DocumentInfo
    fingerprint: str
    """sha256 of all that decides the findings (document, kind, pack, prompts, model, rules): equal means "analysed
    already". Empty for a failure that came before the document could be identified."""
    kind: str
    pack: str
    strategy: str
    strategy_reason: str
    status: Literal["done", "failed"]
    side: str = ""
    """Whose side the review took: ``甲方``, ``乙方``, or empty."""
    error_type: str = ""
    error_message: str = ""
    summary: str = ""
    notes: tuple[str, ...] = ()
    """What a reader must know of how far this can be trusted, in the run's language."""
    chunks: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reused: int = 0
    """Requests that the journal answered."""
    seconds: float = 0.0
    engine_seconds: float | None = None
    """Its share of the engine's time; None until its run has ended, and where that is not known."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an engine did over a span of time, and how it stood. docs/telemetry.md defines each figure; None where it
    is not known."""

    engine_s: float = 0.0
    """Wall time during which it had at least one request."""
    prompt_tokens: int | None = 0
    """Of the answers that came, cached ones included."""
    cached_tokens: int | None = 0
    completion_tokens: int | None = 0
    documents: int = 0
    """Those that ended, well or not, and that the engine worked on."""
    kv_use: float | None = None
    """Share of the KV cache in use, 0 to 1: now, or at most."""
    queue: int | None = None
    """Requests that wait: now, or at most."""
    gpus: int | None = None
    """Cards that the engine has for itself."""

    @property
    def prompt_tokens_per_s(self) -> float | None:
        return self._per_s(self.prompt_tokens)

    @property
    def completion_tokens_per_s(self) -> float | None:
        return self._per_s(self.completion_tokens)

    @property
    def cached_share(self) -> float | None:
        """Of the prompt tokens, 0 to 1."""
        if not self.prompt_tokens or self.cached_tokens is None:
            return None
        return self.cached_tokens / self.prompt_tokens

    @property
    def computed_tokens(self) -> int:
        """Prompt tokens that were not cached, and those of the answers: what engine time is shared out by."""
        return (self.prompt_tokens or 0) - (self.cached_tokens or 0) + (self.completion_tokens or 0)

    @property
    def engine_s_per_token(self) -> float | None:
        """Per computed token."""
        return self.engine_s / self.computed_tokens if self.computed_tokens else None

    @property
    def gpu_minutes(self) -> float | None:
        """Of all cards together."""
        return self.engine_s * self.gpus / 60 if self.gpus else None

    @property
    def minutes_per_document(self) -> float | None:
        """Of all cards together, where their number is known, else of the engine."""
        return self.engine_s * (self.gpus or 1) / 60 / self.documents if self.documents else None

    def _per_s(self, tokens: int | None) -> float | None:
        return tokens / self.engine_s if self.engine_s and tokens is not None else None


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """An analysis as the database gives it back: what reports, digests and exports are made from."""

    id: int
    run_id: str
    engine: str
    engine_reason: str
    model: str
    finished_at: datetime
    """Timezone-aware, UTC."""
    analysis: Analysis
    finding_ids: tuple[int, ...]
    """Row ids, in the order of ``analysis.findings``."""
    decisions: Mapping[int, Decision] = field(default_factory=dict[int, Decision])
    """The last decision about each finding that has one, by the finding's row id."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A durable completion: cache, resume and audit in one."""

    key: str
    """sha256 of everything that decides the answer."""
    document_id: str
    prompt: str
    """Name and version of the prompt, such as ``contract/money@1``; never document text."""
    prompt_sha256: str
    model: str
    schema_sha256: str
    sampling: str
    """JSON."""
    completion: Completion
