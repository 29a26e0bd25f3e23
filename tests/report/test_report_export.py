from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from report_values import CLEAN, HOSTILE, PURCHASE, batch, cite, long_analysis, store

from pipeline.errors import SettingsError
from pipeline.report.export import export
from pipeline.types import Box, Finding

STORED = [*batch(), store(HOSTILE, 9)]
FINDINGS = sum(len(one.analysis.findings) for one in STORED)
EVIDENCE = sum(len(finding.evidence) for one in STORED for finding in one.analysis.findings)
FORMULAS = ("=1+1", "+1", "-2%", "@SUM(A1)", " =1", "\t=1", '=HYPERLINK("http://x")', "＝1", "\u200b=1")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def formulas() -> list[Finding]:
    return [Finding("money", text, text, "rule", (cite(text),), detail=text, suggestion=text) for text in FORMULAS]


def test_excel_holds_documents_findings_and_evidence(lang: str, tmp_path: Path) -> None:
    export(STORED, "xlsx", tmp_path / "out.xlsx")
    book = load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == (["文件", "发现", "证据"] if lang == "zh" else ["Documents", "Findings", "Evidence"])
    assert [sheet.max_row - 1 for sheet in book] == [len(STORED), FINDINGS, EVIDENCE]
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold for cell in sheet[1])
        assert sheet["B2"].alignment.wrap_text and sheet.column_dimensions["B"].width > 20
    first = {head.value: cell.value for head, cell in zip(book.worksheets[1][1], book.worksheets[1][2], strict=True)}
    if lang == "zh":
        assert first["名目"] == "大小写金额不一致" and first["内容"] == "2,520,000.00元" and first["页"] == 2
        assert first["级别"] == "高" and first["状态"] == "矛盾" and first["发现编号"] == 1001


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
    export([], fmt, tmp_path / "新建" / f"empty.{fmt}")  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "新建").iterdir()] == [f"empty.{fmt}"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="file"):
        export([], fmt, tmp_path / "file" / f"x.{fmt}")  # type: ignore[arg-type]


def test_two_thousand_findings_are_exported_in_seconds(tmp_path: Path) -> None:
    stored = [store(long_analysis(2000))]
    started = time.process_time()
    for fmt in ("xlsx", "csv", "json"):
        export(stored, fmt, tmp_path / f"out.{fmt}")  # type: ignore[arg-type]
    assert time.process_time() - started < 8
