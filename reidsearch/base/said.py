"""What the operating system says about a file or a resource, in words for a message."""

from __future__ import annotations


def said(error: Exception) -> str:
    """Return why something failed, without error number and without the name of the file.

    Example:
        >>> said(FileNotFoundError(2, "No such file or directory", "a.csv"))
        'there is no such file'
    """
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "there is no such file"
    return str(getattr(error, "strerror", None) or error)
