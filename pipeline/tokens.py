"""Count tokens: exactly, with the model's own vocabulary, or by an estimate that never falls short.

``load_tokenizer`` reads a byte-level BPE ``tokenizer.json`` into tiktoken (seven times quicker than Hugging Face's
tokenizers, the same ids). What tiktoken can't express goes to the ``tokenizers`` package where that is installed.
``estimator`` serves where no model is known.

Counts are those of document text *as prompts carry it*: strings that look like special tokens are made harmless
(:func:`escape_special`) and lone surrogates replaced, both without changing any offset.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate, chain, compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.types import Span
from pipeline.vocabulary import ENGLISH_WORDS, GRASPING_HAN, HAN_PAIRS, RARE_HAN

if TYPE_CHECKING:
    import tiktoken

_SPECIAL_NAMES = (
    r"think|tool_call|tool_response|tool_calls|tools|tool_results?|function_calls?|answer"
    r"|start_of_turn|end_of_turn|bos|eos|pad|unk|mask|cls|sep|s|eot|eop|sop|image|video|audio|im_start|im_end"
)
_SPECIAL = re.compile(
    rf"<(?=[|｜][^<>\n]{{1,80}}[|｜]>|/?(?:{_SPECIAL_NAMES})>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|gMASK|sMASK|CLS|SEP|MASK|PAD|UNK)\])",
    re.IGNORECASE,
)
_HARMLESS = {"<": "＜", "[": "［"}
_SURROGATE = re.compile("[\ud800-\udfff]")

_BLOCK = 250_000
"""Most characters encoded at once: a run of a million spaces overflows the stack of tiktoken's regex engine."""
_BLOCK_END = re.compile(r"\n(?=\S)")
"""Every byte-level pattern in use starts a new piece here, so blocks cut here are encoded as the whole text is."""


class Tokenizer(Protocol):
    """Counts tokens of document text."""

    @property
    def exact(self) -> bool:
        """Whether counts are the model's own; if not, they are never below them."""
        ...

    @property
    def name(self) -> str:
        """What a user reads in the plan."""
        ...

    def count(self, text: str) -> int:
        """Tokens of ``text`` on its own, without any special tokens around it."""
        ...

    def ends(self, text: str) -> array[int]:
        """Cumulative tokens at each of the ``len(text) + 1`` character boundaries, never falling.

        ``ends[b] - ends[a]`` is the count of ``text[a:b]``: right at sentence ends, at most 3 off elsewhere.
        """
        ...


def escape_special(text: str) -> str:
    """Make strings that a chat template or a tokenizer would obey (``<|im_end|>``, ``</think>``, ``[INST]``) harmless.

    Only their first bracket becomes full-width, so every offset stays, and quotes are still found.
    """
    if "<" not in text and "[" not in text:
        return text
    return _SPECIAL.sub(lambda match: _HARMLESS[match[0]], text)


def count_span(tokenizer: Tokenizer, text: str, ends: array[int], span: Span) -> int:
    """Tokens of ``text[span]`` on its own, as ``tokenizer.count`` gives them, given ``ends`` of the whole text.

    Only the broken lines at either end of a long span are encoded again: byte-level BPE takes lines apart.
    """
    start, end = span
    if not isinstance(tokenizer, _BytePair) or span.length < _SHORT:
        return tokenizer.count(text[start:end])
    first = _BLOCK_END.search(text, max(0, start - 1), end)
    last = text.rfind("\n", start, end - 1)
    while last >= start and text[last + 1].isspace():
        last = text.rfind("\n", start, last)
    if first is None or last < first.end():
        return tokenizer.count(text[start:end])
    low, high = first.end(), last + 1
    return tokenizer.count(text[start:low]) + ends[high] - ends[low] + tokenizer.count(text[high:end])


_SHORT = 1000


def fitting(text: str, tokenizer: Tokenizer, most: int) -> str:
    """``text``, or as much of its beginning as ``most`` tokens hold."""
    text = text[: most * _LONGEST_TOKEN]
    over = tokenizer.count(text) - most
    while over > 0:
        ends = tokenizer.ends(text)
        text = text[: bisect_right(ends, ends[-1] - over) - 1]
        over = tokenizer.count(text) - most
    return text


_LONGEST_TOKEN = 16
"""Characters. Text of longer tokens (rows of blanks) is cut a little early."""


