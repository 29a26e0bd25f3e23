from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.text import readable, values_in, visible


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=40))
def test_nothing_invisible_stays(text: str) -> None:
    shown = visible(text)
    assert all(unicodedata.category(c) not in ("Cf", "Cs", "Zl", "Zp") and (c >= " " or c in "\n\t") for c in shown)
    assert visible(shown) == shown
    shown.encode("utf-8")


@given(st.text(max_size=20), st.text(max_size=40))
def test_what_is_marked_lies_in_the_quote(value: str, quote: str) -> None:
    edges = [edge for span in values_in(value, quote) for edge in span]
    assert edges == sorted(edges) and all(0 <= edge <= len(quote) for edge in edges)


@pytest.mark.parametrize("text", ["设备采购合同（2026）", "“引号”、—— 《》\u3000𠮷野家 é ü ① ㎡", "a\tb\nc"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1280000.00元", "1,280,000.00元"),
        ("6850元", "6,850元"),
        ("-98765.00万元", "-98,765.00万元"),
        ("相加为 2500000.00元，合计写作 2,520,000.00元", "相加为 2,500,000.00元，合计写作 2,520,000.00元"),
        ("2026年", "2026年"),
        ("100000000000000000000美元", "100,000,000,000,000,000,000美元"),
        ("9" * 5000 + "元", "9" * 5000 + "元"),
        ("0012345元", "0012345元"),
        ("0.5元", "0.5元"),
        ("3.14159元", "3.14159元"),
        ("合同编号 20260317", "合同编号 20260317"),
    ],
)
def test_money_is_shown_as_people_write_it(text: str, shown: str) -> None:
    assert readable(text) == shown
