"""Answers and reports in, text and bytes out: terminal, JSON, JSON Lines, CSV, contact sheet.

Nothing here searches or reads an archive; what is shown is handed in.
"""
