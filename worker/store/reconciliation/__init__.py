"""Whether stock and its accounts agree: sums from mark to mark, what parts them, and what was found."""
