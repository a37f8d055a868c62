"""The error that ends a command with exit code 4: the operator has something to change."""


class UsageError(Exception):
    """A command can't do its work with what it was given.

    The message names the argument, the file or the target, and the next step.
    """
