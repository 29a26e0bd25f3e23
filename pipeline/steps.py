"""The steps of one document between reading and asking: pure, and the same for a review and for its preview."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline import kinds
from pipeline.kinds.base import Kind
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.packs.checklist import Checklist
from pipeline.kinds.packs.load import SHIPPED, LoadedPack, load_packs, pack_named
from pipeline.lang import Lang, Text, language
from pipeline.models.memory import kv_tokens
from pipeline.models.plan import Capacity, Group, Plan, Stretch, capacity, plan
from pipeline.models.profile import ModelProfile
from pipeline.pdf.traits import told
from pipeline.prompts import load_prompt
from pipeline.settings import Settings
from pipeline.split.chunks import split
from pipeline.split.context import SHOWN_TOKENS
from pipeline.split.marks import Known
from pipeline.tokens import Tokenizer
from pipeline.types import Chunk, Document, DocumentInfo, Examined


def checklist_of(examined: Examined, settings: Settings) -> Checklist | None:
    """The checklist that was chosen for a document. Raises SettingsError where it can't be used."""
    if not examined.pack:
        return None
    return Checklist(pack_named(examined.pack.partition("@")[0], settings.packs).pack, examined.role)


_ENDLESS = 1 << 62
_BLOCK_TOKENS = 256
"""A multiple of the blocks that the cache is divided into (16 to 128 tokens): half a block holds nothing."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a request can hold, by kind, and what a context longer than the native one would take."""

    capacities: Mapping[str, Capacity]
    tokenizer: Tokenizer
    stretch: Stretch | None = None


def sizing_of(profile: ModelProfile, tokenizer: Tokenizer, settings: Settings) -> Sizing:
    """Of a model on this machine, before it loads: its native context, or less where memory or the settings end
    first. Raises SettingsError for a context that is too small, or longer than the model can be stretched."""
    wanted = settings.context_tokens or profile.context_tokens
    profile.rope_overrides(wanted)  # refuses what the model can't be stretched to
    memory = max((kv_tokens(profile, settings) or _ENDLESS) // _BLOCK_TOKENS * _BLOCK_TOKENS, 1024)
    asked = wanted > profile.context_tokens
    stretch = None
    if profile.yarn and (asked or not settings.context_tokens):
        most = wanted if asked else int(profile.context_tokens * profile.yarn.most)
        stretch = Stretch(profile, min(most, memory), settings.max_output_tokens, asked)
    native = min(profile.context_tokens, wanted, memory)
    return Sizing(capacities(native, tokenizer, settings), tokenizer, stretch)


def lay_out(
    document: Document,
    sizing: Sizing,
    kind: str,
    settings: Settings,
    group: Group | None = None,
    known: Known | None = None,
) -> tuple[Plan, tuple[Chunk, ...], int]:
    """The plan, the parts it asks for (none yet for a candidate for YaRN, until its ``group`` is decided), and the
    document's tokens. ``known`` says where an earlier version was cut. Raises PromptTooLongError, see ``plan``."""
    tokenizer = sizing.tokenizer
    tokens = tokenizer.count(document.text)
    made = plan(
        tokens,
        sizing.capacities[kind],
        strategy=settings.strategy,
        chunk_tokens=settings.chunk_tokens,
        exact=tokenizer.exact,
        stretch=sizing.stretch,
        group=group,
    )
    if made.context and group is None:
        return made, (), tokens
    return made, split(document, tokenizer, made.part_tokens, known), tokens


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
    frame = load_prompt("part").render(title="题", headings="节", columns="列", definitions="义", text="")
    packs: Sequence[LoadedPack] = _packs(settings) if kind.name == "contract" else []
    checks = [group for one in packs for group in Checklist(one.pack).groups]
    questions = [load_prompt(group.name).render(**group.inputs) for group in (*kind.groups, *checks)]
    fixed = sum(tokenizer.count(text) for text in (system, frame)) + sum(SHOWN_TOKENS.values())
    return fixed + max(map(tokenizer.count, questions)) + 32


def _packs(settings: Settings) -> Sequence[LoadedPack]:
    """The packs that a document may be put to."""
    if settings.pack:
        return [pack_named(settings.pack, settings.packs)]
    return list(load_packs(settings.packs).values())


def fingerprint_of(document_id: str, settings: Settings, engine: str, model: str) -> str:
    """sha256 of all that decides the findings; ``model`` is what decides its answers. Context and chunk size are left
    out: a better plan asks the same."""
    decides = [document_id, settings.kind, settings.pack, settings.side, settings.strategy, settings.thinking, model]
    decides += [language(), _rules()]
    if settings.packs or settings.pack:  # the shipped ones are among the rules: they need not be parsed for this
        decides += [one.sha256 for one in _packs(settings) if one.path.parent != SHIPPED]
    if engine != "rules":
        decides.append(_questions(language()))
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode()).hexdigest()


@cache
def _questions(lang: Lang) -> str:
    """sha256 of the questions in ``lang``, the current language, and their schemas, over all kinds."""
    parts: list[object] = []
    for kind in KINDS.values():
        names = [group.name for group in kind.groups] + [f"{kind.name}/system", f"{kind.name}/summary", "part"]
        names += ["contract/checklist", "contract/second_look"] if kind.name == "contract" else []
        parts.append([kind.name, [load_prompt(name).sha256 for name in names]])
        parts.append([[group.schema, group.fields] for group in kind.groups])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _rules() -> str:
    """sha256 of the code of the rules and of the packs: a version number would be forgotten with the next rule."""
    folder = Path(kinds.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for kind in ("py", "toml", "yaml") for file in folder.rglob(f"*.{kind}")):
        digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


_HARD_TO_READ = 0.9
"""Mean confidence of a page; of clean print it is 0.97 and more."""


def notes_on_reading(document: Document) -> list[Text]:
    notes = told(document.traits)
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
    if document.unread_pictures():
        numbers = "、".join(map(str, list(document.unread_pictures())[:50]))
        notes.append(
            Text(
                f"第 {numbers} 页有图片，图中如有文字未参与分析，请对照原件",
                f"pages {numbers} hold pictures; text in them was not analysed: see the original",
            )
        )
    if pictured := [page.number for page in document.pages if page.read_by != "ocr" and page.confidence is not None]:
        numbers = "、".join(map(str, pictured[:50]))
        notes.append(
            Text(
                f"第 {numbers} 页图片中的文字由 OCR 识别，数字请对照原件",
                f"text in pictures on pages {numbers} was read by OCR: check figures",
            )
        )
    if by_ocr := [page.number for page in document.pages if page.read_by == "ocr"]:
        numbers = "、".join(map(str, by_ocr[:50]))
        notes.append(
            Text(f"第 {numbers} 页由 OCR 识别，数字请对照原件", f"pages {numbers} were read by OCR: check figures")
        )
    if hard := [page for page in document.pages if page.confidence is not None and page.confidence < _HARD_TO_READ]:
        numbers = "、".join(f"{page.number}（{page.confidence:.0%}）" for page in hard[:50])
        notes.append(
            Text(
                f"识别可信度低的页：{numbers}，可能有漏读、误读，请对照原件",
                f"pages recognised with little confidence: {numbers}; much may be missed or misread: see the original",
            )
        )
    return notes
