from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from page_reader import Page
from report_values import CLEAN, FAILED, HOSTILE, HOSTILE_TEXT, PURCHASE, REPORT, batch, cite, long_analysis, store

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.report import words
from pipeline.report.files import report_name, slug
from pipeline.report.html import index_row, render_analysis, render_index, write_index, write_report
from pipeline.report.page import TEMPLATES
from pipeline.report.view import Shown, arrange, folded, verdict_of
from pipeline.types import Decision, Evidence, Finding, Span, StoredAnalysis

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ALL = {"purchase": PURCHASE, "report": REPORT, "clean": CLEAN, "failed": FAILED, "hostile": HOSTILE}


def golden(name: str) -> Path:
    return Path(__file__).with_name("golden") / name


def index_of(stored: Sequence[StoredAnalysis]) -> str:
    return render_index([index_row(one) for one in stored])


# --- what every page keeps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_well_formed_and_its_anchors_lead_somewhere(name: str, lang: str) -> None:
    page = Page(render_analysis(store(ALL[name])))
    assert page.elements[0] == ("html", {"lang": "zh-CN" if lang == "zh" else "en"})
    assert [tag for tag, _ in page.elements if tag == "h1"] == ["h1"]
    for link in page.links:
        assert link.startswith("#") and link[1:] in page.ids


def test_the_index_is_well_formed_and_links_to_each_report(lang: str, tmp_path: Path) -> None:
    stored = [*batch(), store(HOSTILE, 9)]
    paths = [write_report(one, tmp_path) for one in stored]
    index = write_index(list(map(index_row, stored)), tmp_path)
    page = Page(index.read_text(encoding="utf-8"))
    linked = {(tmp_path / unquote(link)).resolve() for link in page.links if not link.startswith("#")}
    assert linked == set(paths) and all(path.is_file() for path in paths)
    assert all(path.parent == tmp_path for path in paths)


@pytest.mark.parametrize("what", ["report", "index"])
def test_hostile_text_is_shown_but_never_acts(what: str) -> None:
    html = render_analysis(store(HOSTILE)) if what == "report" else index_of([store(HOSTILE), store(FAILED, 2)])
    page = Page(html)
    assert [tag for tag, _ in page.elements if tag in ("script", "style")] == ["style", "script"]
    assert not {tag for tag, _ in page.elements} & {"img", "iframe", "object", "embed", "base", "link", "svg"}
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "srcdoc")]
    assert all(link.startswith(("#", "./")) for link in page.links)
    assert not set(html) & BIDI
    assert all(unicodedata.category(char) not in ("Cf", "Cs") and (char >= " " or char == "\n") for char in html)
    assert "<script>alert(1)</script>" in page.text and "{{ 7*7 }}" in page.text and "⟨U+202E⟩gnp.exe" in page.text
    html.encode("utf-8")


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else() -> None:
    page = Page(render_analysis(store(PURCHASE)))
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.raw[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert not re.search(r"https?:|//|url\(|@import", page.raw["style"])


def test_every_word_has_both_languages_and_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.parent.glob("*.py") if path.stem != "words")
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.j2"))
    used = set(re.findall(r"\bw\.(\w+)", templates))
    assert used <= words.WORDS.keys()
    for key in words.WORDS.keys() - used:
        assert f'"{key}"' in code or f'"{key}"' in templates, f"nobody uses {key}"
    tables = (words.WORDS, words.CATEGORY, words.SEVERITY, words.STATUS, words.MATCH, words.ERROR)
    assert all(isinstance(text, Text) and text.zh and text.en for table in tables for text in table.values())


# --- what stands where ------------------------------------------------------------------------------------------------


def test_every_finding_has_its_place_exactly_once(lang: str) -> None:
    for analysis in (PURCHASE, REPORT, HOSTILE):
        stored = store(analysis)
        page = Page(render_analysis(stored))
        assert {id_ for id_ in page.ids if re.fullmatch(r"f\d+", id_)} == {f"f{i}" for i in stored.finding_ids}


