"""What an evaluation must reach: ``eval.toml`` with ``[min]`` and ``[max]`` tables of measures by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.evaluation.score import Scores, Tally
from pipeline.lang import Text


@dataclass(frozen=True, slots=True)
class Missed:
    """A bound that was not kept."""

    measure: str
    bound: float
    got: float
    is_minimum: bool

    def __str__(self) -> str:
        sign = ">=" if self.is_minimum else "<="
        return f"{self.measure} = {self.got:.4f}, {sign} {self.bound:g}"


def measures(scores: Scores) -> dict[str, float]:
    """Every measure that a gate can name: ``amounts.recall``, ``defect blank.precision``, ``all.f1`` ..."""
    named: dict[str, float] = {}
    rows: dict[str, Tally] = {"all": scores.total(), "defects": scores.total("defect "), **scores.tallies}
    for name, tally in rows.items():
        named |= {f"{name}.recall": tally.recall, f"{name}.precision": tally.precision, f"{name}.f1": tally.f1}
    return named | {
        "ungrounded": scores.ungrounded_share,
        "failed": float(len(scores.failed)),
        "prompt_tokens": float(scores.prompt_tokens),
        "completion_tokens": float(scores.completion_tokens),
        "seconds": scores.seconds,
    }


def missed(gate: Path, scores: Scores) -> list[Missed]:
    """The bounds that ``scores`` don't keep. Raises UsageError for a gate that names what is not measured."""
    known = measures(scores)
    found: list[Missed] = []
    for table, bounds in _tables(gate).items():
        for name, bound in bounds.items():
            if name not in known or isinstance(bound, bool) or not isinstance(bound, int | float):
                raise _wrong(gate, f"[{table}] {name} = {bound!r}", known)
            got = known[name]
            if got < bound if table == "min" else got > bound:
                found.append(Missed(name, float(bound), got, table == "min"))
    return found


def _tables(gate: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        tables = tomllib.loads(gate.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(gate, str(error), {}) from None
    for name, bounds in tables.items():
        if name not in ("min", "max") or not isinstance(bounds, dict):
            raise _wrong(gate, f"[{name}]", {})
    return tables


def _wrong(gate: Path, what: str, known: Mapping[str, float]) -> UsageError:
    names = "、".join(sorted(known)[:40])
    return UsageError(
        Text(f"门槛文件 {gate} 不能用：{what}", f"the gate {gate} can't be used: {what}"),
        Text(
            f'写作 [min] "amounts.recall" = 0.95 或 [max] "ungrounded" = 0.02；可用的名称：{names}',
            f'write [min] "amounts.recall" = 0.95 or [max] "ungrounded" = 0.02; known names: {names}',
        ),
    )
