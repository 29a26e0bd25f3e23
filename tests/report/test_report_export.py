from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook
from report_values import CLEAN, HOSTILE, NOON, PURCHASE, batch, cite, long_analysis, store

from pipeline.errors import SettingsError
from pipeline.report import export as export_module
from pipeline.report.export import export
from pipeline.report.html import write_report
from pipeline.types import Box, Decision, Finding

STORED = [*batch(), store(HOSTILE, 9)]
FINDINGS = sum(len(one.analysis.findings) for one in STORED)
EVIDENCE = sum(len(finding.evidence) for one in STORED for finding in one.analysis.findings)
FORMULAS = ("=1+1", "+1", "-2%", "@SUM(A1)", " =1", "\t=1", '=HYPERLINK("http://x")', "＝1", "\u200b=1")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def formulas() -> list[Finding]:
    return [Finding("money", text, text, "rule", (cite(text),), detail=text, suggestion=text) for text in FORMULAS]


def test_excel_has_a_sheet_for_each_kind_to_read_and_to_decide_in(lang: str, tmp_path: Path) -> None:
    export(STORED, "xlsx", tmp_path / "out.xlsx")
    book = load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == (
        ["文件", "合同 · 问题", "合同 · 事实", "报告 · 问题", "报告 · 事实", "未定 · 问题", "未定 · 事实", "证据"]
        if lang == "zh"
        else ["Documents", "Contract · Issues", "Contract · Facts", "Report · Issues", "Report · Facts",
              "undecided · Issues", "undecided · Facts", "Evidence"]
    )  # fmt: skip
    counts = [sheet.max_row - 1 for sheet in book]
    assert counts[0] == len(STORED) and sum(counts[1:-1]) == FINDINGS and counts[-1] == EVIDENCE
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold for cell in sheet[1])
        assert sheet["B2"].alignment.wrap_text and sheet.column_dimensions["B"].width > 20
    first = {head.value: cell.value for head, cell in zip(book.worksheets[1][1], book.worksheets[1][2], strict=True)}
    if lang == "zh":
        assert first["名目"] == "大小写金额不一致" and first["内容"] == "2,520,000.00元" and first["页"] == 2
        assert first["级别"] == "高" and first["状态"] == "矛盾" and first["发现编号"] == 1001
        choices = [listed.formula1 for listed in book.worksheets[1].data_validations.dataValidation]
        assert choices == ['"采纳,驳回,修改"', '"高,中,低,提示"']


def test_no_check_mark_can_be_taken_for_a_number() -> None:
    marks = [Finding("money", str(number), "", "rule", ()).mark for number in range(3000)]
    assert all(mark.isalpha() and len(mark) == 8 for mark in marks) and len(set(marks)) == 3000


def test_moments_in_sheets_are_the_houses_own(lang: str, tmp_path: Path) -> None:
    decision = Decision(5, 1001, "accept", {}, "", "王律师", NOON)
    decided = replace(store(PURCHASE), decisions={1001: decision})
    export([decided], "xlsx", tmp_path / "out.xlsx", timezone="Asia/Shanghai")
    sheets = load_workbook(tmp_path / "out.xlsx").worksheets
    moments = {
        head.value: cell
        for sheet in sheets[:2]
        for head, cell in zip(sheet[1], sheet[2], strict=True)
        if head.value and "(Asia/Shanghai)" in head.value
    }
    assert [cell.value for cell in moments.values()] == [datetime(2026, 3, 2, 12)] * 2 and all(
        cell.is_date for cell in moments.values()
    )
    export([decided], "csv", tmp_path / "out.csv", timezone="Asia/Kolkata")
    assert rows_of(tmp_path / "out.csv")[0]["decided_at"] == "2026-03-02T09:30:00+05:30"


def test_the_pages_in_excel_lead_to_the_finding_in_its_report(tmp_path: Path) -> None:
    [report] = [write_report(store(PURCHASE), tmp_path / "out")]
    export([store(PURCHASE), store(CLEAN, 3)], "xlsx", tmp_path / "sheets" / "out.xlsx", reports=tmp_path / "out")
    cells = [c for sheet in load_workbook(tmp_path / "sheets" / "out.xlsx") for row in sheet.iter_rows() for c in row]
    targets = [cell.hyperlink.target for cell in cells if cell.hyperlink]
    assert len(targets) == len(PURCHASE.findings), "only where there is a report"
    link, _, anchor = targets[0].partition("#")
    assert (tmp_path / "sheets" / unquote(link)).resolve() == report.resolve()
    assert f'id="{anchor}"' in report.read_text(encoding="utf-8")


