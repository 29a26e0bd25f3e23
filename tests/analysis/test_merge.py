"""Merging folds what is the same and keeps what only looks alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

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


# --- contradictions ---------------------------------------------------------------------------------------------------


def conflicts(*findings: Finding) -> list[Finding]:
    return [f for f in merge(findings) if f.category == "checks"]


def test_the_model_against_a_rule_about_one_place_is_shown_with_both() -> None:
    quote = "合同总价为人民币900,000元"
    rule = finding("合同总价", "900000.00元", quote, 10, source="rule")
    model = finding("合同总价", "950000元", quote, 10)
    [conflict] = conflicts(rule, model)
    assert (conflict.item, conflict.status, conflict.value) == ("模型与规则不一致", "conflict", "900000.00元／950000元")
    assert len(conflict.evidence) == 2 and len(merge([rule, model])) == 3
    assert conflicts(rule, replace(model, value="90万元")) == []


def test_two_sums_in_one_sentence_are_no_disagreement() -> None:
    quote = "合同总价为人民币900,000元，其中定金100,000元"
    rule = finding("合同总价", "900000.00元", quote, 10, source="rule")
    assert conflicts(rule, finding("定金", "100000元", quote, 10)) == []
    assert conflicts(rule, finding("定金", "120000元", quote, 10)) != []  # not in the quote at all


@pytest.mark.parametrize(
    ("item", "one", "other", "hit"),
    [
        ("合同总价", ("900,000元", "合同总价为900,000元"), ("920,000元", "合同总价为920,000元"), True),
        ("合同总价", ("900,000元", "合同总价为900,000元"), ("90万元", "合同总价为90万元"), False),
        ("设备单价", ("900元", "设备单价为900元"), ("920元", "设备单价为920元"), False),  # there are many
        ("合同总价", ("900,000元", "合同总价为900,000元"), ("920,000元", "合同总价为900,000元"), False),  # not stated
        ("签订日期", ("2026-06-18", "签订日期：2026年6月18日"), ("2026-06-28", "于2026年6月28日签订"), True),
        ("借款利率", ("6%/年", "年利率6%"), ("百分之六/年", "年利率百分之六"), False),
        ("借款利率", ("6%/年", "年利率6%"), ("8%/年", "年利率8%"), True),
    ],
)
def test_one_thing_with_two_values(item: str, one: tuple[str, str], other: tuple[str, str], hit: bool) -> None:
    category = "basics" if "日期" in item else "money"
    first, second = finding(item, *one, 0, category=category), finding(item, *other, 500, category=category)
    found = conflicts(first, second)
    assert [f.item for f in found] == (["前后不一致"] if hit else [])
    assert all(len(f.evidence) == 2 for f in found)


def test_two_forums_and_two_names_of_a_party() -> None:
    arbitration = finding("争议解决", "仲裁：上海仲裁委员会", "提交上海仲裁委员会仲裁", 0, category="disputes")
    court = finding("争议解决", "诉讼：甲方所在地法院", "向甲方所在地法院起诉", 900, category="disputes")
    assert [f.item for f in conflicts(arbitration, court)] == ["前后不一致"]
    one = finding("甲方", "华东机械有限公司", "甲方：华东机械有限公司", 0, category="parties")
    other = finding("甲方", "华南机械有限公司", "甲方（盖章）：华南机械有限公司", 900, category="parties")
    assert [f.item for f in conflicts(one, other)] == ["前后不一致"]


def test_what_a_check_has_shown_is_not_shown_again() -> None:
    one = finding("合同总价", "900000元", "合同总价为900000元", 0)
    other = finding("合同总价", "920000元", "合同总价为920000元", 500)
    known = Finding(
        "checks", "金额前后不一致", "900000元／920000元", "rule", one.evidence + other.evidence, status="conflict"
    )
    assert conflicts(known, one, other) == [known]


def test_inventions_contradict_nothing() -> None:
    fact = finding("合同总价", "900000元", "合同总价为900000元", 0)
    assert conflicts(fact, finding("合同总价", "920000元", "合同总价为920000元", None)) == []


def test_the_same_fact_of_two_chunks_and_of_a_halved_list_is_one() -> None:
    first = finding("定金", "100000元", "定金为100000元", 0)
    again = finding("定金", "10万元", "定金为100000元", 0)
    assert len(merge([first, first, replace(first, detail="含税"), again])) == 1
