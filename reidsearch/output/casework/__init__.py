"""Documents that go out of the house: a report, laid out as HTML or as PDF/A-3b.

In: what services found. Out: a `Document` (`document`), plain sections that know nothing of how
they are laid out and are the JSON at the same time; then a page (`html`) or a PDF with that JSON
attached (`pdf`). `write.write_report` does all of it. Another document, such as a certificate,
makes its own `Document` and uses the same two.
"""
