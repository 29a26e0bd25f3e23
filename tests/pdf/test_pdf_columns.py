"""Two columns are read one after the other; tables are left alone."""

from __future__ import annotations

import random
from itertools import pairwise

from pipeline.pdf.columns import Edges, reading_order


def lines(left: float, right: float, count: int, first: float = 100, ragged: float = 0) -> list[Edges]:
    rng = random.Random(1)
    return [
        Edges(left, first + 16 * at, right - (ragged * rng.random() if at % 5 else 0), first + 16 * at + 11)
        for at in range(count)
    ]


def mixed(*parts: list[Edges]) -> list[Edges]:
    return sorted((piece for part in parts for piece in part), key=lambda piece: (piece.top, piece.left))


def test_columns_under_a_title_and_over_a_footnote() -> None:
    title = [Edges(100, 60, 500, 80)]
    note = [Edges(60, 700, 540, 712)]
    left, right = lines(60, 290, 30), lines(310, 540, 30)
    pieces = mixed(title, left, right, note)
    groups = [[pieces[at] for at in group] for group in reading_order(pieces)]
    assert groups == [title, left, right, note]


def test_upwards_y_reads_the_same() -> None:
    pieces = [
        Edges(p.left, 842 - p.top, p.right, 842 - p.bottom) for p in mixed(lines(60, 290, 20), lines(310, 540, 20))
    ]
    groups = reading_order(pieces)
    assert len(groups) == 2
    assert all(pieces[a].top > pieces[b].top for group in groups for a, b in pairwise(group))


def test_titles_and_page_numbers_of_a_spread_stay_on_their_page() -> None:
    titles, numbers = (
        [Edges(200, 60, 300, 80), Edges(800, 60, 900, 80)],
        [Edges(240, 590, 250, 600), Edges(840, 590, 850, 600)],
    )
    left, right = lines(60, 490, 30), lines(610, 1040, 30)
    pieces = mixed(titles, left, right, numbers)
    groups = [[pieces[at] for at in group] for group in reading_order(pieces, spread=True)]
    assert groups == [[titles[0], *left, numbers[0]], [titles[1], *right, numbers[1]]]


def test_a_heading_across_divides_the_columns() -> None:
    upper = mixed(lines(60, 290, 12), lines(310, 540, 12))
    heading = [Edges(60, 300, 540, 314)]
    lower = mixed(lines(60, 290, 12, 330), lines(310, 540, 12, 330))
    groups = reading_order([*upper, *heading, *lower])
    assert [len(group) for group in groups] == [12, 12, 1, 12, 12]


def test_one_column_and_tables_are_one_group() -> None:
    page = lines(60, 540, 40)
    assert len(reading_order(page)) == 1
    table = mixed(lines(60, 290, 30, ragged=180), lines(310, 540, 30, ragged=180))
    assert len(reading_order(table)) == 1
    numbers = mixed(lines(60, 200, 30), lines(310, 380, 30), lines(450, 540, 30))
    assert len(reading_order(numbers)) == 1
    assert reading_order([]) == [[]]
