"""What people hand on and what they decide, through the command line."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from papers import write_pdf
from pypdf import PdfReader
from test_cli import longdoc

from pipeline.evaluation.gold import load_gold

PAGES = [
    ["设备采购合同", "合同编号：CG-2026-001", "甲方：东海机械有限公司", "乙方：南山设备有限公司"],
    ["第一条 价款", "合同总价为人民币2,520,000.00元（大写：贰佰伍拾万元整）。", "甲方应于签订后5日内支付30%的定金。"],
    ["第二条 争议解决", "因本合同发生的争议，提交上海仲裁委员会仲裁。", "未经甲方书面同意，乙方不得转让本合同。"],
]  # fmt: skip


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one contract was reviewed by rules."""
    folder = tmp_path_factory.mktemp("desk")
    write_pdf(folder / "合同.pdf", PAGES)
    done = longdoc("review", folder / "合同.pdf", "--engine", "rules", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def desk(reviewed: Path, tmp_path: Path) -> Path:
    """Such a folder of one's own."""
    return shutil.copytree(reviewed, tmp_path / "desk")


def findings(desk: Path) -> dict[str, int]:
    """Newest number of each finding, by item."""
    with closing(sqlite3.connect(desk / ".data" / "longdoc.db")) as connection:
        return dict(connection.execute("SELECT item, id FROM latest_findings ORDER BY id DESC").fetchall())


def decisions(desk: Path) -> list[tuple[int, str, str, str]]:
    with closing(sqlite3.connect(desk / ".data" / "longdoc.db")) as connection:
        query = "SELECT finding_id, decision, reason, decided_by FROM decisions ORDER BY id"
        return connection.execute(query).fetchall()


def report(desk: Path) -> str:
    return next((desk / "out").glob("合同-*.html")).read_text(encoding="utf-8")


def rows(sheet: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet.read_bytes().decode("utf-8-sig"), newline="")))


def write_rows(sheet: Path, told: list[dict[str, str]], encoding: str = "utf-8-sig") -> None:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, told[0].keys())
    writer.writeheader()
    writer.writerows(told)
    sheet.write_bytes(out.getvalue().encode(encoding))


@pytest.mark.parametrize("command", [("show",), ("export", "f.csv")])
def test_a_run_that_there_is_not_is_named(reviewed: Path, command: tuple[str, ...]) -> None:
    done = longdoc(*command, "--run", "20990101-nothing", cwd=reviewed)
    assert done.returncode == 2 and "20990101-nothing" in done.stderr and not done.stdout


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_is_kept_and_shown_also_after_another_analysis(desk: Path) -> None:
    wrong = findings(desk)["大小写金额不一致"]
    done = longdoc("decide", wrong, "reject", "--note", "以小写为准，<b>已确认</b>", "--by", "张三", cwd=desk)
    assert done.returncode == 0, done.stderr
    longdoc("review", desk / "合同.pdf", "--engine", "rules", "--force", cwd=desk)
    assert findings(desk)["大小写金额不一致"] > wrong, "a row of its own"
    html = report(desk)
    assert "已驳回的发现" in html and "张三" in html and "&lt;b&gt;已确认&lt;/b&gt;" in html
    with closing(sqlite3.connect(desk / ".data" / "longdoc.db")) as connection:
        assert connection.execute("SELECT count(*) FROM open_risks WHERE item = '大小写金额不一致'").fetchone() == (0,)
    assert "大小写" not in longdoc("show", cwd=desk).stdout


