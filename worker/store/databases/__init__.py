"""Databases as a whole: brought to the newest schema, cloned for a replay, copied for a rehearsal."""
