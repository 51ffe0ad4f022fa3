"""The operators' desk: pages inside Flower, behind one guard."""
