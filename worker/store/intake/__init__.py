"""What came in: documents, masters and previews in one order, whoever published them."""
