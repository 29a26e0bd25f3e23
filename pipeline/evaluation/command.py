"""``longdoc eval``."""

from __future__ import annotations

import json as jsonlib
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.gate import Missed
from pipeline.lang import Text


def show(evaluation: Evaluation, missed: list[Missed], *, json: bool) -> None:
    """The measures as a table (or JSON), the bounds that were not kept on stderr, and where the page lies."""
    for bound in missed:
        print(Text(f"未达门槛：{bound}", f"gate not passed: {bound}"), file=sys.stderr)
    if json:
        print(jsonlib.dumps(evaluation.values, ensure_ascii=False, indent=2))
        return
    scores = evaluation.scores
    table = Table(box=None, pad_edge=False)
    table.add_column(str(Text("项目", "measure")))
    for title in (Text("标准", "gold"), Text("召回", "recall"), Text("精确", "precision"), Text("F1", "F1")):
        table.add_column(str(title), justify="right")
    for name, tally in {"all": scores.total(), **scores.tallies}.items():
        wanted = tally.hits + len(tally.missed)
        table.add_row(escape(name), f"{wanted}", f"{tally.recall:.3f}", f"{tally.precision:.3f}", f"{tally.f1:.3f}")
    console = Console()
    console.print(table)
    told = Text(
        f"无依据 {scores.ungrounded_share:.3f} · 失败 {len(scores.failed)} · 请求 {scores.requests} · "
        f"提示 {scores.prompt_tokens:,} · 生成 {scores.completion_tokens:,} · {scores.seconds:.1f} s",
        f"ungrounded {scores.ungrounded_share:.3f} · failed {len(scores.failed)} · requests {scores.requests} · "
        f"prompt {scores.prompt_tokens:,} · completion {scores.completion_tokens:,} · {scores.seconds:.1f} s",
    )
    console.print(str(told))
    console.print(str(evaluation.page), soft_wrap=True)
