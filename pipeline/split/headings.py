"""Find the headings of a Chinese (or English) document by their numbering, and nest them.

A number at the start of a line is a heading only in context: its line begins where a sentence may begin, the numbering
goes on from the one before, and it is neither a cross-reference (第五条约定的), an amount (1.5元), a date (2024.1.1), a
table row nor a line of the table of contents. Which numbering stands inside which is learned from the document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Literal, NamedTuple

from pipeline.split.titles import style_of, titles_in
from pipeline.types import Bookmark, Document, Page, Prominent, Section, Span

Family = Literal[
    "annex", "part", "chapter", "division", "article", "word", "han", "han-bracket", "one", "two", "three", "four",
    "bare", "bracket", "half-bracket", "circle", "bookmark", "roman", "letter", "title",
]  # fmt: skip

_RANK: dict[Family, int] = {
    "annex": 0, "part": 1, "chapter": 2, "division": 3, "article": 4, "han": 5, "han-bracket": 6, "one": 7, "bare": 7,
    "two": 8, "three": 9, "four": 10, "bracket": 11, "half-bracket": 12, "circle": 13, "word": 14, "bookmark": 15,
    "roman": 5, "letter": 6, "title": 16,
}  # fmt: skip
"""The usual nesting, outermost first; the document may show another for the families of ``_LOOSE``."""
_LOOSE: frozenset[Family] = frozenset(
    ("article", "han", "han-bracket", "one", "bracket", "half-bracket", "circle", "roman", "letter")
)
_STRONG: frozenset[Family] = frozenset(("annex", "part", "chapter", "division", "article", "word"))
"""What names itself: accepted without a neighbour in its numbering."""
_ITEMS: frozenset[Family] = frozenset(("han-bracket", "bracket", "half-bracket", "circle", "letter"))
"""Numbers of list items: headings only where their lines look like titles."""
_DECIMALS: frozenset[Family] = frozenset(("two", "three", "four"))

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HAN = "零〇一二三四五六七八九十百千两"
_NUMBER = rf"[{_HAN}\d０-９]"
_LINE = re.compile(
    rf"""
    ^(?P<indent>[^\S\n]*[★▲※☆]?)(?P<number>
      第[^\S\n]?(?P<di>{_NUMBER}(?:[^\S\n]?{_NUMBER}){{0,6}})[^\S\n]?(?P<unit>部分|分编|[编篇章节条])(?:之(?P<zhi>[{_HAN}]{{1,2}})(?![{_HAN}]))?(?:(?<=条)[、。．](?![^\S\n]*[第附本]))?
    | (?P<annex>附[件录表图]|格式(?=[^\S\n]?[{_HAN}\d]))[^\S\n]?
        (?P<annex_number>[{_HAN}]{{1,3}}|\d{{1,2}}[-—]\d{{1,2}}(?!\d)|[\dA-Z]{{1,2}}(?!\d))?
    | (?P<english>Article|ARTICLE|Section|SECTION|Chapter|CHAPTER|Part|PART|Clause|CLAUSE|Annex|ANNEX
        |Appendix|APPENDIX|Schedule|SCHEDULE|Exhibit|EXHIBIT|Item|ITEM)[^\S\n]+(?P<english_number>\d{{1,3}}(?:\.\d{{1,2}}|[AB])?|[IVXL]{{1,6}}|[A-H]|(?i:{"|".join(_WORDS)}))(?![\w.]*\w)\.?
    | §[^\S\n]?(?P<sign>[1-9]\d?)(?![\d.])
    | (?P<han>[{_HAN}]{{1,3}})[^\S\n]?(?:、|[.．](?!\d))
    | [（(][^\S\n]?(?P<han_bracket>[{_HAN}]{{1,3}})[^\S\n]?[）)](?:[、．]|\.(?!\d))?
    | (?P<decimal>[1-9]\d?(?:[.．][1-9]\d?){{1,3}})(?![\d.．]*\d)[.．、]?
    | (?P<one>[1-9]\d?)[^\S\n]?(?:[、．]|\.(?!\d))
    | [（(][^\S\n]?(?P<bracket>[1-9]\d?)[^\S\n]?[）)](?:[、．]|\.(?!\d))?
    | (?P<half>[1-9]\d?)[）)]、?
    | (?P<bare>[1-9]\d?)(?=[^\S\n]+[^\W\d_][^\n]{{1,60}}$)
    | (?P<roman>[IVX]{{1,6}})[.、](?=[^\S\n]|[一-鿿])
    | (?P<lettered>(?:[A-H]|[IVX]{{1,5}})(?:\.(?:\d{{1,2}}|[A-H])){{1,3}})\.?(?=[^\S\n])
    | (?P<letter>[A-Z])[.、](?=[^\S\n]|[一-鿿])
    | (?P<bare_letter>[A-H])(?=[^\S\n]+[A-Z一-鿿][^\n]{{1,60}}$)
    | (?P<circle>[①-⑳])
    | (?=[鉴前引序目释重签摘参致投核免分评WRIBATC（(])(?P<word>
        鉴[^\S\n]*于(?=[^\S\n]*[:：,，\n])|(?:前[^\S\n]*言|引[^\S\n]*言|序[^\S\n]*言|目[^\S\n]*录|释[^\S\n]*义
        |重[^\S\n]*要[^\S\n]*提[^\S\n]*示|签[^\S\n]*[署字][^\S\n]*页|摘[^\S\n]*要|参[^\S\n]*考[^\S\n]*文[^\S\n]*献|致[^\S\n]*谢
        |投资要点|核心观点|免责声明|分析师声明|评级说明
        |[（(][此本][^\S\n]?页[^\S\n]?无[^\S\n]?正[^\S\n]?文[^\n]{{0,80}}
        |WHEREAS|WITNESSETH|RECITALS|Recitals|R[ ]E[ ]C[ ]I[ ]T[ ]A[ ]L[ ]S|INTRODUCTION|BACKGROUND|Background
        |Abstract|ABSTRACT|References|REFERENCES|Bibliography|Acknowledge?ments?|ACKNOWLEDGE?MENTS?
        |(?:TABLE[^\S\n]OF[^\S\n])?CONTENTS|(?:Table[^\S\n]of[^\S\n])?Contents)(?=[^\S\n]*[:：]?[^\S\n]*$))
    )(?P<gap>[^\S\n]*[:：]?[^\S\n]*)(?P<rest>[^\n]*)$
    """,
    re.VERBOSE | re.MULTILINE,
)

_REFERENCE = re.compile(
    r"[的之、款项\d]|[和与及或至到](?:附|第|本|其|\d)|规定|约定(?!\s|：|:|$)|所[述列称指载规约示]|中[的约规所]|[）)》”\",，。；;]"
    r"|[~～—–-]第|[为系是]本|第.{1,5}[款项条]|[a-z,)]"
)
"""What follows a number in a reference to it, such as 第五条约定的, 第三条、第四条, 附件一所列."""
_REFERENCE_APART = re.compile(
    r"[的之、）)》”，。；;]|第.{1,5}[款项条]|(?:of|and|or|to|in|above|below|hereof|hereto|shall|under)\b"
)
"""The same where white space or a colon follows the number: 第三条 款项支付 is a heading, Article 5 of this none."""
_UNIT = re.compile(
    r"[^\S\n]*(?:[%％‰°℃$€£¥]|[元万亿千百]|美元|港元|欧元|年(?!度)|个?月|日(?!常)|天|小时|分钟|秒|米|吨|公|平方|立方|毫|厘|克|升|倍|[mck]?[mg](?![a-z])|kW|kV|KV|MW|GB|MB|[x×*/~～—–-][^\S\n]*\d)"
)
_COUNTED = re.compile(r"\d+(?:年|个?月)[以内期][^，。；]{2,}$")
"""A title that begins with a term: 43、1年内到期的非流动负债."""
_COUNTED_HAN = re.compile(rf"[{_HAN}]{{1,2}}(?:[线级类档等]|、|季度)")
_GOES_ON = (*"，,、（(《〈“‘和与或及按至", "根据", "依照", "按照", "参照", "详见", "参见", "截止",
            " to", " of", " in", " under", " with", " by", " the")  # fmt: skip
"""How a line ends whose sentence runs on in the next line."""
_CLOSED = frozenset("。；;！!？?：:.…”」）)】》0123456789")
_LEADER = re.compile(
    r"(?:\.{4,}|…{2,}|·{3,}|_{4,}|(?:[.·…][^\S\n]){3,})[^\S\n]*[-–—(（]?(?:\d{1,2}[-–])?[\dIVXivx]*[-–—)）]?[^\S\n]*$"
)
_LEADER_ENDS = frozenset("0123456789.…·_-–—)）IVXivx \u3000")
_SENTENCE = re.compile(r"[。；;！!？?]")
_BODY = re.compile(r"[。；;！!？?]|[，,、.]\Z")
_LABEL = re.compile(r"([^：:。；，,;]{1,20})[：:]")
_RUN_IN = re.compile(
    r"((?=[A-Z])(?:(?:[A-Z][\w’'/-]*|of|and|or|to|the|for|in|by|with|on|at|an?|&)(?:,? |(?=[.:]))){1,10})"
    r"[.:](?:\s+(?=\S)|$)"
)
"""A title in capitals that its paragraph goes on from: 3. Late Charges. Any instalment …"""
_RUN_IN_HAN = re.compile(r"((?:(?![应须不得可是为有将由已向])[一-鿿、]){2,12})。(?=.{8})")
"""The same in Chinese: 2.1 转让标的。甲方同意…"""
_CAPITALS = re.compile(r"^([A-Z][A-Z&,'’ -]{4,60})[^\S\n]*\n(?=[^\n]{60})", re.MULTILINE)
_CAPITALISED = re.compile(
    r"(?<=[.;]\n)(?=[A-Z])((?:(?:[A-Z][\w’'/-]*[a-z]|of|and|or|to|the|for|in|by|with|on|from|an?|&),?[ ]?){1,9})"
    r"(?<![ ,])[^\S\n]*:?[^\S\n]*\n(?=[^\n]{60})"
)
"""Between paragraphs a line whose words are capitalised: Exclusions from Confidential Information."""
_TELLS = ("说明", "情况", "提示", "原因", "信息", "介绍", "概述")
"""How titles end that a colon may follow."""
_MARK = re.compile("[，。；：、,;:]")
_LIST_FOLLOWS = re.compile("如下|以下|下列")
_FIRST_WORD = re.compile(r"([^\s\x00-\x7f，、。；]{2,16})[^\S\n]+(?=.{12})")
"""A title that white space alone divides from the body on its line."""
_SHORT = 24
_TITLE_MAX = 40
"""Characters. A longer line is body text."""


class _Line(NamedTuple):
    """A line that may be a heading."""

    family: Family
    value: tuple[int, ...]
    """The number; ``(3, 1)`` for 3.1, and for 第三条之一."""
    number: str
    title: str
    start: int
    end: int
    """Of the whole line."""
    heading_end: int
    """Where its number and title end."""
    titled: bool
    """Whether the whole line reads like a title."""
    separated: bool
    """Whether white space, a colon or the line's end follows the number."""
    opens: Literal["no", "maybe", "yes"]
    """Whether a sentence may begin here, by the line before."""
    leader: bool
    """Whether the line ends in dots and a page number."""
    bookmark: int | None = None
    """Level of the PDF bookmark that leads here."""
    style: int = 0
    """How far its type sets it off, see ``titles``."""
    leaf: bool = False
    """Of an unnumbered title: nothing stands under it but a table."""


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections of a document's text."""
    return find_sections(document.text, document.bookmarks, document.pages, document.prominent)


def find_sections(
    text: str, bookmarks: Sequence[Bookmark], pages: Sequence[Page], prominent: Sequence[Prominent] = ()
) -> tuple[Section, ...]:
    """The sections of ``text`` in order of their start. Their spans nest; children follow their parent.

    A section runs from its heading line to the next heading of its level or above. Bookmarks and lines that their type
    sets off confirm numbered headings and add unnumbered ones.
    """
    lines = [line for match in _LINE.finditer(text) if (line := _read(text, match)) is not None]
    lines = _with_styles(text, lines, prominent)
    lines = _without_contents(_opened_by_titles(_with_bare_letters(_with_bare_numbers(_with_letters(lines)))))
    lines = _with_titles_below(text, lines)
    lines = _with_bookmarks(text, _with_capitals(text, _with_titles(text, lines, prominent)), bookmarks, pages)
    kept, previous = _in_sequence(lines)
    return _nest(text, kept, previous)


@lru_cache(maxsize=4096)
def number_of(printed: str) -> tuple[Family, tuple[int, ...]] | None:
    """Family and value of a printed number such as 第三条, 3.1 or （二）; None where it is none."""
    match = _LINE.match(f"{printed} x")
    return _family(match, match["number"]) if match else None


# --- one line ---------------------------------------------------------------------------------------------------------


def _read(text: str, match: re.Match[str]) -> _Line | None:
    """The candidate on a line, or None where the line itself speaks against it."""
    number, gap, rest = match.group("number", "gap", "rest")
    if "\t" in rest or "\t" in gap:
        return None
    family, value = _family(match, number)
    if not _fits(family, number, gap, rest):
        return None
    start, end = match.span()
    heading_end = match.end("number")
    if family == "word":
        number, title, titled = "", _tidy(number), True
    else:
        number = _tidy(number)
        title, titled = _title(rest)
        if title:
            heading_end = match.start("rest") + len(title)
            title = _spread(title)
    leader = rest[-1:] in _LEADER_ENDS and _LEADER.search(rest, max(0, len(rest) - _LOOK_BACK)) is not None
    return _Line(
        family, value, number, title, start, end, heading_end,
        titled, bool(gap) or not rest, _opens(text, start), leader,
    )  # fmt: skip


def _tidy(printed: str) -> str:
    """Without the white space that only spreads Chinese characters: 目　录."""
    parts = (printed.rstrip("、。．") if printed[0] == "第" else printed).split()
    return parts[0] if len(parts) == 1 else (" " if parts[0].isascii() and parts[0].isalpha() else "").join(parts)


def _family(match: re.Match[str], number: str) -> tuple[Family, tuple[int, ...]]:
    """What kind of number this is, and its value."""
    first = number[0]
    if match["word"]:
        return "word", (1,)
    if first in "（(":
        han, arabic = match.group("han_bracket", "bracket")
        return ("han-bracket", (_value(han),)) if han else ("bracket", (_value(arabic),))
    if "①" <= first <= "⑳":
        return "circle", (ord(first) - ord("①") + 1,)
    if first == "§":
        return "chapter", (_value(match["sign"]),)
    if first == "第":
        head, unit, tail = match.group("di", "unit", "zhi")
        value = _value("".join(head.split()))
        return _UNITS[unit], (value, _value(tail)) if tail else (value,)
    han, one, decimal, annex = match.group("han", "one", "decimal", "annex")
    if han or one:
        return "han" if han else "one", (_value(han or one),)
    if decimal:
        parts = tuple(int(part) for part in decimal.replace("．", ".").split("."))
        return _DEPTHS[len(parts)], parts
    if annex:
        return "annex", tuple(_value(part) for part in re.split("[-—]", match["annex_number"] or "1"))
    if match.group("bare") or match.group("bare_letter"):
        return "bare", (_value(number),)
    roman, lettered, letter = match.group("roman", "lettered", "letter")
    if roman or letter:
        return "roman" if roman else "letter", (_value(roman or letter),)
    if lettered:
        parts = tuple(map(_value, lettered.split(".")))
        return _DEPTHS[len(parts)], parts
    half, english, english_number = match.group("half", "english", "english_number")
    if half:
        return "half-bracket", (_value(half),)
    if english and "." in english_number and not english_number[0].isalpha():  # Section 3.02
        return "two", tuple(int(part) for part in english_number.split("."))
    parts = re.findall(r"\d+|[A-Za-z]+", english_number)
    return _ENGLISH.get(english.lower(), "article"), tuple(map(_value, parts))


_UNITS: dict[str, Family] = {
    "部分": "part", "分编": "part", "编": "part", "篇": "part", "章": "chapter", "节": "division", "条": "article",
}  # fmt: skip
_DEPTHS: dict[int, Family] = {2: "two", 3: "three", 4: "four"}
_ENGLISH: dict[str, Family] = {
    "annex": "annex", "appendix": "annex", "schedule": "annex", "exhibit": "annex",
    "part": "part", "chapter": "chapter", "section": "division",
}  # fmt: skip
_DIGITS = {char: i for i, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_LETTER = 101
"""The value of A: letters and numbers are never of one sequence."""
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


@lru_cache(maxsize=1024)
def _value(number: str) -> int:
    """The value of a printed number: Arabic, Chinese below ten thousand, Roman, or a letter."""
    if number.isdigit():
        return int(number)
    if number.lower() in _WORDS:
        return _WORDS.index(number.lower()) + 1
    if number[0] in "IVXL" and set(number) <= set(_ROMAN):
        values = [_ROMAN[char] for char in number]
        return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
    if number.isascii():
        return _LETTER + ord(number[0]) - ord("A")
    if not set(number) & set("十百千"):
        return int("".join(str(_DIGITS.get(char, char)) for char in number))
    total, digit = 0, 0
    for char in number:
        if char in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit


def _fits(family: Family, number: str, gap: str, rest: str) -> bool:
    """Whether what follows the number leaves room for a heading."""
    if family == "word":
        return not rest or number[0] == "鉴"
    if family in _STRONG:
        if (_REFERENCE_APART if gap else _REFERENCE).match(rest):
            return False
        return family != "annex" or _fits_annex(number, gap, rest)
    if not rest:
        return family in _DECIMALS and len(number) < 8
    if len(rest) <= _TITLE_MAX and _is_cut(rest):
        return False
    if family in _DECIMALS:  # only 1.5 can be a measure, not 1.1.5 nor 1.5．
        measured = family == "two" and number[-1].isdigit() and _UNIT.match(gap + rest) is not None
        return not measured and (rest[0].isalpha() or rest[0] in '“"《（(【*')
    if family in ("roman", "letter"):
        return rest[0].isalpha()
    if family == "han":  # 三、四线城市
        return _COUNTED_HAN.match(rest) is None
    return family != "one" or not rest[0].isdigit() or (number[-1] == "、" and _COUNTED.match(rest) is not None)


def _is_cut(rest: str) -> bool:
    """Whether a short line breaks off inside brackets, as wrapped table cells do."""
    return rest.count("（") + rest.count("(") > rest.count("）") + rest.count(")")


def _fits_annex(number: str, gap: str, rest: str) -> bool:
    """附件： alone opens a list of annexes; an annex itself has a title, or nothing but its number."""
    if (not rest or _FIRST_OF_LIST.match(rest)) and (":" in gap or "：" in gap) and len(number) == 2:
        return False
    return len(rest) <= _TITLE_MAX and not _SENTENCE.search(rest) and "，" not in rest


_FIRST_OF_LIST = re.compile(r"1[.、]|[（(]1[）)]|一、")


def _title(rest: str) -> tuple[str, bool]:
    """The title at the start of what follows the number (empty where that is body text), and whether it is all."""
    rest = rest.rstrip()
    whole = rest.rstrip("：: ")
    labelled = _RUN_IN.match(rest) or _LABEL.match(rest) or _RUN_IN_HAN.match(rest)
    if labelled and not _LIST_FOLLOWS.search(labelled[1]):
        return labelled[1].rstrip(), whole.rstrip(".") == labelled[1].rstrip()
    if len(whole) < len(rest) and not whole.endswith(_TELLS):  # 甲方应提供以下材料：
        return "", False
    short = len(whole) <= _TITLE_MAX or (len(whole) <= 2 * _TITLE_MAX and (whole.isascii() or not _MARK.search(whole)))
    short = short or (len(whole) <= 2 * _TITLE_MAX and whole.endswith(_TELLS))
    if short and not _BODY.search(whole.rstrip("?？")) and whole.count("，") + whole.count(", ") <= 1:
        return whole, True
    head = _FIRST_WORD.match(rest)
    return (head[1], False) if head else ("", False)


def _opens(text: str, start: int) -> Literal["no", "maybe", "yes"]:
    """Whether a sentence may begin at ``start``, going by the last non-blank line before it."""
    before = text[max(0, start - _LOOK_BACK) : start].rstrip()
    if not before or before[-1] in _CLOSED:
        return "yes"
    if before.endswith(_GOES_ON):
        return "no"
    line = before[before.rfind("\n") + 1 :]
    return "yes" if len(line) < _SHORT or "\t" in line else "maybe"


_LOOK_BACK = 80


# --- all lines --------------------------------------------------------------------------------------------------------


def _with_bare_numbers(lines: list[_Line]) -> list[_Line]:
    """``3 方法`` and ``3 METHOD`` become 3. where 3.1 follows such lines and they count from 1; the others are none."""
    at: list[int] = []
    divided = False
    for i, line in enumerate(lines):
        if line.family == "bare" and line.titled and line.value == (len(at) + 1,) and line.value[0] < _LETTER:
            at.append(i)
        divided |= bool(at) and line.family == "two" and line.value == (len(at), 1)
    headings = set(at if divided and len(at) > 1 else ())
    return [
        line._replace(family="one") if i in headings else line
        for i, line in enumerate(lines)
        if line.family != "bare" or i in headings or line.value[0] >= _LETTER
    ]


def _with_letters(lines: list[_Line]) -> list[_Line]:
    """C., I., V. are letters behind B., H., U., else Roman numbers."""
    found: list[_Line] = []
    before = 0
    for line in lines:
        if line.family == "roman" and len(line.number.rstrip(".、")) == 1:
            letter = _LETTER + ord(line.number[0]) - ord("A")
            if letter == before + 1:
                line = line._replace(family="letter", value=(letter,))
        if line.family == "letter":
            before = line.value[0]
        found.append(line)
    return found


def _with_bare_letters(lines: list[_Line]) -> list[_Line]:
    """``A Proofs`` is an appendix where its type says so, or A.1 follows."""
    found: list[_Line] = []
    for at, line in enumerate(lines):
        if line.family == "bare":
            divided = lines[at + 1 : at + 2] and lines[at + 1].value == (*line.value, 1)
            if line.titled and (divided or line.style):
                found.append(line._replace(family="annex"))
        else:
            found.append(line)
    return found


def _with_styles(text: str, lines: list[_Line], prominent: Sequence[Prominent]) -> list[_Line]:
    """Mark the lines that their type sets off: what of it would be a title and a text is all title there."""
    styles = {line.start: style for line in prominent if (style := style_of(line))}
    return [_styled(text, line, styles[line.start]) if line.start in styles else line for line in lines]


def _styled(text: str, line: _Line, style: int) -> _Line:
    whole = text[line.heading_end - len(line.title) : line.end].rstrip()
    if line.titled or not line.title or len(whole) > _TITLE_MAX or _BODY.search(whole):
        return line._replace(style=style)
    return line._replace(style=style, title=whole, titled=True, heading_end=line.end)


def _with_titles(text: str, lines: list[_Line], prominent: Sequence[Prominent]) -> list[_Line]:
    """Add the unnumbered titles."""
    if not prominent:
        return lines
    taken = {line.start for line in lines}
    taken |= {at + 1 for line in lines if (at := text.find("\n", line.start, line.heading_end)) >= 0}
    added = [
        _unnumbered(text, Span(title.start, title.end))._replace(
            family="title", title=title.text, style=title.style, leaf=title.leaf
        )
        for title in titles_in(text, prominent, taken)
    ]
    return sorted([*lines, *added], key=_start)


def _with_titles_below(text: str, lines: list[_Line]) -> list[_Line]:
    """``第一章`` or ``附件一`` alone on its line has its title on the next."""
    taken = {line.start for line in lines}
    return [
        below if line.family in _STRONG and not line.title and (below := _titled_below(text, line, taken)) else line
        for line in lines
    ]


def _titled_below(text: str, line: _Line, taken: Collection[int]) -> _Line | None:
    start = line.end + 1
    end = text.find("\n", start)
    below = text[start:end].strip()
    if line.family == "word" or line.heading_end < line.end or start in taken or end < 0:
        return None
    short = 1 < len(below) <= (2 * _TITLE_BELOW if below.isascii() else _TITLE_BELOW)
    if not short or "\t" in below or _NO_TITLE_BELOW.search(below) or not any(char.isalpha() for char in below):
        return None
    return line._replace(title=_spread(below), end=end, heading_end=end, titled=True)


def _spread(title: str) -> str:
    """Without the white space that only spreads Chinese characters."""
    parts = title.split()
    return "".join(parts) if all(len(part) == 1 and not part.isascii() for part in parts) else title


_TITLE_BELOW = 28
_NO_TITLE_BELOW = re.compile(r"[。；;：:，]|[,.]$|^[（(\d\W]|\d{4}\s?年")


def _with_capitals(text: str, lines: list[_Line]) -> list[_Line]:
    """Add the lines in capitals that long paragraphs stand under, where there are several: DIGEST, Terms of Sale."""
    if len(text.encode("utf-8", "replace")) > 1.5 * len(text):  # mostly Chinese
        return lines
    known = {line.start for line in lines} | {line.end + 1 for line in lines}
    spans: list[Span] = []
    for pattern, least in ((_CAPITALS, 2), (_CAPITALISED, 3)):
        found = [
            Span(*match.span(1)) for match in pattern.finditer(text) if match.start() and match.start() not in known
        ]
        spans += found if len(found) >= least else []
    added = [_unnumbered(text, span)._replace(family="word") for span in spans]
    return sorted([*lines, *added], key=_start)


def _opened_by_titles(lines: list[_Line]) -> list[_Line]:
    """A sentence may begin behind a long title, though nothing closes it."""
    behind = (a.titled and a.opens == "yes" and b.start == a.end + 1 for a, b in pairwise(lines))
    return lines[:1] + [
        b._replace(opens="yes") if titled and b.opens == "maybe" else b
        for b, titled in zip(lines[1:], behind, strict=True)
    ]


def _without_contents(lines: list[_Line]) -> list[_Line]:
    """Leave out the table of contents: lines with leaders, and after 目录 all until its first entry comes again."""
    dropped: set[int] = {i for i, line in enumerate(lines) if line.leader}
    for i, line in enumerate(lines):
        if line.family == "word" and line.title.lower() in _CONTENTS and i + 1 < len(lines):
            first = lines[i + 1]
            again = (j for j in range(i + 2, len(lines)) if _same_entry(first, lines[j]) and not lines[j].leader)
            end = next(again, None)
            if end is not None and lines[end].start - first.start < _CONTENTS_LINE * (end - i):
                dropped.update(range(i + 1, end))
    return [line for i, line in enumerate(lines) if i not in dropped]


_CONTENTS = ("目录", "contents", "table of contents")
_CONTENTS_LINE = 80
"""Characters. Contents have shorter lines on average."""


def _same_entry(a: _Line, b: _Line) -> bool:
    return (a.family, a.value) == (b.family, b.value) and _bare(a.title)[:4] == _bare(b.title)[:4]


def _bare(title: str) -> str:
    return re.sub(r"[\W_]", "", title)


def _with_bookmarks(text: str, lines: list[_Line], bookmarks: Sequence[Bookmark], pages: Sequence[Page]) -> list[_Line]:
    """Mark the lines that bookmarks lead to; add those that are no numbered headings."""
    if not bookmarks:
        return lines
    spans = {page.number: page.span for page in pages}
    found = {line.start: line for line in lines}
    by_page: dict[int, dict[str, Span]] = {}
    for bookmark in bookmarks:
        title = _bare(bookmark.title)
        if bookmark.page not in spans or not title:
            continue
        if bookmark.page not in by_page:
            by_page[bookmark.page] = _lines_of(text, spans[bookmark.page])
        span = by_page[bookmark.page].get(title)
        if span is not None:
            line = found.get(span.start) or _unnumbered(text, span)
            found[span.start] = line._replace(bookmark=bookmark.level, titled=True)
    return [found[start] for start in sorted(found)]


def _lines_of(text: str, span: Span) -> dict[str, Span]:
    """The lines of a page that are short enough for a title, by their letters; the first of equal ones."""
    found: dict[str, Span] = {}
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        if line.strip() and len(line) <= 2 * _TITLE_MAX:
            found.setdefault(_bare(line), Span(start, start + len(line)))
        start += len(line) + 1
    return found


def _unnumbered(text: str, span: Span) -> _Line:
    title = text[span.start : span.end].strip()
    return _Line(
        "bookmark", (1,), "", title, *span, span.end, titled=True, separated=True, opens="yes", leader=False
    )  # fmt: skip


# --- which numbers go on ----------------------------------------------------------------------------------------------

_OPEN_CHAINS = 8


def _in_sequence(lines: list[_Line]) -> tuple[list[_Line], dict[int, int]]:
    """The lines whose numbering and neighbours bear them out, in order; and where the number before each stands."""
    by_family: dict[Family, list[_Line]] = defaultdict(list)
    for line in lines:
        if line.opens != "no" or line.bookmark is not None:
            by_family[line.family].append(line)
    kept: dict[Family, list[_Line]] = {}
    previous: dict[int, int] = {}
    divided = {a.start for a, b in pairwise(lines) if b.family in _DECIMALS and b.value == (*a.value, 1)}
    for family in sorted(by_family, key=_RANK.__getitem__):
        if family in ("word", "bookmark", "title"):
            kept[family] = by_family[family]
            continue
        accepted: set[int] = set()
        for chain in _chains(by_family[family]):
            accepted.update(line.start for line in _accepted(chain, kept, divided) or filter(_is_set_off, chain))
            previous.update((b.start, a.start) for a, b in pairwise(chain))
        kept[family] = [k for k in by_family[family] if k.start in accepted or k.bookmark is not None]
    return sorted((line for of_family in kept.values() for line in of_family), key=_start), previous


def _is_set_off(line: _Line) -> bool:
    """Whether its type alone makes a heading of a numbered line."""
    return line.titled and line.style > 0


_start = attrgetter("start")


def _chains(lines: list[_Line]) -> list[list[_Line]]:
    """Runs of one family in which each number follows the one before; a named family may leave numbers out."""
    chains: list[list[_Line]] = []
    recent: deque[list[_Line]] = deque(maxlen=_OPEN_CHAINS)
    for line in lines:
        chain = _chain_before(recent, line)
        if chain is None and recent and _leaves_out(recent[0][-1], line):
            chain = recent[0]
        if chain is None:
            if line.opens == "maybe" and not line.separated and line.bookmark is None:
                continue
            chains.append(chain := [])
            recent.appendleft(chain)
        chain.append(line)
    return chains


def _chain_before(recent: Iterable[list[_Line]], line: _Line) -> list[_Line] | None:
    """The chain that ``line`` goes on from: one with brackets of the same width first, then the one whose last number
    is the nearest."""
    bracket = line.number[0]
    fitting = [chain for chain in recent if _follows(chain[-1].value, line.value)]
    alike = [chain for chain in fitting if bracket not in "(（" or chain[-1].number[0] == bracket]
    return max(alike or fitting, key=_last_start, default=None)


def _last_start(chain: list[_Line]) -> int:
    return chain[-1].start


def _follows(before: tuple[int, ...], value: tuple[int, ...]) -> bool:
    if len(before) == len(value):
        return value[-1] == before[-1] + 1 and before[:-1] == value[:-1]
    if len(value) == len(before) + 1:  # 第三条之一 after 第三条
        return value[:-1] == before and value[-1] == 1
    return len(before) == len(value) + 1 and value[0] == before[0] + 1


def _leaves_out(before: _Line, line: _Line) -> bool:
    """Whether ``line`` may go on from ``before`` with numbers missing between: contracts do lose clauses."""
    if line.opens != "yes" or line.value <= before.value:
        return False
    if line.family in _STRONG:
        return line.separated
    return line.family in ("han", "one") and line.titled and line.value[0] - before.value[0] <= _LOST


_LOST = 3


def _accepted(chain: list[_Line], kept: dict[Family, list[_Line]], divided: set[int]) -> list[_Line]:
    """The lines of a chain that are headings, given those of the outer families and where n.1 stands right under n."""
    first, alone = chain[0], len(chain) == 1
    if alone and first.titled and first.start in divided:
        return chain
    if first.family in _STRONG:
        if first.family == "annex" and not alone and _is_list(chain):
            return []
        return [] if alone and not first.separated else chain
    if first.family in _DECIMALS:
        return chain if _is_under(first, kept) or len(chain) > (1 if first.value[-1] == 1 else 2) else []
    opens = first.value in ((1,), (_LETTER,))
    if alone:
        return chain if first.titled and opens and first.family in ("han", "han-bracket", "one") else []
    if first.family not in _ITEMS and not _inside_clause(first, kept):
        return chain if opens or len(chain) > 2 else []
    titles = [line for line in chain if line.titled or (line.family == "letter" and line.title)]
    if _is_list(chain) or len(titles) * 5 < len(chain) * 3:
        return []
    return chain[: chain.index(titles[-1]) + 1]  # a longer one between two titles is one of them


def _is_list(chain: list[_Line]) -> bool:
    """Whether the numbers stand on neighbouring lines, with nothing under them."""
    adjacent = sum(b.start - a.end <= 2 for a, b in pairwise(chain))
    return adjacent * 2 > len(chain) - 1


def _is_under(line: _Line, kept: dict[Family, list[_Line]]) -> bool:
    """Whether a decimal number stands under the heading that its first part names."""
    outer: tuple[Family, ...] = ("annex", "chapter", "article", "roman", "letter", "han", "one", "two", "three")
    before = [k for family in outer if (k := _last_before(kept.get(family), line)) and len(k.value) < len(line.value)]
    return bool(before) and max(before, key=_start).value == line.value[:-1]


def _inside_clause(line: _Line, kept: dict[Family, list[_Line]]) -> bool:
    """Whether a clause of an outer family stands before ``line``, with no chapter or annex begun between."""
    clauses: tuple[Family, ...] = ("article", "roman", "han", "one")
    breaks: tuple[Family, ...] = ("annex", "part", "chapter", "division")
    broken = max((k.start for f in breaks if (k := _last_before(kept.get(f), line))), default=-1)
    before = [k for f in clauses if _RANK[f] < _RANK[line.family] and (k := _last_before(kept.get(f), line))]
    return any(k.start > broken for k in before)


def _last_before(lines: list[_Line] | None, line: _Line) -> _Line | None:
    index = bisect_left(lines or (), line.start, key=_start)
    return lines[index - 1] if lines and index else None


# --- nesting ----------------------------------------------------------------------------------------------------------


def _nest(text: str, lines: list[_Line], previous: dict[int, int]) -> tuple[Section, ...]:
    order = _Order(lines, previous)
    ends: list[int] = [len(text)] * len(lines)
    parents: list[int | None] = []
    levels: list[int] = []
    stack: list[int] = []
    for index, line in enumerate(lines):
        while stack and not order.holds(lines[stack[-1]], line):
            ends[stack.pop()] = line.start
        parents.append(stack[-1] if stack else None)
        stack.append(index)
        levels.append(len(stack))
    return tuple(
        Section(line.number, line.title, level, Span(line.start, end), Span(line.start, line.heading_end), parent)
        for line, level, end, parent in zip(lines, levels, ends, parents, strict=True)
    )


class _Order:
    """Which heading may stand under which, in one document."""

    def __init__(self, lines: list[_Line], previous: dict[int, int]) -> None:
        self._previous = previous
        self._next = {before: start for start, before in previous.items()}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        for line in lines:
            start = line.start
            first = self._first[start] = self._first.get(previous.get(start, -1), start)
            self._last[first] = start
        self._homes = _homes(lines, previous)
        families: set[Family] = {line.family for line in lines}
        numbered = families - {"annex", "word", "bookmark", "title"}
        self._main = min((_RANK[family] for family in numbered), default=0)
        restarts = _restarts(lines, previous)
        self._outer = {(f, g) for f in families for g in families if _is_outer(f, g, restarts)}

    def holds(self, a: _Line, b: _Line) -> bool:
        """Whether ``b`` may stand under the open heading ``a``."""
        if a.family == b.family and self._first.get(b.start) == self._first.get(a.start) is not None:
            return False  # numbers that go on are of one level, whatever the bookmarks say
        if a.bookmark is not None and b.bookmark is not None:
            return a.bookmark < b.bookmark
        if a.family == "title" or b.family == "title":
            return self._holds_by_style(a, b)
        if a.family == "bookmark" or b.family == "bookmark":
            goes_on = b.family != "article" and self._previous.get(b.start, a.start) < a.start
            return a.family == "bookmark" and not goes_on  # articles are counted through all chapters
        if a.family == "word":
            return a.title.lower() not in _CONTENTS and b.family != "word" and _RANK[b.family] > self._main
        if b.family == "annex":
            return a.start <= self._homes.get(b.start, -1)
        if b.family == "word":  # a chapter may have contents of its own
            return a.family in ("part", "chapter") and b.title.lower() in _CONTENTS
        if a.family == "annex":  # but not where the main part's numbering goes on behind it
            return self._previous.get(b.start, a.start) >= a.start
        return (a.family, b.family) in self._outer or self._starts_anew(a, b)

    def _holds_by_style(self, a: _Line, b: _Line) -> bool:
        """The same where one of them is a title without a number."""
        if b.family == "title":
            goes_on = self._next.get(a.start, -1) > b.start
            if goes_on and (a.style >= b.style or a.family in _RESTARTING or a.family in _OUTERMOST):
                return True
            return a.family == "annex" or a.style > b.style or (a.bookmark is not None and a.style == b.style)
        if a.leaf or b.family == "annex" or b.family in _OUTERMOST:
            return False
        if b.family in _RESTARTING and self._previous.get(b.start, a.start) < a.start:
            return False
        return a.style > b.style

    def _starts_anew(self, a: _Line, b: _Line) -> bool:
        """Whether a list of the same kind counts from 1 between ``a`` and the number that follows it."""
        if a.family != b.family or a.family not in _NESTED:
            return False
        first = self._first[b.start]
        return a.start < first and self._last[first] < self._next.get(a.start, -1)


def _homes(lines: list[_Line], previous: dict[int, int]) -> dict[int, int]:
    """Where the heading starts that an annex belongs to, of those that belong to one: the heading right above it, that
    of the annex before it, or the chapter around it where chapters go on behind it."""
    homes: dict[int, int] = {}
    numbered = [line.start for line in lines if line.family in ("part", "chapter")]
    goes_on = [(previous[start], start) for start in numbered if start in previous]
    part, above = -1, None
    for line in lines:
        start = line.start
        if line.family == "annex":
            before = previous.get(start, -1)
            if above is not None and above.family in ("part", "chapter", "division") and start - above.end <= 2:
                homes[start] = above.start
            elif before in homes and part <= before:
                homes[start] = homes[before]
            elif part >= 0 and any(first < start < then for first, then in goes_on):
                homes[start] = part
        elif line.family in ("part", "chapter", "division"):
            part = start
        above = line
    return homes


_OUTERMOST: frozenset[Family] = frozenset(("part", "chapter", "division"))
_RESTARTING: frozenset[Family] = frozenset(
    ("han", "han-bracket", "bracket", "half-bracket", "letter", "two", "three", "four")
)
"""Numbers that start anew under each title."""
_NESTED: frozenset[Family] = frozenset(("han", "han-bracket", "one", "bracket"))


def _restarts(lines: list[_Line], previous: dict[int, int]) -> dict[tuple[Family, Family], int]:
    """How often the numbering of the second family starts anew between two successive numbers of the first."""
    latest: dict[Family, int] = {}
    nowhere = lines[-1].end if lines else 0
    found: dict[tuple[Family, Family], int] = defaultdict(int)
    for line in lines:
        if line.family not in _LOOSE:
            continue
        before = previous.get(line.start, nowhere)
        for family, start in latest.items():
            if start >= before and family != line.family:
                found[line.family, family] += 1
        if line.value[-1] == 1:
            latest[line.family] = line.start
    return found


def _is_outer(f: Family, g: Family, restarts: dict[tuple[Family, Family], int]) -> bool:
    """The usual order, turned round where ``g`` starts anew inside ``f`` more often than the other way."""
    here, there = restarts.get((f, g), 0), restarts.get((g, f), 0)
    return here > there if here != there else _RANK[f] < _RANK[g]
