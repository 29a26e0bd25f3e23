"""The steps of one document between reading and asking: pure, and the same for a review and for its preview."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pipeline import kinds
from pipeline.kinds.base import Kind
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.detect import contract_type, kind_of
from pipeline.lang import Text
from pipeline.models.plan import Capacity, Plan, capacity, plan
from pipeline.prompts import load_prompt
from pipeline.settings import Settings
from pipeline.split.chunks import split
from pipeline.split.headings import find_sections
from pipeline.tokens import Tokenizer, estimator
from pipeline.types import Chunk, Document, DocumentInfo, Finding


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with its sections, and all that code alone can say of it."""

    document: Document
    kind: Kind
    pack: str
    rules: list[Finding]
    estimated_tokens: int


def prepare(document: Document, settings: Settings) -> Prepared:
    """Find sections, decide the kind, run the rules."""
    sections = find_sections(document.text, document.bookmarks, document.pages)
    document = replace(document, sections=sections)
    kind = KINDS[kind_of(document) if settings.kind == "auto" else settings.kind]
    pack = settings.pack or (contract_type(document) if kind.name == "contract" else "")
    return Prepared(document, kind, pack, kind.rules(document), estimator().count(document.text))


def lay_out(
    document: Document, tokenizer: Tokenizer, capacity: Capacity, settings: Settings
) -> tuple[Plan, tuple[Chunk, ...], int]:
    """The plan, the parts it asks for, and the document's tokens. Raises PromptTooLongError, see ``plan``."""
    tokens = tokenizer.count(document.text)
    made = plan(tokens, capacity, strategy=settings.strategy, chunk_tokens=settings.chunk_tokens, exact=tokenizer.exact)
    return made, split(document, tokenizer, made.part_tokens), tokens


def info_of(document: Document) -> DocumentInfo:
    """What the database keeps of a document."""
    return DocumentInfo(
        id=document.id,
        filename=document.filename,
        title=document.title,
        pages=len(document.pages),
        characters=len(document.text),
        health=Counter(page.health for page in document.pages),
        unread_pages=document.unread_pages(),
    )


def capacities(context: int, tokenizer: Tokenizer, settings: Settings) -> Mapping[str, Capacity]:
    """What one request can hold, by kind. Raises SettingsError for a context that is too small."""
    return {
        name: capacity(
            context=context,
            overhead=prompt_overhead(kind, settings.side, tokenizer),
            max_output_tokens=settings.max_output_tokens,
        )
        for name, kind in KINDS.items()
    }


def prompt_overhead(kind: Kind, side: str, tokenizer: Tokenizer) -> int:
    """Tokens of everything in a prompt but the document part: instructions, the longest question, the frame."""
    system = load_prompt(f"{kind.name}/system").render(side=side)
    frame = load_prompt("part").render(title="题" * 40, headings="节" * 80, text="")
    questions = [load_prompt(group.name).render(fields=group.fields) for group in kind.groups]
    return sum(tokenizer.count(text) for text in (system, frame)) + max(map(tokenizer.count, questions)) + 32


def fingerprint_of(document_id: str, settings: Settings, engine: str, model: str) -> str:
    """sha256 of all that decides the findings. Context and chunk size are left out: a better plan asks the same."""
    decides = [document_id, settings.kind, settings.pack, settings.side, settings.strategy, settings.thinking, model]
    decides += ["rules" if engine == "rules" else "model", _method()]
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode()).hexdigest()


def _method() -> str:
    """sha256 of the questions in the current language, their schemas, and the rules, over all kinds."""
    parts: list[object] = [_rules()]
    for kind in KINDS.values():
        names = [group.name for group in kind.groups] + [f"{kind.name}/system", f"{kind.name}/summary", "part"]
        parts.append([kind.name, [load_prompt(name).sha256 for name in names]])
        parts.append([[group.schema, group.fields] for group in kind.groups])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _rules() -> str:
    """sha256 of the code of the rules: a version number would be forgotten with the next rule."""
    folder = Path(kinds.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


RULES_ALONE = Text(
    "没有用模型：只有规则抽取与核对的结果，不含需要理解的判断",
    "no model was used: only what rules extract and check, nothing that needs understanding",
)


def notes_on_reading(document: Document) -> list[Text]:
    notes: list[Text] = []
    if unread := document.unread_pages():
        numbers = "、".join(map(str, unread[:50]))
        notes.append(
            Text(f"第 {numbers} 页没有读到文字，未参与分析", f"pages {numbers} gave no text and were not analysed")
        )
    if by_ocr := [page.number for page in document.pages if page.read_by == "ocr"]:
        numbers = "、".join(map(str, by_ocr[:50]))
        notes.append(
            Text(f"第 {numbers} 页由 OCR 识别，数字请对照原件", f"pages {numbers} were read by OCR: check figures")
        )
    return notes
