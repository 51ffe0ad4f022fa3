"""Records: takes documents in, lets the domain decide, and writes both ledgers."""
