"""Compose the framework agreement: number its articles, write its sixteen category annexes from clauses and data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from source.layout import Block

HERE = Path(__file__).resolve().parent
NUMERALS = "零一二三四五六七八九"
NUMBERED = "一二三四五六七八九十"
REFERENCE = re.compile(r"\{([^}]+)\}")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def chinese(number: int) -> str:
    """1 to 199 in Chinese numerals, as articles are numbered: 十一, 一百零三, 一百一十二."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        text += f"{NUMERALS[tens] if tens > 1 or hundreds else ''}十"
    elif hundreds and ones:
        text += "零"
    return text + (NUMERALS[ones] if ones else "")


def numbered_articles(blocks: list[Block]) -> list[Block]:
    """``@art 标题|正文`` becomes a paragraph 第N条【标题】正文; ``{标题}`` in any text becomes 第N条."""
    titles = [block.text.partition("|")[0] for block in blocks if block.kind == "art"]
    numbers = {title: f"第{chinese(place)}条" for place, title in enumerate(titles, start=1)}
    if len(numbers) < len(titles):
        raise ValueError("two articles of the framework agreement have the same title")
    result: list[Block] = []
    for block in blocks:
        text = REFERENCE.sub(lambda match: numbers[match[1]], block.text)
        if block.kind == "art":
            title, _, body = text.partition("|")
            block = Block("para", f"{numbers[title]}【{title}】{body}")
        elif text != block.text:
            block = Block(block.kind, text, block.rows, block.options)
        result.append(block)
    return result


def estimates(categories: list[dict[str, Any]]) -> Block:
    """The table of what is expected to be bought, by category, with its (right) total."""
    head = ("附件", "品类", "预计金额（元）")
    rows = [(f"附件{chinese(n)}", c["name"], f"{c['estimate']:,.2f}") for n, c in enumerate(categories, start=1)]
    total = ("", "合计", f"{sum(c['estimate'] for c in categories):,.2f}")
    return Block("table", rows=(head, *rows, total), options=("1.2c", "3l", "2.4r"))


def prices(category: dict[str, Any]) -> Block:
    head = ("序号", "名称", "规格", f"含税单价（元/{category['unit']}）")
    rows = [(str(n), name, spec, f"{price:,.2f}") for n, (name, spec, price) in enumerate(category["rows"], start=1)]
    return Block("table", rows=(head, *rows), options=("0.7c", "2.6l", "3l", "2r"))


def filled(text: str, values: dict[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)


def wording(wordings: list[str], number: int, place: int, row: int) -> str:
    """One of the four, so that no two annexes agree throughout."""
    return wordings[(number + number // 4 * (place + 2 * row + 1)) % 4]


def section(clause: dict[str, Any], place: int, number: int, category: dict[str, Any]) -> list[Block]:
    """Section ``place`` (from 0) of annex ``number`` (from 1)."""
    blocks = [Block("h3", f"{NUMBERED[place]}、{clause['title'][(number + place) % 4]}")]
    count = 0
    for row, paragraph in enumerate(clause["paragraphs"]):
        if paragraph == "prices":
            blocks.append(prices(category))
        elif paragraph == "extra":
            blocks += category.get("blocks", [])
        else:
            count += 1
            text = (
                category[paragraph["hand"]] if isinstance(paragraph, dict) else wording(paragraph, number, place, row)
            )
            blocks.append(Block("para", f"{count}．{filled(text, category)}"))
    return blocks


def annexes(categories: list[dict[str, Any]], clauses: list[dict[str, Any]]) -> list[Block]:
    blocks: list[Block] = []
    for number, category in enumerate(categories, start=1):
        blocks += [Block("break"), Block("h1", f"附件{chinese(number)} {category['name']}供应附件")]
        opening = (
            f"本附件适用于主协议项下{category['name']}（以下简称“{category['item']}”）的采购与供应，"
            f"自2026年7月1日起与主协议同时生效。{category['use']}"
        )
        blocks.append(Block("para", opening))
        for place, clause in enumerate(clauses):
            blocks += section(clause, place, number, category)
    return blocks


def compose(blocks: list[Block], parse: Any) -> list[Block]:
    """The whole agreement from its main text. ``parse``: markup to blocks, for what a category adds."""
    categories = yaml.safe_load((HERE / "framework_categories.yaml").read_text(encoding="utf-8"))
    clauses = yaml.safe_load((HERE / "framework_clauses.yaml").read_text(encoding="utf-8"))
    numbers = yaml.safe_load((HERE / "framework_numbers.yaml").read_text(encoding="utf-8"))
    for place, category in enumerate(categories):
        category |= {key: values[place] for key, values in numbers.items()}
        category["blocks"] = parse(category.get("extra", ""))
    result: list[Block] = []
    for block in numbered_articles(blocks):
        if block.kind == "estimates":
            result.append(estimates(categories))
        elif block.kind == "annexes":
            result += annexes(categories, clauses)
        else:
            result.append(block)
    return result
