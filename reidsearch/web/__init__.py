"""The web face: an HTTP API over `Archive`, and pages made of what the API gives.

In: an open `Archive` and `ServeSettings`. Out: an ASGI application (`app.make_app`), which
`run.run` serves. Nothing is decided here: a handler calls services and turns what they return into
documents, as the command line does.

**An endpoint** is one `Endpoint` in a module of `api/`, listed in that module's `ENDPOINTS`, which
`api/__init__.py` joins. Its handler takes a `Call` (who asks, the archive, parts of the path) and
what was given, an instance of the endpoint's `takes`, made from the query string or the JSON body
and checked (`Given`). It returns a document of `output/` with a `schema`, or a Starlette response.
Handlers are plain functions and run in threads. Whatever is declared so is in
`/api/v1/openapi.json`, is held to its role and to the rules against other sites, and is tried by
the tests over all.

**A page** is one `Page` in a module of `pages/`, listed in its `PAGES`. Its handler takes the same
and returns the values of its template, which it gets from handlers of the API: pages read what
everybody else reads. Texts of values (times, durations) are made by filters of `templating.py`; all
words stand in `words/en.toml` and reach templates as `t("overview.title")`, and modules of
`static/` in the block of `words("decide")`.

**Errors** are the product's own; `problems.py` makes problem details of them (RFC 9457), and the
advice of this face stands in the words under `advice`, by kind.

**Rights** are checked in one place, before a handler runs: the role that an endpoint declares
(`person.Role`). An account may be limited to some cameras: a handler that names or lists a crop,
tracklet, source, identity or decision asks `call.sight`, and one that searches has its request
narrowed by it.

**Cases**: who acts, and for which case (`Call.author`), is settled before a handler runs too, so
that whatever it does is recorded so. What is declared with `for_case=False` is done for none.
"""
