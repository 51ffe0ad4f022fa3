"""How decisions get into the books: a company's lane, appended rows, voucher numbers and outcomes."""
