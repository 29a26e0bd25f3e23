"""Page health by its thresholds."""

from __future__ import annotations

import pytest

from pipeline.pdf.columns import Edges
from pipeline.pdf.health import coverage, garbled, judge

CHINESE = "甲方应于合同生效后十日内向乙方支付预付款，" * 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHINESE, False),
        ("The quick brown fox jumps over the lazy dog. " * 4, False),
        ("ֻ7ᅣНვథ" * 10, True),  # what pypdf makes of Adobe-GB1 without ToUnicode
        ("ÖÐ»ªÈËÃñ¹²ºÍ¹ú" * 5, True),  # GBK bytes taken for Latin-1
        ("\ue123\ue124\ue125" * 20, True),  # private use only
        ("Договор поставки оборудования между сторонами " * 3, False),  # another language is no garbage
        ("これは日本語の文書です。契約の内容を示します。" * 3, False),
        ("Ö" * 29, False),  # too short to tell
        ("∑∫≤≥±×÷√∞≈≠αβγδε" * 5, False),
        ("", False),
        ("!\"#$%&'()*+,-./0!\"#$12%&'345()*+6789:;<=>?@ABC" * 5, True),  # fonts numbered through, without Unicode
        ("if (a[i] != b[j]) { x += sqrt(y) * 2; } // compute\n" * 9, False),
        ("+86-21-6888 1234; 2026/01/31 | 12,500.00 | A-01 | 35%\n" * 9, False),
    ],
)
def test_garbled(text: str, expected: bool) -> None:
    assert garbled(text) is expected


@pytest.mark.parametrize(
    ("text", "cover", "paths", "images", "expected"),
    [
        (CHINESE, 0.0, 0, 1, "text"),
        (CHINESE, 0.5, 0, 1, "scan"),  # a scanned page under typed lines
        (CHINESE, 0.2, 0, 1, "text"),  # a picture
        ("第1页", 0.9, 0, 1, "scan"),
        ("", 0.5, 0, 40, "scan"),
        ("", 0.0, 0, 0, "blank"),
        ("", 0.0, 5000, 0, "scan"),  # text turned into outlines
        ("", 0.0, 3, 0, "blank"),
        ("", 0.2, 0, 1, "sparse"),
        ("封面", 0.0, 0, 0, "sparse"),
        ("ֻ7ᅣНვథ" * 10, 0.0, 0, 0, "garbled"),
    ],
)
def test_judge(text: str, cover: float, paths: int, images: int, expected: str) -> None:
    assert judge(text, cover, paths, images) == expected


def test_strips_add_up_and_overlaps_do_not() -> None:
    strips = [Edges(0.0, 8.0 * i + 8, 600.0, 8.0 * i) for i in range(100)]
    assert coverage(strips, 600, 800) == pytest.approx(1, abs=0.05)
    assert coverage([Edges(0, 400, 300, 0)] * 9, 600, 800) == pytest.approx(0.25, abs=0.03)
    assert coverage([Edges(-500, -10, -10, -500), Edges(float("1e30"), 1, 1, 0)], 600, 800) == 0
    assert coverage([Edges(0, 800, 600, 0)], 0, 0) == 0
