"""Every report by name: the one list that commands and pages read."""

from __future__ import annotations

from typing import Final

from worker.reports import (
    changed_since,
    delivered_not_invoiced,
    document_status,
    general_ledger,
    nights,
    period_changes,
    pos_sessions,
    received_not_billed,
    repost_status,
    stock_account_comparison,
    stock_balance,
    stock_ledger,
    stock_projected_qty,
    trial_balance,
    valuation_layers,
    voucher_series,
)
from worker.reports.read_model import Report

REPORTS: Final[dict[str, Report]] = {
    report.name: report
    for report in (
        stock_ledger.REPORT,
        stock_balance.REPORT,
        stock_projected_qty.REPORT,
        general_ledger.REPORT,
        trial_balance.REPORT,
        stock_account_comparison.REPORT,
        received_not_billed.REPORT,
        delivered_not_invoiced.REPORT,
        valuation_layers.REPORT,
        pos_sessions.REPORT,
        voucher_series.REPORT,
        period_changes.REPORT,
        document_status.REPORT,
        repost_status.REPORT,
        nights.REPORT,
        changed_since.REPORT,
    )
}
