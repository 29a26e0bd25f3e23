"""Merging folds what is the same and keeps what only looks alike."""

from __future__ import annotations

from dataclasses import replace

from pipeline.kinds.merge import merge, value_key
from pipeline.types import Evidence, Finding, Source, Span


def finding(item: str, value: str, quote: str, start: int | None, *, source: Source = "llm", **more: str) -> Finding:
    span = None if start is None else Span(start, start + len(quote))
    evidence = Evidence(quote, span, None if span is None else 1, "none" if span is None else "exact")
    return Finding(more.get("category", "money"), item, value, source, (evidence,))


def test_the_same_value_of_the_same_place_is_one_finding_whatever_it_is_called() -> None:
    rule = finding("合同总价", "1280000.00元", "合同总价为人民币128万元", 10, source="rule")
    model = finding("总价款", "128万元", "总价为人民币128万元", 12)
    [one] = merge([rule, model])
    assert (one.item, one.source, len(one.evidence)) == ("合同总价", "rule", 2)


def test_the_same_party_named_in_two_places_is_one_finding_with_both() -> None:
    first = finding("甲方", "华东机械有限公司", "甲方：华东机械有限公司", 0, category="parties")
    second = finding("甲方", "华东机械有限公司", "甲方（盖章）：华东机械有限公司", 900, category="parties")
    [one] = merge([first, second])
    assert len(one.evidence) == 2


def test_what_has_the_same_value_elsewhere_without_stating_it_stays_apart() -> None:
    first, second = finding("x", "x", "设备单价为一千元。", 0), finding("x", "x", "设备单价为两千元。", 50)
    assert len(merge([first, second])) == 2


def test_different_values_of_one_place_stay_apart() -> None:
    quote = "首付30%，余款70%"
    assert len(merge([finding("付款", "30%", quote, 0), finding("付款", "70%", quote, 0)])) == 2


def test_an_invention_never_joins_a_fact() -> None:
    fact, invention = (
        finding("甲方", "华东公司", "甲方：华东公司", 0),
        finding("甲方", "华东公司", "甲方为华东公司", None),
    )
    kept = merge([fact, invention])
    assert [f.grounded for f in kept] == [True, False]


def test_a_clause_that_rules_miss_but_the_model_proves_is_not_absent() -> None:
    absent = Finding("checks", "缺少必备条款", "争议解决", "rule", status="absent", severity="high")
    shown = finding("争议解决", "诉讼", "由甲方所在地法院管辖", 5, category="disputes")
    assert {f.status for f in merge([absent, shown]) if f.category == "checks"} == {"unclear"}
    unproved = replace(shown, evidence=(Evidence("x", None, None, "none"),))
    assert {f.status for f in merge([absent, unproved]) if f.category == "checks"} == {"absent"}


def test_values_are_compared_by_worth() -> None:
    assert value_key("128万元") == value_key("1,280,000.00元") == value_key("人民币1280000元")
    assert value_key("128万元") != value_key("128元")
    assert value_key("（上海）仲裁") == value_key("(上海) 仲裁")
