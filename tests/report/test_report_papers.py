"""The Word memo, Markdown and the page pictures of the report: read as their readers' programs read them."""

from __future__ import annotations

import io
import re
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document as open_docx
from docx.oxml.ns import qn
from page_reader import Page
from report_values import CLEAN, HOSTILE, NOON, PURCHASE, REPORT, cite, long_analysis, store

from pipeline.deliver import marks_of
from pipeline.report.files import pictures_folder
from pipeline.report.html import render_analysis, write_report
from pipeline.report.markdown import render_analysis_markdown
from pipeline.report.memo import memo
from pipeline.report.view import arrange, settled, verdict_of
from pipeline.types import Box, Decision, Finding, StoredAnalysis


def word(stored: StoredAnalysis) -> object:
    return open_docx(io.BytesIO(memo(stored)))


def texts(paper: object) -> list[str]:
    return [line.text for line in paper.paragraphs]


def decided(ruling: str, **changes: str) -> StoredAnalysis:
    """The purchase with a decision about its first finding."""
    decision = Decision(1, 1001, ruling, changes, "业务<b>确认", "张三", NOON)
    return replace(store(PURCHASE), decisions={1001: decision})


# --- the memo ---------------------------------------------------------------------------------------------------------


def test_the_memo_has_the_parts_of_a_review_opinion_in_order() -> None:
    paper = word(store(PURCHASE))
    heads = [line.text for line in paper.paragraphs if line.style.name == "Heading 1"]
    assert heads == [
        "一、概要",
        "二、重大风险",
        "三、条款意见",
        "四、缺失的内容",
        "五、待核实的内容",
        "附：审查范围与局限",
    ]
    tables = [[cell.text for cell in table.rows[0].cells] for table in paper.tables]
    assert ["序号", "条款", "原文", "问题", "建议"] in tables
    said = "\n".join(texts(paper))
    assert "关于《设备采购合同》的审查意见" in said and "审查人：" in said and "贰佰伍拾万元整" in said


def test_a_major_risk_of_two_places_is_told_once_with_both() -> None:
    told = {"detail": "每日比例过低。", "severity": "high", "suggestion": "提高。"}
    risks = [
        Finding("risks", "违约金过低", "", "llm", (cite(quote, page),), **told)
        for page, quote in ((3, "乙方逾期的，每日万分之一"), (7, "甲方逾期的，每日万分之一"))
    ]
    said = "\n".join(texts(word(store(replace(CLEAN, findings=tuple(risks))))))
    assert said.count("违约金过低") == 1 and "乙方逾期的" in said and "甲方逾期的" in said


def test_the_clauses_stand_in_the_order_of_the_document_each_with_quote_problem_and_advice() -> None:
    [table] = [t for t in word(store(PURCHASE)).tables if t.rows[0].cells[0].text == "序号" and len(t.columns) == 5]
    rows = [[cell.text for cell in row.cells] for row in table.rows[1:]]
    pages = [int(re.search(r"第 (\d+) 页", row[1])[1]) for row in rows]
    assert pages == sorted(pages) and len(rows) == 6
    assert all(row[2] and row[3] and row[4] for row in rows)
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None, "the head is repeated on each page"


def test_chinese_has_a_chinese_font_and_latin_another() -> None:
    styles = word(store(PURCHASE)).styles
    fonts = {name: styles[name].element.rPr.rFonts for name in ("Normal", "Heading 1", "Title")}
    assert fonts["Normal"].get(qn("w:eastAsia")) == "宋体" and fonts["Title"].get(qn("w:eastAsia")) == "黑体"
    for font in fonts.values():
        assert font.get(qn("w:ascii")) == "Times New Roman" and font.get(qn("w:eastAsiaTheme")) is None


def test_what_was_rejected_is_left_out_and_counted_and_what_was_accepted_says_by_whom() -> None:
    rejected = "\n".join(texts(word(decided("reject"))))
    assert "大小写金额不一致" not in rejected and "未列入的发现：1 项" in rejected
    accepted = word(decided("accept"))
    cells = [c.text for t in accepted.tables for row in t.rows for c in row.cells]
    assert any("已采纳 · 张三 · 业务<b>确认" in cell for cell in cells)


@pytest.mark.parametrize("analysis", [HOSTILE, REPORT, CLEAN], ids=["hostile", "report", "clean"])
def test_any_analysis_makes_a_memo_in_either_language(analysis: object, lang: str) -> None:
    paper = word(store(analysis))
    assert any(("附：" if lang == "zh" else "Annex") in text for text in texts(paper))


def test_a_memo_of_five_hundred_findings_is_made_in_seconds() -> None:
    started = time.process_time()
    assert len(memo(store(long_analysis(500)))) < 1_000_000
    assert time.process_time() - started < 8


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_markdown_tells_every_issue_with_its_quote(lang: str) -> None:
    text = render_analysis_markdown(store(PURCHASE))
    for finding in PURCHASE.findings:
        if finding.category in ("checks", "risks"):
            assert finding.detail[:12] in text.replace(",", "").replace("\\", "") or "元" in finding.detail
            assert all(evidence.quote[:6] in text.replace("\\", "") for evidence in finding.evidence)
    assert "\n\n\n" not in text and text.startswith("# ")


def test_nothing_of_a_document_is_markup_in_markdown() -> None:
    text = render_analysis_markdown(store(HOSTILE))
    assert "<script" not in text and "<img" not in text and "\u202e" not in text
    assert not re.search(r"(?<!\\)\|/C|(?<!\\)\[31m", text)