def test_what_is_the_same_of_several_places_is_told_once_and_what_was_decided_by_itself() -> None:
    said = {"severity": "medium", "detail": "折合年化 73%。", "suggestion": "约定上限。"}
    same = [
        Finding(
            "liability", "违约金", "0.2%/日", "rule", (Evidence(f"第{n}处0.2%", Span(n, n + 1), n, "exact"),), **said
        )
        for n in range(1, 5)
    ]
    absent = Finding("clauses", "验收", "", "rule", status="absent", **said)
    rows = [Shown(n, finding) for n, finding in enumerate([*same, absent, absent])]
    rows[2] = replace(rows[2], decision=Decision(1, 2, "accept", {}, "", "张", datetime.now(UTC)))
    told = [(first.id, [other.id for other in others]) for first, others in folded(rows)]
    assert told == [(0, [1, 3]), (2, []), (4, []), (5, [])]


def test_the_ungrounded_stands_apart_and_counts_for_nothing() -> None:
    stored = store(PURCHASE)
    verdict = verdict_of(PURCHASE)
    assert (verdict.high, verdict.medium, verdict.low) == (3, 3, 1)
    assert (verdict.conflicts, verdict.absences, verdict.ungrounded, verdict.unread) == (3, 1, 2, 1)
    before, _, after = render_analysis(stored).partition('<section class="doubt"')
    assert "乙方可单方转让合同" in after and "乙方可单方转让合同" not in before
    assert "原文中未找到" in after and "126,000元" not in before


def test_issues_come_by_severity_then_category_then_place() -> None:
    view = arrange(store(PURCHASE))
    assert [severity for severity, _ in view.issues] == ["high", "medium", "low"]
    assert [shown.finding.item for shown in view.issues[0][1]] == [
        "大小写金额不一致", "缺少必备条款", "逾期交货违约金没有上限",
    ]  # fmt: skip
    assert [category for category, _ in view.facts] == [
        "parties", "basics", "money", "payment", "delivery", "liability",
    ]  # fmt: skip


def test_what_belongs_to_a_party_stands_under_it() -> None:
    parties = dict(arrange(store(PURCHASE)).facts)["parties"]
    items = [shown.finding.item for shown in parties]
    assert items[:4] == ["甲方", "甲方·统一社会信用代码", "甲方·地址", "甲方·联系电话"] and items[4] == "乙方"


@pytest.mark.parametrize(
    ("value", "quote", "marked"),
    [
        ("1280000.00元", "总价为¥1,280,000.00（含税）", "<mark>1,280,000.00</mark>"),
        ("1280000.00元", "总价1280000元整", "<mark>1280000</mark>"),
        ("2026-03-01", "于2026年3月1日签订", "<mark>2026年3月1日</mark>"),
        ("2026-03-01", "于2026年3月11日签订", None),
        ("30%", "支付 30 % 的定金", "<mark>30 %</mark>"),
        ("0.05%/日", "按0.05%计收", "<mark>0.05%</mark>"),
        ("12个月", "第12条", None),
        (
            "2026-06-01 / 2026-05-31",
            "2026年6月1日至2026年5月31日",
            "<mark>2026年6月1日</mark>至<mark>2026年5月31日</mark>",
        ),
        ("小写350000.00元，大写325000.00元", "计350,000元（叁拾贰万伍仟元）", "计<mark>350,000</mark>元"),
        ("<b>", "a<b>c", "<mark>&lt;b&gt;</mark>"),
        ("苏州公司", "苏州公司", None),
    ],
)
def test_the_value_is_marked_in_its_quote(value: str, quote: str, marked: str | None) -> None:
    finding = Finding("money", "金额", value, "rule", (cite(quote),))
    html = render_analysis(store(replace(CLEAN, findings=(finding,))))
    assert (marked in html) if marked else ("<mark>" not in html)


def test_a_failure_shows_its_cause_and_remedy(lang: str) -> None:
    text = Page(render_analysis(store(FAILED))).text
    assert FAILED.error_message in text and "NoTextError" in text
    index = Page(index_of(batch())).text
    assert FAILED.error_message in index and "不存在.pdf" in index


