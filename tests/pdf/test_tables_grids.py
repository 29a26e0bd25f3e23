"""The cells that strokes make are those of pdfplumber, whose own way of finding them takes several times as long."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

from pipeline.pdf import tables_grids
from pipeline.pdf.tables_grids import Stroke, grids_of


def scattered(seed: int) -> list[Stroke]:
    """Strokes on a raster or near it: they cross, miss each other by the tolerance, or stand apart."""
    dice = random.Random(seed)
    step = dice.choice((2.0, 5.0, 7.5, 20.0))
    strokes: list[Stroke] = []
    for _ in range(dice.randrange(4, 40)):
        x = step * dice.randrange(12) + dice.choice((0, 0, 0.4, 1.7))
        y = step * dice.randrange(12) + dice.choice((0, 0, 0.3, 2.1, 3.0))
        length = step * dice.randrange(1, 12)
        strokes.append((x, y, x + length, y) if dice.random() < 0.5 else (x, y + length, x, y))
    return strokes


def theirs(edges: Sequence[dict[str, object]]) -> tuple[set[object], list[Stroke]]:
    crossings = edges_to_intersections(list(edges), 3.0, 3.0)
    return set(crossings), intersections_to_cells(crossings)


@pytest.mark.parametrize("seed", range(300))
def test_crossings_and_cells_are_those_of_pdfplumber(seed: int) -> None:
    edges = merge_edges([tables_grids._edge(*stroke) for stroke in scattered(seed)], 3.0, 3.0, 3.0, 3.0)
    crossings = tables_grids._crossings(edges)
    assert (set(crossings), tables_grids._cells(crossings)) == theirs(edges)


def test_scattered_strokes_make_cells_at_all() -> None:
    counts = [len(cells_to_tables(theirs([tables_grids._edge(*s) for s in scattered(seed)])[1])) for seed in range(300)]
    assert sum(map(bool, counts)) > 100


def test_a_grid_of_three_by_two() -> None:
    level = [(0.0, y, 90.0, y) for y in (0.0, 20.0, 40.0)]
    upright = [(x, 40.0, x, 0.0) for x in (0.0, 30.0, 60.0, 90.0)]
    (grid,) = grids_of([*level, *upright])
    assert grid.xs == [0.0, 30.0, 60.0, 90.0]
    assert grid.ys == [40.0, 20.0, 0.0]
    assert grid.cells == [(row, column, 1, 1) for row in range(2) for column in range(3)]
