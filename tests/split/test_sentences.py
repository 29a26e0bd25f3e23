"""Where sentences end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.split.sentences import sentences


@pytest.mark.parametrize(
    "marked",
    [
        "甲方付款。|乙方发货！|丙方呢？|未定；|等等……|完",
        "甲方说：“可以。”|乙方说：“不行！”|后来同意了。",
        "（详见附件。）|下一句。|【注意！】|再下一句",
        "《合同。》|后面",
        '他说"好。"|她说"不。"|完',
        "单价3.5元，共1,280.50元。|税率13%。",
        "单价３．５元。|共５０元",
        "真的吗？！|真的。。。|好",
        "第一行\n|第二行\n\n|第四行",
        "没有句号的一行\n  \n|缩进的一行",
        "是吗?|是!|好;|完",
        "See Art. 5 of the Co. Ltd. agreement. |Next one. |It is No. 7. |End",
        "The U.S. Government signed. |J. Smith did too. |Done",
        "版本v1.2.3已发布。|网址www.a.com/b?c=1;d=2见上。|完",
        "1. 甲方应当付款。\n|一. 总则",
        'He said "yes." |Then he left.',
        "\n\n  开头\n|结尾  \n",
    ],
)
def test_sentences_end_here(marked: str) -> None:
    text = marked.replace("|", "")
    assert [text[a:b] for a, b in sentences(text)] == marked.split("|")


@given(st.text(st.sampled_from("甲乙a。！？；…”\"'）).;?! \n\t1A"), max_size=200) | st.text(max_size=100))
@settings(max_examples=500)
def test_sentences_tile_the_text(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(a < b for a, b in spans)
    assert sentences(text) == spans


@pytest.mark.parametrize("unit", [" ", "\n", '。"', "。", ". A", "(", "甲", "\n ", "…"])
def test_hostile_texts_take_linear_time(unit: str) -> None:
    started = time.process_time()
    sentences(unit * (300_000 // len(unit)))
    assert time.process_time() - started < 5
