"""What a review of the folder takes: the documents, and nothing that only lies beside them."""

from __future__ import annotations

from pathlib import Path

from pipeline.inputs import find_inputs

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def test_a_review_of_the_samples_takes_the_fourteen_documents() -> None:
    assert find_inputs([SAMPLES]) == sorted(SAMPLES.glob("*.pdf"))
    assert len(find_inputs([SAMPLES])) == 14