def load_tokenizer(path: Path) -> Tokenizer:
    """Load the tokenizer of a model folder, or a ``tokenizer.json``. Built once per file (0.3 s for Qwen's).

    Raises SettingsError where there is none, or where it is of a kind that can't be read here.
    """
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        stat = file.stat()
    except OSError:
        raise SettingsError(
            Text(f"没有找到 {file}，无法精确计数", f"there is no {file}: tokens can't be counted exactly"),
            Text(
                "请指向含 tokenizer.json 的模型文件夹；只有 tokenizer.model 的模型请先转换为 tokenizer.json",
                "name a model folder with tokenizer.json; convert a model that has tokenizer.model alone",
            ),
        ) from None
    return _load(file.resolve(), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _load(file: Path, _mtime_ns: int, _size: int) -> Tokenizer:
    try:
        spec = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(
            Text(f"读不了分词器文件 {file}：{error}", f"can't read the tokenizer file {file}: {error}"),
            Text("请重新下载模型的 tokenizer.json", "download the model's tokenizer.json again"),
        ) from None
    name = file.parent.name or file.name
    try:
        ranks, pattern, nfc = _byte_level(spec)
    except _UnlikeByteLevel as reason:
        return _load_with_tokenizers(file, name, str(reason))
    import tiktoken  # heavy enough to be left out of start-up

    encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return _BytePair(name, encoding, ranks, nfc=nfc)


def _load_with_tokenizers(file: Path, name: str, reason: str) -> Tokenizer:
    if find_spec("tokenizers") is None:
        raise SettingsError(
            Text(f"分词器 {file} 不是字节级 BPE（{reason}）", f"the tokenizer {file} is no byte-level BPE ({reason})"),
            Text(
                "请安装 tokenizers（pip install tokenizers），或不设分词器而用估算",
                "install tokenizers (pip install tokenizers), or set no tokenizer and count by estimate",
            ),
        )
    try:
        return _HuggingFace(name, file)
    except Exception as error:  # the package raises bare Exception for a file it can't use
        raise SettingsError(
            Text(f"分词器文件 {file} 无法使用：{error}", f"the tokenizer file {file} can't be used: {error}"),
            Text("请重新下载模型的 tokenizer.json", "download the model's tokenizer.json again"),
        ) from None


# --- byte-level BPE ---------------------------------------------------------------------------------------------------

_GPT2_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


_CONTINUATION = re.compile(rb"[\x80-\xbf]")


class _UnlikeByteLevel(Exception):
    """Why a tokenizer.json can't be expressed as tiktoken ranks."""


def _byte_of_char() -> dict[int, int]:
    """GPT-2 writes each byte as a printable character; this is the way back, for ``str.translate``."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = (byte for byte in range(256) if byte not in shown)
    return {256 + i: byte for i, byte in enumerate(hidden)}


def _byte_level(spec: object) -> tuple[dict[bytes, int], str, bool]:
    """Ranks, pattern, and whether text is normalised to NFC first. Raises _UnlikeByteLevel."""
    root = _table(spec)
    model = _table(root.get("model"))
    if model.get("type") != "BPE":
        raise _UnlikeByteLevel(f"model.type = {model.get('type')}")
    pattern = _pattern(root.get("pre_tokenizer"))
    kind = _table(root.get("normalizer") or {"type": None}).get("type")
    if kind not in (None, "NFC"):
        raise _UnlikeByteLevel(f"normalizer = {kind}")
    vocabulary = cast("dict[str, int]", _table(model.get("vocab")))
    merges = model.get("merges")
    added = {str(_table(token).get("content")) for token in _items(root.get("added_tokens") or [])}
    back = _byte_of_char()
    try:
        ranks = {s.translate(back).encode("latin-1"): i for s, i in vocabulary.items() if s not in added}
    except UnicodeEncodeError:
        raise _UnlikeByteLevel("vocab") from None
    if any(bytes((byte,)) not in ranks for byte in range(256)):
        raise _UnlikeByteLevel("vocab without the 256 bytes")
    if not model.get("ignore_merges"):  # made from tiktoken's ranks, as for Llama 3
        _check_ranks(ranks, _items(merges), back)
    return ranks, pattern, kind == "NFC"


def _check_ranks(ranks: dict[bytes, int], merges: Sequence[object], back: dict[int, int]) -> None:
    """tiktoken takes a token's id for its merge's rank: true only where ids follow the order of the merges."""
    if len(merges) + 256 != len(ranks):
        raise _UnlikeByteLevel(f"{len(merges)} merges for {len(ranks)} tokens")
    last = -1
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else cast("list[str]", merge)
        rank = ranks.get("".join(pair).translate(back).encode("latin-1"), -1)
        if rank <= last:
            raise _UnlikeByteLevel("merges in another order than ids")
        last = rank


def _pattern(value: object) -> str:
    """The one regular expression that cuts text into pieces."""
    step = _table(value)
    steps = [_table(s) for s in _items(step.get("pretokenizers"))] if step.get("type") == "Sequence" else [step]
    if not steps or steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space"):
        raise _UnlikeByteLevel("pre_tokenizer")
    if len(steps) == 1 and steps[0].get("use_regex", True):
        return _GPT2_PATTERN
    split = steps[0]
    regex = _table(split.get("pattern") or {}).get("Regex")
    unlike = len(steps) != 2 or split.get("type") != "Split" or steps[1].get("use_regex", True)
    if unlike or split.get("behavior") != "Isolated" or split.get("invert") or not isinstance(regex, str):
        raise _UnlikeByteLevel("pre_tokenizer")
    return regex


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _UnlikeByteLevel(f"{value!r:.40}")
    return cast("dict[str, object]", value)


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _UnlikeByteLevel(f"{value!r:.40}")
    return cast("list[object]", value)


def _carried(text: str) -> str:
    """``text`` as a prompt carries it; the same length."""
    try:
        text.encode()  # quicker than a search
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", text)
    return escape_special(text)


def _blocks(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > _BLOCK:
        end = start + _BLOCK
        low = text.rfind("\n", start + _BLOCK // 2, end)
        while low >= 0 and text[low + 1].isspace():
            low = text.rfind("\n", start + _BLOCK // 2, low)
        end = low + 1 if low >= 0 else end
        yield text[start:end]
        start = end
    yield text[start:]


class _BytePair:
    """tiktoken over the model's ranks."""

    exact = True

    def __init__(self, name: str, encoding: tiktoken.Encoding, ranks: dict[bytes, int], *, nfc: bool) -> None:
        self.name = name
        self._encoding = encoding
        self._nfc = nfc
        self._marks = [b""] * (max(ranks.values()) + 1)
        """Per token one byte for each character that starts in it: 1 for the first, then 0. ``_MORE`` for a token that
        only goes on with a character."""
        for token, rank in ranks.items():
            characters = len(token) - len(_CONTINUATION.findall(token))
            self._marks[rank] = b"\1" + bytes(characters - 1) if characters else _MORE

    def encode(self, text: str) -> list[int]:
        """Token ids, equal to Hugging Face's."""
        text = _carried(text)
        if self._nfc and not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        return list(chain.from_iterable(map(self._encoding.encode_ordinary, _blocks(text))))

    def count(self, text: str) -> int:
        return len(self.encode(text))

    def ends(self, text: str) -> array[int]:
        """As promised by Tokenizer; text that is not NFC is counted as it stands, never lower."""
        mark, encode = self._marks.__getitem__, self._encoding.encode_ordinary
        marks = b"".join([b"".join(map(mark, encode(block))) for block in _blocks(_carried(text))])
        if _MORE in marks:
            marks = _continued(marks)
        return array("i", accumulate(marks, initial=0))


_MORE = b"\xff"
_MORES = re.compile(rb"\xff+")


def _continued(marks: bytes) -> bytes:
    """``marks``, with the tokens that only go on with a character counted at that character."""
    counts = bytearray(marks)
    for match in _MORES.finditer(marks):
        counts[match.start() - 1] += match.end() - match.start()
    return bytes(counts.translate(None, _MORE))


class _HuggingFace:
    """Any other tokenizer.json, through the package that it was written for."""

    exact = True

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        # comes with vLLM and is absent without: no types to rely on
        self._tokenizer: Any = import_module("tokenizers").Tokenizer.from_file(str(file))
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(_carried(text), add_special_tokens=False).ids)

    def count(self, text: str) -> int:
        return len(self.encode(text))

    def ends(self, text: str) -> array[int]:
        encoding: Any = self._tokenizer.encode(_carried(text), add_special_tokens=False)
        result = array("i", bytes(4 * (len(text) + 1)))
        for start, _ in encoding.offsets:
            result[min(start + 1, len(text))] += 1
        return array("i", accumulate(result))


