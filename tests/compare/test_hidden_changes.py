"""Pairs of versions that differ by little: every change is told, once, and nothing beside it."""

from __future__ import annotations

import re

import pytest
from test_compare import compared, words

BASE = """采购合同
合同编号：TJ-2026-018
甲方（买方）：天津渤海造纸有限公司
乙方（卖方）：唐山冀东泵业有限公司
第一条 标的与价款
1.1 乙方向甲方供应纸浆泵6台。
1.2 合同总价为人民币900,000元（大写：玖拾万元整），含13%增值税，价款包括包装、运输、保险及安装调试的一切费用。
1.3 单项订单在100万元以上的，双方另行商定折扣。
第二条 付款
2.1 合同签订后十日内，甲方支付合同总价的30%作为定金。
2.2 验收合格后三十日内，甲方支付合同总价的65%。
2.3 质量保证期届满后十日内，甲方支付合同总价的5%。
第三条 交货
3.1 乙方应于2026年9月30日前交货，质量保证期为十二个月。
3.2 货物在途的毁损、灭失风险由乙方承担，由甲方承担运费。
3.3 货物不符合约定的，乙方应当在七日内修理或更换，并承担由此发生的费用。
第四条 违约责任
4.1 乙方逾期交货的，每逾期一日按合同总价的0.05%支付违约金。
4.2 甲方逾期付款的，按本合同第4.1条的标准支付违约金。
4.3 乙方的控股股东对乙方的债务承担保证责任。
第五条 争议解决
5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。
第六条 其他
6.1 合同附件：附件一《技术规格书》、附件二《备件清单》。
6.2 未经对方书面同意，任何一方不得转让本合同项下的权利义务。
6.3 本合同自双方盖章之日起生效，一式两份。"""
LINES = BASE.split("\n")
ADDED = ["第五条 保密", "5.1 双方对履行中知悉的对方商业秘密负有保密义务。"]
HAN = "零一二三四五六七八九十"


def at(number: str) -> int:
    return next(i for i, line in enumerate(LINES) if line.startswith(number))


def moved(number: str, behind: str) -> str:
    rest = [line for line in LINES if not line.startswith(number)]
    to = next(i for i, line in enumerate(rest) if line.startswith(behind)) + 1
    return "\n".join([*rest[:to], LINES[at(number)], *rest[to:]])


def with_an_article_more() -> str:
    """A fifth article put in, those behind it renumbered."""
    later = []
    for line in LINES[at("第五条") :]:
        line = re.sub(r"^第([五六])条", lambda m: f"第{HAN[HAN.index(m[1]) + 1]}条", line)
        later.append(re.sub(r"^([56])\.", lambda m: f"{int(m[1]) + 1}.", line))
    return "\n".join([*LINES[: at("第五条")], *ADDED, *later])


@pytest.mark.parametrize(
    ("was", "now", "gone", "new", "weight"),
    [
        ("价款包括", "价款不包括", "", "不", "否定词"),
        ("不得转让", "得转让", "不", "", "否定词"),
        ("乙方应于", "乙方可于", "应", "可", "义务与权利"),
        ("乙方应当在七日", "乙方可以在七日", "应当", "可以", "义务与权利"),
        ("总价的30%", "总价的80%", "30%", "80%", "数字"),
        ("900,000元", "960,000元", "900,000", "960,000", "数字"),
        ("玖拾万元整", "玖拾陆万元整", "", "陆", "数字"),
        ("0.05%", "0.5%", "0.05%", "0.5%", "数字"),
        ("2026年9月30日", "2026年9月20日", "30", "20", "数字"),
        ("签订后十日", "签订后三十日", "", "三", "数字"),
        ("七日内修理", "七个工作日内修理", "", "个工作", "时间"),
        ("由甲方承担运费", "由乙方承担运费", "甲", "乙", "当事人"),
        ("天津渤海造纸", "天津渤海纸业", "造纸", "纸业", "当事人"),
        ("天津仲裁委员会", "北京仲裁委员会", "天津", "北京", "管辖"),
        ("作为定金", "作为订金", "定", "订", "款项"),
        ("人民币900", "美元900", "人民币", "美元", "款项"),
        ("万元以上", "万元以下", "上", "下", "范围"),
        ("修理或更换", "修理和更换", "或", "和", "范围"),
        ("一切费用", "部分费用", "一切", "部分", "范围"),
        ("承担保证责任", "承担连带保证责任", "", "连带", "义务与权利"),
        ("对方书面同意", "对方同意", "书面", "", "条件与形式"),
        ("验收合格后", "验收后", "合格", "", "条件与形式"),
        ("自双方盖章之日", "自双方签字之日", "盖章", "签字", "条件与形式"),
        ("双方协商不成的，提交", "双方协商不成的提交", "，", "", "标点"),
        ("附件一《技术规格书》、", "附件一《技术规格书》，", "、", "，", "标点"),
    ],
)
def test_the_hidden_word_is_told_alone_with_its_weight(was: str, now: str, gone: str, new: str, weight: str) -> None:
    assert BASE.count(was) == 1
    [change] = compared(BASE, BASE.replace(was, now)).changes
    assert words(change) == [pair for pair in (("gone", gone), ("new", new)) if pair[1]]
    assert weight in [told.zh for told in change.weights]
    assert change.kind == "changed"


