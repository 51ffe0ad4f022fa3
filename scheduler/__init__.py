"""Reminds: which job is due for which company and business date, as pure functions."""
