"""Counts are the model's own, or never below them."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from split_made import small_tokenizer_json

from pipeline.errors import SettingsError
from pipeline.tokens import Tokenizer, count_span, escape_special, estimator, load_tokenizer
from pipeline.types import Span
from pipeline.vocabulary import ENGLISH_WORDS, HAN_PAIRS, RARE_HAN

TEXTS = [
    "",
    "合同自双方签字盖章之日起生效。\n",
    "总价款为人民币1,280,000.00元（大写：壹佰贰拾捌万元整）。",
    "The Agreement shall be governed by the laws of the People's Republic of China.",
    "第三条　付款方式：\n\n  1）预付30%；\n\t2）余款５０％…… ①②③ 𠮷𠀀 👨‍👩‍👧 e\u0301 Å",
    "□适用 √不适用\r\n——“引号”‘单引’《书名》〈篇〉【注】",
    "\x00\x01\ue000\ufffd\u200b\u3000",
]


def with_every_bmp_plane() -> str:
    """Apart from each other: in which order marks combine depends on the version of Unicode."""
    return "甲".join(chr(i) for i in range(0x20, 0x30000, 37) if not 0xD800 <= i <= 0xDFFF)


@pytest.mark.parametrize("text", [*TEXTS, with_every_bmp_plane()])
def test_ids_equal_those_of_hugging_face(qwen: Tokenizer, qwen_folder: Path, text: str) -> None:
    reference = pytest.importorskip("tokenizers").Tokenizer.from_file(str(qwen_folder / "tokenizer.json"))
    assert qwen.encode(text) == reference.encode(text, add_special_tokens=False).ids


def test_ids_equal_those_of_hugging_face_on_real_documents(
    qwen: Tokenizer, qwen_folder: Path, corpus: list[str]
) -> None:
    reference = pytest.importorskip("tokenizers").Tokenizer.from_file(str(qwen_folder / "tokenizer.json"))
    for text in corpus:
        text = escape_special(text[:60_000])
        assert qwen.encode(text) == reference.encode(text, add_special_tokens=False).ids


def test_ends_are_cumulative_counts(qwen: Tokenizer, corpus: list[str]) -> None:
    text = max(corpus, key=len)[:100_000]
    ends = qwen.ends(text)
    assert len(ends) == len(text) + 1
    assert ends[0] == 0
    assert ends[-1] == qwen.count(text)
    assert all(a <= b for a, b in pairwise(ends))
    for start in range(0, len(text) - 3000, 1777):
        span = Span(start, start + 2500)
        exact = qwen.count(text[span.start : span.end])
        assert abs(ends[span.end] - ends[span.start] - exact) <= 3
        assert count_span(qwen, text, ends, span) == exact


def test_ends_at_a_character_of_several_tokens_count_all_of_them(qwen: Tokenizer) -> None:
    text = "囍𠮷"
    assert list(qwen.ends(text)) == [0, qwen.count("囍"), qwen.count(text)]


@given(st.text(st.sampled_from("合同甲方应当支付。，\n\n \t1.a"), max_size=60), st.data())
@settings(max_examples=200)
def test_a_span_of_whole_lines_and_broken_ones_is_counted_exactly(
    small: Tokenizer, unit: str, data: st.DataObject
) -> None:
    text = unit * 60
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    assert count_span(small, text, small.ends(text), span) == small.count(text[span.start : span.end])


def test_special_tokens_in_a_document_are_plain_text(small: Tokenizer) -> None:
    assert small.count("<|im_end|>") > 1
    assert small.encode("甲方") == [small_tokenizer_json()["model"]["vocab"]["çĶ²æĸ¹"]]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("甲<|im_end|>乙", "甲＜|im_end|>乙"),
        ("<think>a</think>", "＜think>a＜/think>"),
        ("<tool_call>{}</tool_call>", "＜tool_call>{}＜/tool_call>"),
        ("<|im_start|>system", "＜|im_start|>system"),
        ("<｜end▁of▁sentence｜>", "＜｜end▁of▁sentence｜>"),
        ("[INST] x [/INST]", "［INST] x ［/INST]"),
        ("<<|endoftext|>>", "<＜|endoftext|>>"),
        ("a < b > c, [1], <div>, 若 x<|y|", "a < b > c, [1], <div>, 若 x<|y|"),
    ],
)
def test_special_strings_are_made_harmless_in_place(text: str, escaped: str) -> None:
    assert escape_special(text) == escaped
    assert len(escaped) == len(text)
    assert escape_special(escaped) == escaped


def test_no_document_text_becomes_a_special_token(qwen: Tokenizer, qwen_folder: Path) -> None:
    reference = pytest.importorskip("tokenizers").Tokenizer.from_file(str(qwen_folder / "tokenizer.json"))
    spec = json.loads((qwen_folder / "tokenizer.json").read_text(encoding="utf-8"))
    ids = {token["id"] for token in spec["added_tokens"]}
    for token in spec["added_tokens"]:
        for text in (token["content"], f"甲{token['content']}乙", token["content"] * 3, f"<{token['content']}>"):
            safe = escape_special(text)
            encoded = reference.encode(safe, add_special_tokens=False).ids
            assert not ids & set(encoded), text
            assert qwen.count(text) == len(encoded)


# --- what can't be loaded ---------------------------------------------------------------------------------------------


def write(folder: Path, spec: object) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def test_a_folder_without_tokenizer_json_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_tokenizer(tmp_path)
    assert str(tmp_path) in caught.value.cause.en
    assert "tokenizer.json" in caught.value.remedy.en


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)


UNIGRAM = {
    "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["合", -1.0], ["同", -1.5], ["合同", -1.2]]}
}


def test_another_kind_of_model_names_the_package_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    monkeypatch.setattr("pipeline.tokens.find_spec", lambda _: None)
    with pytest.raises(SettingsError) as caught:
        load_tokenizer(write(tmp_path, UNIGRAM))
    assert "Unigram" in caught.value.cause.en
    assert "pip install tokenizers" in caught.value.remedy.en


def test_another_kind_of_model_is_counted_by_tokenizers_where_installed(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    tokenizer = load_tokenizer(write(tmp_path, UNIGRAM))
    assert tokenizer.exact
    assert tokenizer.count("合同合") == 2
    assert list(tokenizer.ends("合同合")) == [0, 1, 1, 2]
    assert tokenizer.count("合\ud800") == 2


def shuffled_ids(spec: dict[str, object]) -> dict[str, object]:
    model = spec["model"]
    assert isinstance(model, dict)
    merges = model["merges"]
    return spec | {"model": model | {"merges": [merges[1], merges[0], *merges[2:]]}}


def without_bytes(spec: dict[str, object]) -> dict[str, object]:
    model = spec["model"]
    assert isinstance(model, dict)
    return spec | {"model": model | {"vocab": {k: v for k, v in model["vocab"].items() if k != "!"}}}


@pytest.mark.parametrize("change", [shuffled_ids, without_bytes, lambda s: s | {"normalizer": {"type": "Lowercase"}}])
def test_byte_level_vocabularies_that_tiktoken_would_misread_are_not_given_to_it(
    change: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.tokens.find_spec", lambda _: None)
    with pytest.raises(SettingsError):
        load_tokenizer(write(tmp_path, change(small_tokenizer_json())))


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    folder = write(tmp_path, small_tokenizer_json())
    first = load_tokenizer(folder)
    assert load_tokenizer(folder / "tokenizer.json") is first
    spec = small_tokenizer_json() | {"added_tokens": []}
    assert load_tokenizer(write(folder, spec)) is not first


# --- the estimate -----------------------------------------------------------------------------------------------------

HAN = st.integers(0x4E00, 0x9FFF).map(chr)
COMMON = st.sampled_from([chr(c) for c in range(0x4E00, 0xA000) if chr(c).encode("gb2312", "ignore")])
PIECES = st.one_of(
    st.text(max_size=12),
    st.text(HAN, max_size=10),
    st.text(COMMON, max_size=12),
    st.sampled_from(sorted(HAN_PAIRS)),
    st.sampled_from(sorted(ENGLISH_WORDS)).map(" {}".format),
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ '’"), max_size=20),
    st.text(st.sampled_from("0123456789０１２.,%％元万年月日"), max_size=12),
    st.text(st.sampled_from("，。、；：？！“”‘’（）《》〈〉【】—…·￥％～＋－ \n\t"), max_size=12),
    st.tuples(st.sampled_from(". _-=*…·—#~\n"), st.integers(1, 80)).map(lambda pair: pair[0] * pair[1]),
    st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=8),
)


@given(st.lists(PIECES, max_size=8).map("".join))
@settings(max_examples=1000)
def test_the_estimate_is_never_below_the_count(qwen: Tokenizer, text: str) -> None:
    assert estimator().count(text) >= qwen.count(text)


@pytest.mark.parametrize(
    "text",
    [
        "《ਲ਼—",  # decomposed by NFC: excluded from composition
        "加强懈权力",  # a token that starts inside a character
        "中股份数量及",
        " 目标 统计 极大",  # a space that takes the first byte of the next character
        "儒c臣豢C'\n袒a 鳃绞\t 靛遂\n",
        "qzxjkvqzxjkv", "aAaAaAaA", "a'sb'tc're", "·" * 41 + "“", "." * 1001 + "，", "𝅘𝅥𝅲y",
    ],
)  # fmt: skip
def test_the_estimate_holds_where_it_once_failed(qwen: Tokenizer, text: str) -> None:
    assert estimator().count(text) >= qwen.count(text)


def test_the_estimate_is_close_on_chinese_documents(qwen: Tokenizer, corpus: list[str]) -> None:
    chinese = [t for t in corpus if len(t) > 2000 and sum("一" <= c <= "鿿" for c in t) > 0.4 * len(t)]
    exact = [qwen.count(text) for text in chinese]
    estimate = [estimator().count(text) for text in chinese]
    assert all(a <= b for a, b in zip(exact, estimate, strict=True))
    assert sum(estimate) <= 1.4 * sum(exact)


def test_facts_of_the_vocabulary_hold(qwen: Tokenizer) -> None:
    assert len(HAN_PAIRS) == 1500
    assert all(qwen.count(pair) == 1 for pair in HAN_PAIRS)
    assert all(qwen.count(f" {word}") == 1 for word in ENGLISH_WORDS)
    assert all(qwen.count(char) > 1 for char in RARE_HAN)
    gb2312 = [chr(c) for c in range(0x4E00, 0xA000) if chr(c).encode("gb2312", "ignore")]
    assert all(qwen.count(char) == 1 for char in gb2312 if char not in RARE_HAN)
    smooth = "abcdehilmnoprstuy"
    assert all(qwen.count(a + b) == 1 for a in smooth + " " for b in smooth)


def test_the_estimate_says_so() -> None:
    assert not estimator().exact
    assert estimator().name == "estimate"
    assert estimator().ends("").tolist() == [0]


@pytest.mark.parametrize("text", [" " * 1_100_000, "中" * 400_000, "\ud800甲\udfff", "a" * 300_000, "\n" * 300_000])
def test_absurd_texts_are_counted(small: Tokenizer, text: str) -> None:
    for tokenizer in (small, estimator()):
        ends = tokenizer.ends(text)
        assert len(ends) == len(text) + 1
        assert ends[-1] == tokenizer.count(text)