def test_rules_alone_are_labelled_so() -> None:
    assert "没有使用语言模型" in render_analysis(store(CLEAN, engine="rules"))
    assert "没有使用语言模型" not in render_analysis(store(CLEAN))
    assert "没有使用语言模型" in index_of([store(CLEAN, engine="rules"), store(PURCHASE, 2)])


def test_an_empty_batch_and_an_empty_analysis_say_so() -> None:
    assert "这一批没有文件" in index_of([])
    text = Page(render_analysis(store(replace(CLEAN, findings=())))).text
    assert "没有发现需要处理的问题" in text and "没有抽取到事实" in text


def test_the_time_zone_decides_the_clock() -> None:
    assert "2026-03-01 20:00" in render_analysis(store(CLEAN), timezone="America/Los_Angeles")
    for name in ("Asia/Nowhere", "../etc/passwd", "", "Asia"):
        with pytest.raises(SettingsError, match="Asia/Shanghai"):
            render_analysis(store(CLEAN), timezone=name)


@pytest.mark.parametrize(("name", "lang_"), [("purchase.zh.txt", "zh"), ("purchase.en.txt", "en")])
def test_the_report_reads_as_it_did(name: str, lang_: str, request: pytest.FixtureRequest) -> None:
    """After a wanted change: delete the file, run once, review the difference."""
    if lang_ == "en":
        request.getfixturevalue("english")
    text = Page(render_analysis(store(PURCHASE))).text
    path = golden(name)
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path} was written anew: review it")
    assert text == path.read_text(encoding="utf-8")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("合同 2026(终稿).pdf", "合同-2026-终稿"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot"),
        ("-rf.pdf", "rf"),
        (".pdf", "pdf"),
        ("...", "document"),
        ("", "document"),
        ("\u202efdp.\u200bexe", "fdp"),
        ("a\x00b\n.pdf", "a-b"),
        ("字" * 200 + ".pdf", "字" * 48),
        ("\U00020000" * 90, "\U00020000" * 48),
        ("\udcff.pdf", "document"),
    ],
)
def test_a_file_name_never_becomes_a_path(filename: str, expected: str) -> None:
    assert slug(filename) == expected
    stored = store(replace(CLEAN, document=replace(CLEAN.document, filename=filename)))
    assert len(report_name(stored).encode()) < 230


