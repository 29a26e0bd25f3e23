"""The numbers that Word prints before paragraphs and does not store as text: 第三条, （二）, 3.1.2.

ECMA-376 part 1, 17.9: a paragraph names a list and a level; the list's abstract definition gives each level's format
and its text, in which ``%2`` stands for the number of level 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from xml.etree.ElementTree import Element

_LEVELS = 9
_PLACEHOLDER = re.compile(r"%([1-9])")
_NO_SPACE_AFTER = "、．：）】〕〉》」』"
_MAX_NUMBER = 100_000
"""Past it any number is printed in Arabic figures: 2^31 Roman thousands would be a bomb."""


class Style(NamedTuple):
    """What a paragraph style says of numbering and headings, its ancestors included."""

    name: str = ""
    numbering: int | None = None
    level: int | None = None
    outline: int | None = None
    centred: bool = False


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    legal: bool = False
    restart: int | None = None
    style: str = ""


@dataclass(slots=True)
class _List:
    """A list instance: whose counters it shares, its levels, where it starts anew."""

    abstract: str
    levels: dict[int, _Level]
    starts: dict[int, int] = field(default_factory=dict[int, int])


class Numbering:
    """The counters of a document, in the order of its paragraphs."""

    def __init__(self, root: Element | None) -> None:
        self._lists = _lists(root) if root is not None else {}
        self._counts: dict[str, list[int | None]] = {}

    def level_of(self, number: int, style: str) -> int:
        """The level that a style stands for in a list."""
        levels = self._lists[number].levels if number in self._lists else {}
        return next((at for at, level in levels.items() if level.style == style), 0)

    def next(self, number: int, at: int) -> str:
        """The number of the next paragraph at level ``at`` (from 0) of a list; empty where it prints none."""
        found = self._lists.get(number)
        if found is None or not 0 <= at < _LEVELS:
            return ""
        counts = self._counts.setdefault(found.abstract, [None] * _LEVELS)
        level = found.levels.get(at, _Level())
        _count(counts, found, at)
        if level.format == "bullet":
            return f"{level.text} " if level.text else ""
        legal = level.legal
        printed = _PLACEHOLDER.sub(lambda match: _printed(found, counts, int(match[1]) - 1, legal=legal), level.text)
        if level.format == "none" and not _PLACEHOLDER.sub("", level.text).strip():
            return ""
        space = printed and level.suffix != "nothing" and printed[-1] not in _NO_SPACE_AFTER
        return printed.rstrip() + (" " if space else "")


def _count(counts: list[int | None], found: _List, at: int) -> None:
    """Count a paragraph at a level; the levels below start anew."""
    before = counts[at]
    if at in found.starts:
        counts[at] = found.starts.pop(at)
    else:
        counts[at] = found.levels.get(at, _Level()).start if before is None else before + 1
    for above in range(at):
        if counts[above] is None:
            counts[above] = found.levels.get(above, _Level()).start
    for below in range(at + 1, _LEVELS):
        restart = found.levels.get(below, _Level()).restart
        if restart is None or 0 < at + 1 <= restart:
            counts[below] = None


def _printed(found: _List, counts: list[int | None], at: int, *, legal: bool) -> str:
    level = found.levels.get(at, _Level())
    count = counts[at]
    return _in_format(level.start if count is None else count, "decimal" if legal else level.format)


# --- the definitions --------------------------------------------------------------------------------------------------


def _lists(root: Element) -> dict[int, _List]:
    abstract: dict[str, Element] = {entry.get("abstractNumId", ""): entry for entry in root.findall("abstractNum")}
    by_style = {link.get("val", ""): entry for entry in abstract.values() for link in entry.findall("styleLink")}
    lists: dict[int, _List] = {}
    for entry in root.findall("num"):
        name = value(entry, "abstractNumId")
        definition = abstract.get(name)
        if definition is None:
            continue
        linked = by_style.get(value(definition, "numStyleLink"))
        levels = _levels(definition if linked is None else linked)
        made = _List(name if linked is None else linked.get("abstractNumId", ""), levels)
        for override in entry.findall("lvlOverride"):
            at = whole(override.get("ilvl"), 0)
            own = override.find("lvl")
            if own is not None:
                levels[at] = _level(own)
            if override.find("startOverride") is not None:
                start = whole(value(override, "startOverride"), 1)
                made.starts[at] = start
                levels[at] = replace(levels.get(at, _Level()), start=start)
        lists[whole(entry.get("numId"), 0)] = made
    return lists


def _levels(definition: Element) -> dict[int, _Level]:
    return {whole(entry.get("ilvl"), 0): _level(entry) for entry in definition.findall("lvl")}


def _level(entry: Element) -> _Level:
    named = [choice.get("val", "decimal") for choice in entry.iter("numFmt")]
    return _Level(
        start=whole(value(entry, "start"), 1),
        # a format of its own ("001") comes with a plain one for programs that don't know it
        format=next((name for name in named if name != "custom"), "decimal"),
        text=value(entry, "lvlText"),
        suffix=value(entry, "suff") or "tab",
        legal=is_on(entry, "isLgl"),
        restart=whole(value(entry, "lvlRestart"), 0) if entry.find("lvlRestart") is not None else None,
        style=value(entry, "pStyle"),
    )


def styles_in(root: Element | None) -> tuple[Mapping[str, Style], str]:
    """The paragraph styles by id, and the id of the one that paragraphs without any have."""
    entries = {
        entry.get("styleId", ""): entry
        for entry in (root.findall("style") if root is not None else ())
        if entry.get("type", "paragraph") == "paragraph"
    }
    usual = next((name for name, entry in entries.items() if entry.get("default") in ("1", "true", "on")), "")
    found: dict[str, Style] = {}
    for name in entries:
        chain: list[Element] = []
        at = name
        while at in entries and entries[at] not in chain and len(chain) < 50:
            chain.append(entries[at])
            at = value(entries[at], "basedOn")
        style = Style()
        for entry in reversed(chain):
            style = _heir(style, entry)
        found[name] = style
    return found, usual


def _heir(parent: Style, entry: Element) -> Style:
    name = value(entry, "name")
    properties = entry.find("pPr")
    style = parent._replace(name=name)
    heading = re.fullmatch(r"(?:heading|标题) ?([1-9])", name, re.IGNORECASE)
    if heading:
        style = style._replace(outline=int(heading[1]) - 1)
    if properties is None:
        return style
    numbering, level, outline = numbers_of(properties)
    centred = value(properties, "jc")
    return style._replace(
        numbering=style.numbering if numbering is None else numbering,
        level=style.level if level is None else level,
        outline=style.outline if outline is None else outline,
        centred=centred == "center" if centred else style.centred,
    )


def numbers_of(properties: Element) -> tuple[int | None, int | None, int | None]:
    """List, level and outline level that a paragraph's (or style's) own properties name."""
    numbering = properties.find("numPr")
    outline = properties.find("outlineLvl")
    number = level = None
    if numbering is not None:
        number = whole(value(numbering, "numId"), 0) if numbering.find("numId") is not None else None
        level = whole(value(numbering, "ilvl"), 0) if numbering.find("ilvl") is not None else None
    return number, level, None if outline is None else whole(outline.get("val"), 9)


def value(element: Element, name: str) -> str:
    """The ``val`` of a child; empty where there is none."""
    child = element.find(name)
    return "" if child is None else child.get("val", "")


def is_on(element: Element, name: str) -> bool:
    """Whether a child that is a switch is there and not off."""
    child = element.find(name)
    return child is not None and child.get("val", "1") not in ("0", "false", "off")


def whole(text: str | None, default: int) -> int:
    """A whole number as attributes hold it."""
    try:
        return max(-_MAX_NUMBER * 10, min(_MAX_NUMBER * 10, int(float(text or ""))))
    except (ValueError, OverflowError):
        return default


# --- formats ----------------------------------------------------------------------------------------------------------

_HAN = ("〇一二三四五六七八九", "", "十", "百", "千", "万")
_LEGAL = ("零壹贰叁肆伍陆柒捌玖", "", "拾", "佰", "仟", "万")
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


def _in_format(number: int, name: str) -> str:
    if not 0 < number < _MAX_NUMBER:
        return str(number)
    make = _FORMATS.get(name)
    return make(number) if make else str(number)


def in_han(number: int, signs: tuple[str, ...] = _HAN) -> str:
    """A number below 100,000 in Chinese: 十二, 一百零五, 二千三百."""
    digits, text, gap = signs[0], "", False
    for power in range(4, -1, -1):
        digit = number // 10**power % 10
        if digit:
            text += ("零" if gap else "") + digits[digit] + signs[power + 1]
            gap = False
        else:
            gap = bool(text)
    return text[1:] if signs is _HAN and 10 <= number < 20 else text


def _letters(number: int) -> str:
    """a to z, then aa, bb ...: as Word goes on."""
    return chr(ord("a") + (number - 1) % 26) * min(20, (number - 1) // 26 + 1)


def _roman(number: int) -> str:
    text = ""
    for size, sign in _ROMAN:
        text += sign * (number // size)
        number %= size
    return text


def _among(signs: str) -> Callable[[int], str]:
    return lambda number: signs[number - 1] if number <= len(signs) else str(number)


def _wheel(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)]


def _run(first: str, count: int) -> str:
    return "".join(chr(ord(first) + at) for at in range(count))


_FORMATS: Mapping[str, Callable[[int], str]] = {
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting",
         "taiwaneseCountingThousand", "koreanCounting"), in_han),
    **dict.fromkeys(
        ("chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"), lambda n: in_han(n, _LEGAL)),
    **dict.fromkeys(
        ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital", "koreanDigital"),
        lambda number: "".join(_HAN[0][int(digit)] for digit in str(number))),
    "ideographTraditional": _wheel(_STEMS),
    "ideographZodiac": _wheel(_BRANCHES),
    "ideographZodiacTraditional": lambda number: _STEMS[(number - 1) % 10] + _BRANCHES[(number - 1) % 12],
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _among(_run("①", 20))),
    "decimalEnclosedParen": _among(_run("⑴", 20)),
    "decimalEnclosedFullstop": _among(_run("⒈", 20)),
    "ideographEnclosedCircle": _among(_run("㊀", 10)),
    "decimalZero": lambda number: f"{number:02}",
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerLetter": _letters,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerRoman": _roman,
    "none": lambda number: "",
}  # fmt: skip
