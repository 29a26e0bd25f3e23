"""Identity numbers, telephone numbers and bank accounts, masked: for what goes round by mail or chat.

Better one number too many than one too few; but figures stay, so what is followed by decimals or a unit is left alone.
The last digits stay too, so that a reader with the document can tell which number is meant.
"""

from __future__ import annotations

import re

_GAP = r"[-－–— ]"
_NO_FIGURE = r"(?!\d|\.\d|\s*(?:[万亿]|[美欧港日]?元|英镑|股|份|%|％))"
_ACCOUNT = re.compile(
    r"((?:账|帐)\s*[号户]|卡\s*号|证\s*号|证件号码|电\s*话|手\s*机|传\s*真|account(?:\s*(?:no\.?|number))?|tel|phone|fax)"
    rf"([^\d。；;]{{0,8}}?)(?!\d{{4}}[-./年]\d{{1,2}}[-./月]\d)(?>(\(?\d(?:[\d()]|{_GAP}(?=\d))*)){_NO_FIGURE}",
    re.IGNORECASE,
)
"""A number that is called one of these, however short."""
_IDENTITY = re.compile(rf"(?<!\d)\d{{17}}[\dXxＸ]{_NO_FIGURE}")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_GAP}?)?1[3-9]\d{_GAP}?\d{{4}}{_GAP}?\d{{4}}{_NO_FIGURE}")
_LANDLINE = re.compile(rf"(?<![\d-])(?:\(0\d{{2,3}}\)\s?|0\d{{2,3}}{_GAP})\d{{7,8}}{_NO_FIGURE}")
_LONG = re.compile(rf"(?<![\d.])\d{{12,}}{_NO_FIGURE}")
_CARD = re.compile(rf"(?<![\d.])\d{{4}}(?:{_GAP}\d{{4}}){{2,}}(?:{_GAP}\d{{1,4}})?{_NO_FIGURE}")
_LEAST_DIGITS = 6
"""A number called by name that is shorter is none of these."""


def mask(text: str) -> str:
    """``text`` with the middle of such numbers hidden: ``138••••5678``."""
    text = _ACCOUNT.sub(_masked_after_its_name, text)
    for pattern in (_IDENTITY, _CARD, _LONG, _MOBILE, _LANDLINE):
        text = pattern.sub(lambda match: _hidden(match[0]), text)
    return text


def _masked_after_its_name(match: re.Match[str]) -> str:
    name, between, number = match.groups()
    return f"{name}{between}{_hidden(number)}" if sum(map(str.isdigit, number)) >= _LEAST_DIGITS else match[0]


def _hidden(number: str) -> str:
    """First three and last four of a long number, the last two of a short one; identity numbers keep the last two."""
    digits = sum(char.isalnum() for char in number)
    first, last = (3, 2) if digits == 18 else (3, 4) if digits >= 11 else (0, 2)
    seen, shown = 0, ""
    for char in number:
        if char.isalnum():
            seen += 1
            shown += char if seen <= first or seen > digits - last else "•"
        else:
            shown += char
    return shown
