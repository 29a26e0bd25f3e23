"""Grids of tables, from the strokes of a page. Pure but for pdfplumber, whose table finder it uses; that is slow and
hungry on hostile pages, so it runs in the ``tables_finder`` process.

Only pdfplumber's geometry is used: the strokes come from PDFium (its own parser needs 30 times as long for them), and
so does the text. What pdfplumber doesn't do is done here: sides that are not drawn (Chinese reports leave the left and
right border off), cells that cover several rows or columns, and places where no cell was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from pdfplumber.table import cells_to_tables, merge_edges

from pipeline.pdf.tables_ruled import Grid

_TOLERANCE = 3.0
"""Points by which strokes that meet may miss each other; double lines are one."""
_MAX_STROKES, _MAX_CROSSINGS = 1200, 6000
"""Merged strokes and crossings of a page; a sheet of 50 rows and 20 columns has 72 and 1,071."""
_THIN = 5.0
"""Narrower rows and columns are the room between double lines."""

_LEAST_LEVEL = 3
"""Level lines that a table of three rows has more than, where no others rule it."""

Stroke = tuple[float, float, float, float]


def grids_of(strokes: Iterable[Stroke]) -> list[Grid]:
    """The grids that the strokes of a page draw (left, top, right, bottom; y upwards), the topmost first; level lines
    of one length above each other, which may rule a table, as a grid of one column."""
    edges = _merged([_edge(*stroke) for stroke in strokes])
    if len(edges) > _MAX_STROKES:
        return []
    groups = _touching(edges)
    stacks = _stacks([edge for group in groups if all(x["orientation"] == "h" for x in group) for edge in group])
    edges = _merged([edge for group in groups for edge in (*group, *_open_sides(group))])
    crossings = _crossings(edges)
    if len(crossings) > _MAX_CROSSINGS:
        return []
    found = cells_to_tables(_cells(crossings))
    grids = (_grid(cast("list[Stroke]", cells)) for cells in found)
    closed = [grid for grid in grids if len(grid.xs) > 2 and len(grid.ys) > 2]
    return sorted([*closed, *stacks], key=lambda grid: -grid.ys[0])


# --- strokes as pdfplumber's edges: y downwards, so the negative of ours ----------------------------------------------

_Edge = dict[str, Any]


def _edge(left: float, top: float, right: float, bottom: float) -> _Edge:
    level = right - left > top - bottom
    x, y = (left + right) / 2, -(top + bottom) / 2
    return _level(left, right, y) if level else _upright(x, -top, -bottom)


def _level(left: float, right: float, y: float) -> _Edge:
    return {"orientation": "h", "x0": left, "x1": right, "top": y, "bottom": y, "width": right - left, "height": 0.0}


def _upright(x: float, top: float, bottom: float) -> _Edge:
    return {"orientation": "v", "x0": x, "x1": x, "top": top, "bottom": bottom, "width": 0.0, "height": bottom - top}


def _merged(edges: list[_Edge]) -> list[_Edge]:
    merged = merge_edges(edges, _TOLERANCE, _TOLERANCE, _TOLERANCE, _TOLERANCE)
    return [edge for edge in merged if max(edge["width"], edge["height"]) > _TOLERANCE]


def _touching(edges: Sequence[_Edge]) -> list[list[_Edge]]:
    """Edges in groups that hang together."""
    groups: list[list[_Edge]] = []
    for edge in edges:
        apart: list[list[_Edge]] = []
        joined = [edge]
        for group in groups:
            if any(_touch(edge, other) for other in group):
                joined += group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def _touch(a: _Edge, b: _Edge) -> bool:
    return (
        a["x0"] <= b["x1"] + _TOLERANCE
        and b["x0"] <= a["x1"] + _TOLERANCE
        and a["top"] <= b["bottom"] + _TOLERANCE
        and b["top"] <= a["bottom"] + _TOLERANCE
    )


def _open_sides(group: Sequence[_Edge]) -> list[_Edge]:
    """The outer borders that a table leaves to the eye: where its strokes end together and nothing closes them."""
    level = [edge for edge in group if edge["orientation"] == "h"]
    upright = [edge for edge in group if edge["orientation"] == "v"]
    if not level or not upright:
        return []
    sides: list[_Edge] = []
    for end, outermost in (("x0", min), ("x1", max)):
        x = outermost(edge[end] for edge in level)
        ends = [edge["top"] for edge in level if abs(edge[end] - x) < _TOLERANCE]
        if len(ends) > 1 and all(abs(edge["x0"] - x) > 2 * _TOLERANCE for edge in upright):
            sides.append(_upright(x, min(ends), max(ends)))
    for end, outermost in (("top", min), ("bottom", max)):
        y = outermost(edge[end] for edge in upright)
        ends = [edge["x0"] for edge in upright if abs(edge[end] - y) < _TOLERANCE]
        if len(ends) > 1 and all(abs(edge["top"] - y) > 2 * _TOLERANCE for edge in level):
            sides.append(_level(min(ends), max(ends), y))
    return sides


def _stacks(level: Sequence[_Edge]) -> list[Grid]:
    stacks: list[list[_Edge]] = []
    for edge in sorted(level, key=lambda edge: edge["top"]):
        alike = (s for s in stacks if all(abs(s[-1][end] - edge[end]) < _TOLERANCE for end in ("x0", "x1")))
        if stack := next(alike, None):
            stack.append(edge)
        else:
            stacks.append([edge])
    found: list[Grid] = []
    for stack in stacks:
        ys = _borders(edge["top"] for edge in stack)
        if len(ys) > _LEAST_LEVEL:
            rows = [(row, 0, 1, 1) for row in range(len(ys) - 1)]
            found.append(Grid([stack[0]["x0"], stack[0]["x1"]], [-y for y in ys], rows))
    return found


# --- cells, as pdfplumber's edges_to_intersections and intersections_to_cells find them, much faster -----------------

_Crossings = dict[tuple[float, float], tuple[set[Stroke], set[Stroke]]]
"""The upright and the level strokes that meet at a point."""


def _crossings(edges: Iterable[_Edge]) -> _Crossings:
    strokes = [(edge["orientation"], (edge["x0"], edge["top"], edge["x1"], edge["bottom"])) for edge in edges]
    level = [
        (stroke, stroke[0] - _TOLERANCE, stroke[2] + _TOLERANCE, stroke[1] - _TOLERANCE, stroke[1] + _TOLERANCE)
        for kind, stroke in strokes
        if kind == "h"
    ]
    crossings: _Crossings = {}
    for upright in (stroke for kind, stroke in strokes if kind == "v"):
        x, top, _, bottom = upright
        for stroke, left, right, high, low in level:
            if top <= low and bottom >= high and left <= x <= right:
                uprights, levels = crossings.setdefault((x, stroke[1]), (set(), set()))
                uprights.add(upright)
                levels.add(stroke)
    return crossings


def _cells(crossings: _Crossings) -> list[Stroke]:
    """The smallest cell right of and below each point at which strokes cross: left, top, right, bottom."""
    below: dict[float, list[tuple[float, float]]] = {}
    beside: dict[float, list[tuple[float, float]]] = {}
    for point in sorted(crossings, reverse=True):
        below.setdefault(point[0], []).append(point)
        beside.setdefault(point[1], []).append(point)
    cells: list[Stroke] = []
    for point in sorted(crossings):
        x, y = point
        below[x].pop()  # the point itself
        beside[y].pop()
        uprights, levels = crossings[point]
        lower = [p for p in reversed(below[x]) if not uprights.isdisjoint(crossings[p][0])]
        right = [p for p in reversed(beside[y]) if not levels.isdisjoint(crossings[p][1])] if lower else []
        corners = ((r, (r[0], b[1]), b) for b in lower for r in right)
        found = next((corner for r, corner, b in corners if _is_corner(crossings, r, corner, b)), None)
        if found:
            cells.append((x, y, *found))
    return cells


def _is_corner(
    crossings: _Crossings, right: tuple[float, float], corner: tuple[float, float], below: tuple[float, float]
) -> bool:
    """Whether strokes join the corner to the one above it and to the one left of it."""
    if corner not in crossings:
        return False
    uprights, levels = crossings[corner]
    return not uprights.isdisjoint(crossings[right][0]) and not levels.isdisjoint(crossings[below][1])


# --- cells as a grid --------------------------------------------------------------------------------------------------


def _grid(boxes: Sequence[Stroke]) -> Grid:
    """``boxes``: left, top, right, bottom of cells, y downwards."""
    xs = _borders(edge for box in boxes for edge in (box[0], box[2]))
    ys = _borders(edge for box in boxes for edge in (box[1], box[3]))
    columns_of = {edge: _nearest(xs, edge) for edge in {edge for box in boxes for edge in (box[0], box[2])}}
    rows_of = {edge: _nearest(ys, edge) for edge in {edge for box in boxes for edge in (box[1], box[3])}}
    taken: set[tuple[int, int]] = set()
    cells: list[tuple[int, int, int, int]] = []
    for left, top, right, bottom in sorted(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1])):
        row, column = rows_of[top], columns_of[left]
        rows, columns = rows_of[bottom] - row, columns_of[right] - column
        places = {(r, c) for r in range(row, row + rows) for c in range(column, column + columns)}
        if places and not places & taken:
            taken |= places
            cells.append((row, column, rows, columns))
    for row in range(len(ys) - 1):
        cells.extend((row, column, 1, 1) for column in range(len(xs) - 1) if (row, column) not in taken)
    return Grid(xs, [-y for y in ys], sorted(cells))


def _borders(edges: Iterable[float]) -> list[float]:
    """The edges in order; of two that stand close, which is the room between double lines, the outer or first."""
    ordered = sorted(set(edges))
    kept = ordered[:1]
    for edge in ordered:
        if edge - kept[-1] > _THIN:
            kept.append(edge)
    return kept


def _nearest(borders: Sequence[float], edge: float) -> int:
    return min(range(len(borders)), key=lambda at: abs(borders[at] - edge))
