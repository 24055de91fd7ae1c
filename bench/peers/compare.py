"""Runs the board and its peers on the same rows, compares their answers, prints the ratios.

Started by bench/board.sh, which makes the interpreter that this needs.
"""

import argparse
import pathlib
import subprocess
import sys
import time

from columns import ClickHouse, DuckDb
from data import Data, lines
from report import keep, report
from rowstores import Postgres, Sqlite

PEERS = {"duckdb": DuckDb, "clickhouse": ClickHouse, "sqlite": Sqlite, "postgres": Postgres}
# Each way of asking: at least so many runs, and more until so many seconds have passed.
RUNS, SECONDS, MOST = 5, 2.0, 300


def say(text):
    print(text, flush=True)


def timed(peer, sql):
    """Best and median milliseconds of a way of asking, after it was asked once to get warm."""
    times, begun = [], time.perf_counter()
    while len(times) < RUNS or (
            time.perf_counter() - begun < SECONDS and len(times) < MOST):
        start = time.perf_counter()
        own = peer.ask(sql)
        times.append(own or (time.perf_counter() - start) * 1e3)
    times.sort()
    return times[0], times[len(times) // 2]


def measure(name, data, work):
    start = time.perf_counter()
    peer = PEERS[name](data, work)
    say(f"{name} {peer.version}: rows are in after {time.perf_counter() - start:.0f} s")
    out = [f"version,0,{peer.version},"]
    try:
        for letter, ways in sorted(peer.questions().items()):
            for threads in peer.threads:
                peer.use(threads)
                best = None
                for sql in ways:
                    peer.ask(sql)
                    if not agrees(name, letter, lines(peer.answer()), data.answer(letter)):
                        continue
                    found = timed(peer, sql)
                    best = min(best or found, found)
                if best is None:
                    raise SystemExit(f"{name} gives another answer to question {letter}")
                out.append(f"{letter},{threads},{best[0]:.3f},{best[1]:.3f}")
                say(f"    {name} {out[-1]}")
    finally:
        if hasattr(peer, "close"):
            peer.close()
    (data.folder / f"{name}.csv").write_text("\n".join(out) + "\n")


def agrees(name, letter, answer, expected):
    if answer == expected:
        return True
    differing = [pair for pair in zip(answer, expected) if pair[0] != pair[1]]
    first = differing[0] if differing else (len(answer), len(expected))
    say(f"    {name} {letter}: a way of asking gives {first[0]}, the board {first[1]}: not timed")
    return False


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--program", type=pathlib.Path, required=True)
    words.add_argument("--work", type=pathlib.Path, required=True)
    words.add_argument("--rows", type=int, default=20_000_000)
    words.add_argument("--only", choices=["board", *PEERS, "report"])
    words.add_argument("--keep", action="store_true")
    words.add_argument("--no-table", action="store_true")
    words = words.parse_args()
    folder = words.work / f"board-{words.rows}"
    if words.only in (None, "board"):
        subprocess.run([str(words.program), "--rows", str(words.rows), "--work", str(folder),
                        "--export"], check=True)
    data = Data(folder)
    if words.only in PEERS:
        measure(words.only, data, folder)
    elif words.only is None:
        for name in PEERS:
            # Each in a process of its own, so that none works beside another's memory.
            again = [sys.executable, __file__, "--program", str(words.program), "--work",
                     str(words.work), "--rows", str(words.rows), "--only", name,
                     "--no-table"]
            subprocess.run(again, check=True)
    if words.no_table:
        return
    text = report(folder)
    say(text)
    if words.keep:
        keep(text)


if __name__ == "__main__":
    main()
