"""Packs from their files: those shipped, and those of the user's own folder, which win by name.

Raises SettingsError for a file that can't be used, naming the file, the item, the field and the remedy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from pipeline.errors import SettingsError
from pipeline.kinds.packs.schema import Pack
from pipeline.lang import Text

SHIPPED = Path(__file__).resolve().parent
_MOST_PROBLEMS = 8
"""Told at once of one file."""
GENERAL = "通用"
"""The pack for what no other pack serves."""


@dataclass(frozen=True, slots=True)
class LoadedPack:
    """A pack, where it came from, and the sha256 of all that it is made of."""

    pack: Pack
    path: Path
    sha256: str


@cache
def load_packs(folder: Path | None = None) -> Mapping[str, LoadedPack]:
    """All packs by name; those in ``folder`` replace shipped ones of the same name."""
    loaded = _by_name(SHIPPED)
    if folder is not None:
        if not folder.is_dir():
            raise SettingsError(
                Text(f"清单文件夹不存在：{folder}", f"the folder of packs does not exist: {folder}"),
                Text("请改正 LONGDOC_PACKS 或取消该设置", "correct LONGDOC_PACKS or unset it"),
            )
        loaded |= _by_name(folder)
    return {name: _completed(one, loaded[GENERAL]) for name, one in loaded.items()}


def load_pack(path: Path) -> LoadedPack:
    """Read and check one file, with the shipped general pack beside it."""
    one = _read(path)
    return _completed(one, one if one.pack.name == GENERAL else _read(SHIPPED / f"{GENERAL}.yaml"))


def _by_name(folder: Path) -> dict[str, LoadedPack]:
    found: dict[str, LoadedPack] = {}
    for one in map(_read, sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])):
        if first := found.get(one.pack.name):
            raise _unusable(one.path, f"name: {one.pack.name}", f"{first.path.name} has the same name")
        found[one.pack.name] = one
    return found


def _read(path: Path) -> LoadedPack:
    try:
        source = path.read_bytes()
        data: object = yaml.load(source.decode("utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise _unusable(path, "YAML", " ".join(str(error).split())) from None
    try:
        return LoadedPack(Pack.model_validate(data), path, hashlib.sha256(source).hexdigest())
    except ValidationError as error:
        found = [(_place(one["loc"], data), one["msg"]) for one in error.errors(include_url=False)[:_MOST_PROBLEMS]]
        (place, what), *others = found
        raise _unusable(path, place, "; ".join([what, *(f"{at}: {problem}" for at, problem in others)])) from None


def _completed(one: LoadedPack, general: LoadedPack) -> LoadedPack:
    if not one.pack.common:
        return one
    try:
        pack = one.pack.with_common(general.pack)
    except ValueError as error:
        raise _unusable(one.path, "pack", str(error)) from None
    return LoadedPack(pack, one.path, hashlib.sha256(f"{one.sha256} {general.sha256}".encode()).hexdigest())


def pack_named(name: str, folder: Path | None) -> LoadedPack:
    """The pack of that name. Raises SettingsError that names those there are."""
    packs = load_packs(folder)
    if name not in packs:
        known = "、".join(packs)
        raise SettingsError(
            Text(f"没有名为 {name} 的审查清单", f"there is no pack named {name}"),
            Text(f"可用的有：{known}；见 longdoc packs list", f"there are: {known}; see longdoc packs list"),
        )
    return packs[name]


def pack_for(contract_type: str, folder: Path | None) -> LoadedPack:
    """The pack that serves a type of contract: the user's own before a shipped one, else the general one."""
    packs = load_packs(folder)
    serving = [one for one in packs.values() if contract_type in one.pack.types]
    return min(serving, key=lambda one: one.path.parent == SHIPPED, default=packs[GENERAL])


class _Loader(yaml.CSafeLoader):  # ten times as fast as the one in Python
    """YAML without the silent loss of a key that is written twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    made = cast(dict[Any, Any], loader.construct_mapping(node, deep=True))  # pyright: ignore[reportUnknownMemberType]
    if len(made) < len(node.value):
        raise yaml.YAMLError(f"a key stands twice in the mapping at line {node.start_mark.line + 1}")
    return made


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _place(where: tuple[int | str, ...], data: object) -> str:
    """``items[3] (payment-term) severity``: the item by its number and its id, as far as it has one."""
    shown: list[str] = []
    for step in where:
        data = _inside(data, step)
        if isinstance(step, int):
            named = cast(Mapping[str, object], data).get("id") if isinstance(data, Mapping) else None
            shown.append(f"[{step + 1}]" + (f" ({named})" if isinstance(named, str) else ""))
        else:
            shown.append(f" {step}")
    return "".join(shown).strip() or "pack"


def _inside(data: Any, step: int | str) -> object:
    if isinstance(data, list) and isinstance(step, int):
        rows = cast(list[object], data)
        return rows[step] if step < len(rows) else None
    return cast(Mapping[object, object], data).get(step) if isinstance(data, Mapping) else None


def _unusable(path: Path, place: str, what: str) -> SettingsError:
    return SettingsError(
        Text(f"审查清单 {path} 不可用：{place}：{what}", f"pack {path} can't be used: {place}: {what}"),
        Text(
            f"请改正这一处，再用 longdoc packs check {path} 检查",
            f"correct it there, then run longdoc packs check {path}",
        ),
    )
