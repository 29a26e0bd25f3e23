"""All that code alone reads off a contract, and checks in it."""

from __future__ import annotations

from pipeline.kinds.contract import (
    amounts,
    arithmetic,
    attachments,
    basics,
    blanks,
    bounds,
    breakdowns,
    chronology,
    definitions,
    delivery,
    disputes,
    duties,
    essentials,
    fairness,
    identity,
    lending,
    liability,
    names,
    numbering,
    parties,
    payments,
    references,
    tables,
    taxes,
    units,
    versions,
)
from pipeline.kinds.contract.structure import structure_of
from pipeline.kinds.contract.view import View
from pipeline.types import Document, Finding


def findings_in(document: Document) -> list[Finding]:
    """Facts first, then the checks; each with quotes that stand in ``document.text`` at their spans."""
    view = View(document)
    if not view.sentences:
        return []
    structure = structure_of(view)
    people = parties.parties_of(view, structure)
    ranges = basics.ranges_in(view)
    term = basics.term_of(view, ranges)
    grids = tables.tables_in(view)
    sums = amounts.labelled_amounts(view, grids)
    nodes = payments.payment_nodes(view)
    scheduled = payments.share_tables(view)
    dated = payments.money_nodes(view, sums, structure)
    penalties = liability.penalties_in(view)
    forums = disputes.forums_in(view)
    totals = arithmetic.contract_totals(view, sums)
    signed = basics.earliest(basics.signing_dates(view, structure))
    return [
        *parties.findings_of(view, people),
        *basics.findings_of(view, structure, ranges, term),
        *amounts.findings_of(view, sums),
        *amounts.rate_findings(view),
        *payments.findings_of(view, [*nodes, *(node for rows in scheduled for node in rows), *dated]),
        *delivery.findings_of(view),
        *liability.findings_of(view, penalties),
        *disputes.findings_of(view, forums),
        *arithmetic.word_conflicts(view, sums),
        *arithmetic.table_conflicts(view, grids),
        *arithmetic.total_against_table(view, grids, totals),
        *arithmetic.share_conflicts(view, nodes, totals),
        *arithmetic.deposit_conflicts(view, sums, totals),
        *breakdowns.sum_conflicts(view, sums, structure),
        *breakdowns.adjusted_totals(view, sums),
        *breakdowns.step_conflicts(view, sums, totals, structure),
        *arithmetic.amount_conflicts(view, sums, structure),
        *payments.percent_conflicts(view, nodes, structure),
        *payments.share_table_conflicts(view, scheduled),
        *payments.holding_conflicts(view),
        *payments.split_conflicts(view),
        *parties.name_conflicts(view, structure, people),
        *names.near_names(view, people),
        *chronology.date_findings(view, structure, ranges, term),
        *disputes.forum_conflicts(view, forums),
        *disputes.unclear_forums(view, forums),
        *disputes.open_forums(view),
        *references.references_of(view, structure),
        *numbering.numbering_findings(view, structure),
        *definitions.definition_findings(view),
        *blanks.blank_findings(view, structure),
        *identity.number_errors(view),
        *taxes.tax_conflicts(view),
        *units.unit_conflicts(view, totals),
        *lending.rate_conflicts(
            view, basics.title_text(view), people, penalties, signed.date if signed else None, basics.months_of(term)
        ),
        *bounds.bound_findings(view, bounds.Facts(term, ranges, sums, totals, forums)),
        *duties.swapped_parties(view, structure, people),
        *attachments.attachment_conflicts(
            view,
            structure,
            attachments.Facts(sums, totals, ranges, [*nodes, *(n for rows in scheduled for n in rows)], grids),
        ),
        *versions.language_conflicts(view),
        *fairness.one_sided_clauses(view),
        *essentials.missing_clauses(view, essentials.Held(people, forums)),
    ]