def test_a_clause_that_moved_is_one_change_also_with_a_word_changed() -> None:
    text = moved("4.2", "6.2")
    [change] = compared(BASE, text).changes
    assert (change.kind, words(change), change.weights) == ("moved", [], ())
    [change] = compared(BASE, text.replace("甲方逾期付款", "乙方逾期付款")).changes
    assert (change.kind, words(change)) == ("moved", [("gone", "甲"), ("new", "乙")])


def test_two_clauses_that_changed_places_are_one_move() -> None:
    text = moved("2.1", "2.2")
    assert [(c.kind, words(c)) for c in compared(BASE, text).changes] == [("moved", [])]


def test_an_article_put_in_renumbers_and_changes_nothing_else() -> None:
    comparison = compared(BASE, with_an_article_more())
    assert [(c.kind, c.after and c.after.text) for c in comparison.changes] == [("added", line) for line in ADDED]
    assert comparison.renumbered == 6
    hidden = compared(BASE, with_an_article_more().replace("一式两份", "一式四份"))
    changed = [c for c in hidden.changes if c.kind == "changed"]
    assert [words(c)[-2:] for c in changed] == [[("gone", "两"), ("new", "四")]]
    assert len(hidden.changes) == 3


def test_a_clause_that_was_taken_out_is_told_alone() -> None:
    [change] = compared(BASE, BASE.replace(LINES[at("3.2")] + "\n", "")).changes
    assert (change.kind, change.before and change.before.text) == ("removed", LINES[at("3.2")])


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("。\n2.2", "。2.2"),
        ("双方另行商定折扣。\n第二条 付款\n2.1", "双方另行商定折扣。第二条 付款2.1"),
        ("，双方协商不成的，", "，\n双方协商不成的，"),
        ("（", "("),
        ("，", ", "),
    ],
)
def test_other_breaks_and_widths_are_no_change(was: str, now: str) -> None:
    assert compared(BASE, BASE.replace(was, now)).changes == ()
    assert compared(BASE.replace(was, now), BASE).changes == ()


def test_a_clause_that_is_gone_or_new_has_weight_like_any_other_change() -> None:
    shorter = BASE.replace(LINES[at("4.1")] + "\n", "")
    [gone] = [change for change in compared(BASE, shorter).changes if change.kind == "removed"]
    [new] = [change for change in compared(shorter, BASE).changes if change.kind == "added"]
    assert gone.weights == new.weights and {"数字", "当事人", "款项"} <= {told.zh for told in gone.weights}


def test_what_a_change_only_stands_beside_gives_it_no_weight() -> None:
    [change] = compared(BASE, BASE.replace("技术规格书", "技术说明书")).changes
    assert change.weights == ()
    [change] = compared(BASE, BASE.replace("一切费用", "必要费用")).changes
    assert "数字" not in [told.zh for told in change.weights], "一切 is no figure"
