"""One file per document type: its shape and what it does to the two ledgers."""

from domain.documents.cancel import Cancel
from domain.documents.delivery_note import DeliveryNote
from domain.documents.journal_entry import JournalEntry
from domain.documents.landed_cost_voucher import LandedCostVoucher
from domain.documents.orders import PurchaseOrder, SalesOrder
from domain.documents.payment_entry import PaymentEntry
from domain.documents.period_closing import PeriodClosing
from domain.documents.pos import PosClosing, PosInvoice, PosOpening
from domain.documents.purchase_invoice import PurchaseInvoice
from domain.documents.purchase_receipt import PurchaseReceipt
from domain.documents.sales_invoice import SalesInvoice
from domain.documents.shape import Document
from domain.documents.stock_entry import StockEntry
from domain.documents.stock_reconciliation import StockReconciliation

AnyDocument = (
    PurchaseReceipt
    | PurchaseInvoice
    | DeliveryNote
    | SalesInvoice
    | StockEntry
    | StockReconciliation
    | LandedCostVoucher
    | JournalEntry
    | PaymentEntry
    | PeriodClosing
    | PosOpening
    | PosInvoice
    | PosClosing
    | PurchaseOrder
    | SalesOrder
    | Cancel
)

__all__ = [
    "AnyDocument",
    "Cancel",
    "DeliveryNote",
    "Document",
    "JournalEntry",
    "LandedCostVoucher",
    "PaymentEntry",
    "PeriodClosing",
    "PosClosing",
    "PosInvoice",
    "PosOpening",
    "PurchaseInvoice",
    "PurchaseOrder",
    "PurchaseReceipt",
    "SalesInvoice",
    "SalesOrder",
    "StockEntry",
    "StockReconciliation",
]
