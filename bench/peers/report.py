"""What was measured, as a section of RESULTS.md."""

import datetime
import os
import pathlib
import re

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "RESULTS.md"
QUESTIONS = {
    "a": "day x step x platform, eight measures",
    "b": "one step and platform by hour",
    "c": "delivered rate by app version of one journey",
    "d": "p50 and p95 time to deliver by platform",
    "e": "top 20 reasons under a filter",
}
NAMES = {"duckdb": "DuckDB", "clickhouse": "ClickHouse", "sqlite": "SQLite",
         "postgres": "PostgreSQL"}
RIVALS = ("duckdb", "clickhouse")
WANTED, BYTES = 5, 40


def results(folder, name):
    path = folder / f"{name}.csv"
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        key, threads, *values = line.split(",")
        found[key, int(threads)] = values
    return found


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    cpu = re.search(r"model name\s*:\s*(.*)", info).group(1)
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} cores, {cpu}, {memory:.0f} GiB"


def best(found, letter, threads):
    values = found.get((letter, threads))
    return float(values[0]) if values else None


def row(letter, threads, board, peers):
    ours = best(board, letter, threads)
    cells = []
    for found in peers.values():
        theirs = best(found, letter, threads)
        cells.append(f"{theirs:,.1f} ({theirs / ours:,.1f}x)" if theirs else "")
    rivals = [best(peers[name], letter, threads) for name in RIVALS]
    rivals = [rival for rival in rivals if rival]
    ratio = min(rivals) / ours if rivals else None
    verdict = "not run" if ratio is None else f"**{ratio:.1f}x**"
    if ratio is not None and ratio < WANTED:
        verdict += " (missed)"
    median = float(board[letter, threads][1])
    return (f"| {letter}: {QUESTIONS[letter]} | {threads} | {ours:.2f} (median {median:.2f}) | "
            + " | ".join(cells) + f" | {verdict} |")


def report(folder):
    board = results(folder, "board")
    peers = {name: results(folder, name) for name in NAMES}
    value = lambda key: float(board[key, 1][0])
    rows = int(value("rows"))
    versions = ", ".join(f"{NAMES[name]} {found['version', 0][0]}"
                         for name, found in peers.items() if ("version", 0) in found)
    table = ["| question | threads | board | " + " | ".join(NAMES.values())
             + " | better of DuckDB and ClickHouse |", "|---" * 8 + "|"]
    for letter in QUESTIONS:
        table += [row(letter, threads, board, peers) for threads in (1, 2)]
    fits = "met" if value("resident_bytes_a_row") <= BYTES else "missed"
    return f"""## Board

{datetime.date.today().isoformat()}, {machine()}. {rows:,} targets of 28 days, 60 steps, 3 platforms, 40 app versions, 10 marks.
{versions}. Repeat with `cargo x bench board`.

Milliseconds of the fastest run, and in brackets how many times the board's. Every engine runs at
least 5 times and 2 seconds for each way of asking, warm, and its fastest way counts; the fastest
run is the one that the machine's other work disturbed least. All answers were equal. DuckDB keeps
its answer in a table of its own, which costs it less than handing it over; SQLite has no second
thread. Wanted: {WANTED}x.

{chr(10).join(table)}

| memory and loading | |
|---|---|
| bytes a row, columns and index | {value("bytes_a_row"):.2f} |
| bytes a row, growth of resident memory (wanted: at most {BYTES}, {fits}) | {value("resident_bytes_a_row"):.2f} |
| peak resident memory: queries, and the snapshot read into a second board | {value("peak_bytes") / 2**30:.2f} GiB |
| rows applied a second, one thread | {rows / value("apply_ms") * 1e3:,.0f} |
| snapshot saved, loaded | {value("snapshot_save_ms"):,.0f} ms, {value("snapshot_load_ms"):,.0f} ms |
{hundred_million(folder)}"""


def hundred_million(folder):
    found = results(folder.parent / "board-100000000", "board")
    if ("peak_bytes", 1) not in found:
        return ""
    value = lambda key: float(found[key, 1][0])
    times = ", ".join(f"{letter} {best(found, letter, 2):.1f}" for letter in QUESTIONS)
    return (f"\nWith 100 million rows (`cargo x bench board --hundred-million`): "
            f"{value('resident_bytes_a_row'):.1f} bytes a row\nresident, "
            f"{value('peak_bytes') / 2**30:.1f} GiB at the peak, nothing swapped "
            f"({value('swapped_bytes') / 2**20:.0f} MiB). Milliseconds with two threads: {times}.\n")


def keep(text):
    """Puts the section in the place of the one that RESULTS.md has."""
    old = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    parts = re.split(r"(?m)^(?=## )", old)
    kept = [part.rstrip() for part in parts if not part.startswith("## Board")]
    RESULTS.write_text("\n\n".join([kept[0], text.rstrip(), *kept[1:]]) + "\n")
