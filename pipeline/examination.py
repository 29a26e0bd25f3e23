"""What code alone says of a document: sections, kind, checklist, rules. Pure; runs in the examining process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.kinds.contract.rules import findings_in as contract_findings
from pipeline.kinds.detect import contract_type, kind_of
from pipeline.kinds.injection import injections_in
from pipeline.kinds.merge import merge
from pipeline.kinds.packs.checklist import Checklist, acting_role
from pipeline.kinds.packs.load import pack_for, pack_named
from pipeline.kinds.recognised import doubted
from pipeline.kinds.report.rules import findings_in as report_findings
from pipeline.lang import Text
from pipeline.settings import Settings
from pipeline.split.headings import sections_of
from pipeline.tokens import estimator
from pipeline.types import RULES_ALONE, Document, Examined, Finding

_RULES: Mapping[str, Callable[[Document], list[Finding]]] = {"contract": contract_findings, "report": report_findings}


def examine(document: Document, settings: Settings) -> Examined:
    """Find sections, decide kind and checklist, run the rules: what a model's answers are put beside.

    Raises SettingsError for a pack that there is not, or that can't be used.
    """
    return _examined(*_sectioned(document, settings))


def examine_alone(document: Document, settings: Settings) -> Examined:
    """The same where no model will be asked: findings are merged, and the checklist
    is answered as far as it has rules. Raises SettingsError as ``examine`` does."""
    document, kind, checklist = _sectioned(document, settings)
    examined = _examined(document, kind, checklist)
    findings, notes = merge(examined.findings), [RULES_ALONE]
    if checklist:
        findings += checklist.by_rule(document)
        notes.append(_told_of(checklist))
    return replace(examined, findings=findings, notes=notes)


def _told_of(checklist: Checklist) -> Text:
    """How far rules alone answer a checklist."""
    items, open_ = len(checklist.items), checklist.unruled
    zh, en = (
        f"审查清单 {items} 项，仅按文字检索核对",
        f"{items} items of the checklist were searched for by words alone",
    )
    if open_:
        zh, en = f"{zh}，其中 {open_} 项没有规则、未核对", f"{en}, {open_} of them not at all, having no rule"
    return Text(f"{zh}；约定是否得当，须由模型或人判断", f"{en}: how well they are agreed wants a model or a person")


def _sectioned(document: Document, settings: Settings) -> tuple[Document, str, Checklist | None]:
    document = replace(document, sections=sections_of(document))
    kind = kind_of(document) if settings.kind == "auto" else settings.kind
    return document, kind, _checklist_for(document, settings) if kind == "contract" else None


def _examined(document: Document, kind: str, checklist: Checklist | None) -> Examined:
    return Examined(
        sections=document.sections,
        kind=kind,
        pack=checklist.pack.label if checklist else "",
        role=checklist.role if checklist else "",
        tokens=estimator().count(document.text),
        findings=doubted(document, [*_RULES[kind](document), *injections_in(document)]),
    )


def _checklist_for(document: Document, settings: Settings) -> Checklist:
    """The pack that is set, else that of the contract's type, for the role that the side taken has in it."""
    name = settings.pack
    pack = (pack_named(name, settings.packs) if name else pack_for(contract_type(document), settings.packs)).pack
    return Checklist(pack, acting_role(pack, settings.side, document.text))
