"""How surely quotes are placed: verbatim ones, altered ones, and the time that it takes.

    python tests/bench/grounding.py [--seed N]

Plants quotes of long made contracts, as models retell them (other width, breaks, spaces, punctuation, quotation marks),
and altered ones (a figure, a negation, a party, a term, a sign). Precision: placed quotes that stand where they were
taken from. Recall: verbatim quotes that were placed right. Exit code 1 where a figure of the issue is missed.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.ground import Locator
from pipeline.split.headings import find_sections
from pipeline.types import Document, Page, Span

PARTIES = ("甲方", "乙方", "发包人", "承包人", "委托人", "受托人")
TOPICS = (
    "付款",
    "交付",
    "验收",
    "保密",
    "知识产权",
    "违约责任",
    "不可抗力",
    "保险",
    "培训",
    "运输",
    "质量保证",
    "解除",
)
CLAUSES = (
    "{a}应当在收到{b}提交的{topic}文件后{days}日内完成审核，逾期未提出书面异议的，视为认可。",
    "未经{b}书面同意，{a}不得将本合同项下与{topic}有关的权利义务转让给第三人。",
    "{a}逾期履行{topic}义务的，每逾期一日，应按照合同总价的0.{rate:02d}%向{b}支付违约金，但累计不超过合同总价的{cap}%。",
    "与{topic}有关的费用为人民币{sum:,}.00元，由{a}于{year}年{month}月{day}日前一次性支付给{b}。",
    "{b}发现{topic}成果不符合附件{n}的要求时，有权要求{a}在{days}个工作日内免费返工、更换或者退款。",
    "因{a}的原因造成{topic}延误超过{days}日的，{b}可以解除合同，{a}应当退还已收款项的{cap}%。",
)
OFTEN = "本款所称费用由责任方承担，并应当在三十日内付清。"
"""Stands in every article: only its section tells which is meant."""

Retelling = Callable[[str, random.Random], str]


def made(characters: int, seed: int) -> tuple[Document, list[tuple[Span, str]]]:
    """A contract of about ``characters``, and its sentences with the topic of their article."""
    rng = random.Random(seed)
    pieces: list[str] = []
    quotes: list[tuple[Span, str]] = []
    said: set[str] = set()
    at = number = 0

    def add(text: str, end: str) -> int:
        nonlocal at
        start = at
        pieces.append(text + end)
        at += len(text) + len(end)
        return start

    while at < characters:
        number += 1
        topic = f"{rng.choice(TOPICS)}之{number}"
        add(f"第{number}条 {topic}", "\n")
        for item in range(1, 7):
            text = _clause(rng, topic)
            while text in said:
                text = _clause(rng, topic)
            said.add(text)
            add(f"{number}.{item}", " ")
            broken = rng.random() < 0.3
            cut = rng.randint(4, len(text) - 4) if broken else 0
            spread = text[:cut] + "\n" + text[cut:] if cut and not _in_number(text, cut) else text
            start = add(spread, "\n")
            quotes.append((Span(start, start + len(spread)), topic))
        start = add(OFTEN, "\n")
        quotes.append((Span(start, start + len(OFTEN)), topic))
    text = "".join(pieces)
    borders = [*range(0, len(text), 900), len(text)]
    spans = (Span(a, b) for a, b in itertools.pairwise(borders) if a < b)
    pages = tuple(Page(i, span, None, 595, 842, "text", "pdfium") for i, span in enumerate(spans, 1))
    document = Document("id", "made.pdf", "", text, pages)
    return replace(document, sections=find_sections(text, (), pages)), quotes


def _clause(rng: random.Random, topic: str) -> str:
    a, b = rng.sample(PARTIES, 2)
    return rng.choice(CLAUSES).format(
        a=a, b=b, topic=topic, days=rng.randint(2, 90), rate=rng.randint(1, 99), cap=rng.randint(2, 60),
        sum=rng.randint(1000, 90_000_000), year=rng.randint(2024, 2029), month=rng.randint(1, 12),
        day=rng.randint(1, 28), n=rng.randint(1, 9),
    )  # fmt: skip


def _in_number(text: str, at: int) -> bool:
    return any(c in "0123456789.,%" for c in text[at - 1 : at + 1])


# --- retellings that keep every fact ----------------------------------------------------------------------------------

_FULL = str.maketrans("0123456789%.,", "０１２３４５６７８９％．，")
_HALF = str.maketrans("，。；：（）", ",.;:()")
_OTHER = str.maketrans("，、；", "、，，")


def _broken(text: str, rng: random.Random) -> str:
    at = rng.choice([i for i in range(1, len(text)) if not _in_number(text, i)])
    return f"{text[:at]}\n  {text[at:]}"


def _spaced(text: str, rng: random.Random) -> str:
    return "".join(c + (" " if "一" <= c <= "鿿" and rng.random() < 0.2 else "") for c in text)


def _without_particle(text: str, rng: random.Random) -> str:
    places = [i for i, c in enumerate(text) if c == "的"]
    at = rng.choice(places) if places else -1
    return text[:at] + text[at + 1 :] if at >= 0 else text


RETOLD: dict[str, Retelling] = {
    "verbatim": lambda text, rng: text,
    "one line": lambda text, rng: text.replace("\n", ""),
    "broken": _broken,
    "spaced": _spaced,
    "full width": lambda text, rng: text.translate(_FULL),
    "half width": lambda text, rng: text.translate(_HALF),
    "other marks": lambda text, rng: text.translate(_OTHER),
    "in quotation marks": lambda text, rng: f"“{text}”",
    "without full stop": lambda text, rng: text.rstrip("。"),
    "with ellipsis": lambda text, rng: f"{text.rstrip('。')}……",
    "without 的": _without_particle,
}

# --- alterations ------------------------------------------------------------------------------------------------------


def _other_digit(text: str, rng: random.Random) -> str:
    places = [i for i, c in enumerate(text) if c.isdigit()]
    if not places:
        return ""
    at = rng.choice(places)
    return text[:at] + rng.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]


def _swapped(text: str, rng: random.Random) -> str:
    found = [p for p in PARTIES if p in text]
    if not found:
        return ""
    one = rng.choice(found)
    return text.replace(one, rng.choice([p for p in PARTIES if p != one]), 1)


def _replaced(*pairs: tuple[str, str]) -> Retelling:
    def alter(text: str, rng: random.Random) -> str:
        fitting = [(a, b) for a, b in pairs if a in text]
        return text.replace(*rng.choice(fitting), 1) if fitting else ""

    return alter


def _cut(*starts: str) -> Retelling:
    """Cut where the meaning turns: right behind a negation or inside a number."""

    def alter(text: str, rng: random.Random) -> str:
        at = next((i for start in starts if (i := text.find(start)) >= 0), -1)
        return text[at + 1 :] if at >= 0 and len(text) - at > 8 else ""

    return alter


ALTERED: dict[str, Retelling] = {
    "a digit": _other_digit,
    "a negation": _replaced(
        ("不得", "可以"), ("不超过", "超过"), ("未经", "经"), ("不符合", "符合"), ("可以", "不可以")
    ),
    "a party": _swapped,
    "a word": _replaced(("应当", "可以"), ("有权", "无权"), ("书面", "口头"), ("免费", "收费"), ("退还", "保留")),
    "a unit": _replaced(("日内", "月内"), ("%", "‰"), ("个工作日", "日"), (".00元", "万元")),
    "a cut": _cut("不得", "不超过", "未经", "不符合", "三十日"),
    "a Han figure": _replaced(("三十日", "二十日"), ("每逾期一日", "每逾期十日"), ("一次性", "二次性")),
}


def retold(locator: Locator, quotes: Sequence[tuple[Span, str]], rng: random.Random) -> tuple[int, int, int]:
    """Quotes told, placed, and placed right."""
    told = placed = right = 0
    whole = Span(0, len(locator.document.text))
    for name, retell in RETOLD.items():
        missed = 0
        for span, topic in quotes:
            source = locator.document.text[span.start : span.end]
            evidence = locator.evidence(retell(source, rng), whole, f"与{topic}有关的费用")
            told += 1
            if evidence.span is not None:
                placed += 1
                good = abs(evidence.span.start - span.start) <= 1 and abs(evidence.span.end - span.end) <= 2
                right += good
                missed += not good
            else:
                missed += 1
        print(f"  {name:<20} {len(quotes) - missed:>5} of {len(quotes)}")
    return told, placed, right


def altered(locator: Locator, quotes: Sequence[tuple[Span, str]], rng: random.Random, most: int) -> tuple[int, int]:
    """Altered quotes, and those of them that were placed."""
    whole = Span(0, len(locator.document.text))
    made = placed = 0
    each = -(-most // len(ALTERED))
    for name, alter in ALTERED.items():
        tried = wrong = 0
        for span, topic in rng.sample(list(quotes), len(quotes)):
            source = locator.document.text[span.start : span.end].replace("\n", "")
            quote = alter(source, rng)
            if not quote or tried == each or _stands(quote, locator.document.text):
                continue
            tried += 1
            wrong += locator.evidence(quote, whole, topic).span is not None
        print(f"  {name:<20} {wrong:>5} of {tried} placed")
        made, placed = made + tried, placed + wrong
    return made, placed


def _stands(quote: str, text: str) -> bool:
    """Whether an altered quote happens to be another sentence of the text, whole."""
    return f" {quote}" in text.replace("\n", "")


def microseconds(characters: int, seed: int) -> float:
    """CPU time of a fresh locator for 100 quotes, per character of the document."""
    document, quotes = made(characters, seed)
    rng = random.Random(seed)
    names = list(RETOLD)
    chosen = rng.sample(quotes, 100)
    told = [RETOLD[names[i % len(names)]](document.text[s.start : s.end], rng) for i, (s, _) in enumerate(chosen)]
    whole = Span(0, len(document.text))
    started = time.process_time()
    locator = Locator(document)
    for quote, (_, topic) in zip(told, chosen, strict=True):
        locator.evidence(quote, whole, topic)
    return (time.process_time() - started) / len(document.text) * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    rng = random.Random(seed)
    document, quotes = made(60_000, seed)
    locator = Locator(document)
    print(f"verbatim quotes, retold ({len(document.text)} characters):")
    told, placed, right = retold(locator, rng.sample(quotes, 200), rng)
    print("altered quotes:")
    count, wrong = altered(locator, quotes, rng, 1000)
    cost = microseconds(400_000, seed)
    print(f"citation recall {right / told:.4f} ({right} of {told}), precision {right / (placed + wrong):.4f}")
    print(f"altered quotes placed: {wrong} of {count}")
    print(f"100 quotes in 400,000 characters: {cost:.2f} µs a character")
    return 0 if right == told and wrong == 0 and count >= 1000 and cost <= 20 else 1


if __name__ == "__main__":
    sys.exit(main())
