from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.evaluation.gate import missed
from pipeline.evaluation.gold import Gold, load_gold
from pipeline.evaluation.score import Scores, score
from pipeline.types import Analysis, DocumentInfo, Evidence, Finding, Span
from tests.goldset.__main__ import make
from tests.goldset.paper import in_words, small


def found(category: str, item: str, value: str, quote: str = "原文", page: int = 1, **more: object) -> Finding:
    evidence = (Evidence(quote, Span(0, len(quote)), page, "exact"),)
    return Finding(category, item, value, "rule", **({"evidence": evidence} | more))


def scored(gold: dict[str, object], *findings: Finding) -> Scores:
    analysis = Analysis(DocumentInfo("d", "a.pdf"), "f", "contract", "", "rules", "", "done", findings=findings)
    return score([(Gold.model_validate({"file": "a.pdf", "kind": "contract"} | gold), analysis)])


def counts(scores: Scores, name: str) -> tuple[int, list[str], list[str]]:
    tally = scores.tallies[name]
    return tally.hits, [one.told for one in tally.missed], [one.told for one in tally.false]


@pytest.mark.parametrize(
    ("field", "wanted", "finding"),
    [
        ("amounts", ["1280000.00"], found("money", "合同总价", "128万元")),
        ("amounts", ["1280000"], found("money", "合同总价", "￥1,280,000.00")),
        ("penalties", ["0.05%/日"], found("liability", "违约金", "0.05%/日")),
        ("penalties", ["50000.00元"], found("liability", "违约金", "50000元")),
        ("payments", ["30%"], found("payment", "付款节点", "30.0%")),
        ("dates", ["2026-03-01"], found("basics", "签订日期", "2026-03-01")),
        ("title", "采购合同", found("basics", "合同名称", "采购合同")),
        ("term", {"length": "1年"}, found("basics", "合同期限", "12个月")),
        ("forum", {"kind": "仲裁", "where": "北京仲裁委员会"}, found("disputes", "争议解决", "仲裁：北京仲裁委员会")),
        ("parties", [{"role": "甲方", "name": "某公司"}], found("parties", "甲方", "某公司")),
    ],
)
def test_the_same_in_another_form_is_a_hit_and_anything_else_a_miss(
    field: str, wanted: object, finding: Finding
) -> None:
    assert counts(scored({"fields": {field: wanted}}, finding), field) == (1, [], [])
    hits, lost, invented = counts(scored({"fields": {field: wanted}}, found("money", "金额", "7元")), field)
    assert (hits, len(lost)) == (0, 1) and bool(invented) == (field == "amounts")


def test_what_a_gold_leaves_out_is_not_scored_and_null_says_that_there_is_none() -> None:
    told = found("basics", "合同编号", "X-1")
    assert "contract_number" not in scored({"fields": {"title": "合同"}}, told).tallies
    assert counts(scored({"fields": {"contract_number": None}}, told), "contract_number") == (0, [], ["X-1"])


def test_an_ungrounded_finding_tells_nothing() -> None:
    doubtful = found("money", "合同总价", "5元", evidence=(Evidence("没有的话", None, None, "none"),))
    scores = scored({"fields": {"amounts": ["5"]}}, doubtful)
    assert counts(scores, "amounts") == (0, ["5元"], []) and scores.ungrounded_share == 1


def test_a_defect_is_found_by_its_code_and_place_and_once() -> None:
    gold = {"defects": [{"code": "blank", "quote": "账号：____", "page": 2}]}
    blank = found("checks", "空白未填", "", "账号：____", 2, status="unclear")
    other = found("checks", "空白未填", "", "地址：____", 3, status="unclear")
    assert counts(scored(gold, blank), "defect blank") == (1, [], [])
    assert counts(scored(gold, other), "defect blank")[:2] == (0, ["账号：____"])
    assert len(counts(scored(gold, blank, other), "defect blank")[2]) == 1
    unlooked = found("checks", "自动续期", "", status="unclear")
    assert "defect 自动续期" not in scored(gold, blank, unlooked).tallies


def test_absence_is_judged_on_its_own() -> None:
    gold = {"defects": [{"code": "missing_clause", "quote": None, "clause": "争议解决"}]}
    right = found("checks", "缺少必备条款", "争议解决", evidence=(), status="absent")
    wrong = found("checks", "缺少必备条款", "违约责任", evidence=(), status="absent")
    assert counts(scored(gold, right), "absent") == (1, [], [])
    assert scored(gold, right, wrong).tallies["absent"].precision == 0.5


