"""Presentation. In: answers and reports. Out: text, JSON, JSON Lines, CSV, pictures, hints.

Nothing here searches or reads an archive; what is shown is handed in.
"""
