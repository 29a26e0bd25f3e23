"""The kinds that longdoc knows."""

from __future__ import annotations

from pipeline.kinds.base import Kind
from pipeline.kinds.contract.groups import GROUPS as CONTRACT_GROUPS
from pipeline.kinds.contract.rules import findings_in as contract_findings
from pipeline.kinds.report.groups import GROUPS as REPORT_GROUPS
from pipeline.kinds.report.rules import findings_in as report_findings

KINDS = {
    "contract": Kind("contract", CONTRACT_GROUPS, contract_findings),
    "report": Kind("report", REPORT_GROUPS, report_findings),
}
