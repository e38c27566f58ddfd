"""The library's own error: nothing else is raised for bad input."""


class CodeError(ValueError):
    """A key, signature or code is not what it has to be. The message holds no secret."""
