"""Whatever a grammar lets through has an end: every schema that a model is held to is flat and bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from pipeline.analysis import _SUMMARY_SCHEMA
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.packs.checklist import Checklist
from pipeline.kinds.packs.load import load_packs

CHECKLISTS = [Checklist(one.pack) for one in load_packs().values()]
ASKED = {
    **{group.name: group.schema for kind in KINDS.values() for group in kind.groups},
    **{f"{c.pack.label} {n}": group.schema for c in CHECKLISTS for n, group in enumerate(c.groups)},
    **{f"{c.pack.label} again": c.question(c.items, "contract/second_look").schema for c in CHECKLISTS},
    "summary": _SUMMARY_SCHEMA,
}


def nodes(schema: Mapping, depth: int = 0) -> Iterator[tuple[Mapping, int]]:
    yield schema, depth
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from nodes(inner, depth + 1)


@pytest.mark.parametrize("name", ASKED)
def test_the_schema_is_flat_and_everything_in_it_has_an_end(name: str) -> None:
    for node, depth in nodes(ASKED[name]):
        assert depth <= 3 and "$ref" not in node and "anyOf" not in node, node
        match node.get("type"):
            case "object":
                assert node["additionalProperties"] is False and set(node["required"]) == set(node["properties"])
            case "array":
                assert 0 < node["maxItems"] <= 100
            case "string":
                assert "enum" in node or 0 < node["maxLength"] <= 1000
            case other:
                pytest.fail(f"{name}: a {other} has no bound")
