"""The kinds that longdoc knows."""

from __future__ import annotations

from pipeline.kinds.base import Kind
from pipeline.kinds.contract.groups import GROUPS as CONTRACT_GROUPS
from pipeline.kinds.report.groups import GROUPS as REPORT_GROUPS

KINDS = {
    "contract": Kind("contract", CONTRACT_GROUPS),
    "report": Kind("report", REPORT_GROUPS),
}
