"""The one exception that says: the input is at fault, and here is what to do."""


class InputError(ValueError):
    """Raised when what the user handed in cannot be used.

    The message quotes what was received and what was expected, guesses the cause and says what to do. On the
    command line it becomes one line on the error stream and exit status 2.
    """
