"""A document that was divided before is divided alike after an edit: only what was edited is new."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from split_made import document_of

from pipeline.split.chunks import split
from pipeline.split.marks import marks_of, places_known
from pipeline.tokens import Tokenizer
from pipeline.types import Document

WORDS = ("货物", "验收", "款项", "期限", "担保", "通知", "保密", "运输", "质量", "发票")
BUDGET = 600


def clauses_of(count: int) -> list[str]:
    rng = random.Random(11)
    return [
        f"第{i}条 {rng.choice(WORDS)}{i}\n"
        + "".join(
            f"双方应当按照约定办理{rng.choice(WORDS)}事宜第{rng.randrange(99)}项。" for _ in range(rng.randrange(2, 9))
        )
        + "\n"
        for i in range(1, count + 1)
    ]


class Kept:
    """The marks of the documents that were divided so far."""

    def __init__(self) -> None:
        self.marks: set[int] = set()

    def known(self, marks: Sequence[int]) -> Collection[int]:
        return self.marks.intersection(marks)

    def texts(self, text: str, tokenizer: Tokenizer, budget: int = BUDGET) -> list[str]:
        document = document_of(text)
        chunks = split(document, tokenizer, budget, self.known)
        self.marks.update(marks_of(text, chunks, budget))
        parts = [text[c.span.start : c.span.end] for c in chunks]
        assert "".join(parts) == text
        assert all(tokenizer.count(part) <= budget for part in parts)
        return parts


def alone(text: str, tokenizer: Tokenizer) -> list[str]:
    document: Document = document_of(text)
    return [text[c.span.start : c.span.end] for c in split(document, tokenizer, BUDGET)]


def test_an_unedited_document_is_divided_as_before(small: Tokenizer) -> None:
    kept, text = Kept(), "".join(clauses_of(80))
    first = kept.texts(text, small)
    assert first == alone(text, small)
    assert kept.texts(text, small) == first


EDITS = {
    "a sentence inserted": lambda clause: clause.rstrip() + "任何一方不得单方面变更本条约定的期限和方式。\n",
    "a word changed": lambda clause: clause.replace("约定", "合同", 1),
    "a sentence deleted": lambda clause: clause[: clause.index("。") + 1] + "\n",
    "the clause deleted": lambda clause: "",
    "a clause inserted": lambda clause: clause + "增补条款 双方另行书面约定的，从其约定，并应当书面通知对方。\n",
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_one_clause_leaves_the_other_chunks_as_they_were(small: Tokenizer, kind: str) -> None:
    clauses = clauses_of(200)
    for place in range(4, 196, 6):
        kept = Kept()
        before = kept.texts("".join(clauses), small)
        edited = EDITS[kind](clauses[place])
        after = kept.texts("".join([*clauses[:place], edited, *clauses[place + 1 :]]), small)
        [whole] = [part for part in before if clauses[place] in part] or [""]
        grown = small.count(whole) + small.count(edited) - small.count(clauses[place])
        must_be_two = not whole or grown > BUDGET - 10  # a cut was inside the clause, or a new one is needed
        assert sum(part not in before for part in after) <= 1 + must_be_two


def test_many_edits_one_after_the_other_leave_parts_of_a_good_size(small: Tokenizer) -> None:
    rng, kept, clauses = random.Random(3), Kept(), clauses_of(120)
    parts = kept.texts("".join(clauses), small)
    for _ in range(60):
        place = rng.randrange(len(clauses))
        clauses[place] = EDITS[rng.choice(list(EDITS))](clauses[place])
        before, parts = parts, kept.texts("".join(clauses), small)
        assert sum(part not in before for part in parts) <= 4
    fewest = -(-small.count("".join(clauses)) // BUDGET)
    assert len(parts) <= 1.5 * fewest


def test_words_that_stand_in_many_places_mark_none() -> None:
    """Else every one of them would pass for a cut of the version before."""
    clause = (
        "双方应当按照约定办理货物事宜，并在收到通知后三日内书面答复对方，逾期未答复的视为同意对方提出的全部处理方案。\n"
    )
    text = "第一条 总则。\n" + clause * 9 + "第二条 附则。\n"
    places = [at + 1 for at, char in enumerate(text[:-1]) if char == "\n"]
    assert places_known(text, places, BUDGET, lambda marks: marks) == {places[0], places[-1]}


def test_clauses_in_another_order_do_not_make_many_small_chunks(small: Tokenizer) -> None:
    clauses = clauses_of(120)
    kept = Kept()
    kept.texts("".join(clauses), small)
    for seed in range(5):
        random.Random(seed).shuffle(clauses)
        assert len(kept.texts("".join(clauses), small)) <= 1.25 * len(alone("".join(clauses), small)) + 1


@given(st.lists(st.sampled_from(clauses_of(40)), min_size=5, max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_whatever_is_known_the_chunks_tile_and_fit(small: Tokenizer, clauses: list[str], rng: random.Random) -> None:
    kept = Kept()
    for _ in range(4):
        kept.texts("".join(clauses), small)
        rng.shuffle(clauses)
