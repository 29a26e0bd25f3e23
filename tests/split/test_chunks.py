"""Chunks tile the text, fit the budget, and end where a reader would pause."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from split_made import document_of

from pipeline.errors import PromptTooLongError, UsageError
from pipeline.split.chunks import halve, split
from pipeline.tokens import Tokenizer, estimator
from pipeline.types import Document, Span

LETTERS = "甲方乙应当于2024年3月1日前支付30.5%元，，。。；、：“”（）《》\n\n\t第一二三条章 1.()abcDEF.!?;\"'①"
UNITS = [*LETTERS, "合同", "第一条 定义\n", "（1）交货；\n", "👨‍👩‍👧", "e\u0301", "\ud800", "\n\n", "名称\t数量\n"]
TEXTS = st.lists(st.sampled_from(UNITS), max_size=300).map("".join)


def texts(document: Document, tokenizer: Tokenizer, max_tokens: int) -> list[str]:
    """The chunks' texts, after checking everything that always holds."""
    chunks = split(document, tokenizer, max_tokens)
    parts = [document.text[c.span.start : c.span.end] for c in chunks]
    assert "".join(parts) == document.text
    assert all(parts)
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert [c.tokens for c in chunks] == [tokenizer.count(part) for part in parts]
    assert all(c.tokens <= max_tokens for c in chunks)
    return parts


@given(TEXTS, st.integers(16, 120))
@settings(max_examples=400)
def test_chunks_tile_the_text_and_fit(small: Tokenizer, text: str, max_tokens: int) -> None:
    document = document_of(text)
    for tokenizer in (small, estimator()):
        parts = texts(document, tokenizer, max_tokens)
        assert parts == texts(document, tokenizer, max_tokens)


@given(st.text(max_size=400), st.integers(16, 60))
@settings(max_examples=200)
def test_any_text_is_split(small: Tokenizer, text: str, max_tokens: int) -> None:
    texts(document_of(text), small, max_tokens)


def clause(number: int, sentences: int = 6) -> str:
    body = "".join(f"甲方应当在收到第{i}批货物后三十日内，按照合同约定支付相应的款项。" for i in range(sentences))
    return f"第{number}条 付款方式\n{body}\n"


def contract(clauses: int) -> Document:
    return document_of("".join(clause(i) for i in range(1, clauses + 1)))


def test_a_text_that_fits_is_one_chunk(small: Tokenizer) -> None:
    document = contract(3)
    (chunk,) = split(document, small, small.count(document.text))
    assert chunk.span == Span(0, len(document.text))
    assert chunk.tokens == small.count(document.text)


def test_an_empty_text_has_no_chunks(small: Tokenizer) -> None:
    assert split(document_of(""), small, 100) == ()


def test_cuts_fall_before_headings_where_they_can(small: Tokenizer) -> None:
    document = contract(40)
    size = small.count(clause(1))
    parts = texts(document, small, size * 5 + 20)
    assert all(part.startswith("第") for part in parts)


