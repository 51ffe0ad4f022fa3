"""How a command says that the thing asked for did not happen."""


class CommandFailedError(Exception):
    """The command could not do what was asked; the one-line message says why and what to do. Exit status 1."""