def test_an_edit_changes_what_reports_show_and_keeps_what_was_found(desk: Path) -> None:
    number = findings(desk)["大小写金额不一致"]
    edit = ("decide", number, "edit", "--severity", "low", "--suggestion", "已另签补充协议", "--by", "李四")
    assert longdoc(*edit, cwd=desk).returncode == 0
    longdoc("review", desk / "合同.pdf", "--engine", "rules", cwd=desk)
    assert "已另签补充协议" in report(desk) and "李四" in report(desk)
    longdoc("export", desk / "all.json", cwd=desk)
    told = json.loads((desk / "all.json").read_text(encoding="utf-8"))["documents"][0]["findings"]
    [one] = [finding for finding in told if finding["item"] == "大小写金额不一致"]
    assert one["severity"] == "high" and one["decision"]["changes"]["severity"] == "low"


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        ([999_999, "accept"], 1, "999999"),
        ([1, "edit"], 2, "edit"),
        ([1, "accept", "--value", "x"], 2, "edit"),
        ([1, "approve"], 2, "approve"),
        ([], 2, "--from"),
        (["--from", "nowhere.csv"], 2, "nowhere.csv"),
        ([1, "accept", "--from", "x.csv"], 2, "--from"),
    ],
)
def test_a_wrong_decision_is_named(desk: Path, arguments: list[object], code: int, named: str) -> None:
    done = longdoc("decide", *arguments, cwd=desk)
    assert done.returncode == code and named in done.stderr and "Traceback" not in done.stderr
    assert decisions(desk) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_goes_out_and_comes_back_with_decisions(desk: Path, encoding: str) -> None:
    longdoc("export", desk / "all.csv", cwd=desk)
    told = rows(desk / "all.csv")
    told[0] |= {"decision": "accept", "decision_note": "'=核对过"}
    told[1] |= {"decision": "驳回", "decided_by": "王五"}
    told[2] |= {"decision": "修改", "new_severity": "低", "new_value": "改后"}
    write_rows(desk / "all.csv", told, encoding)
    done = longdoc("decide", "--from", desk / "all.csv", "--by", "赵六", cwd=desk)
    assert done.returncode == 0, done.stderr
    ids = [int(row["finding_id"]) for row in told[:3]]
    assert decisions(desk) == [
        (ids[0], "accept", "=核对过", "赵六"), (ids[1], "reject", "", "王五"), (ids[2], "edit", "", "赵六"),
    ]  # fmt: skip
    again = longdoc("decide", "--from", desk / "all.csv", "--by", "赵六", cwd=desk)
    assert again.returncode == 0 and len(decisions(desk)) == 3, "nothing is decided twice"


def test_conflicts_slipped_rows_and_unknown_numbers_are_named_and_the_rest_is_kept(desk: Path) -> None:
    longdoc("export", desk / "all.csv", cwd=desk)
    told = rows(desk / "all.csv")
    for row in told[:4]:
        row["decision"] = "accept"
    conflict, slipped, unknown, fine = told[:4]
    longdoc("decide", conflict["finding_id"], "reject", "--note", "不成立", "--by", "李四", cwd=desk)
    slipped["finding_id"], unknown["finding_id"] = told[5]["finding_id"], "424242"
    write_rows(desk / "all.csv", told)
    done = longdoc("decide", "--from", desk / "all.csv", cwd=desk)
    assert done.returncode == 1
    for number in (conflict["finding_id"], slipped["finding_id"], "424242"):
        assert f"#{number}" in done.stderr
    assert "李四" in done.stderr and "不成立" in done.stderr, "who decided otherwise"
    assert [(id_, ruling) for id_, ruling, *_ in decisions(desk)] == [
        (int(conflict["finding_id"]), "reject"), (int(fine["finding_id"]), "accept"),
    ]  # fmt: skip


