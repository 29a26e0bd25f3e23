"""What holds for every test: no property is timed (how fast a machine is decides no test), and no property answers for
threads beside it. Prefect's, of flows that ran before in this process, draw their pauses from ``random`` at any moment,
which Hypothesis takes for a strategy that did. What is marked ``vllm`` is skipped where that is not installed."""

from importlib.util import find_spec

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    beside = pytest.mark.filterwarnings(
        "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
    )
    lacking = pytest.mark.skipif(not find_spec("vllm"), reason="vLLM is not installed: make test-vllm")
    for item in items:
        if item.get_closest_marker("vllm"):
            item.add_marker(lacking)
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(beside)
