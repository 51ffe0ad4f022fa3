"""Reposts: who asked for what, what a run reads, writes and lays down."""