def test_no_cell_of_excel_is_a_formula(tmp_path: Path) -> None:
    export([store(HOSTILE, 9), store(replace(CLEAN, findings=tuple(formulas())))], "xlsx", tmp_path / "out.xlsx")
    cells = [cell for sheet in load_workbook(tmp_path / "out.xlsx") for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert all(cell.quotePrefix for cell in cells if str(cell.value).strip().startswith(("=", "+", "@", "＝")))
    assert "=1+1" in {cell.value for cell in cells}, "as it stands, as text"


def test_csv_has_a_row_per_finding_for_excel(tmp_path: Path) -> None:
    export(STORED, "csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfdocument_id,filename,")
    rows = rows_of(tmp_path / "out.csv")
    assert len(rows) == FINDINGS
    assert rows[0]["quote"] == PURCHASE.findings[0].evidence[0].quote and rows[0]["page"] == "2"
    assert rows[0]["severity"] == "high" and rows[0]["status"] == "conflict" and rows[0]["grounded"] == "1"
    assert rows[6]["status"] == "absent" and rows[6]["quote"] == ""


def test_no_cell_of_csv_is_a_formula(tmp_path: Path) -> None:
    export([store(HOSTILE, 9), store(replace(CLEAN, findings=tuple(formulas())))], "csv", tmp_path / "out.csv")
    for row in rows_of(tmp_path / "out.csv"):
        assert not [text for text in row.values() if text.lstrip(" \t\n").startswith(("=", "+", "-", "@", "＝"))]


def test_json_is_all_that_is_stored(tmp_path: Path) -> None:
    boxed = replace(PURCHASE.findings[0].evidence[0], boxes=(Box(2, 1.5, 2.0, 3.0, 4.0),))
    finding = replace(PURCHASE.findings[0], evidence=(boxed,))
    export([store(replace(PURCHASE, findings=(finding,))), *STORED], "json", tmp_path / "out.json")
    values = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert values["format"] == "longdoc/1" and len(values["documents"]) == len(STORED) + 1
    [told] = values["documents"][0]["findings"]
    assert told["id"] == 1001 and told["value"] == "2520000.00元" and told["grounded"] is True
    assert told["evidence"] == [
        {
            "quote": boxed.quote, "start": boxed.span and boxed.span.start, "end": boxed.span and boxed.span.end,
            "page": 2, "section": "第三条 合同价款", "match": "exact", "boxes": [[2, 1.5, 2.0, 3.0, 4.0]],
        }
    ]  # fmt: skip
    failed = values["documents"][5]
    assert failed["document_id"] is None and failed["error_type"] == "InputError" and failed["findings"] == []


@pytest.mark.parametrize("fmt", ["xlsx", "csv", "json"])
def test_an_export_is_whole_or_not_there(fmt: str, tmp_path: Path) -> None:
    export([], fmt, tmp_path / "新建" / f"empty.{fmt}")
    assert [path.name for path in (tmp_path / "新建").iterdir()] == [f"empty.{fmt}"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="file"):
        export([], fmt, tmp_path / "file" / f"x.{fmt}")


def test_two_thousand_findings_are_exported_in_seconds(tmp_path: Path) -> None:
    stored = [store(long_analysis(2000))]
    started = time.process_time()
    for fmt in ("xlsx", "csv", "json"):
        export(stored, fmt, tmp_path / f"out.{fmt}")
    assert time.process_time() - started < 8


# --- the schema of the JSON -------------------------------------------------------------------------------------------

SCHEMA = json.loads((Path(export_module.__file__).with_name("longdoc.schema.json")).read_text(encoding="utf-8"))


def test_json_is_what_its_schema_says(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    decided = Decision(7, 1001, "edit", {"severity": "low"}, "已另签补充协议", "张三", NOON)
    boxed = replace(PURCHASE.findings[0].evidence[0], boxes=(Box(2, 1.5, 2.0, 3.0, 4.0),))
    findings = (replace(PURCHASE.findings[0], evidence=(boxed,)),)
    stored = replace(store(replace(PURCHASE, findings=findings)), decisions={1001: decided})
    export([stored, *STORED], "json", tmp_path / "out.json")
    values = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(SCHEMA)
    assert [error.json_path for error in validator.iter_errors(values)] == []
    [told] = values["documents"][0]["findings"]
    assert told["severity"] == "high", "as it was found"
    assert told["decision"] == {
        "id": 7, "ruling": "edit", "note": "已另签补充协议", "by": "张三", "at": NOON.isoformat(),
        "changes": {"severity": "low"},
    }  # fmt: skip


def test_the_schema_names_every_field_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    export([store(PURCHASE)], "json", tmp_path / "out.json")
    [document] = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["documents"]
    told = SCHEMA["$defs"]
    assert document.keys() == told["document"]["properties"].keys() == set(told["document"]["required"])
    assert document["findings"][0].keys() == told["finding"]["properties"].keys()
    assert document["findings"][0]["evidence"][0].keys() == told["evidence"]["properties"].keys()
    document["findings"][0]["severity"] = "grave"
    assert not Draft202012Validator(SCHEMA).is_valid({"format": "longdoc/1", "documents": [document]})