def test_a_value_shown_in_the_wrong_place_fails_its_citation() -> None:
    citation = {"field": "amounts", "value": "5元", "quote": "总价为5元", "page": 2}
    gold = {"fields": {"amounts": ["5"]}, "citations": [citation]}
    assert scored(gold, found("money", "总价", "5元", "合同总价为5元。", 2)).tallies["citation"].precision == 1
    assert scored(gold, found("money", "总价", "5元", "合同总价为5元。", 1)).tallies["citation"].precision == 0
    assert scored(gold, found("money", "总价", "5元", "押金", 2)).tallies["citation"].recall == 0


def test_what_a_person_rejected_must_not_come_again() -> None:
    gold = {"rejected": [{"category": "risks", "item": "单方解除权", "quote": "甲方可随时解除"}]}
    again = found("risks", "单方解除权", "", "甲方可随时解除本合同")
    assert len(counts(scored(gold, again), "decided")[2]) == 1
    elsewhere = found("risks", "单方解除权", "", "乙方可随时解除本合同")
    assert "decided" not in scored(gold, elsewhere).tallies or not counts(scored(gold, elsewhere), "decided")[2]


def test_a_gate_names_each_bound_that_is_not_kept(tmp_path: Path) -> None:
    scores = scored({"fields": {"amounts": ["5", "6"]}}, found("money", "总价", "5元"))
    gate = tmp_path / "eval.toml"
    gate.write_text('[min]\n"amounts.recall" = 0.9\n"amounts.precision" = 1.0\n[max]\nfailed = 0\n', encoding="utf-8")
    assert [str(bound) for bound in missed(gate, scores)] == ["amounts.recall = 0.5000, >= 0.9"]
    for wrong in ('[min]\n"amount.recall" = 1', "[least]\nfailed = 0", '[max]\nfailed = "no"', "min", "[min"):
        gate.write_text(wrong, encoding="utf-8")
        with pytest.raises(UsageError, match=r"eval\.toml"):
            missed(gate, scores)
    with pytest.raises(UsageError):
        missed(tmp_path / "none.toml", scores)


@pytest.mark.parametrize(
    ("gold", "says"),
    [
        ('{"file": "a.pdf", "kind": "contract", "amount": 1}', "amount"),
        ('{"file": "../a.pdf", "kind": "contract"}', "a.pdf"),
        ('{"file": "b.pdf", "kind": "contract"}', "b.pdf"),
        ('{"file": "a.pdf", "kind": "letter"}', "kind"),
        ("{", "json"),
    ],
)
def test_a_wrong_gold_file_is_named_with_what_is_wrong(gold: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "a.gold.json").write_text(gold, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_gold(tmp_path)
    assert "a.gold.json" in str(caught.value) and says in str(caught.value).lower()


def test_a_folder_without_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gold\.json"):
        load_gold(tmp_path)


# --- the gold set -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("1280000", "壹佰贰拾捌万元整"),
        ("100005", "壹拾万零伍元整"),
        ("350100.50", "叁拾伍万零壹佰元伍角整"),
        ("1002003.05", "壹佰万贰仟零叁元零伍分"),
        ("300000000", "叁亿元整"),
        ("123456789.01", "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元零壹分"),
    ],
)
def test_sums_in_words(yuan: str, words: str) -> None:
    assert in_words(Decimal(yuan)) == words


def test_small_numbers() -> None:
    assert [small(n) for n in (1, 10, 11, 20, 24, 99)] == ["一", "十", "十一", "二十", "二十四", "九十九"]


def test_the_gold_set_is_evaluated_from_the_command_line(tmp_path: Path) -> None:
    make(tmp_path / "gold", seed=3, contract_count=4, report_count=1)
    command = [sys.executable, "-m", "pipeline.cli", "eval", str(tmp_path / "gold"), "--engine", "rules", "--json"]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert values["documents"] == 5 and values["measures"]["title.recall"] == 1
    assert values["measures"]["all.recall"] > 0.5

    gate = tmp_path / "eval.toml"
    gate.write_text('[min]\n"all.recall" = 1.01\n', encoding="utf-8")
    again = [*command, "--out", str(tmp_path / "out"), "--gate", str(gate), "--name", "again"]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "all.recall" in done.stderr
    page = (tmp_path / "out/eval/index.html").read_text(encoding="utf-8")
    assert ">again<" in page and ">rules-auto<" in page
