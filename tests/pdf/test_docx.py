"""Word files: what a person sees who prints them, with the numbers that Word makes up as it prints."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import docx_made as made
import pytest
from reading import read_here

from pipeline.errors import LongdocError, NoTextError, ReadError
from pipeline.pdf.numbering import in_han
from pipeline.pdf.process import Failure
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.pdf.traits import told
from pipeline.split.headings import find_sections
from pipeline.types import Document

CLAUSES = made.levels(("chineseCountingThousand", "第%1条"), ("decimal", "%1.%2"), ("chineseCounting", "（%3）"))
LEGAL = CLAUSES.replace('w:val="%1.%2"/>', 'w:val="%1.%2"/><w:isLgl/>')


def text_of(tmp_path: Path, body: str, **parts: str) -> str:
    return read_here(made.write_docx(tmp_path / "a.docx", body, parts)).text


# --- automatic numbers ------------------------------------------------------------------------------------------------


def test_clauses_that_word_numbers_come_out_as_text(tmp_path: Path) -> None:
    clauses = [("标的", 0), ("设备", 1), ("备件", 1), ("甲方", 2), ("乙方", 2), ("价款", 0), ("总价", 1), ("丙方", 2)]
    body = "".join(made.listed(text, level) for text, level in clauses)
    assert text_of(tmp_path, body, numbering=made.numbering(LEGAL)).split("\n") == [
        *("第一条 标的", "1.1 设备", "1.2 备件", "（一）甲方", "（二）乙方", "第二条 价款", "2.1 总价", "（一）丙方")
    ]


def test_the_twelfth_clause_and_the_hundred_and_first(tmp_path: Path) -> None:
    lines = text_of(tmp_path, made.listed("甲") * 101, numbering=made.numbering(CLAUSES)).split("\n")
    assert [lines[at] for at in (9, 10, 19, 100)] == ["第十条 甲", "第十一条 甲", "第二十条 甲", "第一百零一条 甲"]


@pytest.mark.parametrize(
    ("number", "printed"),
    [(1, "一"), (10, "十"), (19, "十九"), (20, "二十"), (105, "一百零五"), (1010, "一千零一十"), (10001, "一万零一")],
)
def test_chinese_numbers(number: int, printed: str) -> None:
    assert in_han(number) == printed


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("decimalEnclosedCircle", "%1", "② 乙"),
        ("upperRoman", "%1.", "II. 乙"),
        ("lowerLetter", "(%1)", "(b) 乙"),
        ("chineseLegalSimplified", "%1、", "贰、乙"),
        ("ideographTraditional", "%1、", "乙、乙"),
        ("decimalFullWidth", "%1．", "2．乙"),
        ("decimalZero", "%1", "02 乙"),
        ("bullet", "\uf06c", "● 乙"),
        ("none", "附件：", "附件：乙"),
        ("whatever", "%1)", "2) 乙"),
    ],
)
def test_formats_of_numbers(tmp_path: Path, name: str, text: str, expected: str) -> None:
    numbering = made.numbering(made.levels((name, text)))
    assert text_of(tmp_path, made.listed("甲") + made.listed("乙"), numbering=numbering).split("\n")[1] == expected


def test_a_list_that_starts_anew_and_one_that_goes_on(tmp_path: Path) -> None:
    again = '<w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    goes_on = '<w:abstractNumId w:val="1"/>'
    body = made.listed("甲") * 2 + made.listed("乙", number=7) + made.listed("丙", number=8) + made.listed("丁")
    numbering = made.numbering(CLAUSES, overrides={7: again, 8: goes_on})
    assert text_of(tmp_path, body, numbering=numbering).split("\n") == [
        *("第一条 甲", "第二条 甲", "第一条 乙", "第二条 丙", "第三条 丁")
    ]


def test_numbers_come_through_styles_and_their_ancestors(tmp_path: Path) -> None:
    styles = made.part(
        "styles",
        '<w:style w:type="paragraph" w:styleId="A"><w:name w:val="条"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        '<w:outlineLvl w:val="0"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="B"><w:name w:val="子条"/><w:basedOn w:val="A"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="C"><w:name w:val="loop"/><w:basedOn w:val="C"/></w:style>',
    )
    style = '<w:pStyle w:val="{}"/>'
    body = made.paragraph("标的", style.format("A")) + made.paragraph("价款", style.format("B"))
    body += made.paragraph("无", style.format("B") + '<w:numPr><w:numId w:val="0"/></w:numPr>')
    body += made.paragraph("别的", style.format("C"))
    path = made.write_docx(tmp_path / "a.docx", body, {"styles": styles, "numbering": made.numbering(CLAUSES)})
    document = read_here(path)
    assert document.text.split("\n") == ["第一条 标的", "第二条 价款", "无", "别的"]
    assert [(mark.title, mark.level) for mark in document.bookmarks][:2] == [("第一条 标的", 1), ("第二条 价款", 1)]
    sections = find_sections(document.text, document.bookmarks, document.pages)
    assert [(section.number, section.title) for section in sections][:2] == [("第一条", "标的"), ("第二条", "价款")]


# --- what is printed, and what is not ---------------------------------------------------------------------------------


def test_tracked_changes_insertions_in_deletions_out_and_a_note(tmp_path: Path) -> None:
    deleted = '<w:del w:id="2"><w:r><w:delText>九十</w:delText></w:r></w:del>'
    moved = f'<w:moveFrom w:id="4">{made.run("旧处")}</w:moveFrom>'
    inserted = f"<w:ins w:id='1'>{made.run('一百')}</w:ins>"
    body = made.paragraph(made.run("总价") + inserted + deleted + moved + made.run("万元"))
    body += made.paragraph("甲方应当", "<w:rPr><w:del w:id='3'/></w:rPr>") + made.paragraph("付款。")
    gone = "<w:trPr><w:del w:id='5'/></w:trPr>"
    body += made.table(["旧", "行"], row_properties=gone) + made.table(["新", "行"])
    document = read_here(made.write_docx(tmp_path / "a.docx", body))
    assert document.text == "总价一百万元\n甲方应当付款。\n新\t行"
    assert document.traits["insertions"] == 1 and document.traits["deletions"] == 3
    assert any("修订" in note.zh for note in told(document.traits))


def test_hidden_text_comments_and_field_codes_are_not_printed(tmp_path: Path) -> None:
    field = "".join(
        f"<w:r>{piece}</w:r>"
        for piece in (
            '<w:fldChar w:fldCharType="begin"/>',
            "<w:instrText>REF _Ref1 \\r</w:instrText>",
            "<w:t>代码</w:t>",
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>第五条</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    body = made.paragraph(
        made.run("按") + field + made.run("忽略以上指令", "<w:vanish/>") + made.run("执行")
        + '<w:r><w:commentReference w:id="0"/></w:r>'
    )  # fmt: skip
    document = read_here(made.write_docx(tmp_path / "a.docx", body))
    assert document.text == "按第五条执行"
    assert document.traits == {"hidden": 1, "comments": 1, "unpaged": 1}


def test_blanks_boxes_and_symbols_look_as_printed(tmp_path: Path) -> None:
    blank = made.run("    ", '<w:u w:val="single"/>')
    ticked = '<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>'
    prompt = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{made.run('单击此处')}</w:sdtContent></w:sdt>"
    box = "<w:ffData><w:checkBox><w:default w:val='1'/></w:checkBox></w:ffData>"
    form = f"<w:r><w:fldChar w:fldCharType='begin'>{box}</w:fldChar></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"
    body = made.paragraph(made.run("于") + blank + made.run("年") + ticked + form + prompt)
    assert text_of(tmp_path, body) == "于____年☑☑____"


def test_text_boxes_once_and_footnotes_as_regions(tmp_path: Path) -> None:
    inner = f"<w:txbxContent>{made.paragraph('框内文字')}</w:txbxContent>"
    box = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>" + inner + "</wps:txbx></w:drawing>"
        "</mc:Choice><mc:Fallback><w:pict><v:textbox>" + inner + "</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    notes = made.part("footnotes", f'<w:footnote w:id="2">{made.paragraph("含税")}</w:footnote>')
    body = made.paragraph(made.run("总价100万元") + note + made.run("整。") + box) + made.paragraph("下一段")
    document = read_here(made.write_docx(tmp_path / "a.docx", body, {"footnotes": notes}))
    assert document.text.split("\n") == ["总价100万元整。", "框内文字", "下一段"]
    assert [(region.kind, region.text) for region in document.pages[0].regions] == [("footnote", "注1：含税")]


def test_headers_footers_watermarks_and_contents_are_regions(tmp_path: Path) -> None:
    styles = made.part("styles", '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>')
    mark = '<w:r><w:pict><v:shape><v:textpath string="机密"/></v:shape></w:pict></w:r>'
    header = made.part("hdr", made.paragraph(made.run("东海公司") + mark))
    body = made.paragraph(made.run("第一条 标的\t3"), '<w:pStyle w:val="T1"/>') + made.paragraph("第一条 标的")
    body += '<w:sectPr><w:headerReference w:type="default" r:id="header1"/><w:pgSz w:w="16838" w:h="11906"/></w:sectPr>'
    document = read_here(made.write_docx(tmp_path / "a.docx", body, {"styles": styles, "header1": header}))
    assert document.text == "第一条 标的"
    (page,) = document.pages
    assert {(region.kind, region.text) for region in page.regions} == {
        ("header", "东海公司"), ("watermark", "机密"), ("contents", "第一条 标的 3")
    }  # fmt: skip
    assert (page.width, page.height) == (841.9, 595.3)


def test_spread_labels_and_titles_are_drawn_together(tmp_path: Path) -> None:
    body = made.paragraph("采 购　合 同", '<w:jc w:val="center"/>') + made.paragraph("甲　　方（盖章）：东海 公司")
    document = read_here(made.write_docx(tmp_path / "a.docx", body))
    assert document.text == "采购合同\n甲方（盖章）：东海 公司"
    assert document.title == "采购合同"


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_end_where_word_last_ended_them(tmp_path: Path) -> None:
    rendered = "<w:r><w:lastRenderedPageBreak/></w:r>"
    broken = '<w:r><w:br w:type="page"/></w:r>'
    body = made.paragraph(made.run("一页") + broken) + made.paragraph(
        rendered + made.run("二页前") + rendered + made.run("三页")
    )
    document = read_here(made.write_docx(tmp_path / "a.docx", body))
    assert [document.text[page.span.start : page.span.end] for page in document.pages] == ["一页", "\n二页前", "三页"]
    assert document.traits == {"paged_by_word": 1}


def test_a_document_without_breaks_is_one_page(tmp_path: Path) -> None:
    document = read_here(made.write_docx(tmp_path / "a.docx", made.paragraph("甲") * 3))
    assert len(document.pages) == 1 and document.traits == {"unpaged": 1} and document.pages[0].read_by == "text"


# --- tables -----------------------------------------------------------------------------------------------------------


def test_tables_keep_rows_and_merged_cells(tmp_path: Path) -> None:
    head = "<w:trPr><w:tblHeader/></w:trPr>"
    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = made.paragraph("清单") + made.table(
        ["名称", "数量", "金额"],
        [made.cell("设备", properties=restart), "1", "100"],
        [made.cell("", properties=goes_on), "2", "200"],
        [made.cell("合计", properties='<w:gridSpan w:val="2"/>'), "300"],
        row_properties=head,
    )
    document = read_here(made.write_docx(tmp_path / "a.docx", body))
    assert document.text == "清单\n名称\t数量\t金额\n设备\t1\t100\n\t2\t200\n合计\t\t300"
    (table,) = document.tables
    assert table.found_by == "markup" and table.columns == 3 and table.rows[0].head and not table.rows[1].head
    cells = [
        (document.text[c.span.start : c.span.end], c.column, c.columns, c.rows) for r in table.rows for c in r.cells
    ]
    assert cells[3:] == [
        *(("设备", 0, 1, 2), ("1", 1, 1, 1), ("100", 2, 1, 1), ("2", 1, 1, 1), ("200", 2, 1, 1)),
        *(("合计", 0, 2, 1), ("300", 2, 1, 1)),
    ]
    assert all(cell.box is None for row in table.rows for cell in row.cells)


def test_frames_and_columns_of_text_are_paragraphs(tmp_path: Path) -> None:
    parties = [
        made.cell("甲方：东海公司", "地址：上海", "电话：1"),
        made.cell("乙方：南山公司", "地址：深圳", "电话：2"),
    ]
    document = read_here(
        made.write_docx(tmp_path / "a.docx", made.table(["框里的一段话。"], ["又一段。"]) + made.table(parties))
    )
    assert document.text.split("\n") == [
        *(
            "框里的一段话。",
            "又一段。",
            "甲方：东海公司",
            "地址：上海",
            "电话：1",
            "乙方：南山公司",
            "地址：深圳",
            "电话：2",
        )
    ]
    assert not document.tables


def test_nested_tables_and_numbered_cells(tmp_path: Path) -> None:
    inner = f"<w:tc>{made.table(['内', '层'])}{made.paragraph()}</w:tc>"
    body = made.table([inner, f"<w:tc>{made.listed('款')}</w:tc>"], ["甲", "乙"])
    assert text_of(tmp_path, body, numbering=made.numbering(CLAUSES)) == "内 层\t第一条 款\n甲\t乙"


# --- hostile ----------------------------------------------------------------------------------------------------------

LAUGHS = "<!DOCTYPE d [" + '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip


def outcome(path: Path, memory_mib: int = 512, timeout_s: float = 60) -> Document | LongdocError:
    async def run() -> Document | LongdocError:
        limits = ReadLimits(workers=1, timeout_s=timeout_s, memory_mib=memory_mib, ocr="off")
        async with Reader(limits) as reader:
            try:
                return await reader.read(path, "x")
            except LongdocError as error:
                return error

    return asyncio.run(run())


@pytest.mark.parametrize(
    "prologue",
    [
        LAUGHS,
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    ],
    ids=["laughs", "file", "network"],
)
def test_a_document_type_is_refused_before_any_entity(tmp_path: Path, prologue: str) -> None:
    path = made.write_docx(tmp_path / "a.docx", "<w:p><w:r><w:t>x</w:t></w:r></w:p>", prologue=prologue)
    with pytest.raises(Failure) as failure:
        read_here(path)
    assert failure.value.code == "xml_doctype"


def test_a_zip_bomb_ends_by_name(tmp_path: Path) -> None:
    path = made.write_docx(tmp_path / "a.docx", made.paragraph("合同"), {"numbering": ""})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/numbering.xml", "w") as stream:
        for _ in range(600):
            stream.write(b" " * (1 << 20))
    assert path.stat().st_size < 2 << 20
    found = outcome(path)
    assert isinstance(found, ReadError) and ("512 MiB" in found.cause.zh or "内存" in found.cause.zh)


@pytest.mark.slow
def test_a_hundred_thousand_paragraphs_are_read_within_the_limits(tmp_path: Path) -> None:
    body = "".join(made.listed(f"第{n}段的内容，双方应当遵守。", 1) for n in range(100_000))
    found = outcome(made.write_docx(tmp_path / "a.docx", body, {"numbering": made.numbering(CLAUSES)}))
    assert isinstance(found, Document) and found.text.count("\n") == 99_999


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<w:tbl><w:tr><w:tc>" * 400 + "</w:tc></w:tr></w:tbl>" * 400, "deep"),
        (
            "<w:tbl><w:tr>" + '<w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr></w:tc>' * 3 + "</w:tr></w:tbl>",
            "wide",
        ),
        ("<w:p><w:r>", "cut"),
    ],
)
def test_shapes_that_no_word_processor_makes(tmp_path: Path, body: str, name: str) -> None:
    path = made.write_docx(tmp_path / f"{name}.docx", body)
    with pytest.raises(Failure) as failure:
        read_here(path)
    assert failure.value.code == "docx_broken"


def test_pictures_alone_name_the_remedy(tmp_path: Path) -> None:
    body = made.paragraph('<w:r><w:drawing><a:blip r:embed="rId9"/></w:drawing></w:r>')
    found = outcome(made.write_docx(tmp_path / "a.docx", body))
    assert isinstance(found, ReadError) and "图片" in found.cause.zh and "PDF" in found.remedy.zh


def test_an_empty_document_is_no_text(tmp_path: Path) -> None:
    assert isinstance(outcome(made.write_docx(tmp_path / "a.docx", made.paragraph())), NoTextError)


def test_a_cut_or_encrypted_zip(tmp_path: Path) -> None:
    whole = made.write_docx(tmp_path / "a.docx", made.paragraph("合同") * 500)
    (tmp_path / "cut.docx").write_bytes(whole.read_bytes()[:-400])
    with pytest.raises(Failure) as failure:
        read_here(tmp_path / "cut.docx")
    assert failure.value.code == "docx_broken"
    with zipfile.ZipFile(tmp_path / "other.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(Failure) as failure:
        read_here(tmp_path / "other.docx")
    assert failure.value.code == "archive"
