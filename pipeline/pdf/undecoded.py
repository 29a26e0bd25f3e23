"""Characters of a page that its fonts give no right text for. Pure.

Fonts without a Unicode map (Type 3, numbered subsets, Identity-H) leave only character codes, and wrong maps give
Latin signs, private codes or the bytes of another encoding. What stands there was drawn all the same, so OCR can read
it. A paper's formulas set in such fonts are not worth that, nor are codes that happen to be the characters themselves.

A map may also lack single characters (甲 in 甲方): what comes for one is no Chinese, but as wide as its neighbours are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from pipeline.pdf.columns import Edges
from pipeline.pdf.lines import Chars, is_cjk

_LEAST, _KINDS = 10, 6
"""Characters that must be lost, and different ones among them: less is a symbol, a bullet, a formula."""
_RUN = 4
"""Narrow ones are lost for words only so many in a row."""
_WIDE = (0.94, 1.06)
"""Widths in em of Chinese characters, which no Latin letter but a few has."""
_LATIN_WIDE = frozenset("0123456789.,-/%()@&WMmw")
"""Signs that are so wide in some Latin font, and those that Chinese fonts have in full width."""
_TYPEWRITER = 0.7
_SAMPLE = 64
_SPACE = re.compile(r"\s")
_LINE = re.compile(r"[^\r\n]+")
_LATIN = re.compile("[\x21-\x7e]")
_LETTERS = re.compile("[A-Za-z]")
_FREQUENT = re.compile("[etaoinsrETAOINSR]")
"""More than half of the letters of English, and of its neighbours; a third of letters by chance."""
_LEAST_FREQUENT = 0.45
_CHINESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\u3001-\u301b\uff01-\uff60\ufffd]")
_DINGBATS = re.compile("[\u2460-\u2469\u2605\u260e\u261b\u261e\u2660-\u2666\u2701-\u27be]")
_NO_FIGURES = re.compile("[\u2701-\u2775\u2794-\u27be]")
_DINGBAT_KINDS = 12
"""What Ghostscript's maps take the glyphs a1, a2 ... of its bitmap fonts for. A form to be ticked has few kinds."""
_FOREIGN = re.compile(
    "[\x80-\xff\ue000-\uefff\uf100-\uf8ff\u20ac\u201a\u0192\u201e\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d]{4,}"
)
"""Bytes of GBK or UTF-8 taken for Latin-1 or Windows-1252 (no language sets so many accented letters together), and
private codes but those of Symbol fonts."""
_NO_CHINESE = (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f!-$&'*+:-?A-LN-VX-ln-v{-~\\x7f-\\x9f\\xa1-\\xa6\\xa9-\\xaf\\xb2-\\xb6\\xb8-\\xd6\\xd8-\\xf6\\xf8-\\xff"
    "\\ue000-\\uefff\\uf100-\\uf8ff\\ufdd0-\\ufdef\\ufffd]"
)
"""Codes, and signs that no font has as wide as Chinese characters."""
_BESIDE_HAN = re.compile(f"{_NO_CHINESE}(?:(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff].))")
_SAME_WIDTH = 0.03
_PLANED = re.compile("[\uff30-\uff39]")
"""Figures that were given the plane U+FF00: full-width P to Y."""
_PLANED_KINDS, _NARROW, _ONE_WIDTH = 3, 0.75, 0.05
"""Figures are narrower than they are high, and of one width; letters are not."""
_OT1 = {0xFF00 + code: chr(code) for code in range(0x21, 0x7B)} | {0xFF22: "”", 0xFF27: "’", 0xFF5C: "“", 0xFF60: "‘"}
"""What that plane makes of the Latin of TeX's fonts. (Of their ligatures it makes signs that are met in Chinese.)"""
GAP = "\ufffd"
_ACCENTED = re.compile("[\u00c0-\u00ff]")


def undecoded(chars: Chars) -> frozenset[int]:
    """Indexes of the characters that are lost, if they are words of a page and not some signs of its formulas."""
    text = chars.text
    lost = set(_foreign(text))
    if chars.unmapped or _has_wide(chars):
        wide = sorted({*(at for at, char in enumerate(text) if _is_wide(chars, at, char)), *_of_one_width(chars)})
        if len(wide) >= _LEAST and len({text[at] for at in wide}) >= _KINDS and not _reads(text, wide):
            lost.update(wide)
        narrow = sorted(chars.unmapped.difference(wide))
        if not _reads(text, narrow):
            lost.update(_in_runs(text, narrow))
    return frozenset(lost) if len(lost) >= _LEAST else frozenset()


def planed(chars: Chars) -> Chars:
    """The page with the Latin text of pdfTeX set right. To a Latin font that follows a Chinese one it may write the map
    of that font's plane U+FF00 (seen in TeX Live 2022 with CJKutf8): 2026 becomes ＲＰＲＶ, in characters too narrow
    for full-width ones. Their lower bytes are the codes of TeX's encoding OT1."""
    figures = [found.start() for found in _PLANED.finditer(chars.text)]
    widths = [(chars.right[at] - chars.left[at]) / max(0.1, chars.top[at] - chars.bottom[at]) for at in figures]
    if len({chars.text[at] for at in figures}) < _PLANED_KINDS:
        return chars
    if max(widths) > _NARROW or max(widths) - min(widths) > _ONE_WIDTH:
        return chars  # letters, be their font narrow or not
    return replace(chars, text=chars.text.translate(_OT1))


