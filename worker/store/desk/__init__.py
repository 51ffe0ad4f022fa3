"""What the operators' desk lists, page by page along an index, and what operators did there."""
