"""The steps of one document between reading and asking: pure, and the same for a review and for its preview."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pipeline import kinds
from pipeline.analysis import Review
from pipeline.kinds.base import Kind
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.detect import contract_type, kind_of
from pipeline.kinds.injection import injections_in
from pipeline.kinds.merge import merge
from pipeline.kinds.packs.checklist import Checklist, acting_role
from pipeline.kinds.packs.load import LoadedPack, load_packs, pack_for, pack_named
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
    checklist: Checklist | None
    rules: list[Finding]
    estimated_tokens: int

    @property
    def pack(self) -> str:
        """Name and version of the checklist, as the database keeps it; empty where there is none."""
        return self.checklist.pack.label if self.checklist else ""


def prepare(document: Document, settings: Settings) -> Prepared:
    """Find sections, decide the kind, run the rules."""
    sections = find_sections(document.text, document.bookmarks, document.pages)
    document = replace(document, sections=sections)
    kind = KINDS[kind_of(document) if settings.kind == "auto" else settings.kind]
    checklist = checklist_for(document, settings) if kind.name == "contract" else None
    rules = [*kind.rules(document), *injections_in(document)]
    return Prepared(document, kind, checklist, rules, estimator().count(document.text))


def checklist_for(document: Document, settings: Settings) -> Checklist:
    """The pack that is set, else that of the contract's type, for the role that the side taken has in it.

    Raises SettingsError for a pack that there is not, or that can't be used.
    """
    name = settings.pack
    pack = (pack_named(name, settings.packs) if name else pack_for(contract_type(document), settings.packs)).pack
    return Checklist(pack, acting_role(pack, settings.side, document.text))


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
            overhead=prompt_overhead(kind, settings, tokenizer),
            max_output_tokens=settings.max_output_tokens,
        )
        for name, kind in KINDS.items()
    }


def prompt_overhead(kind: Kind, settings: Settings, tokenizer: Tokenizer) -> int:
    """Tokens of everything in a prompt but the document part: instructions, the longest question, the frame."""
    system = load_prompt(f"{kind.name}/system").render(side=settings.side)
    frame = load_prompt("part").render(title="题" * 40, headings="节" * 80, text="")
    packs: Sequence[LoadedPack] = _packs(settings) if kind.name == "contract" else []
    checks = [group for one in packs for group in Checklist(one.pack).groups]
    questions = [load_prompt(group.name).render(**group.inputs) for group in (*kind.groups, *checks)]
    return sum(tokenizer.count(text) for text in (system, frame)) + max(map(tokenizer.count, questions)) + 32


def _packs(settings: Settings) -> Sequence[LoadedPack]:
    """The packs that a document may be put to."""
    if settings.pack:
        return [pack_named(settings.pack, settings.packs)]
    return list(load_packs(settings.packs).values())


def fingerprint_of(document_id: str, settings: Settings, engine: str, model: str) -> str:
    """sha256 of all that decides the findings. Context and chunk size are left out: a better plan asks the same."""
    decides = [document_id, settings.kind, settings.pack, settings.side, settings.strategy, settings.thinking, model]
    decides += ["rules" if engine == "rules" else "model", _method(), *(one.sha256 for one in _packs(settings))]
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode()).hexdigest()


def _method() -> str:
    """sha256 of the questions in the current language, their schemas, and the rules, over all kinds."""
    parts: list[object] = [_rules()]
    for kind in KINDS.values():
        names = [group.name for group in kind.groups] + [f"{kind.name}/system", f"{kind.name}/summary", "part"]
        names += ["contract/checklist", "contract/second_look"] if kind.name == "contract" else []
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


def by_rules_alone(prepared: Prepared) -> Review:
    """The outcome without a model: what rules extract and check, and the checklist as far as it has rules."""
    findings, notes = merge(prepared.rules), [RULES_ALONE]
    if checklist := prepared.checklist:
        findings += checklist.by_rule(prepared.document)
        notes.append(
            Text(
                f"审查清单 {checklist.pack.label} 有 {len(checklist.items)} 项，其中 {checklist.unruled} 项没有规则，"
                "须由模型或人来核对",
                f"of the {len(checklist.items)} items of checklist {checklist.pack.label}, {checklist.unruled} have no "
                "rule: they want a model or a person",
            )
        )
    return Review(findings=findings, notes=notes)


def notes_on_reading(document: Document) -> list[Text]:
    notes: list[Text] = []
    if unread := document.unread_pages():
        numbers = "、".join(map(str, unread[:50]))
        notes.append(
            Text(f"第 {numbers} 页没有读到文字，未参与分析", f"pages {numbers} gave no text and were not analysed")
        )
    if document.tables_unseen:
        numbers = "、".join(map(str, document.tables_unseen[:50]))
        notes.append(
            Text(
                f"第 {numbers} 页的表格未能识别，按文字行分析",
                f"the tables of pages {numbers} could not be found: read as lines",
            )
        )
    if by_ocr := [page.number for page in document.pages if page.read_by == "ocr"]:
        numbers = "、".join(map(str, by_ocr[:50]))
        notes.append(
            Text(f"第 {numbers} 页由 OCR 识别，数字请对照原件", f"pages {numbers} were read by OCR: check figures")
        )
    return notes
