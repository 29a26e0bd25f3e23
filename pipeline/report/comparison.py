"""A comparison of two versions as HTML for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.compare import Change, Comparison, FindingChange, Line
from pipeline.report.page import render
from pipeline.report.view import is_issue
from pipeline.types import Finding


@dataclass(frozen=True, slots=True)
class Side:
    """One of the versions, as a reader knows it."""

    name: str
    title: str
    pages: int
    origin: str


def render_comparison(before: Side, after: Side, clauses: Comparison | None, findings: Sequence[FindingChange]) -> str:
    """One page: counts, clauses with their words, findings. ``clauses`` is None where they could not be compared."""
    changes = clauses.changes if clauses else ()
    return render(
        "comparison.html.j2",
        before=before,
        after=after,
        compared=clauses is not None,
        counts=counts(clauses, findings),
        clauses=[(clause, list(some)) for clause, some in groupby(changes, key=_clause)],
        weighty=[change for change in changes if change.weights],
        findings=[(kind, rows) for kind in ("new", "changed", "resolved") if (rows := _of(findings, kind))],
    )


def comparison_json(before: Side, after: Side, clauses: Comparison | None, findings: Sequence[FindingChange]) -> str:
    """All of it: ``{"format": "longdoc-diff/1", "before", "after", "counts", "clauses", "findings"}``; clauses and
    findings that did not change are left out; ``clauses`` is null where they could not be compared."""
    values = {
        "format": "longdoc-diff/1",
        "before": _side(before),
        "after": _side(after),
        "counts": counts(clauses, findings),
        "clauses": None if clauses is None else [_change(change) for change in clauses.changes],
        "findings": [
            {"kind": one.kind, "before": _finding(one.before), "after": _finding(one.after)}
            for one in findings
            if one.kind != "same"
        ],
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "replace").decode()


def counts(clauses: Comparison | None, findings: Iterable[FindingChange]) -> dict[str, int]:
    """How many of each, by name."""
    told = Counter(one.kind for one in findings)
    changes = clauses.changes if clauses else ()
    kinds = Counter(change.kind for change in changes)
    return {
        "changed": kinds["changed"],
        "moved": kinds["moved"],
        "added": kinds["added"],
        "removed": kinds["removed"],
        "renumbered": clauses.renumbered if clauses else 0,
        "weighty": sum(bool(change.weights) for change in changes),
        "small": sum(change.small for change in changes),
        "new_findings": told["new"],
        "changed_findings": told["changed"],
        "resolved_findings": told["resolved"],
    }


def _clause(change: Change) -> str:
    line = change.after or change.before
    return line.clause if line else ""


def _of(findings: Iterable[FindingChange], kind: str) -> list[FindingChange]:
    """Those of a kind, what someone has to look at first."""
    rows = [one for one in findings if one.kind == kind]
    return sorted(rows, key=lambda one: not any(f and is_issue(f) for f in (one.before, one.after)))


def _side(side: Side) -> dict[str, object]:
    return {"name": side.name, "title": side.title, "pages": side.pages, "findings_from": side.origin}


def _change(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "clause": _clause(change),
        "before": _line(change.before),
        "after": _line(change.after),
        "words": [[piece.op, piece.text] for piece in change.pieces],
        "weights": [str(weight) for weight in change.weights],
        "small": change.small,
    }


def _line(line: Line | None) -> dict[str, object] | None:
    if line is None:
        return None
    return {"text": line.text, "clause": line.clause, "page": line.page, "start": line.span.start, "end": line.span.end}


def _finding(finding: Finding | None) -> dict[str, object] | None:
    if finding is None:
        return None
    first = finding.evidence[0] if finding.evidence else None
    return {
        "category": finding.category,
        "item": finding.item,
        "value": finding.value,
        "detail": finding.detail,
        "severity": finding.severity,
        "status": finding.status,
        "quote": first.quote if first else None,
        "page": first.page if first else None,
    }
