"""Two versions: the hidden word is found, what only moved is not taken for new, findings follow."""

from __future__ import annotations

import random
import time

import pytest

from pipeline.compare import Change, Comparison, compare, compare_findings, pieces_of
from pipeline.split.headings import find_sections
from pipeline.types import Document, Evidence, Finding, Page, Span

OLD = """技术服务合同
甲方：东海公司
乙方：南山公司
第一条 服务内容
1.1 乙方应当按照附件一向甲方提供系统维护服务，未经甲方书面同意不得转包。
1.2 服务期限为12个月，自2026年3月1日起。
第二条 付款
2.1 甲方应于验收合格后30日内支付合同总价的60%。
2.2 乙方应当开具增值税专用发票，否则甲方有权拒绝付款。
第三条 违约责任
3.1 乙方逾期交付的，每逾期一日按合同总价的0.05%向甲方支付违约金。
3.2 任何一方泄露对方商业秘密的，应当赔偿由此造成的全部损失。
第四条 争议解决
因本合同发生的争议，提交上海仲裁委员会仲裁。"""


def document(text: str) -> Document:
    pages = (Page(1, Span(0, len(text)), None, 595, 842, "text", "pdfium"),)
    return Document("x", "x.pdf", "", text, pages, find_sections(text, (), pages))


def compared(old: str, new: str) -> Comparison:
    return compare(document(old), document(new))


def words(change: Change) -> list[tuple[str, str]]:
    return [(piece.op, piece.text) for piece in change.pieces if piece.op != "same"]


@pytest.mark.parametrize(
    ("was", "now", "gone", "new", "weight"),
    [
        ("书面同意不得转包", "书面同意得转包", "不", "", "negation"),
        ("30日内支付", "300日内支付", "30", "300", "figure"),
        ("0.05%", "0.5%", "0.05%", "0.5%", "figure"),
        ("有权拒绝付款", "应当拒绝付款", "有权", "应当", "duty or right"),
        ("向甲方支付违约金", "向乙方支付违约金", "甲", "乙", "party"),
        ("全部损失", "部分损失", "全部", "部分", "scope"),
        ("12个月", "12年", "个月", "年", "time"),
    ],
)
def test_one_word_is_found_and_weighed(was: str, now: str, gone: str, new: str, weight: str) -> None:
    assert was in OLD
    made = compared(OLD, OLD.replace(was, now, 1))
    [change] = made.changes
    told = words(change)
    assert change.kind == "changed" and change.small
    assert "".join(t for op, t in told if op == "gone") in (gone, *([gone[:-1], gone[0]] if len(gone) == 2 else []))
    assert weight in [name.en for name in change.weights]
    assert not new or any(op == "new" for op, _ in told)


def test_a_moved_clause_with_one_change_is_one_change() -> None:
    clauses = OLD.split("第")
    head, one, two, three, four = clauses
    new = "第".join((head, one, three, two.replace("60%", "6%"), four))
    made = compared(OLD, new)
    [change] = [change for change in made.changes if change.before and change.before.text.startswith("2.1")]
    assert change.kind == "moved" and words(change) == [("gone", "60%"), ("new", "6%")]
    assert {change.kind for change in made.changes} == {"moved"}


def test_renumbering_alone_is_no_change() -> None:
    new = OLD.replace("第四条", "第五条").replace("第三条", "第四条").replace("3.1", "4.1").replace("3.2", "4.2")
    new = new.replace("第四条 违约", "第三条 保密\n3.1 双方对知悉的信息负有保密义务，为期五年。\n第四条 违约", 1)
    made = compared(OLD, new)
    assert [change.kind for change in made.changes] == ["added", "added"] and made.renumbered == 4


def test_a_figure_that_begins_a_line_is_no_clause_number() -> None:
    made = compared("付款\n12.5 万元为预付款，其余款项验收后支付。", "付款\n13.5 万元为预付款，其余款项验收后支付。")
    assert [words(change) for change in made.changes] == [[("gone", "12.5"), ("new", "13.5")]]


def test_a_cell_of_a_table_that_changed_is_found() -> None:
    table = "序号\t名称\t金额\n1\t立式加工中心\t1,072,000.00\n2\t数控车床\t855,000.00\n合计\t\t1,927,000.00"
    made = compared(table, table.replace("855,000.00", "885,000.00"))
    assert [words(change) for change in made.changes] == [[("gone", "855,000.00"), ("new", "885,000.00")]]


