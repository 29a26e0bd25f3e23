"""Cleaning: literal pairs, and what must hold for any text."""

from __future__ import annotations

import unicodedata
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pdf.clean import fold, full_width, is_odd, plain, repair


def cleaned(text: str) -> str:
    folded = fold(text)
    return repair(folded, array("i", range(len(folded))))[0] if is_odd(folded) else folded


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("⼀⼆⾦⾏", "一二金行"),  # Kangxi radicals
        ("⺠⻔⻓⻅⻆⻣⻢⻋⻚", "民门长见角骨马车页"),  # radicals that NFKC leaves
        ("﨑金", "﨑金"),  # a compatibility ideograph with a canonical twin, and one without
        ("１２３，４５６．００元", "123，456．00元"),
        ("ＡＢＣ有限公司（ａｂ）", "ABC有限公司（ab）"),
        ("百分之５％", "百分之5%"),
        ("，。（）：；！？“”《》、", "，。（）：；！？“”《》、"),
        ("︵一︶︻二︼︽三︾﹁四﹂", "（一）【二】《三》「四」"),
        ("甲方：　　乙方", "甲方：  乙方"),
        ("ﬁnal oﬃce", "final office"),
        ("soft\u00adware\u200b\ufeff", "software"),
        ("e\u0301te\u0301", "été"),
        ("ガ", "ガ"),
        ("a\u0000b\u0007c\ufffe", "abc"),
        ("x\u202ey\u2066z", "xyz"),
        ("\uf0b7 项目", "• 项目"),
        ("co\x02operate", "co-operate"),
        ("①㈠㎡℃", "①㈠㎡℃"),
        ("\ud800坏", "坏"),
    ],
)
def test_cleaned(raw: str, clean: str) -> None:
    assert cleaned(raw) == clean


anything = st.text(st.characters(), max_size=60)


@given(anything)
def test_fold_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(anything)
def test_cleaned_text_is_composed_and_encodable(text: str) -> None:
    result = cleaned(text)
    assert unicodedata.is_normalized("NFC", result)
    result.encode()
    assert not any(unicodedata.category(char) == "Cc" for char in result if char not in "\n\r")


@given(anything)
def test_origins_follow_the_characters(text: str) -> None:
    folded = fold(text)
    result, origins = repair(folded, array("i", range(len(folded))))
    assert len(result) == len(origins)
    assert list(origins) == sorted(origins)
    for char, origin in zip(result, origins, strict=True):
        if "\u4e00" <= char <= "\u9fff":  # what stays as it is comes from where it stood
            assert folded[origin] == char


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once


def test_a_title_is_one_line() -> None:
    assert plain(" 采购\r\n合同\x00 （２０２６） ") == "采购 合同 （2026）"


@pytest.mark.parametrize(
    ("recognised", "text"),
    [
        ("甲方(买方):东海公司", "甲方（买方）：东海公司"),
        ("税率(13%),共3,000元", "税率（13%），共3,000元"),
        ("价款(含税13%)由", "价款（含税13%）由"),
        ("Siemens (828D), V3.2", "Siemens (828D), V3.2"),
        ("12:30开始", "12:30开始"),
        ("应当,并", "应当，并"),
    ],
)
def test_recognised_punctuation_is_set_as_in_chinese(recognised: str, text: str) -> None:
    assert full_width(recognised) == text
