"""Tests; the rooms below mirror domain, worker and scheduler."""
