"""Read models over the ledgers, one a file."""

from worker.reports.read_model import Column, Kind, Report, Scope
from worker.reports.registry import REPORTS

__all__ = ["REPORTS", "Column", "Kind", "Report", "Scope"]