def test_chunks_name_the_sections_around_their_start(small: Tokenizer) -> None:
    text = "第一章 总则\n" + clause(1, 30) + clause(2, 30) + "第二章 附则\n" + clause(3, 30)
    chunks = split(document_of(text), small, small.count(clause(1, 30)) // 2)
    assert {c.headings for c in chunks} == {
        ("第一章 总则",),
        ("第一章 总则", "第1条 付款方式"),
        ("第一章 总则", "第2条 付款方式"),
        ("第二章 附则",),
        ("第二章 附则", "第3条 付款方式"),
    } - ({("第二章 附则",)} if not any(text[c.span.start :].startswith("第二章") for c in chunks) else set())


def test_no_heading_is_left_at_a_tail(small: Tokenizer) -> None:
    for sentences in (3, 7, 11):
        document = document_of("".join(clause(i, sentences) for i in range(1, 60)))
        for budget in (300, 500, 900):
            for part in texts(document, small, budget):
                assert not part.rstrip().endswith("付款方式")


def test_sizes_are_even(small: Tokenizer) -> None:
    parts = texts(contract(80), small, 1000)
    sizes = [small.count(part) for part in parts]
    assert max(sizes) <= 1.10 * sum(sizes) / len(sizes)


def test_sentences_stay_whole(small: Tokenizer) -> None:
    parts = texts(document_of(clause(1, 400)), small, 400)
    assert all(part.rstrip().endswith("。") for part in parts)


def test_closing_quotes_stay_with_their_sentence(small: Tokenizer) -> None:
    text = "甲方称：“乙方未按照约定的期限交付全部货物，应当承担违约责任。”" * 60
    for part in texts(document_of(text), small, 200):
        assert part.startswith("甲方称")
        assert part.endswith("”")


def test_a_long_sentence_is_divided_at_commas(small: Tokenizer) -> None:
    text = "甲方应当按照本合同的约定履行义务，" * 200
    for part in texts(document_of(text), small, 120):
        assert part.endswith("，")


def test_without_punctuation_words_stay_whole(small: Tokenizer) -> None:
    text = "双方应当按照合同约定及时履行各自义务" * 100
    for part in texts(document_of(text), small, 150)[:-1]:
        assert part[-2:] in {"双方", "应当", "按照", "合同", "约定", "及时", "履行", "各自", "义务"}


@pytest.mark.parametrize(
    "number", ["1,280,000.00元", "2024年12月31日", "壹佰贰拾捌万元整", "30.5%", "１２８０００", "91310000MA1FL0XX8K"]
)
def test_numbers_stay_whole_where_there_is_another_way(small: Tokenizer, number: str) -> None:
    text = f"金额{number}支付" * 120
    parts = texts(document_of(text), small, 90)
    assert len(parts) > 3
    assert sum(part.count(number) for part in parts) == 120


def test_bracketed_titles_stay_whole_where_there_is_another_way(small: Tokenizer) -> None:
    text = "依照《关于采购、验收、付款的规定》办理，双方没有异议，" * 80
    for part in texts(document_of(text), small, 150):
        assert part.count("《") == part.count("》")


def test_table_rows_stay_whole(small: Tokenizer) -> None:
    row = "设备名称。甲型；乙型\t数量12台，单价3.5元\t合计42.0元\n"
    for part in texts(document_of(row * 200), small, 300):
        assert part.startswith("设备")
        assert part.endswith("\n")


def test_a_grapheme_stays_whole_where_there_is_another_way(small: Tokenizer) -> None:
    text = "👨‍👩‍👧" * 60
    for part in texts(document_of(text), small, 60):
        assert part.startswith("👨")


def test_a_budget_below_one_character_is_refused_by_name(small: Tokenizer) -> None:
    with pytest.raises(PromptTooLongError, match="样本"):
        split(document_of("龘龘龘"), small, 2)
    with pytest.raises(UsageError):
        split(document_of("甲"), small, 0)


def test_jieba_is_loaded_only_for_a_unit_without_marks() -> None:
    code = (
        "import sys; from split_made import document_of; from pipeline.split.chunks import split\n"
        "from pipeline.tokens import estimator\n"
        "split(document_of('甲方应当付款。' * 500), estimator(), 200)\n"
        "assert 'jieba' not in sys.modules and 'numpy' not in sys.modules\n"
        "split(document_of('甲方应当付款' * 500), estimator(), 200)\n"
        "assert 'jieba' in sys.modules\n"
    )
    folders = {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=folders)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


HOSTILE = [
    " ",
    "中",
    "\n",
    "\t",
    "a",
    "1",
    "(",
    '。"',
    "第一条 ",
    "1.1 a\n",
    "\ud800",
    "e\u0301",
    "附件一\n",
    ".",
    "，",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_are_split_in_linear_time(small: Tokenizer, unit: str) -> None:
    document = document_of(unit * (200_000 // len(unit)))
    started = time.process_time()
    chunks = split(document, small, 2000)
    halve(document, Span(0, len(document.text)))
    assert time.process_time() - started < 10
    assert chunks[-1].span.end == len(document.text)


# --- halving ----------------------------------------------------------------------------------------------------------


@given(TEXTS, st.data())
@settings(max_examples=300)
def test_halves_tile_their_span(text: str, data: st.DataObject) -> None:
    document = document_of(text)
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    halves = halve(document, span)
    if halves is not None:
        first, second = halves
        assert (first.start, first.end, second.end) == (span.start, second.start, span.end)
        assert text[first.start : first.end].strip()
        assert text[second.start : second.end].strip()


def test_halving_ends_at_single_sentences() -> None:
    document = contract(30)
    rng = random.Random(0)
    for _ in range(5):
        span = Span(0, len(document.text))
        while halves := halve(document, span):
            assert max(h.length for h in halves) < span.length
            span = rng.choice(halves)
        assert span.length < 120


def test_halving_prefers_a_heading_near_the_middle() -> None:
    document = contract(4)
    halves = halve(document, Span(0, len(document.text)))
    assert halves is not None
    assert document.text[halves[1].start :].startswith("第3条")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "短句。短句。",
        "甲" * 500,
        "甲方应当在收到货物并验收合格后三十日内支付全部合同价款且不得以任何理由拖延支付或者拒绝支付",
    ],
)
def test_what_can_not_be_halved(text: str) -> None:
    assert halve(document_of(text), Span(0, len(text))) is None


def numbered(count: int) -> list[str]:
    """Clauses of different lengths and words."""
    rng = random.Random(7)
    words = ["货物", "验收", "款项", "期限", "担保", "通知", "保密", "运输", "质量", "发票"]
    return [
        f"第{i}条 {rng.choice(words)}{i}\n"
        + "".join(
            f"双方应当按照约定办理{rng.choice(words)}事宜第{rng.randrange(99)}项。" for _ in range(rng.randrange(2, 9))
        )
        + "\n"
        for i in range(1, count + 1)
    ]


@pytest.mark.parametrize("budget", [600, 1200])
def test_an_edit_in_one_clause_leaves_most_chunks_as_they_were(small: Tokenizer, budget: int) -> None:
    clauses = numbered(200)
    before = texts(document_of("".join(clauses)), small, budget)
    kept = []
    for place in range(10, 190, 20):
        changed = [*clauses[:place], clauses[place].rstrip() + "逾期另计。\n", *clauses[place + 1 :]]
        after = texts(document_of("".join(changed)), small, budget)
        kept.append(sum(part in set(before) for part in after) / len(after))
    assert sum(kept) / len(kept) > 0.9


def test_a_size_follows_from_the_budget_not_from_the_text(small: Tokenizer) -> None:
    """What is far behind the end of a long text changes nothing at its beginning."""
    clauses = numbered(260)
    shorter, longer = (texts(document_of("".join(clauses[:n])), small, 600) for n in (200, 260))
    assert shorter[:5] == longer[:5]


def test_a_few_chunks_are_even(small: Tokenizer) -> None:
    for count in (9, 14, 23, 31):
        clauses = numbered(count)
        sizes = [small.count(part) for part in texts(document_of("".join(clauses)), small, 900)]
        assert max(sizes) <= 1.10 * sum(sizes) / len(sizes)


def test_a_chapter_does_not_leave_its_beginning_at_a_tail(small: Tokenizer) -> None:
    text = "".join(
        f"第{chapter}章 章名\n" + "".join(clause(chapter * 20 + i, 2 + (i * chapter) % 5) for i in range(9))
        for chapter in range(1, 15)
    )
    for budget in (700, 1500):
        for part in texts(document_of(text), small, budget)[:-1]:
            assert "章 章名" not in part[-budget // 10 :]


def test_a_large_attachment_is_divided_alike_whatever_stands_before_it(small: Tokenizer) -> None:
    annex = "附件一 技术规范\n" + "".join(f"{n}. 第{n}台设备的噪声不得超过七十分贝。\n" for n in range(1, 300))
    first, second = (texts(document_of("".join(numbered(n)) + annex), small, 600) for n in (40, 77))
    alike = [part for part in first if "台设备" in part]
    assert len(alike) > 5 and alike == [part for part in second if "台设备" in part]
    assert alike[0].startswith("附件一")
