"""Lines that begin with a number: which kind of number, its value, and the title behind it.

Left out are cross-references (第五条约定的), amounts (1.5元), dates (2024.1.1) and table rows; which of the others are
headings, ``headings`` decides.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Family = Literal[
    "annex", "part", "chapter", "division", "article", "word", "han", "han-bracket", "one", "two", "three", "four",
    "bare", "bracket", "half-bracket", "circle", "bookmark", "roman", "letter", "title",
]  # fmt: skip

RANK: dict[Family, int] = {
    "annex": 0, "part": 1, "chapter": 2, "division": 3, "article": 4, "han": 5, "han-bracket": 6, "one": 7, "bare": 7,
    "two": 8, "three": 9, "four": 10, "bracket": 11, "half-bracket": 12, "circle": 13, "word": 14, "bookmark": 15,
    "roman": 5, "letter": 6, "title": 16,
}  # fmt: skip
"""The usual nesting, outermost first; the document may show another, see ``nesting``."""
STRONG: frozenset[Family] = frozenset(("annex", "part", "chapter", "division", "article", "word"))
"""What names itself: accepted without a neighbour in its numbering."""
DECIMALS: frozenset[Family] = frozenset(("two", "three", "four"))

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HAN = "零〇一二三四五六七八九十百千两"
_FORMAL = "壹贰叁肆伍陆柒捌玖拾"
_NUMBER = rf"[{_HAN}{_FORMAL}\d０-９]"
_LINE = re.compile(
    rf"""
    ^(?P<indent>[^\S\n]*[★▲※☆]?)(?=[第附格§（({_HAN}{_FORMAL}1-9①-⑳A-Z鉴前引序目释重签摘参致投核免分评])(?P<number>
      第[^\S\n]?(?P<di>{_NUMBER}(?:[^\S\n]?{_NUMBER}){{0,6}})[^\S\n]?(?P<unit>部分|分编|[编篇章节条])(?:之(?P<zhi>[{_HAN}]{{1,2}})(?![{_HAN}]))?(?:(?<=条)[、。．](?![^\S\n]*[第附本]))?
    | (?P<annex>附[件录表图]|格式(?=[^\S\n]?[{_HAN}\d]))[^\S\n]?
        (?P<annex_number>[{_HAN}]{{1,3}}|\d{{1,2}}[-—]\d{{1,2}}(?!\d)|[\dA-Z]{{1,2}}(?!\d))?
    | (?P<english>Article|ARTICLE|Section|SECTION|Chapter|CHAPTER|Part|PART|Clause|CLAUSE|Annex|ANNEX
        |Appendix|APPENDIX|Schedule|SCHEDULE|Exhibit|EXHIBIT|Item|ITEM)[^\S\n]+(?P<english_number>\d{{1,3}}(?:\.\d{{1,2}}|[AB])?|[IVXL]{{1,6}}|[A-H]|(?i:{"|".join(_WORDS)}))(?![\w.]*\w)\.?
    | §[^\S\n]?(?P<sign>[1-9]\d?)(?![\d.])
    | (?P<han>[{_HAN}]{{1,3}}|[{_FORMAL}]{{1,3}})[^\S\n]?(?:、|[.．](?!\d))
    | [（(][^\S\n]?(?P<han_bracket>[{_HAN}]{{1,3}})[^\S\n]?[）)](?:[、．]|\.(?!\d))?
    | 第[^\S\n]?(?P<dotted>[1-9]\d?(?:[.．][1-9]\d?){{1,3}})[^\S\n]?[条款]
    | (?P<decimal>[1-9]\d?(?:[.．][1-9]\d?){{1,3}})(?![\d.．]*\d)[.．、]?
    | (?P<one>[1-9]\d?)[^\S\n]?(?:[、．]|\.(?!\d))
    | [（(][^\S\n]?(?P<bracket>[1-9]\d?)[^\S\n]?[）)](?:[、．]|\.(?!\d))?
    | (?P<half>[1-9]\d?)[）)]、?
    | (?P<bare>[1-9]\d?)(?=[^\S\n]+[^\W\d_][^\n]{{1,60}}$)
    | (?P<roman>[IVX]{{1,6}})[.、](?=[^\S\n]|[一-鿿]|[A-Z]{{3}})
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
BODY = re.compile(r"[。；;！!？?]|[，,、.]\Z")
_LABEL = re.compile(r"([^：:。；，,;]{1,20}+)[：:]")
_RUN_IN = re.compile(
    r"((?=[A-Z])(?:(?:[A-Z][\w’'/-]*|of|and|or|to|the|for|in|by|with|on|at|an?|&)(?:[,;]? |(?=[.:]))){1,10})"
    r"[.:](?:\s+(?=\S)|$)"
)
"""A title in capitals that its paragraph goes on from: 3. Late Charges. Any instalment …"""
_RUN_IN_HAN = re.compile(r"((?:(?![应须不得可是为有将由已向])[一-鿿、]){2,12})。(?=.{8})")
"""The same in Chinese: 2.1 转让标的。甲方同意…"""
_TELLS = ("说明", "情况", "提示", "原因", "信息", "介绍", "概述")
"""How titles end that a colon may follow."""
_MARK = re.compile("[，。；：、,;:]")
_LIST_FOLLOWS = re.compile("如下|以下|下列")
_FIRST_WORD = re.compile(r"([^\s\x00-\x7f，、。；]{2,16}+)[^\S\n]+(?=.{12})")
"""A title that white space alone divides from the body on its line."""
_SHORT = 24
TITLE_MAX = 40
"""Characters. A longer line is body text."""


class Line(NamedTuple):
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


def numbered_lines(text: str) -> list[Line]:
    """The lines of ``text`` that may be headings by what stands on them, in order."""
    return [line for match in _LINE.finditer(text) if (line := _read(text, match)) is not None]


@lru_cache(maxsize=4096)
def number_of(printed: str) -> tuple[Family, tuple[int, ...]] | None:
    """Family and value of a printed number such as 第三条, 3.1 or （二）; None where it is none."""
    match = _LINE.match(f"{printed} x")
    return _family(match, match["number"]) if match else None


def _read(text: str, match: re.Match[str]) -> Line | None:
    """The candidate on a line, or None where the line itself speaks against it."""
    number, gap, rest = match.group("number", "gap", "rest")
    if "\t" in gap or "\t" in rest:
        if _is_row(text, match):
            return None
        rest = rest.partition("\t")[0]
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
            title = spread(title)
    opens = _opens(text, start)
    separated = bool(gap) or not rest
    if _is_doubtful(family, number, gap, rest):
        opens, separated = ("no" if opens == "no" else "maybe"), False
    leader = rest[-1:] in _LEADER_ENDS and _LEADER.search(rest, max(0, len(rest) - _LOOK_BACK)) is not None
    return Line(
        family, value, number, title, start, end, heading_end,
        titled, separated, opens, leader,
    )  # fmt: skip


def _is_doubtful(family: Family, number: str, gap: str, rest: str) -> bool:
    """Whether a decimal number may be a measure or an amount: 1.5 元, 3.2 2026年. Not 1.1.5, nor 1.5． nor 第1.5条."""
    if family != "two" or not number[-1].isdigit() or not rest:
        return family in DECIMALS and rest[:1].isdigit()
    return rest[0].isdigit() or _UNIT.match(gap + rest) is not None


def _is_row(text: str, match: re.Match[str]) -> bool:
    """Whether a line with TABs is a row of a table, not a title that has one behind its number among lines without, or
    shares its line with the unit of the table below."""
    number, gap, rest = match.group("number", "gap", "rest")
    if "\t" in gap:
        above = text.rfind("\n", 0, max(0, match.start() - 1)) + 1
        below = text.find("\n", match.end() + 1)
        return number.isdigit() or text.count("\t", above, below if below >= 0 else len(text)) > 1
    return not _UNIT_CELL.fullmatch(rest.partition("\t")[2])


_UNIT_CELL = re.compile(r"\s*[（(]?(?:金额)?(?:单位|币种)[^\t]{0,20}")


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
    decimal = match["decimal"] or match["dotted"]
    if decimal:
        parts = tuple(int(part) for part in decimal.replace("．", ".").split("."))
        return _DEPTHS[len(parts)], parts
    if first == "第":
        head, unit, tail = match.group("di", "unit", "zhi")
        value = _value("".join(head.split()))
        return _UNITS[unit], (value, _value(tail)) if tail else (value,)
    han, one, annex = match.group("han", "one", "annex")
    if han or one:
        return "han" if han else "one", (_value(han or one),)
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
    if match["half"]:
        return "half-bracket", (_value(match["half"]),)
    return _english(*match.group("english", "english_number"))


def _english(word: str, number: str) -> tuple[Family, tuple[int, ...]]:
    if "." in number and not number[0].isalpha():  # Section 3.02
        return "two", tuple(int(part) for part in number.split("."))
    parts = re.findall(r"\d+|[A-Za-z]+", number)
    return _ENGLISH.get(word.lower(), "article"), tuple(map(_value, parts))


_UNITS: dict[str, Family] = {
    "部分": "part", "分编": "part", "编": "part", "篇": "part", "章": "chapter", "节": "division", "条": "article",
}  # fmt: skip
_DEPTHS: dict[int, Family] = {2: "two", 3: "three", 4: "four"}
_ENGLISH: dict[str, Family] = {
    "annex": "annex", "appendix": "annex", "schedule": "annex", "exhibit": "annex",
    "part": "part", "chapter": "chapter", "section": "division",
}  # fmt: skip
_DIGITS = {char: i for i, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
LETTER = 101
"""The value of A: letters and numbers are never of one sequence."""
_PLAIN = str.maketrans(_FORMAL, "一二三四五六七八九十")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


@lru_cache(maxsize=1024)
def _value(number: str) -> int:
    """The value of a printed number: Arabic, Chinese below ten thousand, Roman, or a letter."""
    if number.isdigit():
        return int(number)
    number = number.translate(_PLAIN)
    if number.lower() in _WORDS:
        return _WORDS.index(number.lower()) + 1
    if number[0] in "IVXL" and set(number) <= set(_ROMAN):
        values = [_ROMAN[char] for char in number]
        return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
    if number.isascii():
        return LETTER + ord(number[0]) - ord("A")
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
    if family in STRONG or number[0] == "第":
        if (_REFERENCE_APART if gap else _REFERENCE).match(rest):
            return False
        return family != "annex" or _fits_annex(number, gap, rest)
    if not rest:
        return family in DECIMALS and len(number) < 8
    if len(rest) <= TITLE_MAX and _is_cut(rest):
        return False
    if family in DECIMALS:
        return rest[0].isalnum() or rest[0] in '“"《（(【*'
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
    return len(rest) <= TITLE_MAX and not _SENTENCE.search(rest) and "，" not in rest


_FIRST_OF_LIST = re.compile(r"1[.．、]|[（(]1[）)]|一、")


def _title(rest: str) -> tuple[str, bool]:
    """The title at the start of what follows the number (empty where that is body text), and whether it is all."""
    rest = rest.rstrip()
    whole = rest.rstrip("：: ")
    labelled = _RUN_IN.match(rest) or _LABEL.match(rest) or _RUN_IN_HAN.match(rest)
    if labelled and not _LIST_FOLLOWS.search(labelled[1]):
        return labelled[1].rstrip(), whole.rstrip(".") == labelled[1].rstrip()
    if len(whole) < len(rest) and not whole.endswith(_TELLS):  # 甲方应提供以下材料：
        return "", False
    short = len(whole) <= TITLE_MAX or (len(whole) <= 2 * TITLE_MAX and (whole.isascii() or not _MARK.search(whole)))
    short = short or (len(whole) <= 2 * TITLE_MAX and whole.endswith(_TELLS))
    if short and not BODY.search(whole.rstrip("?？")) and whole.count("，") + whole.count(", ") <= 1:
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


def spread(title: str) -> str:
    """Without the white space that only spreads Chinese characters."""
    parts = title.split()
    return "".join(parts) if all(len(part) == 1 and not part.isascii() for part in parts) else title