def decoded(chars: Chars, lost: frozenset[int]) -> Chars:
    """The page without the lines in which characters are lost."""
    if not lost:
        return chars
    kept = list(chars.text)
    for found in _LINE.finditer(chars.text):
        start, end = found.span()
        if not lost.isdisjoint(range(start, end)):
            kept[start:end] = "\n" * (end - start)
    return replace(chars, text="".join(kept))


def gaps(chars: Chars) -> list[int]:
    """Indexes of single characters among Chinese that their font does not tell."""
    return [found.start() for found in _BESIDE_HAN.finditer(chars.text) if _is_gap(chars, found.start())]


def _is_gap(chars: Chars, at: int) -> bool:
    width = chars.right[at] - chars.left[at]
    beside = (
        near for near in (at - 1, at + 1) if 0 <= near < len(chars.text) and "\u4e00" <= chars.text[near] <= "\u9fff"
    )
    widths = [chars.right[near] - chars.left[near] for near in beside]
    return any(abs(width - other) < _SAME_WIDTH * other for other in widths)


def with_gaps(chars: Chars, indexes: Sequence[int]) -> Chars:
    """The page with a sign in the place of each of them."""
    kept = list(chars.text)
    for at in indexes:
        kept[at] = GAP
    return replace(chars, text="".join(kept))


def lines_around(chars: Chars, indexes: Sequence[int]) -> list[Edges]:
    """Where the lines stand that hold them; y upwards."""
    found: list[Edges] = []
    for line in _LINE.finditer(chars.text) if indexes else ():
        start, end = line.span()
        if any(start <= at < end for at in indexes):
            part = slice(start, end)
            edges = min(chars.left[part]), max(chars.top[part]), max(chars.right[part]), min(chars.bottom[part])
            found.append(Edges(*edges))
    return found


def filled(typed: str, seen: str) -> str:
    """A line with those of its gaps filled that what was recognised there tells; as long as ``typed``."""
    kept = list(typed)
    for kind, start, end, other, last in SequenceMatcher(None, typed, seen, autojunk=False).get_opcodes():
        if kind == "replace" and end - start == last - other:
            for at, char in zip(range(start, end), seen[other:last], strict=True):
                if kept[at] == GAP and (is_cjk(char) or char.isalnum()):
                    kept[at] = char
    return "".join(kept)


def _has_wide(chars: Chars) -> bool:
    """Whether there is a Latin letter as wide as a Chinese one; met wherever many stand together."""
    step = len(chars.text) // _SAMPLE + 1
    sample = _LATIN.finditer(chars.text[::step])
    return any(_is_wide(chars, found.start() * step, found.group()) for found in sample)


def _is_wide(chars: Chars, at: int, char: str) -> bool:
    """Whether a mere code, or a Latin sign, is as wide as a Chinese character."""
    if char.isspace() if at in chars.unmapped else not "!" <= char <= "~" or char in _LATIN_WIDE:
        return False
    height = chars.top[at] - chars.bottom[at]
    return _WIDE[0] * height < chars.right[at] - chars.left[at] < _WIDE[1] * height


def _of_one_width(chars: Chars) -> Iterator[int]:
    """Mere codes in lines of which nearly all have one width, and not that of a typewriter: the boxes of bitmap fonts
    are as high as they claim, so that their widths in em are not known."""
    for found in _LINE.finditer(chars.text) if chars.unmapped else ():
        line = [at for at in range(*found.span()) if at in chars.unmapped and not chars.text[at].isspace()]
        widths = sorted((chars.right[at] - chars.left[at]) / max(0.1, chars.top[at] - chars.bottom[at]) for at in line)
        usual = widths[len(widths) // 2] if len(line) >= _LEAST // 2 else 0.0
        if usual > _TYPEWRITER and sum(abs(width - usual) < 0.03 * usual for width in widths) >= 0.9 * len(line):
            yield from line


def _reads(text: str, indexes: Iterable[int]) -> bool:
    """Whether the codes of characters are the characters themselves: they read as a language, or are figures."""
    visible = _SPACE.sub("", "".join([text[at] for at in indexes]))
    letters, figures = len(_LETTERS.findall(visible)), sum(map(str.isdigit, visible))
    if len(_CHINESE.findall(visible)) > 0.5 * len(visible) or figures > 0.6 * len(visible):
        return True
    frequent = len(_FREQUENT.findall(visible))
    return letters + figures >= 0.7 * len(visible) and frequent >= _LEAST_FREQUENT * letters


def _in_runs(text: str, indexes: Iterable[int]) -> Iterator[int]:
    """Those of the ascending indexes that follow each other, with nothing but blanks between them."""
    run: list[int] = []
    for at in indexes:
        if run and text[run[-1] + 1 : at].strip():
            yield from _long(text, run)
            run = []
        run.append(at)
    yield from _long(text, run)


def _long(text: str, run: list[int]) -> list[int]:
    return run if len(run) >= _RUN and len({text[at] for at in run}) >= 3 else []


def _foreign(text: str) -> Iterator[int]:
    """Indexes of private codes, and of the bytes of another encoding, where they stand together as words do; of
    dingbats where there are many."""
    for found in _FOREIGN.finditer(text):
        run = found.group()
        if len(set(run)) >= 3 and (run[0] >= "\ue000" or len(_ACCENTED.findall(run)) >= max(3, 0.3 * len(run))):
            yield from range(*found.span())
    if len(set(_NO_FIGURES.findall(text))) >= _DINGBAT_KINDS:
        yield from (found.start() for found in _DINGBATS.finditer(text))
