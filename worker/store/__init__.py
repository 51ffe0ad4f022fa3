"""The only room that speaks SQL: rows become domain values here, at its door."""
