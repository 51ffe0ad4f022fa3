"""Sales at tills: their receipts, sessions, sheets and closings."""
