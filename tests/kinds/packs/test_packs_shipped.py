"""The shipped packs: complete, rightly cited, usable for both sides, and chosen by the contract's type."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import get_args

import pytest

from pipeline.kinds.contract.rules import findings_in
from pipeline.kinds.detect import ContractType, contract_type
from pipeline.kinds.packs.checklist import Checklist, acting_role
from pipeline.kinds.packs.laws import articles
from pipeline.kinds.packs.load import GENERAL, load_packs, pack_for
from pipeline.kinds.packs.scan import places_by_rule
from pipeline.kinds.packs.schema import Item, Pack, citation
from pipeline.types import Document, Page, Span

PACKS = {name: one.pack for name, one in load_packs().items()}
ITEMS = [pytest.param(item, id=f"{pack.name}/{item.id}") for pack in PACKS.values() for item in pack.items]
each_pack = pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)


def document(text: str) -> Document:
    page = Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium")
    return Document("0" * 64, "a.pdf", "", text, (page,))


def test_the_types_that_practice_knows_have_a_pack_and_the_rest_the_general_one() -> None:
    wanted = {"采购", "技术服务", "软件许可", "房屋租赁", "建设工程", "劳动", "保密", "借款", "股权转让", "委托加工"}
    assert set(PACKS) == wanted | {GENERAL}
    served = [type_ for pack in PACKS.values() for type_ in pack.types]
    assert len(served) == len(set(served)) and set(served) <= set(get_args(ContractType))
    for type_ in get_args(ContractType):
        serves = {"担保": "借款", "投资": "股权转让"}.get(type_, type_)
        assert pack_for(type_, None).pack.name == (serves if serves in PACKS else GENERAL)


@each_pack
def test_a_pack_has_fifteen_to_thirty_items_for_either_side(pack: Pack) -> None:
    for role in ("", *(role.name for role in pack.roles)):
        assert 15 <= len(pack.items_for(role)) <= 30
    assert sum(bool(item.rule) for item in pack.items) * 2 > len(pack.items)


@each_pack
def test_sides_see_a_pack_differently(pack: Pack) -> None:
    first, second = (role.name for role in pack.roles)
    assert [i.weight(first) for i in pack.items] != [i.weight(second) for i in pack.items]


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_cites_known_articles_and_says_what_to_write(item: Item) -> None:
    for text in item.legal_basis:
        law, version, article = citation(text)
        assert (f"{law}（{version}）", article) in articles(), text
    for role in ("", *([] if isinstance(item.suggestion, str) else item.suggestion)):
        assert len(item.advice(role).zh) >= 20
    assert item.question[-1] not in "？?。" and item.why.endswith("。")


def test_the_table_of_articles_holds_nothing_that_no_pack_cites() -> None:
    cited = {citation(text) for pack in PACKS.values() for item in pack.items for text in item.legal_basis}
    assert set(articles()) == {(f"{law}（{version}）", article) for law, version, article in cited}


@pytest.mark.parametrize("item", ITEMS)
def test_no_suggested_penalty_is_one_that_the_checks_call_high(item: Item) -> None:
    for role in ("", *([] if isinstance(item.suggestion, str) else item.suggestion)):
        found = findings_in(document(f"第一条 约定\n{item.advice(role).zh}\n"))
        assert not [f.value for f in found if f.category == "liability" and f.severity in ("medium", "high")]


def test_the_page_of_laws_tells_each_law_and_article_cited() -> None:
    page = (Path(__file__).parents[3] / "docs/laws.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:2] == "| "]
    told = {(row[0], int(number)) for row in rows if row[0][-1] == "）" for number in row[3].split()}
    assert told == set(articles())
    assert all(row[4] for row in rows if row[0][-1] == "）")


@pytest.mark.parametrize("item", ITEMS)
def test_rules_find_their_examples_in_a_document_and_not_the_near_misses(item: Item) -> None:
    for example in item.match:
        text = f"第一条 总则。\n{example}。\n第二条 其他。"
        [span] = places_by_rule([item], text)[item.id][:1]
        assert text[span.start : span.end] in text and item.says(text[span.start : span.end])
    for example in item.miss:
        assert places_by_rule([item], f"第一条 总则。\n{example}。\n第二条 其他。") == {}


@pytest.mark.parametrize(
    ("opening", "side", "role"),
    [
        ("房屋租赁合同\n甲方（出租人）：张三\n乙方（承租人）：李四", "甲方", "出租人"),
        ("房屋租赁合同\n甲方（承租方）：张三\n乙方（出租方）：李四", "甲方", "承租人"),
        ("房屋租赁合同\n承租人（以下简称“甲方”）：张三\n出租人（以下简称“乙方”）：李四", "乙方", "出租人"),
        ("房屋租赁合同\n甲 方(承租人)：张三", "甲方", "承租人"),
        ("房屋租赁合同\n出租人：张三\n承租人：李四", "甲方", "出租人"),
        ("房屋租赁合同\n出租人：张三\n承租人：李四", "乙方", "承租人"),
        ("房屋租赁合同\n甲方（承租人）：张三", "", ""),
    ],
)
def test_the_side_is_the_role_that_the_contract_gives_it(opening: str, side: str, role: str) -> None:
    assert acting_role(PACKS["房屋租赁"], side, opening) == role


@pytest.mark.parametrize(
    ("title", "pack"),
    [
        ("设备采购合同", "采购"), ("软件系统运维服务合同", "技术服务"), ("SaaS 服务订阅协议", "软件许可"),
        ("商铺租赁合同", "房屋租赁"), ("消防工程专业分包合同", "建设工程"), ("劳动合同书", "劳动"),
        ("商业秘密保密协议", "保密"), ("最高额保证合同", "借款"), ("房产抵押合同", "借款"), ("个人借款合同", "借款"),
        ("股权让与协议", "股权转让"),
        ("股权转让协议", "股权转让"), ("增资扩股协议", "股权转让"), ("投资协议", "股权转让"),
        ("服装委托加工合同", "委托加工"), ("劳务合同", "通用"), ("二手房买卖合同", "通用"), ("车辆买卖合同", "采购"),
        ("建设工程监理合同", "技术服务"), ("设计施工总承包合同", "建设工程"), ("工程勘察设计合同", "技术服务"),
        ("战略合作框架协议", "通用"), ("办公用品集中采购框架协议", "采购"), ("劳务派遣协议", "通用"),
        ("广告发布合同", "通用"), ("仓储合同", "通用"),
    ],
)  # fmt: skip
def test_the_pack_follows_the_title(title: str, pack: str) -> None:
    found = document(f"{title}\n甲方：某某有限公司\n乙方：某某某有限公司\n双方协商一致，订立本合同。\n")
    assert pack_for(contract_type(found), None).pack.name == pack


@each_pack
def test_rules_alone_answer_every_item_that_has_one_and_say_so(pack: Pack) -> None:
    checklist = Checklist(pack)
    findings = checklist.by_rule(document("第一条 本合同未尽事宜，另行签订补充协议。\n"))
    assert len(findings) == len(checklist.items) - checklist.unruled
    absent = [finding for finding in findings if finding.status == "absent"]
    assert absent and all("仅按规则" in f.detail and f.severity in ("low", "info") for f in absent)
    assert {finding.source for finding in findings} == {"rule"}


def test_rules_cost_little_however_many_items_there_are() -> None:
    sample = Path(__file__).parents[3] / "pipeline/kinds/packs/房屋租赁.yaml"
    page = (sample.read_text(encoding="utf-8") * 2)[:1200]
    items = [item for pack in PACKS.values() for item in pack.items]
    started = process_time()
    places_by_rule(items, page * 100)
    assert process_time() - started < 2.0  # all 11 packs at once over 100 pages; a hang, not a measurement


@each_pack
def test_the_grammar_that_guides_the_model_takes_the_schema(pack: Pack) -> None:
    guidance = pytest.importorskip("llguidance", reason="comes with vLLM")
    for group in Checklist(pack).groups:
        grammar = guidance.LLMatcher.grammar_from_json_schema(json.dumps(group.schema))
        assert guidance.LLMatcher.validate_grammar(grammar) == ""
