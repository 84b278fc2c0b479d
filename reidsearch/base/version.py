"""The version of this program, below everything that records or prints it."""

__version__ = "0.1.0"
