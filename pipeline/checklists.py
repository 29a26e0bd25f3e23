"""``longdoc packs``: which checklists there are, what they ask, and whether a file of one's own is right."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.errors import UsageError
from pipeline.kinds.packs.laws import articles, with_heading
from pipeline.kinds.packs.load import SHIPPED, LoadedPack, load_pack, load_packs, pack_named
from pipeline.kinds.packs.schema import Item, Pack, citation
from pipeline.kinds.terms import item_name, law_name
from pipeline.lang import Text
from pipeline.report import words
from pipeline.settings import Settings


def show_packs(action: str, names: Sequence[str], settings: Settings, *, json: bool) -> None:
    """List all, show those named, or check files. Raises SettingsError for a pack that can't be used, UsageError where
    ``show`` or ``check`` is told nothing to work on."""
    if action == "list":
        _list(list(load_packs(settings.packs).values()), json=json)
        return
    if not names:
        raise UsageError(
            Text(f"packs {action} 后面没有名字或文件", f"packs {action} was given no name or file"),
            Text("例如 longdoc packs show 采购，longdoc packs check 我的清单.yaml",
                 "for example: longdoc packs show 采购, longdoc packs check mine.yaml"),
        )  # fmt: skip
    if action == "check":
        _list([load_pack(Path(name)) for name in names], json=json)
        return
    packs = [pack_named(name, settings.packs) for name in names]
    if json:
        print(jsonlib.dumps([one.pack.model_dump(by_alias=True) for one in packs], ensure_ascii=False, indent=2))
        return
    for one in packs:
        _show(one)


def _list(packs: Sequence[LoadedPack], *, json: bool) -> None:
    if json:
        print(jsonlib.dumps([_summary(one) for one in packs], ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for title in (Text("清单", "pack"), Text("名称", "title"), Text("适用类型", "types"), Text("甲方／乙方", "sides"),
                  Text("项", "items"), Text("有规则", "with rule"), Text("文件", "file")):  # fmt: skip
        table.add_column(str(title), overflow="fold")
    for one in packs:
        pack, sides = one.pack, sorted(one.pack.roles, key=lambda role: role.usually != "甲方")
        where = Text("自带", "shipped") if one.path.parent == SHIPPED else Text(str(one.path), str(one.path))
        types = str(words.WORDS["comma"]).join(words.in_words(words.TYPE, one) for one in pack.types)
        cells = (pack.label, _titled(pack), types, " / ".join(item_name(role.name) for role in sides))
        table.add_row(*map(escape, cells), str(len(pack.items)), str(_ruled(one)), escape(str(where)))
    Console().print(table)
    for one in packs:
        for unknown in _unknown(one):
            print(Text(f"{one.pack.label}：法条 {unknown} 不在已核对的表里，请自行核对",
                       f"{one.pack.label}: {unknown} is not in the table of checked articles: check it"))  # fmt: skip


def _summary(one: LoadedPack) -> dict[str, object]:
    pack = one.pack
    return {
        "pack": pack.label, "title": pack.title, "types": pack.types, "sides": {r.usually: r.name for r in pack.roles},
        "items": len(pack.items), "rules": _ruled(one), "file": str(one.path), "sha256": one.sha256,
        "unknown_articles": _unknown(one),
    }  # fmt: skip


def _ruled(one: LoadedPack) -> int:
    return sum(bool(item.rule) for item in one.pack.items)


def _unknown(one: LoadedPack) -> list[str]:
    """Citations of the right form whose article the table does not have."""
    cited = {text: citation(text) for item in one.pack.items for text in item.legal_basis}
    return [text for text, (law, version, at) in cited.items() if (f"{law}（{version}）", at) not in articles()]


def _show(one: LoadedPack) -> None:
    pack, console = one.pack, Console()
    sides = str(words.WORDS["comma"]).join(f"{item_name(r.usually)} {item_name(r.name)}" for r in pack.roles)
    console.print(f"[bold]{escape(pack.label)}[/] {escape(_titled(pack))} · {escape(sides)} · {escape(str(one.path))}")
    for item in pack.items:
        console.print(f"\n[bold]{escape(str(item.named))}[/] ({item.id}) {escape(_weight(item))}", soft_wrap=True)
        for label, text in (
            (Text("核对", "check"), str(item.asked)),
            (Text("为何", "why"), str(item.reason)),
            (Text("依据", "law"), _laws(item)),
            (Text("建议", "advice"), str(item.advice(""))),
        ):
            if text:
                console.print(f"  {label}  {escape(text)}", soft_wrap=True)


def _laws(item: Item) -> str:
    """In Chinese as a pack cites them: it is shown to who writes one."""
    cited = "；".join(map(with_heading, item.legal_basis))
    return str(Text(cited, law_name(cited)))


def _titled(pack: Pack) -> str:
    """A pack's own title; in English that of its type, where it is known."""
    return str(Text(pack.title, words.in_words(words.TYPE, pack.name)))


def _weight(item: Item) -> str:
    levels = {"": item.severity} if isinstance(item.severity, str) else dict(item.severity)
    shown = str(words.WORDS["comma"]).join(
        f"{item_name(role)} {words.in_words(words.SEVERITY, level)}".strip() for role, level in levels.items()
    )
    marks = [Text("不利条款", "unwanted")] if item.trap else []
    marks += [Text(f"只问{item.only}", f"{item_name(item.only)} only")] if item.only else []
    return " · ".join([shown, *map(str, marks)])
