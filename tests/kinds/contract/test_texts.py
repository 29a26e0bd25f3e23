"""Whole contracts: our own texts, the samples, and both with defects planted by code."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_text import CLEAN, checks, document
from quality import SAMPLES, by_rules

from pipeline.evaluation.gold import Gold
from pipeline.evaluation.score import score
from pipeline.kinds.contract.amounts import labelled_amounts
from pipeline.kinds.contract.rules import findings_in
from pipeline.kinds.contract.structure import structure_of
from pipeline.kinds.contract.tables import tables_in
from pipeline.kinds.contract.view import View
from pipeline.types import Analysis, DocumentInfo

TEXTS = Path(__file__).with_name("texts")
GOLD = sorted(TEXTS.glob("*.gold.json"))
BAR = 0.95


def text_of(gold: Path) -> str:
    return gold.with_name(gold.name.replace(".gold.json", ".txt")).read_text(encoding="utf-8")


@pytest.mark.parametrize("gold", GOLD, ids=lambda path: path.name.removesuffix(".gold.json"))
def test_our_own_texts(gold: Path) -> None:
    found = tuple(findings_in(document(text_of(gold))))
    analysis = Analysis(DocumentInfo("d", gold.name), "f", "contract", "", "rules", "", "done", findings=found)
    scores = score([(Gold.model_validate_json(gold.read_bytes()), analysis)])
    assert not [(name, tally) for name, tally in scores.tallies.items() if tally.missed or tally.false]


def test_the_samples_reach_their_figures(tmp_path: Path) -> None:
    scores = by_rules(SAMPLES, tmp_path).scores
    of_contracts = {name: t for name, t in scores.tallies.items() if name not in ("metrics", "period")}
    low = {name: t for name, t in of_contracts.items() if min(t.recall, t.precision) < BAR}
    assert scores.tallies["parties"].hits > 20
    assert not low


# --- planted by code --------------------------------------------------------------------------------------------------

ALL = {"clean": CLEAN, **{gold.name.removesuffix(".gold.json"): text_of(gold) for gold in GOLD}}
EVERY_TEXT = pytest.mark.parametrize("text", ALL.values(), ids=ALL.keys())


def planted(text: str, sentence: str) -> str:
    """``text`` with a paragraph before its last article (or its signatures)."""
    view = View(document(text))
    structure = structure_of(view)
    body = [a.first for a in structure.articles if a.first < structure.attachments_from]
    line = view.lines[body[-1] if body else min(structure.signature)]
    return f"{text[: line.start]}{sentence}\n{text[line.start :]}"


def new_items(text: str, sentence: str) -> list[str]:
    """Items of the checks that ``sentence`` adds."""
    before = sorted(f.item for f in checks(text))
    after = sorted(f.item for f in checks(planted(text, sentence)))
    for item in before:
        if item in after:
            after.remove(item)
    return after


@EVERY_TEXT
@pytest.mark.parametrize(
    ("sentence", "item"),
    [
        ("双方应按照本合同第九十七条的约定办理交接。", "引用的条款不存在"),
        ("验收标准详见附件九《验收标准》。", "引用的附件不存在"),
        ("设备安装地点为__________。", "空白未填"),
        ("过渡期自2027年6月1日起至2027年3月31日止。", "日期先后矛盾"),
        ("场地保证金为人民币36,000元（大写：叁万伍仟元整）。", "大小写金额不一致"),
        ("甲方应支付合同总价的26%作为定金。", "定金超过20%"),
    ],
)
def test_a_planted_defect_is_found_in_every_contract(text: str, sentence: str, item: str) -> None:
    assert new_items(text, sentence) == [item]


@EVERY_TEXT
@pytest.mark.parametrize(
    "sentence",
    [
        "双方应按照《中华人民共和国民法典》第五百零九条的规定履行义务。",
        "场地保证金为人民币36,000元（大写：叁万陆仟元整）。",
        "过渡期自2027年6月1日起至2027年8月31日止。",
        "双方应当妥善保管相关资料，未经对方书面同意不得复制。",
        "本条所称通知，包括电子邮件和即时通讯工具发出的通知。",
    ],
)
def test_a_harmless_sentence_raises_no_alarm(text: str, sentence: str) -> None:
    assert new_items(text, sentence) == []


@EVERY_TEXT
def test_a_wrong_digit_beside_its_words_is_found(text: str) -> None:
    view = View(document(text))
    for amount in labelled_amounts(view, tables_in(view)):
        if amount.words is None or amount.words.yuan != amount.yuan:
            continue
        at = next(i for i in range(amount.span.start, amount.span.end) if text[i].isdigit())
        wrong = text[:at] + ("7" if text[at] != "7" else "8") + text[at + 1 :]
        assert "大小写金额不一致" in [f.item for f in checks(wrong)], text[amount.span.start : amount.span.end]


@EVERY_TEXT
def test_quotes_stand_in_the_text(text: str) -> None:
    for finding in findings_in(document(text)):
        assert finding.source == "rule"
        assert finding.evidence or finding.status == "absent"
        for evidence in finding.evidence:
            assert evidence.span is not None
            assert evidence.quote == text[evidence.span.start : evidence.span.end]
            assert evidence.quote == evidence.quote.strip() != ""
