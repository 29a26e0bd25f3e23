"""Word files made for the tests, part by part: python-docx knows neither numbering nor tracked changes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{_W}" xmlns:r="{_R}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(content: str = "", properties: str = "") -> str:
    """A paragraph of runs (XML), or of plain text."""
    runs = content if content.startswith("<") or not content else run(content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def listed(text: str, level: int = 0, number: int = 1) -> str:
    """A paragraph with an automatic number."""
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def table(*rows: list[str], row_properties: str = "") -> str:
    """Rows of cells; a cell that starts with ``<`` is XML as it stands."""
    cells = [[cell if cell.startswith("<") else f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row] for row in rows]
    made = "".join(f"<w:tr>{row_properties if at == 0 else ''}{''.join(row)}</w:tr>" for at, row in enumerate(cells))
    return f"<w:tbl><w:tblPr/>{made}</w:tbl>"


def cell(*paragraphs: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{''.join(map(paragraph, paragraphs))}</w:tc>"


def levels(*definitions: tuple[str, str], **attributes: str) -> str:
    """Levels of a list: format and text of each."""
    return "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{name}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (name, text) in enumerate(definitions)
    )


def numbering(*lists: str, overrides: Mapping[int, str] | None = None) -> str:
    """The part of the numbering: list N has the levels given N-th."""
    abstract = "".join(
        f'<w:abstractNum w:abstractNumId="{at}">{body}</w:abstractNum>' for at, body in enumerate(lists, 1)
    )
    numbers = "".join(
        f'<w:num w:numId="{at}"><w:abstractNumId w:val="{at}"/></w:num>' for at in range(1, len(lists) + 1)
    )
    extra = "".join(f'<w:num w:numId="{at}">{body}</w:num>' for at, body in (overrides or {}).items())
    return f"<w:numbering {NAMESPACES}>{abstract}{numbers}{extra}</w:numbering>"


def part(tag: str, content: str) -> str:
    return f"<w:{tag} {NAMESPACES}>{content}</w:{tag}>"


def write_docx(path: Path, body: str, parts: Mapping[str, str] | None = None, prologue: str = "") -> Path:
    """A Word file. ``parts`` by name of their relation's kind: ``numbering``, ``styles`` ..."""
    parts = parts or {}
    relations = "".join(
        f'<Relationship Id="{kind}" Type="{_R}/{kind.rstrip("0123456789")}" Target="{kind}.xml"/>' for kind in parts
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        main = f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{RELATIONS}">{main}</Relationships>')
        archive.writestr(
            "word/_rels/document.xml.rels", f'<Relationships xmlns="{RELATIONS}">{relations}</Relationships>'
        )
        archive.writestr("word/document.xml", prologue + part("document", f"<w:body>{body}</w:body>"))
        for kind, content in ((kind, content) for kind, content in parts.items() if content):
            archive.writestr(f"word/{kind}.xml", content)
    return path