def test_a_failure_never_takes_the_place_of_a_report(tmp_path: Path) -> None:
    failed = replace(CLEAN, status="failed", error_type="EngineError", error_message="引擎不可用", findings=())
    done = write_report(store(CLEAN), tmp_path)
    note = write_report(store(failed, 2), tmp_path)
    assert done.is_file() and note.is_file() and done != note
    assert write_report(store(CLEAN, 3), tmp_path) == done
    assert sorted(tmp_path.iterdir()) == [done]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(SettingsError, match="--out"):
        write_report(batch()[0], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# --- weight -----------------------------------------------------------------------------------------------------------


def test_five_hundred_findings_are_light() -> None:
    html = render_analysis(store(long_analysis(500)))
    assert len(html.encode()) < 1_500_000


def test_importing_the_reports_stays_light() -> None:
    code = "import sys, pipeline.report.html, pipeline.report.export, pipeline.report.digest; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"openpyxl", "sqlalchemy", "pydantic", "pipeline.store", "pipeline.report.workbook"} & set(loaded)


def dom_of(html: str, folder: Path) -> tuple[str, str]:
    """The page as Chromium has it once its scripts ran, and what it complains of."""
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    options = f"--headless --no-sandbox --disable-gpu --enable-logging=stderr --user-data-dir={folder}/p --dump-dom"
    command = [str(CHROMIUM), *options.split(), page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.stdout, done.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("name", ["long", "hostile"])
def test_chromium_runs_the_pages_own_script_and_no_other(name: str, tmp_path: Path) -> None:
    dom, complaints = dom_of(render_analysis(store(long_analysis(40) if name == "long" else HOSTILE)), tmp_path)
    form = re.search(r'<form id="filter"[^>]*>', dom)
    assert form and re.search(r'<input type="search"(?![^>]* hidden)', dom), (
        "the search shows itself once the script runs"
    )
    assert "Refused to" not in complaints and "Content Security Policy" not in complaints
    assert HOSTILE_TEXT[:8] not in re.sub(r"<script>.*?</script>", "", dom, count=1, flags=re.DOTALL)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_index_shows_its_documents_and_its_search(tmp_path: Path) -> None:
    dom, _ = dom_of(index_of([store(CLEAN, n) for n in range(1, 12)]), tmp_path)
    assert re.search(r'<form id="filter"(?![^>]* hidden)', dom), "the search shows itself once the script runs"
    assert re.search(r'<p id="nothing"[^>]* hidden', dom) and not re.search(r"<t(?:body|r) data-\w+[^>]* hidden", dom)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_filter_hides_what_is_not_asked_for(tmp_path: Path) -> None:
    dom = after_a_hand(
        tmp_path,
        """form.querySelector("[value=medium]").checked = false;
           form.querySelector("[type=search]").value = "第 4";""",
    )
    assert dom["shown"] == [name for name in dom["shown"] if name.startswith("第 4")] != [] and dom["nothing"] is False
    assert dom["groups"]["medium"] is False and dom["groups"]["high"] is True


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("script", [True, False])
def test_the_boxes_filter_by_severity_status_and_category_even_without_script(tmp_path: Path, script: bool) -> None:
    hand = """for (const value of ["high", "conflict", "k1"]) form.querySelector(`[value=${value}]`).checked = false;"""
    dom = after_a_hand(tmp_path, hand, script=script)
    assert dom["shown"], "something is left"
    assert not [told for told in dom["left"] if told[0] == "high" or told[1] == "conflict" or told[2] == "k1"]
    assert 0 < len(dom["left"]) < dom["all"]


READ_BACK = """
  const form = document.getElementById("filter");
  HAND
  form.dispatchEvent(new Event("input"));
  const seen = (node) => node.getClientRects().length > 0;
  const rows = [...document.querySelectorAll("article[data-issue]")];
  const left = rows.filter(seen);
  document.title = JSON.stringify({
    all: rows.length,
    nothing: seen(document.getElementById("nothing")),
    shown: left.map((row) => row.querySelector("h4").firstChild.textContent),
    left: left.map((row) => [row.closest("[data-s]").dataset.s, row.dataset.t, row.dataset.k]),
    groups: Object.fromEntries([...document.querySelectorAll("[data-s]")].map((g) => [g.dataset.s, seen(g)])),
  });
"""


def after_a_hand(folder: Path, hand: str, *, script: bool = True) -> dict[str, Any]:
    """What Chromium shows of a long report after ``hand`` was at its filter."""
    html = render_analysis(store(long_analysis(60)))
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)  # for the hand of this test
    if not script:
        html = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    script_text = READ_BACK.replace("HAND", hand)
    dom, _ = dom_of(html.replace("</body>", f"<script>{script_text}</script></body>"), folder)
    return json.loads(unescape(re.search(r"<title>(.*?)</title>", dom, re.DOTALL)[1]))


def test_a_report_that_would_be_the_same_is_left_alone(tmp_path: Path) -> None:
    path = write_report(store(PURCHASE), tmp_path)
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert write_report(store(PURCHASE), tmp_path) == path
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_report_is_written_anew_when_anything_in_it_changes(tmp_path: Path) -> None:
    stored = store(PURCHASE)
    whole = write_report(stored, tmp_path).read_bytes()
    decided = replace(
        stored, decisions={1001: Decision(7, 1001, "reject", {}, "误报", "李", datetime(2026, 3, 2, tzinfo=UTC))}
    )
    assert "误报" in write_report(decided, tmp_path).read_text()
    assert write_report(stored, tmp_path, timezone="America/New_York").read_bytes() != whole
    path = write_report(stored, tmp_path)
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-20])  # a disk that was full
    assert write_report(stored, tmp_path).read_bytes() == whole
    path.unlink()
    assert write_report(stored, tmp_path).read_bytes() == whole
