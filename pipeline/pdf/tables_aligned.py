"""Tables without drawn lines: rows whose cells stand in columns. Pure.

A row of which a cell is missing gets an empty one in its place, so that each row has a cell for each column. Where the
columns are not plain the rows stay as they are: a figure in the wrong column is worse than one in none.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, groupby, pairwise

from pipeline.pdf.lines import Cell, Line, Placed, TablePlace, glued, is_cjk
from pipeline.pdf.rows import assembled
from pipeline.pdf.tables_columnwise import by_rows
from pipeline.pdf.tables_ruled import FIGURE

_LEAST_ROWS = 3
_GAP_EM = 2.6
"""Rows of one table stand no further apart."""
_MOST_SINGLES = 3
"""Lines of one cell between two rows: labels without figures, names that wrap."""
_SINGLE_EM = 24
_FIGURES = 0.6
"""Share of the rows of a table of two columns that have a figure in the second: else it is a form."""
_SENTENCE = re.compile("[。！？；]|[，,]$")
_SPREAD = re.compile("[\u4e00-\u9fff]{1,3}")
_NUMBER = re.compile(r"\d{1,4}")


def arranged(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page with the rows outside of drawn tables put together and into columns."""
    found: list[Line] = []
    for free, group in groupby(lines, key=lambda line: line.place is None):
        members = list(group)
        found += _aligned(assembled(by_rows(members)), len(found)) if free else members
    return found


