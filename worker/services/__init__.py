"""Load, call the domain, store: one service a file."""
