"""The demo's parts: the sample it publishes, the system it runs, the story it tells."""
