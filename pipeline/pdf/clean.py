"""Cleaning of characters: what the same text looks like, whatever program wrote the PDF. Pure.

Two steps, so that the common page costs two C calls: :func:`fold` maps characters one to one (offsets stay), and
:func:`repair` does what changes lengths (deletions, ligatures, combining marks), only where :func:`is_odd` says so.

Full-width punctuation stays as it is; full-width letters, digits and the per cent sign become ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from itertools import pairwise

HYPHEN = "\x02"
"""PDFium's mark for a hyphen at which it joined a word that a line break divides."""

# CJK Radicals Supplement that fonts use in place of the unified ideograph, and for which NFKC has no mapping
# (Unicode 15.1, EquivalentUnifiedIdeograph.txt)
_RADICALS = dict(
    zip(
        "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲",
        "厂乛乚乙亻冂几刀刂卜㔾小小兀尣尢尣巳幺彑彐忄㣺扌攵旡曰月歺民氵氺灬爫爫丬犭王疋罒示礻竹糸纟罓罒网罓网羊羊羊耂肀月臼艹艹艹虎衤覀西见角角讠贝足车辶辶辶阝钅長镸长门阜阝雨青韦页风飞食飠饣首马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙亀龟",
        strict=True,
    )
)
_SYMBOL_BULLETS = {0xF0B7: "•", 0xF06C: "●", 0xF06E: "■", 0xF0A7: "▪", 0xF0D8: "➢", 0xF075: "◆", 0xF0FC: "✓"}
"""Symbol and Wingdings bullets, which Word writes to the private use area."""


def _fold_table() -> dict[int, str]:
    table: dict[int, str] = {ord(radical): ideograph for radical, ideograph in _RADICALS.items()}
    table |= _SYMBOL_BULLETS
    for code in [*range(0x2F00, 0x2FD6), 0x2E9F, 0x2EF3, *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA1E)]:
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1:
            table[code] = plain
    for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF05]:
        table[code] = chr(code - 0xFEE0)
    for code in [*range(0xFE10, 0xFE1A), *range(0xFE30, 0xFE50), *range(0xFE50, 0xFE6C)]:
        table |= _upright(code)
    for code in [0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0x09, 0x0B, 0x0C]:
        table[code] = " "
    return table


def _upright(code: int) -> dict[int, str]:
    """A vertical or small form as the full-width character that Chinese text has in its place."""
    plain = unicodedata.normalize("NFKC", chr(code))
    if len(plain) != 1:
        return {}
    return {code: chr(ord(plain) + 0xFEE0) if "!" <= plain <= "~" and plain not in "%_" else plain}


_FOLD = _fold_table()


def _folded_class() -> re.Pattern[str]:
    """Characters that :data:`_FOLD` maps, and all beyond the BMP; told by its complement, which searches faster."""
    codes = sorted(code for code in (-1, *_FOLD, 0x10000) if code <= 0x10000)
    return re.compile("[^" + "".join(f"\\u{a + 1:04x}-\\u{b - 1:04x}" for a, b in pairwise(codes) if a + 1 < b) + "]")


_FOLDED = _folded_class()

_ODD = re.compile(  # told by what is not odd, which searches eight times as fast
    "[^\n\r\x20-\x7e\xa0-\xac\xae-\u02ff"  # odd: control characters, soft hyphen
    "\u0370-\u10ff\u1200-\u1aaf\u1b00-\u1dbf\u1e00-\u200a\u2010-\u2027\u202f-\u205f\u2070-\u20cf"  # marks, zero width
    "\u2100-\u3098\u309b-\ua95f\ua980-\ud7af\ue000-\ufaff"  # jamo, surrogates
    "\ufb07-\ufdcf\ufdf0-\ufdff\ufe10-\ufe1f\ufe30-\ufefe\uff00-\uffef"  # ligatures, noncharacters, variants
    "\U00010000-\U000dffff\U000e1000-\U0010ffff]"  # tags
)
_DELETED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff"
    "\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_BESIDE_HAN = re.compile("(?<=[\u4e00-\u9fff])[(),:;?!]|[(),:;?!](?=[\u4e00-\u9fff])")
_PAIRED = re.compile(r"（[^（）()]{0,60}\)|\([^（）()]{0,60}）")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


def fold(text: str) -> str:
    """Map characters one to one: radicals, compatibility ideographs, full-width letters and digits, vertical forms,
    all kinds of spaces. The result is as long as ``text``."""
    return text.translate(_FOLD) if _FOLDED.search(text) else text


def is_odd(text: str) -> bool:
    """Whether :func:`repair` has something to do in folded text."""
    return _ODD.search(text) is not None or not unicodedata.is_normalized("NFC", text)


def repair(text: str, origins: array[int]) -> tuple[str, array[int]]:
    """Delete what is no text, spell ligatures out, compose to NFC; ``origins`` follows character by character."""
    pieces: list[str] = []
    kept = array("i")
    for piece, origin in _clusters(text, origins):
        pieces.append(piece)
        kept.extend([origin] * len(piece))
    joined = "".join(pieces)
    final = unicodedata.normalize("NFC", joined)
    if len(final) != len(joined):  # rare compositions across clusters: places are known to the line only
        kept = array("i", [kept[min(at, len(kept) - 1)] for at in range(len(final))])
    return final, kept


def _clusters(text: str, origins: array[int]) -> list[tuple[str, int]]:
    """Base characters with their marks, composed, each with the origin of its base; marks without a base go."""
    clusters: list[tuple[str, int]] = []
    for at, char in enumerate(text):
        if _DELETED.match(char):
            if char == HYPHEN:
                clusters.append(("-", origins[at]))
            continue
        if unicodedata.combining(char) or "\u1160" <= char <= "\u11ff":
            if clusters and clusters[-1][0] not in (" ", "\t"):
                base, origin = clusters[-1]
                clusters[-1] = (unicodedata.normalize("NFC", base + char), origin)
            continue
        clusters.append((_LIGATURES.get(char, unicodedata.normalize("NFC", char)), origins[at]))
    return clusters


def full_width(text: str) -> str:
    """Punctuation beside Chinese characters as Chinese sets it, which OCR does not tell apart; as long as ``text``."""
    text = _BESIDE_HAN.sub(lambda found: chr(ord(found.group()) + 0xFEE0), text)
    return _PAIRED.sub(lambda found: f"（{found.group()[1:-1]}）", text)


def plain(text: str) -> str:
    """Clean a short text that has no place on a page (a title, a bookmark, metadata): one line, no odd characters."""
    folded = fold(text.replace("\r", " ").replace("\n", " "))
    if is_odd(folded):
        folded, _ = repair(folded, array("i", bytes(4 * len(folded))))
    return " ".join(folded.split())
