"""Tables that tell changes with their reasons (项目名称 / 变动比例 / 主要原因), recomputed from the statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.kinds.report.alarms import GROWTH, Reckoned, table_alarm
from pipeline.kinds.report.figures import Figure
from pipeline.kinds.report.names import name_of_row, printed_name
from pipeline.kinds.report.rates import fits, growth_of
from pipeline.kinds.report.tables import Cell, Row, Table
from pipeline.kinds.report.told import earlier
from pipeline.lang import Text
from pipeline.types import Document, Finding

_RATE = re.compile(r"(?:变动|增减|增长|变化|同比)[^因]{0,6}(?:[(（]?[%％][)）]?)?")
_REASON = re.compile(r"原因|说明|情况")

Pairs = dict[str, list[tuple[Cell, Cell]]]
"""This period's figure and the one before, by the row's name."""


def reason_alarms(document: Document, tables: Sequence[Table]) -> Iterator[Finding]:
    """Told changes that no statement of the document bears out, in tables of which as many are borne out."""
    told = [rows for table in tables if (rows := _told(table))]
    pairs = _pairs(tables) if told else {}
    for rows in told:
        wrong: list[tuple[str, Row, Cell, tuple[Cell, Cell]]] = []
        right = 0
        for name, row, cell in rows:
            known = pairs.get(name, [])
            truths = [growth_of(now.figure, before.figure) for now, before in known if now.figure and before.figure]
            if cell.figure is None or not truths or None in truths:
                continue
            if any(truth and fits(cell.figure, truth) for truth in truths):
                right += 1
            else:
                wrong.append((name, row, cell, known[0]))
        for name, row, cell, pair in wrong if right >= len(wrong) else ():
            yield from _alarm(document, name, row, cell, pair)


def _told(table: Table) -> list[tuple[str, Row, Cell]]:
    """The rows of a table whose only figures are changes: name, row and the change's cell."""
    for head in table.head:
        names = [re.sub(r"\s", "", c.text) for c in head.cells]
        at = next((i for i, name in enumerate(names) if i and _RATE.fullmatch(name)), None)
        if at is None or not _REASON.search(names[-1]):
            continue
        rows = [row for row in table.rows if row.is_value_row and len(row.cells) == len(names)]
        if all(sum(c.figure is not None for c in row.cells) == 1 and row.cells[at].figure for row in rows):
            return [(printed_name(row.label), row, row.cells[at]) for row in rows]
    return []


def _pairs(tables: Sequence[Table]) -> Pairs:
    found: Pairs = {}
    for table in tables:
        for at, row in enumerate(table.rows):
            if not row.is_value_row or len(row.body) < 2 or (names := table.column_names(len(row.body))) is None:
                continue
            now, before = row.body[:2]
            if earlier(names) and _is_sum(now.figure) and _is_sum(before.figure):
                found.setdefault(printed_name(name_of_row(table, at)[0]), []).append((now, before))
    return found


def _is_sum(figure: Figure | None) -> bool:
    return figure is not None and not figure.percent and not figure.points


def _alarm(document: Document, name: str, row: Row, cell: Cell, pair: tuple[Cell, Cell]) -> Iterator[Finding]:
    now, before = pair[0].figure, pair[1].figure
    truth = growth_of(now, before) if now and before else None
    if truth is None or cell.figure is None:
        return
    said, shown = f"{cell.figure.value}%", f"{truth[0]:.{max(cell.figure.decimals, 2)}f}%"
    yield table_alarm(
        document,
        GROWTH,
        f"{name} {said}，应为 {shown}",
        Reckoned(name, row.span, [cell.span, pair[0].span, pair[1].span]),
        Text(
            f"“{name}”在报表中由 {before} 变为 {now}：{now} ÷ {before} - 1 = {shown}，此处写作 {said}",
            f"“{name}” went from {before} to {now} in the statements: {shown}, this table says {said}",
        ),
    )