# --- the estimate -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def estimator() -> Tokenizer:
    """Count without the model's vocabulary: an upper bound for the Qwen family's, 1.2 to 1.6 times it on Chinese."""
    return _Estimator()


_ONE_TOKEN_PUNCTUATION = frozenset(
    "，。、；：？！“”‘’（）《》〈〉【】〔〕「」—…·￥％～＋－＝／●○□√０１２３４５６７８９"
)
_SMOOTH = "abcdehilmnoprstuy"
"""Letters every pair of which is a token, also each after a space."""
_RUN_START = re.compile(rf"[{_SMOOTH}](?<![{_SMOOTH} ].)")
_LATIN_WORD = re.compile(r" [A-Za-z]{2,}(?![^\W\d_])")
_REPEATED = re.compile(r"([. _\-=*…—])\1{5,}")
_HAN_AFTER_SPACE = re.compile(" [一-鿿]")
_FREE, _THIRD, _TWO = "\udc00", "\udc01", "\udc02"
"""Stand for characters that cost no, a third of a token, two. Lone surrogates: the text has none left."""
_FIXED = {_FREE: 0, _THIRD: 1, _TWO: 6}


@lru_cache(maxsize=65_536)
def _thirds(char: str) -> int:
    """Thirds of a token that a character can cost at most."""
    if char in _SMOOTH:
        return 2
    if char in _FIXED:
        return _FIXED[char]
    if char < "\x80" or char in _ONE_TOKEN_PUNCTUATION:
        return 3
    if "一" <= char <= "鿿" and char not in RARE_HAN and _in_gb2312(char):
        return 3
    if "가" <= char <= "힣":
        return 9
    decomposed = unicodedata.normalize("NFD", char)  # NFC may leave a character apart that Unicode excludes from it
    return 3 * max(len(char.encode()), len(decomposed.encode()))


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


