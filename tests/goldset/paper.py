"""A document in the making: its text in the samples' markup, and the gold of all that was put into it.

Whatever says a sum, a date, a rate or a party goes through a method that writes it down, so text and gold can't part.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLAIN = "〇一二三四五六七八九"
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""GB 32100-2015, table 4."""

T = TypeVar("T")


@dataclass(slots=True)
class Paper:
    """One document. ``held_back`` ones also use the phrasings that tuning never sees (the last third of each bank)."""

    name: str
    rng: random.Random
    held_back: bool
    lines: list[str] = field(default_factory=list)
    amounts: set[Decimal] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    penalties: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    parties: list[dict[str, Any]] = field(default_factory=list)
    defects: list[dict[str, Any]] = field(default_factory=list)
    citations: list[tuple[str, str, str]] = field(default_factory=list)

    def pick(self, bank: Sequence[T]) -> T:
        """One of a bank of phrasings."""
        shown = len(bank) - len(bank) // 3
        if self.held_back and len(bank) > shown and self.rng.random() < 0.7:
            return self.rng.choice(bank[shown:])
        return self.rng.choice(bank[:shown])

    def say(self, *lines: str) -> None:
        self.lines += lines

    def cite(self, name: str, value: str, sentence: str) -> None:
        """``sentence`` is where ``value`` of field ``name`` stands."""
        self.citations.append((name, value, sentence))

    def flaw(self, code: str, quote: str | None, note: str, **more: object) -> None:
        self.defects.append({"code": code, "quote": quote, "note": note, **more})

    # --- what stands in the text and in the gold ----------------------------------------------------------------------

    def money(self, yuan: Decimal | int) -> str:
        """A sum in figures, in one of the usual forms."""
        yuan = Decimal(yuan)
        self.amounts.add(yuan)
        forms = [f"人民币{figures(yuan)}元", f"{figures(yuan)}元", f"人民币{yuan:,.2f}元", f"￥{yuan:,.2f}元"]
        if yuan % 1000 == 0 and yuan >= 10000:
            forms += [f"人民币{(yuan / 10000).normalize():f}万元", f"{(yuan / 10000).normalize():f}万元"]
        return self.rng.choice(forms)

    def money_in_words(self, yuan: Decimal | int, words: Decimal | int | None = None) -> str:
        """A sum in figures and in 大写; ``words`` is another sum where the two shall disagree."""
        yuan, said = Decimal(yuan), Decimal(yuan if words is None else words)
        self.amounts |= {yuan, said}
        big = in_words(said, self.rng.choice(("元", "元", "圆")))
        return self.pick(
            (
                f"人民币{figures(yuan)}元（大写：{big}）",
                f"人民币（大写）{big}（小写：￥{yuan:,.2f}）",
                f"{figures(yuan)}元整（大写：人民币{big}）",
                f"￥{yuan:,.2f}（人民币{big}）",
                f"{big}（￥{yuan:,.2f}）",
                f"人民币{big}（￥{figures(yuan)}元）",
            )
        )

    def day(self, when: date) -> str:
        """A date in one of the usual forms."""
        self.dates.add(when.isoformat())
        year = "".join(_PLAIN[int(digit)] for digit in str(when.year))
        forms = (
            f"{when.year}年{when.month}月{when.day}日",
            f"{when.year}年{when.month:02}月{when.day:02}日",
            f"{when.year}-{when.month:02}-{when.day:02}",
            f"{year}年{small(when.month)}月{small(when.day)}日",
            f"{when.year} 年 {when.month} 月 {when.day} 日",
            f"{when.year}.{when.month}.{when.day}",
        )
        return self.pick(forms)

    def daily_rate(self, ten_thousandths: int) -> str:
        """A rate a day, such as 万分之五."""
        rate = (Decimal(ten_thousandths) / 100).normalize()
        self.penalties.append(f"{rate:f}%/日")
        forms = [f"每日万分之{small(ten_thousandths)}", f"每日{rate:f}%", f"日{rate:f}%"]
        if ten_thousandths % 10 == 0:
            forms.append(f"每日千分之{small(ten_thousandths // 10)}")
        return self.rng.choice(forms)

    def share_penalty(self, percent: int) -> str:
        self.penalties.append(f"{percent}%")
        return self.rng.choice((f"{percent}%", f"{percent}％", f"百分之{small(percent)}"))

    def sum_penalty(self, yuan: int) -> str:
        self.penalties.append(f"{yuan}.00元")
        return self.money(yuan)

    def payment(self, percent: int) -> str:
        self.payments.append(f"{percent}%")
        return self.rng.choice((f"{percent}%", f"{percent}%", f"{percent}％", f"百分之{small(percent)}"))

    def party(self, role: str, name: str, address: str) -> str:
        """Enter a party; the credit code that was made for it."""
        code = credit_code(self.rng)
        self.parties.append({"role": role, "name": name, "credit_code": code, "address": address})
        return code


def figures(yuan: Decimal) -> str:
    """1,280,000 or 1,280,000.50."""
    return f"{yuan:,.0f}" if yuan == yuan.to_integral() else f"{yuan:,.2f}"


def small(number: int) -> str:
    """1 to 99 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else _PLAIN[tens] + "十")
    return head + (_PLAIN[ones] if ones or not tens else "")


def in_words(yuan: Decimal, unit: str = "元") -> str:
    """A sum in 大写, by the rules for bank notes: 零 where a place is empty, 整 where no 分 follows."""
    whole, cents = divmod(int(yuan * 100), 100)
    text = ""
    for at, digit in enumerate(reversed(f"{whole:d}")):
        text = _place(int(digit), at, text)
    text = _tidy(text) + unit
    jiao, fen = divmod(cents, 10)
    if not cents:
        return text + "整"
    text += f"{_DIGITS[jiao]}角" if jiao else "零"
    return text + (f"{_DIGITS[fen]}分" if fen else "整")


def _place(digit: int, at: int, tail: str) -> str:
    units = ("", "拾", "佰", "仟")[at % 4]
    group = {4: "万", 8: "亿"}.get(at, "")
    return (f"{_DIGITS[digit]}{units}" if digit else "零") + group + tail


def _tidy(text: str) -> str:
    while "零零" in text:
        text = text.replace("零零", "零")
    for group in "亿万":
        text = text.replace(f"零{group}", group)
    text = text.replace("亿万", "亿")
    return text.rstrip("零") or "零"


def credit_code(rng: random.Random) -> str:
    """A 统一社会信用代码 whose check character is right (GB 32100-2015)."""
    body = "9" + rng.choice("123") + rng.choice(("110105", "310115", "330106", "440305", "510107", "420111"))
    body += "".join(rng.choice(_CODE) for _ in range(9))
    total = sum(_CODE.index(char) * weight for char, weight in zip(body, _WEIGHTS, strict=True))
    return body + _CODE[(31 - total % 31) % 31]