def test_excel_goes_out_and_comes_back_with_decisions(desk: Path) -> None:
    longdoc("export", desk / "all.xlsx", cwd=desk)
    book = load_workbook(desk / "all.xlsx")
    sheet = book["合同 · 问题"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    number = sheet.cell(2, heads["发现编号"]).value
    sheet.cell(2, heads["决定"]).value = "驳回"
    sheet.cell(2, heads["决定说明"]).value = "业务已确认"
    for row, (value, form) in enumerate(
        [(0.3, "0%"), (0.0005, "0.00%"), (datetime(2026, 3, 1), "yyyy/m/d"), (1280000, "#,##0"), (0.1 + 0.2, "0.0")], 3
    ):
        sheet.cell(row, heads["决定"]).value = "修改"
        sheet.cell(row, heads["改后内容"]).value = value
        sheet.cell(row, heads["改后内容"]).number_format = form
    sheet.insert_rows(4, 2)
    sheet.column_dimensions["C"].hidden = True
    sheet.move_range(f"A1:A{sheet.max_row}", cols=sheet.max_column)
    book.save(desk / "all.xlsx")
    done = longdoc("decide", "--from", desk / "all.xlsx", "--by", "张三", "--json", cwd=desk)
    assert done.returncode == 0 and json.loads(done.stdout)[0]["outcome"] == "written", done.stderr
    assert decisions(desk)[0] == (number, "reject", "业务已确认", "张三")
    with closing(sqlite3.connect(desk / ".data" / "longdoc.db")) as connection:
        texts = [text for (text,) in connection.execute("SELECT changes FROM decisions WHERE decision = 'edit'")]
    changes = [json.loads(text)["value"] for text in texts]
    assert changes == ["30%", "0.05%", "2026-03-01", "1280000", "0.3"], "what the cells show, not what Excel keeps"
    longdoc("export", desk / "after.xlsx", cwd=desk)
    cells = [cell.value for sheet in load_workbook(desk / "after.xlsx") for row in sheet for cell in row]
    assert "业务已确认" in cells and "张三" in cells and "驳回" in cells


@pytest.mark.parametrize(
    "cell",
    [
        {"decision": "也许"},
        {"decision": "edit"},
        {"decision": "edit", "new_severity": "巨"},
        {"decision": "edit", "new_value": "#NAME?"},
        {"decision": "reject", "decision_note": "#VALUE!"},
    ],
)
def test_a_cell_that_is_no_decision_is_named_with_its_row_and_nothing_is_written(
    desk: Path, cell: dict[str, str]
) -> None:
    longdoc("export", desk / "all.csv", cwd=desk)
    told = rows(desk / "all.csv")
    told[0]["decision"] = "accept"
    told[1] |= cell
    told[4]["decision"] = "再议"
    write_rows(desk / "all.csv", told)
    done = longdoc("decide", "--from", desk / "all.csv", cwd=desk)
    assert done.returncode == 2 and decisions(desk) == []
    assert "all.csv:3" in done.stderr and "all.csv:6" in done.stderr and "再议" in done.stderr, "all of them at once"


def test_what_was_decided_becomes_gold(desk: Path) -> None:
    numbers = findings(desk)
    longdoc("decide", numbers["大小写金额不一致"], "reject", cwd=desk)
    longdoc("decide", numbers["争议解决"], "accept", cwd=desk)
    done = longdoc("export", desk / "gold", desk / "合同.pdf", "--format", "eval", cwd=desk)
    assert done.returncode == 0, done.stderr
    [document] = load_gold(desk / "gold")
    assert document.path.read_bytes() == (desk / "合同.pdf").read_bytes()
    assert [one.item for one in document.gold.rejected] == ["大小写金额不一致"]
    assert [(one.item, one.value) for one in document.gold.wanted] == [("争议解决", "仲裁：上海仲裁委员会")]


# --- papers -----------------------------------------------------------------------------------------------------------


def test_one_document_becomes_pdf_word_markdown_and_html_with_pictures(desk: Path) -> None:
    source = desk / "合同.pdf"
    before = source.read_bytes()
    for name in ("审查.pdf", "审查.docx", "审查.md", "审查.html"):
        done = longdoc("export", desk / name, source, cwd=desk)
        assert done.returncode == 0 and name in done.stdout, done.stderr
    notes = [a.get_object() for page in PdfReader(desk / "审查.pdf").pages for a in page.get("/Annots", [])]
    assert any("大小写金额不一致" in str(note["/Contents"]) for note in notes)
    html = (desk / "审查.html").read_text(encoding="utf-8")
    pictures = sorted((desk / "审查.pages").glob("*.png"))
    assert pictures and 'loading="lazy"' in html and "%E5%AE%A1%E6%9F%A5.pages/2.png" in html
    assert (desk / "审查.docx").read_bytes()[:2] == b"PK" and "大小写金额不一致" in (desk / "审查.md").read_text(
        "utf-8"
    )
    assert source.read_bytes() == before


def test_the_original_is_never_written_over_and_must_be_named(desk: Path) -> None:
    before = (desk / "合同.pdf").read_bytes()
    over = longdoc("export", desk / "合同.pdf", desk / "合同.pdf", cwd=desk)
    assert over.returncode == 1 and "原件" in over.stderr and (desk / "合同.pdf").read_bytes() == before
    nameless = longdoc("export", desk / "copies", "--format", "pdf", cwd=desk)
    assert nameless.returncode == 1 and "合同.pdf" in nameless.stderr and not list(desk.glob("copies/*"))
    foreign = write_pdf(desk / "别的.pdf", [["另一份文件"]])
    unknown = longdoc("export", desk / "x.pdf", foreign, cwd=desk)
    assert unknown.returncode == 2 and "review" in unknown.stderr


def test_review_draws_pages_where_it_is_told_to(tmp_path: Path) -> None:
    write_pdf(tmp_path / "合同.pdf", PAGES)
    longdoc("review", tmp_path, "--engine", "rules", cwd=tmp_path)
    assert not list((tmp_path / "out").glob("*.pages")), "rules alone: not unless asked"
    longdoc("review", tmp_path, "--engine", "rules", "--images", "on", cwd=tmp_path)
    assert list((tmp_path / "out").glob("*.pages/*.png")) and "loading=" in report(tmp_path)


# --- two versions -----------------------------------------------------------------------------------------------------


def test_the_hidden_word_between_two_versions_is_found(desk: Path) -> None:
    lines = [[line.replace("不得转让", "得转让") for line in page] for page in PAGES]
    write_pdf(desk / "新.pdf", [lines[0], lines[2], [lines[1][0], lines[1][1].replace("2,520", "2,250"), lines[1][2]]])
    done = longdoc("diff", desk / "合同.pdf", desk / "新.pdf", cwd=desk)
    assert done.returncode == 0, done.stderr
    assert "[-不-]得转让" in done.stdout and "[-2,520,000.00-]{+2,250,000.00+}" in done.stdout
    html = next((desk / "out").glob("diff-*.html")).read_text(encoding="utf-8")
    assert "<del>不</del>" in html and "要紧的改动" in html
    told = json.loads(longdoc("diff", desk / "合同.pdf", desk / "新.pdf", "--json", cwd=desk).stdout)
    assert told["format"] == "longdoc-diff/1"
    [hidden] = [change for change in told["clauses"] if ["gone", "不"] in change["words"]]
    assert hidden["weights"] == ["否定词"] and hidden["small"]
    assert any(one["kind"] == "changed" for one in told["findings"])


def test_two_equal_versions_are_said_to_be_equal(desk: Path) -> None:
    done = longdoc("diff", desk / "合同.pdf", desk / "合同.pdf", cwd=desk)
    assert done.returncode == 0 and "条款没有改动" in done.stdout and "发现没有变化" in done.stdout


def test_analyses_are_compared_by_number_and_a_file_that_can_not_be_read_is_named(desk: Path) -> None:
    done = longdoc("diff", 1, desk / "合同.pdf", "--json", cwd=desk)
    told = json.loads(done.stdout)
    assert told["clauses"] is None and all(one["kind"] != "changed" for one in told["findings"])
    (desk / "bad.pdf").write_bytes(b"no pdf")
    bad = longdoc("diff", desk / "bad.pdf", desk / "合同.pdf", cwd=desk)
    assert bad.returncode == 1 and "bad.pdf" in bad.stderr and "Traceback" not in bad.stderr
    missing = longdoc("diff", 77, desk / "合同.pdf", cwd=desk)
    assert missing.returncode == 2 and "77" in missing.stderr