class _Estimator:
    """An upper bound for byte-level BPE with Qwen's vocabulary.

    Digits stand alone, and nothing has more tokens than bytes. Beyond that it rests on facts of the vocabulary
    (``pipeline.vocabulary``; the tests check them against the real one):

    - the Han characters of GB 2312, but 122, and the usual Chinese punctuation are one token at most;
    - BPE leaves no two neighbours apart that it could merge. So two characters of ``HAN_PAIRS`` never both stand alone:
      one token less for each such pair, as long as they are three apart and the next character leaves them their bytes
      (``GRASPING_HAN``). Likewise no two of the smooth letters stand
      alone side by side: at most two tokens for three of them;
    - a space takes the first byte of a Han character away from it: two tokens, and no pair;
    - a usual English word is one token with its space; a long run of one punctuation mark has few.
    """

    exact = False
    name = "estimate"

    def count(self, text: str) -> int:
        return (2 + sum(_thirds_in(text))) // 3

    def ends(self, text: str) -> array[int]:
        return array("i", map((3).__rfloordiv__, accumulate(_thirds_in(text), initial=2)))


def _thirds_in(text: str) -> bytearray:
    """What each character counts, in thirds of a token: three, but for the exceptions."""
    text = _REPEATED.sub(_repeated, _carried(text))
    text = _LATIN_WORD.sub(_latin_word, text)
    text = _HAN_AFTER_SPACE.sub(_han_after_space, text)
    thirds = bytearray(b"\3" * len(text))
    for match in _unusual().finditer(text):
        start, end = match.span()
        thirds[start:end] = bytes(map(_thirds, text[start:end]))
    for match in _RUN_START.finditer(text):
        thirds[match.start()] = 3
    for second in _merged(text):
        thirds[second] = 0
    return thirds


@lru_cache(maxsize=1)
def _unusual() -> re.Pattern[str]:
    """Runs of what does not count three thirds."""
    han = bytes(byte for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    usual = {*map(chr, range(0x80)), *han.decode("gb2312", "ignore")} - {*_SMOOTH, *RARE_HAN}
    return re.compile(f"[^{re.escape(''.join(sorted(usual | _ONE_TOKEN_PUNCTUATION)))}]+")


def _merged(text: str) -> Iterator[int]:
    """Places of the characters that share a token with the one before them, by ``HAN_PAIRS``.

    Pairs are compared as 32-bit numbers: two views of the UTF-16 text, the second a character later.
    """
    units = memoryview(_ASTRAL.sub("\ufffd", text).encode("utf-16-le", "surrogatepass"))
    pairs = _PAIR_NUMBERS.__contains__
    places: list[int] = []
    for first in (0, 1):
        whole = len(text) - (len(text) - first) % 2
        places += compress(range(first, whole, 2), map(pairs, units[2 * first : 2 * whole].cast("I")))
    free_from = 0
    for at in sorted(places):
        if at >= free_from and text[at + 2 : at + 3] not in GRASPING_HAN:
            yield at + 1
            free_from = at + 3


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR_NUMBERS = frozenset(int.from_bytes(pair.encode("utf-16-le"), sys.byteorder) for pair in HAN_PAIRS)


def _repeated(match: re.Match[str]) -> str:
    run = match[0]
    return run[:4] + _THIRD * (len(run) - 4)


def _han_after_space(match: re.Match[str]) -> str:
    return f" {_TWO}" if _thirds(match[0][1]) == 3 else match[0]


def _latin_word(match: re.Match[str]) -> str:
    word = match[0][1:]
    return " " + _FREE * len(word) if word in ENGLISH_WORDS else match[0]