def test_the_same_document_has_no_change_and_neither_has_its_other_width() -> None:
    assert compared(OLD, OLD).changes == ()
    assert compared(OLD, OLD.replace("：", ":").replace("12个月", " 12 个月")).changes == ()


def test_what_was_added_and_removed_is_told_in_order() -> None:
    lines = OLD.split("\n")
    new = "\n".join([*lines[:5], "1.3 乙方不得使用未经许可的第三方软件。", *lines[6:]])
    made = compared(OLD, new)
    assert {change.kind for change in made.changes} <= {"added", "removed", "changed"}
    assert any("第三方软件" in (change.after.text if change.after else "") for change in made.changes)
    assert any("12个月" in (change.before.text if change.before else "") for change in made.changes)


def test_both_versions_can_be_read_back_from_the_pieces() -> None:
    old, new = "甲方应于30日内支付货款。", "乙方须于300个工作日之内支付全部货款！"
    pieces = list(pieces_of(old, new))
    assert "".join(p.text for p in pieces if p.op != "new") == old
    assert "".join(p.text for p in pieces if p.op != "gone") == new


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_nothing_compared_with_something(text: str) -> None:
    assert [change.kind for change in compared(text, OLD).changes] == ["added"] * len(OLD.split("\n"))
    assert [change.kind for change in compared(OLD, text).changes] == ["removed"] * len(OLD.split("\n"))


def test_every_line_of_both_versions_is_told_once() -> None:
    rng = random.Random(7)
    alphabet = "甲乙方应当按照合同约定支付价款交付验收违约责任保密期限日内合格"
    old = ["".join(rng.choices(alphabet, k=40)) for _ in range(60)]
    new = [line for line in old if rng.random() > 0.2] + ["".join(rng.choices(alphabet, k=40)) for _ in range(10)]
    rng.shuffle(new)
    made = compared("\n".join(old), "\n".join(new))
    gone = [change.before.text for change in made.changes if change.kind == "removed" and change.before]
    assert sorted(gone) == sorted(set(old) - set(new))
    assert sum(change.kind == "added" for change in made.changes) == 10


def test_eighty_pages_take_seconds_at_most() -> None:
    rng = random.Random(3)
    alphabet = "甲乙方应当按照合同约定支付价款交付验收违约责任保密期限日内合格标准设备质量保证金发票"
    old = ["".join(rng.choices(alphabet, k=60)) for _ in range(1600)]
    new = [line.replace("甲", "乙", 1) if rng.random() < 0.3 else line for line in old]
    started = time.process_time()
    assert compared("\n".join(old), "\n".join(new)).changes
    same = "\n".join(["见附表"] * 3000)
    compared(same, same + "\n完")
    assert time.process_time() - started < 8


# --- findings ---------------------------------------------------------------------------------------------------------


def finding(item: str, value: str, quote: str = "", **more: object) -> Finding:
    evidence = (Evidence(quote, Span(0, len(quote)), 1, "exact"),) if quote else ()
    return Finding("money", item, value, "rule", evidence, **more)


def test_findings_are_new_changed_resolved_or_the_same() -> None:
    before = [
        finding("合同总价", "100元", "总价100元"),
        finding("定金", "20元", "定金20元"),
        finding("税率", "13%", "税率13%"),
    ]
    after = [
        finding("合同总价", "120元", "总价120元"),
        finding("税率", "13%", "税率为13%"),
        finding("押金", "5元", "押金5元"),
    ]
    told = {(one.kind, (one.after or one.before).item) for one in compare_findings(before, after)}
    assert told == {("changed", "合同总价"), ("same", "税率"), ("new", "押金"), ("resolved", "定金")}


def test_of_several_of_one_name_the_likest_are_one() -> None:
    before = [finding("付款节点", "30%", "签订后支付30%"), finding("付款节点", "70%", "验收合格后支付剩余70%")]
    after = [finding("付款节点", "60%", "验收合格后支付剩余60%"), finding("付款节点", "30%", "签订后支付30%")]
    pairs = {
        (one.before and one.before.value, one.after and one.after.value) for one in compare_findings(before, after)
    }
    assert pairs == {("30%", "30%"), ("70%", "60%")}


def test_a_clause_that_is_there_at_last_is_a_changed_finding() -> None:
    before = [finding("争议解决", "", status="absent", severity="high")]
    [one] = compare_findings(before, [finding("争议解决", "仲裁", "提交仲裁")])
    assert one.kind == "changed"
