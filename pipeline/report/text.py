"""Document text as it may be shown: nothing hidden, nothing reordered, nothing that breaks the file it goes into."""

from __future__ import annotations

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NAMED = {ord(char): f"⟨U+{ord(char):04X}⟩" for char in _BIDI}
_ODD = re.compile(r"[^\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u3000-\u9fff\uff01-\uffee]")
"""What is neither plain Latin nor plain Chinese, and so is worth a look at its Unicode category."""

_MONEY = re.compile(r"(-?)(\d{5,})((?:\.\d+)?\s*(?:[万亿]?元|[万亿]?(?:美元|欧元|港元|日元|英镑)))")


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


def readable(value: str) -> str:
    """A value as people write it: ``1280000.00元`` becomes ``1,280,000.00元``."""
    match = _MONEY.fullmatch(value)
    return f"{match[1]}{int(match[2]):,}{match[3]}" if match else value


def value_in(value: str, quote: str) -> tuple[int, int] | None:
    """Where ``quote`` states ``value``, however the figure is punctuated there; None where it doesn't, or all of it
    is the value."""
    value = value.strip()
    if not value:
        return None
    at = quote.find(value)
    if at >= 0:
        start, end = at, at + len(value)
    else:
        number = re.match(r"\d+(?:\.\d+)?", value)
        found = number and re.search(_loosely(number[0]), quote)
        if not found:
            return None
        start, end = found.span()
    return None if end - start >= len(quote.strip()) else (start, end)


def _loosely(number: str) -> str:
    """A pattern of ``1280000.00`` that also finds ``1,280,000`` and ``1,280,000.0``."""
    whole, _, part = number.partition(".")
    digits = "[,，]?".join(whole)
    fraction = rf"(?:\.{part.rstrip('0')}0*)" if part.rstrip("0") else r"(?:\.0+)?"
    return rf"(?<![\d.,]){digits}{fraction}(?![\d]|[.,]\d)"
