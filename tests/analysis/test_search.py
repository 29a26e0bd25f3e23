"""The likeliest passages: a planted clause is found by what it is asked for, also in other words than its own."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pipeline.kinds.packs.load import load_packs
from pipeline.search import Index
from pipeline.split.headings import find_sections
from pipeline.types import Document, Page, Span

FILLER = "双方应当遵循诚实信用原则，积极配合对方完成本合同项下的工作，并按照约定履行各自的义务。" * 4


def document(text: str) -> Document:
    made = Document("id", "f.pdf", "合同", text, (Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium"),))
    return replace(made, sections=find_sections(text, (), made.pages))


def contract(clauses: dict[str, str]) -> Document:
    parts = [f"第{n}条 {title}\n{body}{FILLER}\n" for n, (title, body) in enumerate(clauses.items(), 1)]
    return document("采购合同\n" + "".join(parts))


CLAUSES = {
    "交货": "卖方应于六月底以前把设备送到买方的仓库。",
    "钱款": "买方收到发票后十五天以内付清全部货款。",
    "检查": "买方收货后一周内检查数量和外观，有问题的及时提出。",
    "售后": "设备坏了，卖方两年内免费修理。",
    "纠纷": "有纠纷的，到买方所在地的人民法院起诉。",
    "杂项": "一方搬家的，应当告诉对方新的地址。",
}


@pytest.mark.parametrize(
    ("item", "clause"),
    [("delivery-time-place", "交货"), ("payment-terms", "钱款"), ("inspection", "检查"), ("warranty", "售后"),
     ("dispute-forum", "纠纷"), ("notice", "杂项")],
)  # fmt: skip
def test_an_item_finds_its_clause_among_the_first_three_places(item: str, clause: str) -> None:
    made = contract({**{f"约定{n}": "" for n in range(12)}, **CLAUSES, **{f"其他{n}": "" for n in range(12)}})
    asked = next(one for one in load_packs()["采购"].pack.items if one.id == item)
    places = Index(made).best(" ".join((asked.title, asked.question, *asked.words)), 3)
    assert any(CLAUSES[clause] in made.text[span.start : span.end] for span in places)


def test_a_title_speaks_for_its_section() -> None:
    made = contract({"总则": "本条无关。", "违约责任": "按下表处理。", "附则": "本条亦无关。"})
    [first, *_] = Index(made).best("违约责任", 3)
    assert "按下表处理" in made.text[first.start : first.end]


def test_passages_tile_the_text_and_stay_short() -> None:
    made = contract(CLAUSES | {"很长": "连续的文字没有句号" * 400})
    spans = sorted({Index(made).around(at) for at in range(len(made.text))})
    assert spans[0].start == 0 and spans[-1].end == len(made.text)
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert max(span.length for span in spans) <= 700


@pytest.mark.parametrize("text", ["", " ", "\n\n", "x", "。" * 2000])
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert Index(document(text)).best("违约责任", 3) == []


def test_a_query_without_words_finds_nothing() -> None:
    assert Index(contract(CLAUSES)).best("，。！ ", 3) == []


def test_the_order_is_the_same_every_time() -> None:
    made = contract({f"约定{n}": CLAUSES["钱款"] for n in range(8)})
    assert Index(made).best("付款 发票", 5) == Index(made).best("付款 发票", 5)