def _aligned(lines: list[Line], base: int) -> list[Line]:
    if sum(line.is_row for line in lines) < _LEAST_ROWS:
        return lines
    found: list[Line] = []
    for block in _blocks(lines):
        number = 1000 + base + len(found)  # drawn tables count from 0
        found += _table(block, number) or block
    return found


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines in order, cut where a table may start or end: rows with short lines between them, and others."""
    blocks: list[list[Line]] = []
    open_block = False
    for line in lines:
        if open_block and _follows(blocks[-1], line):
            blocks[-1].append(line)
            continue
        if line.is_row or not blocks or open_block:
            blocks.append([line])
        else:
            blocks[-1].append(line)
        open_block = line.is_row
    return blocks


def _follows(block: Sequence[Line], line: Line) -> bool:
    """Whether a line may carry on the table that a block is."""
    last = block[-1]
    if line.page != last.page or not -0.5 * line.em < last.bottom - line.top < _GAP_EM * line.em:
        return False
    if line.is_row:
        return True
    singles = next((i for i, other in enumerate(reversed(block)) if other.is_row), len(block))
    short = line.right - line.left < _SINGLE_EM * line.em and not _SENTENCE.search(line.text)
    return short and singles < _MOST_SINGLES


# --- columns ----------------------------------------------------------------------------------------------------------


def _table(block: Sequence[Line], number: int) -> list[Line] | None:
    """The block with its rows in columns; None where it is no table."""
    rows = [line for line in block if line.is_row]
    if len(rows) < _LEAST_ROWS:
        return None
    block, rows = _with_narrow_gaps(block, rows)
    counts = Counter(len(row.cells) for row in rows)
    width = max(counts, key=lambda n: (counts[n], n))
    whole = [row for row in rows if len(row.cells) == width]
    if len(whole) < 2 or not _reads_as_table(whole, width):
        return None
    columns = _columns(whole)
    if columns is None:
        return None
    borders = (columns[0][0], *((a[1] + b[0]) / 2 for a, b in pairwise(columns)), columns[-1][1])
    put = {id(row): _row(row, columns, borders, number) for row in rows}
    if sum(line is not None for line in put.values()) < max(_LEAST_ROWS, 0.8 * len(rows)):
        return None
    last = max(at for at, line in enumerate(block) if line.is_row)
    for line in block[:last]:  # a row of which only the label is there
        if not line.is_row and columns[0][0] - 1 < line.left < line.right < columns[1][0]:
            put[id(line)] = _row(line, columns, borders, number)
    return [put.get(id(line)) or line for line in block]


def _with_narrow_gaps(block: Sequence[Line], rows: list[Line]) -> tuple[Sequence[Line], list[Line]]:
    """The block with its rows' cells divided where two columns stand so close that each row has a space there: figures
    set flush right before a column set flush left. Several columns may do that."""
    most = max(len(row.cells) for row in rows)
    put: dict[int, Line] = {}
    for at in range(most - 1, 0, -1):
        having = [row for row in rows if len(row.cells) > at]
        divided = [row for row in having if row.cells[at].text.count(" ") == 1]
        figures = sum(any(FIGURE.fullmatch(part) for part in _parts(row.cells[at])) for row in divided)
        if len(divided) >= max(_LEAST_ROWS, 0.6 * len(having)) and figures >= 0.6 * len(divided):
            for row in divided:
                line = put.get(id(row), row)
                put[id(row)] = Line([*line.cells[:at], *_divided(line.cells[at]), *line.cells[at + 1 :]], line.page)
    return [put.get(id(line), line) for line in block], [put.get(id(row), row) for row in rows]


def _parts(cell: Cell) -> list[str]:
    return cell.text.split(" ")


def _divided(cell: Cell) -> list[Cell]:
    """The two parts of a cell, where they stand by the usual widths of their characters."""
    at = cell.text.index(" ")
    widths = [1.0 if is_cjk(char) else 0.5 for char in cell.text]
    scale = (cell.right - cell.left) / sum(widths)
    left, right = cell.left + scale * sum(widths[:at]), cell.right - scale * sum(widths[at + 1 :])
    return [
        replace(cell, text=cell.text[:at], origins=cell.origins[:at], right=left, last_right=0.0),
        replace(cell, text=cell.text[at + 1 :], origins=cell.origins[at + 1 :], left=right),
    ]


def _reads_as_table(rows: Sequence[Line], width: int) -> bool:
    if width > 2:
        return True
    second = [row.cells[1].text.replace(" ", "") for row in rows]
    if sum(FIGURE.fullmatch(text) is not None for text in second) < _FIGURES * len(rows):
        return False
    pages = [int(text) for text in second if _NUMBER.fullmatch(text)]
    return len(pages) < len(second) or any(b < a for a, b in pairwise(pages))  # else a table of contents


def _columns(rows: Sequence[Line]) -> list[tuple[float, float]] | None:
    """Left and right edges of the columns of rows that have all their cells; None where columns run into each other."""
    edges = [
        (min(row.cells[at].left for row in rows), max(row.cells[at].right for row in rows))
        for at in range(len(rows[0].cells))
    ]
    return edges if all(a[1] < b[0] + 1 for a, b in pairwise(edges)) else None


def _row(row: Line, columns: Sequence[tuple[float, float]], borders: tuple[float, ...], number: int) -> Line | None:
    """The row with one cell for each column; None where two cells would share one, or a cell stands in none."""
    cells: list[Cell | None] = [None] * len(columns)
    widths = [1] * len(columns)
    covered: set[int] = set()
    """The columns that a cell further left covers."""
    for cell in chain.from_iterable(_fitted(whole, columns) for whole in row.cells):
        under = _under(cell, columns)
        if not under:
            middle = (cell.left + cell.right) / 2
            under = [at for at in range(len(columns)) if borders[at] <= middle < borders[at + 1]]
        first = under[0] if under else 0
        if len(under) == 1 and (before := cells[first]) and _are_spread(before, cell):
            cells[first] = glued(before, cell, "")
            continue
        if not under or any(cells[at] or at in covered for at in under):
            return None
        cells[first] = cell
        widths[first] = len(under)
        covered.update(under[1:])
    placed = tuple(
        Placed(at, widths[at], 1, borders[at], row.top, borders[at + widths[at]], row.bottom)
        for at in range(len(columns))
        if at not in covered
    )
    full = [
        cell or Cell("", array("i"), borders[at], row.top, borders[at + 1], row.bottom, row.em)
        for at, cell in enumerate(cells)
    ]
    return Line(full, row.page, place=TablePlace(number, placed, borders, ruled=False))


def _under(cell: Cell, columns: Sequence[tuple[float, float]]) -> list[int]:
    return [at for at, (left, right) in enumerate(columns) if cell.left < right and cell.right > left]


def _fitted(cell: Cell, columns: Sequence[tuple[float, float]]) -> list[Cell]:
    """The cell, or its two parts where they are a figure and what stands close beside it in the next column."""
    if cell.text.count(" ") != 1 or len(_under(cell, columns)) != 2:
        return [cell]
    return _divided(cell) if any(FIGURE.fullmatch(part) for part in _parts(cell)) else [cell]


def _are_spread(a: Cell, b: Cell) -> bool:
    """Whether two cells are the characters of one word, spread over its column: 类　别."""
    return _SPREAD.fullmatch(a.text) is not None and len(b.text) == 1