# --- decisions in the report ------------------------------------------------------------------------------------------


def test_a_rejected_finding_stands_apart_and_counts_for_nothing() -> None:
    stored = decided("reject")
    page = render_analysis(stored)
    assert page.index('id="f1001"') > page.index('id="rejected"') and "业务&lt;b&gt;确认" in page
    assert verdict_of(settled(stored)).high == verdict_of(PURCHASE).high - 1
    assert [shown.id for shown in arrange(stored).rejected] == [1001]


def test_an_edit_moves_the_finding_to_its_new_level_and_shows_the_old() -> None:
    page = render_analysis(decided("edit", severity="low", suggestion="按补充协议", status="present"))
    assert '<article class="finding low" id="f1001"' in page
    assert "<del>高</del> <ins>低</ins>" in page and "按补充协议" in page
    assert render_analysis(decided("edit", severity="grave")).count('<article class="finding high"') == 2, "no level"


# --- page pictures ----------------------------------------------------------------------------------------------------


def picture(path: Path, width: int = 909, height: int = 1286) -> None:
    """A white page."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress((b"\0" + b"\xff" * width) * height)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def with_boxes() -> StoredAnalysis:
    boxes = (Box(2, 100.0, 700.0, 300.0, 715.0), Box(2, 90.0, 718.0, 200.0, 733.0), Box(3, 90.0, 80.0, 200.0, 95.0))
    first = PURCHASE.findings[0]
    finding = replace(first, evidence=(replace(first.evidence[0], boxes=boxes),))
    return store(replace(PURCHASE, findings=(finding, *PURCHASE.findings[1:])))


def test_a_quote_stands_beside_its_place_on_the_page(tmp_path: Path) -> None:
    path = write_report(with_boxes(), tmp_path)
    assert "<img" not in path.read_text(encoding="utf-8"), "no pictures: none are shown"
    for page in (2, 3):
        picture(pictures_folder(path) / f"{page}.png")
    write_report(with_boxes(), tmp_path)
    page = Page(path.read_text(encoding="utf-8"))
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert [image["src"].rsplit("/", 1)[1] for image in images] == ["2.png", "3.png"]
    assert all(image["loading"] == "lazy" and image["alt"] for image in images)
    rectangles = [attributes for tag, attributes in page.elements if tag == "rect"]
    assert [float(r["x"]) for r in rectangles] == [100.0, 90.0, 90.0]
    [first, _] = [a["viewbox"] for tag, a in page.elements if tag == "svg"]
    left, top, width, height = map(float, first.split())
    assert left < 90 and left + width > 300 and top < 700 and top + height > 733


@pytest.mark.parametrize("junk", [b"", b"no png", b"\x89PNG" + b"\0" * 30])
def test_a_file_that_is_no_picture_of_ours_is_left_out(junk: bytes, tmp_path: Path) -> None:
    path = write_report(with_boxes(), tmp_path)
    pictures_folder(path).mkdir()
    for name in ("2.png", "x.png", "3.png"):
        (pictures_folder(path) / name).write_bytes(junk)
    write_report(with_boxes(), tmp_path)
    assert "<img" not in path.read_text(encoding="utf-8")


def test_odd_boxes_make_no_odd_page(tmp_path: Path) -> None:
    odd = (Box(2, -1e9, -50.0, 1e9, 1e9), Box(2, 5.0, 5.0, 5.0, 5.0), Box(9, 1.0, 1.0, 2.0, 2.0))
    finding = Finding("risks", "怪", "", "llm", (replace(cite("引文", 2), boxes=odd),), severity="high")
    stored = store(replace(PURCHASE, findings=(finding,)))
    path = write_report(stored, tmp_path)
    picture(pictures_folder(path) / "2.png")
    write_report(stored, tmp_path)
    boxes = [a["viewbox"] for tag, a in Page(path.read_text(encoding="utf-8")).elements if tag == "svg"]
    assert len(boxes) == 1 and all(0 < float(n) <= 1e4 or float(n) == 0 for n in boxes[0].split())


def test_five_hundred_findings_on_three_hundred_pages_are_small_and_quick() -> None:
    from markupsafe import Markup

    from pipeline.report.pictures import Pictures

    analysis = long_analysis(500)
    findings = tuple(
        replace(f, evidence=(replace(f.evidence[0], boxes=(Box(at % 300 + 1, 90, 100, 500, 115),)),))
        for at, f in enumerate(analysis.findings)
    )
    stored = store(replace(analysis, findings=findings))
    started = time.process_time()
    html = render_analysis(stored, pictures=Pictures(Markup("./x.pages"), dict.fromkeys(range(1, 301), (595.0, 842.0))))
    assert time.process_time() - started < 2 and len(html.encode()) < 5_000_000
    assert html.count("<img") > 400


@pytest.mark.parametrize(("left", "right", "marks"), [(90, 505, 1), (90, 495, 1), (90, 700, 2), (510, 600, 2)])
def test_one_colour_marks_a_place_and_its_note_tells_all_findings_there(left: int, right: int, marks: int) -> None:
    def found(item: str, severity: str, *place: int) -> Finding:
        evidence = replace(cite("引文", 2), boxes=(Box(2, *place),))
        return Finding("risks", item, "", "llm", (evidence,), severity=severity)

    findings = (found("轻", "low", left, 100, right, 115), found("重", "high", 90, 100, 500, 115))
    made = marks_of(store(replace(PURCHASE, findings=findings)))
    assert len(made) == marks and "重" in made[-1].note and ("轻" in made[-1].note) is (marks == 1)
