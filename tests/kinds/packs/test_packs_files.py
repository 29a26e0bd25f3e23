"""Pack files: what is wrong in one is told by file, item, field and remedy; a user's own folder wins by name."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import SettingsError
from pipeline.kinds.packs.load import load_pack, load_packs, pack_for, pack_named
from pipeline.settings import Settings
from pipeline.steps import fingerprint_of

ITEM = {
    "id": "late-fee", "title": "逾期违约金", "question": "逾期付款的违约金是否明确约定", "severity": "high",
    "why": "没有约定的只能主张实际损失。", "legal_basis": ["民法典（2020）第585条"],
    "suggestion": "逾期付款的，每日按逾期金额的万分之五支付违约金。", "words": ["违约金"], "rule": "违约金",
    "match": ["逾期支付违约金"], "miss": ["逾期支付利息"],
}  # fmt: skip
PACK = {
    "schema": 1, "name": "我的清单", "version": 3, "title": "我的清单", "types": ["采购"],
    "roles": [
        {"name": "买方", "usually": "甲方", "words": ["买方"]},
        {"name": "卖方", "usually": "乙方", "words": ["卖方"]},
    ],
    "items": [ITEM], "common": ["dispute-forum"],
}  # fmt: skip


def written(folder: Path, file: str = "own.yaml", /, **changes: object) -> Path:
    path = folder / file
    path.write_text(yaml.safe_dump(copy.deepcopy(PACK | changes), allow_unicode=True), encoding="utf-8")
    return path


def with_item(**changes: object) -> list[dict]:
    item = ITEM | changes
    return [{name: value for name, value in item.items() if value is not None}]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"items": with_item(severity="grave")}, ["items[1] (late-fee) severity"]),
        ({"items": with_item(why=None)}, ["items[1] (late-fee) why"]),
        ({"items": with_item(colour="red")}, ["items[1] (late-fee) colour"]),
        ({"items": with_item(rule="(")}, ["items[1] (late-fee) rule", "regular expression"]),
        ({"items": with_item(match=["付款"])}, ["items[1] (late-fee)", "does not find its own example", "付款"]),
        ({"items": with_item(miss=["支付违约金"])}, ["items[1] (late-fee)", "must not", "支付违约金"]),
        ({"items": with_item(match=[])}, ["items[1] (late-fee)", "must match"]),
        ({"items": with_item(rule="")}, ["items[1] (late-fee)", "belong to a rule"]),
        ({"items": with_item(legal_basis=["合同法第114条"])}, ["items[1] (late-fee) legal_basis", "合同法第114条"]),
        ({"items": with_item(severity={"买方": "high"})}, ["late-fee", "买方", "卖方"]),
        ({"items": with_item(suggestion={"买方": "写明违约金标准", "业主": "写明违约金标准"})}, ["late-fee"]),
        ({"items": with_item(only="业主")}, ["late-fee", "业主"]),
        ({"items": with_item() * 2}, ["late-fee", "two items"]),
        ({"items": []}, ["items"]),
        ({"roles": [PACK["roles"][0], PACK["roles"][0]]}, ["roles"]),
        ({"roles": PACK["roles"][:1]}, ["roles"]),
        ({"schema": 2}, ["schema"]),
        ({"version": "new"}, ["version"]),
        ({"name": "a b"}, ["name"]),
        ({"common": ["no-such"]}, ["no-such", "dispute-forum"]),
        ({"common": ["liability-cap"]}, ["liability-cap", "by role"]),
    ],
)
def test_what_is_wrong_is_told_by_file_item_field_and_remedy(changes: dict, told: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(SettingsError) as caught:
        load_pack(path)
    for part in (str(path), "longdoc packs check", *told):
        assert part in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "just words", "- a list", "name: [", "name: a\nname: b\n", "a: !!python/object:os.system x", "\x00"]
)
def test_a_file_that_is_no_pack_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"own\.yaml"):
        load_pack(path)


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00name")
    for path in (tmp_path / "own.yaml", tmp_path / "none.yaml", tmp_path):
        with pytest.raises(SettingsError, match=str(path)):
            load_pack(path)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, items=with_item(severity="grave", why=None), version=0)
    with pytest.raises(SettingsError) as caught:
        load_pack(path)
    assert all(field in str(caught.value) for field in ("severity", "why", "version"))


def test_ones_own_pack_serves_its_types_before_the_shipped_one(tmp_path: Path) -> None:
    written(tmp_path)
    pack = pack_for("采购", tmp_path).pack
    assert pack.label == "我的清单@3" and [item.id for item in pack.items] == ["late-fee", "dispute-forum"]
    assert pack_for("劳动", tmp_path).pack.label == "劳动@1"
    assert pack_named("采购", tmp_path).pack.label == "采购@1"
    written(tmp_path, "again.yaml", name="采购", common=[])
    load_packs.cache_clear()
    assert pack_named("采购", tmp_path).pack.version == 3


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, "b.yml")
    with pytest.raises(SettingsError, match=r"own\.yaml|b\.yml"):
        load_packs(tmp_path)


def test_a_folder_that_is_not_there_and_a_name_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LONGDOC_PACKS"):
        load_packs(tmp_path / "none")
    with pytest.raises(SettingsError, match=r"采购.*longdoc packs list"):
        pack_named("采够", None)


def test_what_a_pack_says_decides_whether_a_document_is_analysed_again(tmp_path: Path) -> None:
    def fingerprint(**settings: object) -> str:
        load_packs.cache_clear()
        return fingerprint_of("id", Settings.model_validate(settings), "rules", "")

    shipped = fingerprint()
    written(tmp_path)
    own = fingerprint(packs=tmp_path)
    written(tmp_path, items=with_item(question="逾期付款的违约金是否有约定"))
    changed = fingerprint(packs=tmp_path)
    assert len({shipped, own, changed, fingerprint(pack="劳动")}) == 4
    assert fingerprint(pack="劳动", packs=tmp_path) == fingerprint(pack="劳动", packs=tmp_path)
    written(tmp_path, title="另一个名字")
    assert fingerprint(pack="劳动") == fingerprint(pack="劳动", packs=tmp_path)  # only the chosen pack decides
    assert fingerprint() == shipped


def test_the_command_lists_shows_and_checks(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["packs", *words])
        return result.exit_code, result.output

    code, out = run("list", "--json")
    listed = json.loads(out)
    assert code == 0 and {"采购@1", "劳动@1", "通用@1"} <= {row["pack"] for row in listed}
    assert all(not row["unknown_articles"] for row in listed)
    code, out = run("show", "房屋租赁")
    assert code == 0 and "出租人" in out and "民法典（2020）第705条 租赁期限不得超过二十年" in out
    path = written(tmp_path, items=with_item(legal_basis=["海商法（1992）第51条"]))
    code, out = run("check", str(path))
    assert code == 0 and "我的清单@3" in out and "海商法（1992）第51条" in out
    bad = written(tmp_path, "bad.yaml", items=with_item(severity="grave"))
    assert run("check", str(bad))[0] == 3 and run("show", "无此清单")[0] == 3
    assert run("check")[0] == 2
