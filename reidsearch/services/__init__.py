"""Use cases of an open archive, one module each.

In: a request, as domain types. Out: an answer or a report, as domain types; progress on the way.
Services combine the rooms below and know nothing of command lines, web pages or output formats.
"""
