"""The review memo (审查意见书) as a Word file, in the form that Chinese firms hand to clients: summary, major risks, a
table of opinions clause by clause (原文, 问题, 建议), what is missing, and the limits of the review; room to sign.

The only module that imports python-docx; imported where a memo is made. No text of a document can be more than text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from docx import Document as new_document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement  # pyright: ignore[reportUnknownVariableType]
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from pipeline.kinds.terms import item_name, law_name, name_of
from pipeline.lang import Text, language
from pipeline.report import words
from pipeline.report.clock import DEFAULT_ZONE, minute_and_zone, zone_of
from pipeline.report.text import clause_name, explained, one_line, readable, told, values_in, visible
from pipeline.report.view import Arranged, Shown, arrange, folded, settled, verdict_of
from pipeline.types import Evidence, StoredAnalysis

_BODY, _HEAD = "宋体", "黑体"
_element: Any = OxmlElement  # pyright: ignore[reportUnknownVariableType]
_LATIN = "Times New Roman"
_GREY, _RED, _AMBER = RGBColor(0x55, 0x60, 0x6E), RGBColor(0xA3, 0x20, 0x2A), RGBColor(0x8A, 0x52, 0x00)
_COLOURS = {"high": _RED, "medium": _AMBER}
_LONGEST_QUOTE = 300
"""Characters of a quote in the table; the report has all of it."""

_T = {
    "contract": Text("合同审查意见书", "Contract review memo"),
    "report": Text("报告审阅意见书", "Report review memo"),
    "about": Text("关于《{}》的审查意见", "Opinion on “{}”"),
    "basics": Text("概要", "Summary"),
    "major": Text("重大风险", "Major risks"),
    "no_major": Text("本次审查没有发现重大风险。", "No major risk was found."),
    "clauses": Text("条款意见", "Opinions clause by clause"),
    "no_clauses": Text("本次审查没有需要修改的条款。", "No clause needs a change."),
    "reviewed": Text("审查日期", "Date of review"),
    "order": Text("以下按条款在文件中的顺序排列。", "In the order of the document."),
    "missing": Text("缺失的内容", "What is missing"),
    "doubtful": Text("待核实的内容", "To be verified"),
    "scope": Text("附：审查范围与局限", "Annex: scope and limits of this review"),
    "number": Text("序号", "No."),
    "place": Text("条款", "Clause"),
    "quote": Text("原文", "Source text"),
    "problem": Text("问题", "Problem"),
    "advice": Text("建议", "Suggestion"),
    "level": Text("【{}】", "{} · "),
    "open": Text("（无原文：未约定或无处可引）", "(no source text)"),
    "analysis": Text("分析：", "Analysis: "),
    "basis": Text("依据：", "Legal basis: "),
    "source": Text("原文：", "Source: "),
    "cited": Text("“{}”（{}）", "“{}” ({})"),
    "suggested": Text("建议：", "Suggestion: "),
    "page": Text("第 {} 页", "p. {}"),
    "signed": Text("审查人：", "Reviewed by: "),
    "checked": Text("复核人：", "Checked by: "),
    "date": Text("日期：", "Date: "),
    "counts": Text(
        "本次审查发现需要处理的问题 {} 项，其中高风险 {} 项、中风险 {} 项、低风险 {} 项；缺失的内容 {} 项。",
        "Issues found: {} (high {}, medium {}, low {}). Missing: {}.",
    ),
    "doubtful_lead": Text(
        "以下内容由模型给出，但所引原文在文件中没有找到，不计入以上结论，采用前请人工核对。",
        "A model stated these with quotes that do not stand in the document. They are not counted above; "
        "verify them before use.",
    ),
    "read": Text(
        "审查对象：{}，共 {} 页，{} 字；文件 SHA-256：{}。",
        "Reviewed: {}, {} pages, {} characters; SHA-256 {}.",
    ),
    "rejected": Text("经人工判断不成立而未列入的发现：{} 项。", "Findings that a person rejected, left out: {}."),
    "made": Text(
        "审查方式：{}；完成时间：{}；分析编号 {}。", "Made by {}; finished {}; analysis no. {}."
    ),
}  # fmt: skip


class _Piece(NamedTuple):
    """A part of a cell."""

    text: str
    colour: RGBColor | None = None
    bold: bool = False


_Content = str | list[_Piece]


def memo(stored: StoredAnalysis, *, timezone: str = DEFAULT_ZONE) -> bytes:
    """The memo of an analysis that is done, as the bytes of a docx file."""
    view, zone = arrange(stored), zone_of(timezone)
    paper = _Paper(_t("contract" if stored.analysis.kind == "contract" else "report"))
    document = stored.analysis.document
    paper.title(_t("about").format(visible(document.title or document.filename)))
    _add_summary(paper, stored, view, zone)
    issues = [shown for _, rows in view.issues for shown in rows]
    _add_major(paper, [s for s in issues if s.finding.severity == "high"])
    _add_clauses(paper, sorted((s for s in issues if s.finding.status != "absent"), key=_place))
    if view.absences:
        paper.heading(_t("missing"))
        rows = [[str(at), _named(s), _cut(_detail(s)), _advice(s)] for at, s in enumerate(view.absences, 1)]
        titles = (_t("number"), str(words.WORDS["what"]), str(words.WORDS["why"]), _t("advice"))
        paper.table(titles, (1.3, 3.2, 5.4, 5.4), rows)
    if view.ungrounded:
        paper.heading(_t("doubtful"))
        paper.paragraph(_t("doubtful_lead"))
        for shown in view.ungrounded:
            paper.point(_named(shown), [("", _detail(shown))])
    _add_scope(paper, stored, view, zone)
    return paper.bytes()


def _add_summary(paper: _Paper, stored: StoredAnalysis, view: Arranged, zone: ZoneInfo) -> None:
    paper.heading(_t("basics"))
    facts = [[name_of(s.finding), told(s.finding.value)] for s in view.key_facts]
    if stored.analysis.side:
        facts.append([str(words.WORDS["reviewed_for"]), item_name(stored.analysis.side)])
    paper.facts([*facts, [_t("reviewed"), f"{stored.finished_at.astimezone(zone):%Y-%m-%d}"]])
    for line in stored.analysis.summary.splitlines():
        paper.paragraph(line)
    verdict = verdict_of(settled(stored))
    issues = sum(len(rows) for _, rows in view.issues)
    paper.paragraph(_t("counts").format(issues, verdict.high, verdict.medium, verdict.low, verdict.absences))
    if stored.engine == "rules":
        paper.paragraph(str(words.WORDS["rules_only_long"]))


def _add_major(paper: _Paper, high: Sequence[Shown]) -> None:
    paper.heading(_t("major"))
    if not high:
        paper.paragraph(_t("no_major"))
    for at, (shown, others) in enumerate(folded(high), 1):
        finding = shown.finding
        cited = [*finding.evidence[:2], *(other.finding.evidence[0] for other in others)]
        lines = [(_t("source"), _t("cited").format(_cut(one_line(e.quote)), _where(e))) for e in cited]
        lines += [
            (_t("analysis"), _detail(shown)),
            (_t("basis"), law_name(finding.legal_basis)),
            (_t("suggested"), finding.suggestion),
            ("", _decided(shown)),
        ]
        paper.point(f"{at}. {_named(shown)}", [(name, text) for name, text in lines if text])


def _add_clauses(paper: _Paper, issues: Sequence[Shown]) -> None:
    paper.heading(_t("clauses"))
    if not issues:
        paper.paragraph(_t("no_clauses"))
        return
    paper.paragraph(_t("order"), leads=True)
    rows: list[Sequence[_Content]] = []
    for at, (shown, others) in enumerate(folded(issues), 1):
        finding = shown.finding
        first = finding.evidence[0] if finding.evidence else None
        level = _t("level").format(words.in_words(words.SEVERITY, finding.severity))
        problem = [_Piece(level, _COLOURS.get(finding.severity, _GREY), bold=True), _Piece(_named(shown), bold=True)]
        if detail := _detail(shown):
            problem.append(_Piece("\n" + _cut(detail)))
        quote = _marked(one_line(first.quote), finding.value) if first else [_Piece(_t("open"), _GREY)]
        if others:
            quote.append(_Piece("\n" + _also(others), _GREY))
        rows.append([str(at), _where(first, "\n") if first else "", quote, problem, _advice(shown)])
    titles = [_t(name) for name in ("number", "place", "quote", "problem", "advice")]
    paper.table(titles, (1.3, 2.3, 4.1, 4.0, 3.8), rows)


def _add_scope(paper: _Paper, stored: StoredAnalysis, view: Arranged, zone: ZoneInfo) -> None:
    analysis, document = stored.analysis, stored.analysis.document
    paper.heading(_t("scope"), numbered=False)
    engine = str(words.WORDS["rules_only"]) if stored.engine == "rules" else f"{stored.engine} {stored.model}"
    finished = minute_and_zone(stored.finished_at, zone)
    lines = [
        _t("read").format(document.filename, document.pages, f"{document.characters:,}", document.id),
        _t("made").format(engine, finished, stored.id),
        *analysis.notes,
        str(words.WORDS["note_proof"]),
        str(words.WORDS["note_rules_only" if stored.engine == "rules" else "note_rules"]),
    ]
    if view.rejected:
        lines.append(_t("rejected").format(len(view.rejected)))
    for at, line in enumerate([*lines, str(words.WORDS["note_advice"])], 1):
        paper.paragraph(f"{at}. {line}", indent=False)
    paper.signatures((_t("signed"), _t("checked"), _t("date")))


def _t(key: str) -> str:
    return str(_T[key])


def _named(shown: Shown) -> str:
    name = name_of(shown.finding)
    return f"{name}{words.WORDS['colon']}{told(shown.finding.value)}" if shown.finding.value else name


def _also(others: Sequence[Shown]) -> str:
    """Where else the same is to be said."""
    places = dict.fromkeys(_where(other.finding.evidence[0]) for other in others)
    return str(words.WORDS["more_places"]).format(len(others)) + str(Text("；", "; ")).join(places)


def _detail(shown: Shown) -> str:
    return explained(shown.finding)


def _advice(shown: Shown) -> str:
    finding = shown.finding
    basis = _t("basis") + law_name(finding.legal_basis) if finding.legal_basis else ""
    return "\n".join(filter(None, (readable(finding.suggestion), basis, _decided(shown))))


def _decided(shown: Shown) -> str:
    decision = shown.decision
    if decision is None:
        return ""
    told = f"{words.in_words(words.RULING, decision.ruling)} · {decision.by}"
    return f"〔{told} · {decision.note}〕" if decision.note else f"〔{told}〕"


def _where(evidence: Evidence, between: str = " ") -> str:
    page = _t("page").format(evidence.page) if evidence.page is not None else ""
    return between.join(filter(None, (page, clause_name(evidence.section))))


def _place(shown: Shown) -> tuple[int, int]:
    span = shown.finding.evidence[0].span if shown.finding.evidence else None
    return (span.start, shown.id) if span else (1 << 40, shown.id)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def _marked(quote: str, value: str) -> list[_Piece]:
    """A quote in pieces, its value in red."""
    quote = _cut(quote)
    pieces: list[_Piece] = []
    done = 0
    for start, end in values_in(value, quote):
        pieces += [_Piece(quote[done:start]), _Piece(quote[start:end], _RED)]
        done = end
    return [*pieces, _Piece(quote[done:])]


class _Paper:
    """A Word file that is being written: A4, Chinese and Latin fonts apart, numbered headings, page numbers."""

    def __init__(self, running_head: str) -> None:
        self._file: Any = new_document()
        self._headings = 0
        section = self._file.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.8)
        section.top_margin = section.bottom_margin = Cm(2.54)
        normal = self._file.styles["Normal"]
        _set_fonts(normal, _BODY, 12)
        normal.paragraph_format.line_spacing = 1.5
        normal.paragraph_format.space_after = Pt(0)
        for name, size in (("Title", 20), ("Heading 1", 14), ("Heading 2", 12)):
            style = self._file.styles[name]
            _set_fonts(style, _HEAD, size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            style.font.bold = True
            for border in style.element.findall(f".//{qn('w:pBdr')}"):  # the template underlines its titles in blue
                border.getparent().remove(border)
        self._head(section, running_head)

    def _head(self, section: Any, text: str) -> None:
        line = section.header.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(line, text, 9, _GREY)
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        chinese = ("第 ", "PAGE", " 页 共 ", "NUMPAGES", " 页")
        for piece in chinese if language() == "zh" else ("PAGE", " / ", "NUMPAGES"):
            if piece.isupper():
                _field(foot, piece)
            else:
                _run(foot, piece, 9, _GREY)

    def title(self, text: str) -> None:
        line = self._file.add_paragraph(style="Title")
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.add_run(visible(text))
        line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(6), Pt(18)

    def heading(self, text: str, *, numbered: bool = True) -> None:
        self._headings += numbered
        number = f"{'一二三四五六七八九'[self._headings - 1]}、" if language() == "zh" else f"{self._headings}. "
        line = self._file.add_paragraph(style="Heading 1")
        line.add_run((number if numbered else "") + visible(text))
        line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(14), Pt(6)

    def paragraph(self, text: str, *, indent: bool = True, leads: bool = False) -> None:
        """``leads``: it stays with what follows."""
        if text.strip():
            line = self._file.add_paragraph()
            line.paragraph_format.keep_with_next = leads
            _indent(line, 200 if indent else 0)
            _run(line, text)

    def point(self, title: str, lines: Iterable[tuple[str, str]]) -> None:
        head = self._file.add_paragraph(style="Heading 2")
        head.add_run(visible(title))
        head.paragraph_format.space_before, head.paragraph_format.space_after = Pt(8), Pt(2)
        for name, text in lines:
            if text.strip():
                line = self._file.add_paragraph()
                _indent(line, 200)
                _run(line, name).bold = True
                _run(line, readable(text) if name != _t("source") else text)

    def facts(self, rows: Iterable[Sequence[_Content]]) -> None:
        self.table(None, (3.6, 11.8), rows, first_bold=True)

    def table(
        self, titles: Sequence[str] | None, widths: Sequence[float], rows: Iterable[Sequence[_Content]],
        *, first_bold: bool = False,
    ) -> None:  # fmt: skip
        """``widths`` in centimetres."""
        table = self._file.add_table(rows=0, cols=len(widths), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        if titles:
            _fill(table.add_row(), titles, widths, bold=range(len(widths)), shade="E4E9EF")
            repeat = table.rows[0]._tr.get_or_add_trPr()
            repeat.append(_element("w:tblHeader"))
        for row in rows:
            _fill(table.add_row(), row, widths, bold=range(first_bold))
        self._file.add_paragraph().paragraph_format.line_spacing = 0.6

    def signatures(self, names: Sequence[str]) -> None:
        for at, name in enumerate(names):
            line = self._file.add_paragraph()
            line.paragraph_format.left_indent = Cm(8.5)
            line.paragraph_format.space_before = Pt(0 if at else 18)
            line.paragraph_format.keep_with_next = at < len(names) - 1
            _run(line, name + "＿" * 8)

    def bytes(self) -> bytes:
        out = io.BytesIO()
        self._file.save(out)
        return out.getvalue()


def _fill(row: Any, cells: Sequence[_Content], widths: Sequence[float], *, bold: range, shade: str = "") -> None:
    row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
    for at, (cell, content, width) in enumerate(zip(row.cells, cells, widths, strict=True)):
        cell.width = Cm(width)
        line = cell.paragraphs[0]
        line.paragraph_format.line_spacing = 1.15
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)
        for piece in [_Piece(content)] if isinstance(content, str) else content:
            _run(line, piece.text, 10.5, piece.colour).bold = piece.bold or at in bold
        if shade:
            shading = _element("w:shd")
            for name, value in (("val", "clear"), ("color", "auto"), ("fill", shade)):
                shading.set(qn(f"w:{name}"), value)
            cell._tc.get_or_add_tcPr().append(shading)


def _run(line: Any, text: str, size: float | None = None, colour: RGBColor | None = None) -> Any:
    run = line.add_run(visible(text))
    if size:
        run.font.size = Pt(size)
    if colour:
        run.font.color.rgb = colour
    return run


def _set_fonts(style: Any, east: str, size: float) -> None:
    """Word takes East Asian characters from a font of their own, which python-docx does not name."""
    style.font.name, style.font.size = _LATIN, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:eastAsia"), east)
    fonts.set(qn("w:ascii"), _LATIN)
    fonts.set(qn("w:hAnsi"), _LATIN)


def _indent(line: Any, hundredths: int) -> None:
    """The first line indented by so many hundredths of a character, as Chinese paragraphs are."""
    indent = _element("w:ind")
    indent.set(qn("w:firstLineChars"), str(hundredths))
    indent.set(qn("w:firstLine"), str(hundredths * 12 // 5))  # for programs that know no characters: twips at 12 pt
    line._p.get_or_add_pPr().append(indent)


def _field(line: Any, code: str) -> None:
    """A field that Word computes: ``PAGE``, ``NUMPAGES``."""
    for kind in ("begin", None, "separate", "1", "end"):
        run = _run(line, "", 9, _GREY)
        if kind is None:
            element = _element("w:instrText")
            element.text = code
        elif kind == "1":  # shown until the field is computed, in its own size
            element = _element("w:t")
            element.text = kind
        else:
            element = _element("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)
