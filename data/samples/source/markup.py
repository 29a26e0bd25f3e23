"""Read a sample's source: YAML front matter (type, look, gold), then one block per line.

A line is a paragraph unless it begins with ``@word``: title, h1 to h3, center, right, plain, bold, cover, space, break,
toc, table (column weights with alignment follow; rows of cells divided by ``|`` until ``@end``) or sign (two columns).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from source.framework import compose
from source.layout import Block, Style


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    front: dict[str, Any]
    blocks: list[Block]

    @property
    def style(self) -> Style:
        return Style(**self.front.get("style", {}))


def parse_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    lines = iter(text.splitlines())
    for line in lines:
        line = line.strip()
        if not line:
            continue
        word, _, rest = line[1:].partition(" ") if line[0] == "@" else ("para", "", line)
        if word in ("table", "sign"):
            rows: list[tuple[str, ...]] = []
            for row in lines:
                if row.strip() == "@end":
                    break
                rows.append(tuple(cell.strip() for cell in row.strip().split("|")))
            blocks.append(Block(word, rows=tuple(rows), options=tuple(rest.split())))
        else:
            blocks.append(Block(word, rest.strip()))
    return blocks


def read_source(path: Path) -> Source:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    values = yaml.safe_load(front)
    blocks = parse_blocks(body)
    return Source(path.stem, values, compose(blocks, parse_blocks) if values.get("composed") else blocks)
