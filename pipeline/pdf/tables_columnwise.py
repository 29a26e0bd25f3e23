"""Tables without drawn lines whose content stream goes column by column: put back into rows. Pure.

The stream runs down the first column, jumps up to the second, and so on. Text set in two columns does the same, so the
columns must be of short pieces, most of which stand at the heights of the others', and hold figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.pdf.lines import Cell, Line
from pipeline.pdf.tables_ruled import FIGURE

_LEAST = 3
"""Lines of the first column."""
_LEVEL = 0.8
"""Share of a column's lines that stand at the height of a line of another one."""
_FIGURES = 0.5
_SHORT_EM = 16
_SENTENCE = re.compile("[。！？；]")


def by_rows(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page, those of such tables as rows from top to bottom."""
    runs = _runs(lines)
    if len(runs) < 2:
        return list(lines)
    found: list[Line] = []
    at = 0
    while at < len(runs):
        count, rows = next(_tables(runs[at:]), (1, runs[at]))
        found += rows
        at += count
    return found


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines cut where one stands above the line before it and to its right."""
    runs: list[list[Line]] = []
    for line in lines:
        last = runs[-1][-1] if runs else None
        if last is None or (line.middle > last.top and line.left > last.left):
            runs.append([line])
        else:
            runs[-1].append(line)
    return runs


def _tables(runs: Sequence[list[Line]]) -> Iterator[tuple[int, list[Line]]]:
    """The table that the first of the runs starts, as the number of its runs and all their lines, if it is one."""
    count = 1
    while count < len(runs) and len(runs[count]) > 1 and _is_right_of(runs[count], runs[count - 1]):
        count += 1
        if not _is_column(runs[count - 1], runs[0]):
            break  # only below the last column may other lines stand
    for many in range(count, 1, -1):
        top = max(run[0].top for run in runs[1:many])
        start = next((at for at, line in enumerate(runs[0]) if line.middle < top + 0.2 * line.em), len(runs[0]))
        columns = [runs[0][start:], *runs[1 : many - 1]]
        floor = min((line.bottom for column in columns for line in column), default=0.0)
        last = runs[many - 1]
        end = next((at for at, line in enumerate(last) if line.middle < floor), len(last))
        columns.append(last[:end])
        if _is_table(columns):
            yield many, [*runs[0][:start], *_rows(columns), *last[end:]]


def _is_right_of(run: Sequence[Line], other: Sequence[Line]) -> bool:
    """Whether a run starts right of all that stands beside it in the run before."""
    first = run[0]
    beside = [line.right for line in other if line.middle < first.top + 0.2 * line.em]
    return bool(beside) and first.left > max(beside)


def _is_table(columns: Sequence[Sequence[Line]]) -> bool:
    first, *others = columns
    if len(first) < _LEAST or any(len(column) < 2 for column in columns):
        return False
    if not all(_is_column(column, first) for column in columns):
        return False
    edges = [(min([x.left for x in column]), max([x.right for x in column])) for column in columns]
    if any(a[1] > b[0] for a, b in pairwise(edges)):
        return False
    return max(sum(_is_figure(line) for line in column) / len(column) for column in others) >= _FIGURES


def _is_column(column: Sequence[Line], first: Sequence[Line]) -> bool:
    """Whether lines are short pieces, most of them at the heights of those of the first column."""
    if any(line.right - line.left > _SHORT_EM * line.em or _SENTENCE.search(line.text) for line in column):
        return False
    heights = [line.middle for line in first]
    level = sum(any(abs(line.middle - height) < 0.3 * line.em for height in heights) for line in column)
    return level >= _LEVEL * len(column)


def _is_figure(line: Line) -> bool:
    return all(FIGURE.fullmatch(cell.text.replace(" ", "")) for cell in line.cells)


def _rows(columns: Sequence[Sequence[Line]]) -> list[Line]:
    levels: list[list[Cell]] = []
    cells = [cell for column in columns for line in column for cell in line.cells]
    for cell in sorted(cells, key=lambda cell: -cell.top - cell.bottom):
        near = levels and abs(levels[-1][0].top + levels[-1][0].bottom - cell.top - cell.bottom) < 0.6 * cell.em
        if near:
            levels[-1].append(cell)
        else:
            levels.append([cell])
    page = columns[0][0].page
    return [Line(sorted(level, key=lambda cell: cell.left), page) for level in levels]
