"""Document text as it may be shown: nothing hidden, nothing reordered, nothing that breaks the file it goes into."""

from __future__ import annotations

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NAMED = {ord(char): f"⟨U+{ord(char):04X}⟩" for char in _BIDI}
_ODD = re.compile(r"[^\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u3000-\u9fff\uff01-\uffee]")
"""What is neither plain Latin nor plain Chinese, and so is worth a look at its Unicode category."""

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


def value_in(value: str, quote: str) -> tuple[int, int] | None:
    """Where ``quote`` states ``value``, whichever way figures and dates are written there; None where it doesn't, or
    where the value is all of it."""
    value = value.strip()
    if not value:
        return None
    at = quote.find(value)
    found = (at, at + len(value)) if at >= 0 else _date_in(value, quote) or _figure_in(value, quote)
    return None if found and found[1] - found[0] >= len(quote.strip()) else found


def _date_in(value: str, quote: str) -> tuple[int, int] | None:
    wanted = _ISO_DATE.fullmatch(value)
    if not wanted:
        return None
    parts = [int(part) for part in wanted.groups()]
    return next((m.span() for m in _DATE.finditer(quote) if [int(part) for part in m.groups()] == parts), None)


def _figure_in(value: str, quote: str) -> tuple[int, int] | None:
    """A figure by its worth: ``1280000.00元`` stands in ``¥1,280,000``. Less than three characters tell too little."""
    wanted = _FIGURE.match(value)
    if not wanted or len(wanted[0]) < 3 or _ISO_DATE.match(value):
        return None
    return next((m.span() for m in _FIGURE.finditer(quote) if _worth(m) == _worth(wanted)), None)


def _worth(figure: re.Match[str]) -> tuple[str, str, bool]:
    return figure[1].replace(",", "").replace("，", ""), (figure[2] or "").rstrip("0"), bool(figure[3])
