"""Document text as it may be shown: nothing hidden, nothing reordered, nothing that breaks the file it goes into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pipeline.kinds.terms import item_name, period_name, value_name
from pipeline.lang import Text
from pipeline.types import Finding

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NAMED = {ord(char): f"⟨U+{ord(char):04X}⟩" for char in _BIDI}
_ODD = re.compile(r"[^\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u3000-\u9fff\uff01-\uffee]")
"""What is neither plain Latin nor plain Chinese, and so is worth a look at its Unicode category."""

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_CELLS = re.compile(r"\s*\t\s*")
_MONEY = re.compile(r"(?<![\d.,，])([1-9]\d{3,23})(?=(?:\.\d+)?\s*(?:[万亿]?(?:[美欧港日]?元|英镑)))")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATE = re.compile(r"(\d{4})\s*[年/.-]\s*(\d{1,2})\s*[月/.-]\s*(\d{1,2})(?:\s*日)?")
_FIGURE = re.compile(r"(\d+(?:[,，]\d+)*)(?:\.(\d+))?(\s*%)?")


def visible(text: str) -> str:
    """``text`` without tricks: controls that reorder a line are named in place, invisible characters dropped,
    characters that no file can hold replaced."""
    return _ODD.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    char = match[0]
    if ord(char) in _NAMED:
        return _NAMED[ord(char)]
    if char in "\n\t":
        return char
    if char == "\r":
        return ""
    if ord(char) & 0xFFFE == 0xFFFE:
        return "\ufffd"
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Cc" | "Cs":
            return "\ufffd"
        case "Zl" | "Zp":
            return "\n"
        case _:
            return char


def readable(text: str) -> str:
    """Sums of money as people write them: ``1280000.00元`` becomes ``1,280,000.00元``. Not for quotes."""
    return _MONEY.sub(lambda match: f"{int(match[1]):,}", text)


def clause_name(section: str) -> str:
    """A section as people cite it: a bare number with a word, and no mark that hangs in the air."""
    number, _, title = section.partition(" ")
    if not title and _NUMBER.fullmatch(number):
        return str(Text(f"第 {number} 条", f"clause {number}"))
    if number.endswith("、"):
        return number + title if title else number.rstrip("、")
    return section


def one_line(quote: str) -> str:
    """A quote as one line of text: the cells of a table row apart, empty ones left out."""
    return _CELLS.sub(" | ", quote.strip())


def explained(finding: Finding) -> str:
    """Its explanation as people read it; empty where that only repeats its quote."""
    detail = finding.detail.strip()
    if any(detail == evidence.quote.strip() for evidence in finding.evidence):
        return ""
    return period_name(detail) or readable(item_name(detail))


def told(value: str) -> str:
    """A value as people read it, in the current language."""
    return readable(value_name(value))


def values_in(value: str, quote: str) -> list[tuple[int, int]]:
    """Where ``quote`` states ``value``, in order and apart: word for word, or else each of its figures and dates,
    whichever way they are written there. Nothing where the value is all of the quote."""
    value = value.strip()
    if not value or value == quote.strip():
        return []
    at = quote.find(value)
    if at >= 0:
        return [(at, at + len(value))]
    spans: list[tuple[int, int]] = []
    for span in sorted([*_dates_in(value, quote), *_figures_in(_ISO_DATE.sub(" ", value), quote)]):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return spans


def _dates_in(value: str, quote: str) -> Iterable[tuple[int, int]]:
    wanted = {tuple(int(part) for part in found.groups()) for found in _ISO_DATE.finditer(value)}
    if wanted:
        yield from (m.span() for m in _DATE.finditer(quote) if tuple(int(part) for part in m.groups()) in wanted)


def _figures_in(value: str, quote: str) -> Iterable[tuple[int, int]]:
    """Figures by their worth: ``1280000.00元`` stands in ``¥1,280,000``. Less than three characters tell too little."""
    wanted = {_worth(found) for found in _FIGURE.finditer(value) if len(found[0]) > 2}
    if wanted:
        yield from (m.span() for m in _FIGURE.finditer(quote) if _worth(m) in wanted)


def _worth(figure: re.Match[str]) -> tuple[str, str, bool]:
    return figure[1].replace(",", "").replace("，", ""), (figure[2] or "").rstrip("0"), bool(figure[3])
