"""The same rows and questions in other engines, and one table of ratios.

    python3 peers.py                  everything: board first, then each peer, then RESULTS.md
    python3 peers.py --only duckdb    one peer, its times into work/duckdb.csv

Peers hold the rows that `board --export` wrote, each in the table that suits it best. For each
question several ways of asking are tried and the fastest counts. Every answer is compared with the
board's. SQLite and PostgreSQL hold a tenth of the rows, spread over the same days; their times are
multiplied by ten.
"""

import argparse
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
WORK = HERE / "work"
PACKAGES = [["numpy", "duckdb"], ["--no-deps", "chdb-core==26.9.0"]]
PLATFORMS = ["ios", "android", "web"]
MARKS = [
    "sent", "delivered", "opened", "clicked", "converted", "bounced", "failed", "undeliverable",
    "expired",
]
START = 1_790_812_800_000
WEEK = START + 21 * 86_400_000
SAMPLE = 10
RUNS = 7
# Fields of a record in rows.bin: name, numpy type, ClickHouse type.
FIELDS = (
    [("created", "<i8", "Int64")]
    + [(name, "<u4", "UInt32") for name in ("delivery", "person", "device")]
    + [("reason", "<u2", "UInt16")]
    + [(name, "u1", "UInt8") for name in (
        "step", "journey", "platform", "app_version", "os_version", "token_age", "target")]
    + [(mark, "u1", "UInt8") for mark in MARKS]
    + [(f"{mark}_ms", "<u4", "UInt32") for mark in MARKS]
)
COUNTED = ["sent", "delivered", "opened", "clicked", "converted", "bounced", "failed"]
LETTERS = "abcde"


def say(text):
    print(text, flush=True)


def names(kind):
    return (WORK / f"{kind}_versions.txt").read_text().split()


def array(folder):
    import numpy
    kinds = numpy.dtype([(name, kind) for name, kind, _ in FIELDS])
    return numpy.memmap(folder / "rows.bin", dtype=kinds, mode="r")


class DuckDb:
    """In memory, enums for names, sorted by step, platform and time."""

    scale = 1

    def __init__(self):
        import duckdb
        import numpy
        rows = array(WORK)
        source = {name: numpy.ascontiguousarray(rows[name]) for name, _, _ in FIELDS}
        self.db = duckdb.connect()
        lists = {"platform": PLATFORMS, "app_version": names("app"), "os_version": names("os")}
        for kind, values in lists.items():
            quoted = ", ".join(f"'{value}'" for value in values)
            self.db.execute(f"create type {kind}_name as enum ({quoted})")
        columns = []
        for name, _, _ in FIELDS:
            if name in lists:
                quoted = ", ".join(f"'{value}'" for value in lists[name])
                columns.append(f"([{quoted}])[{name} + 1]::{name}_name as {name}")
            elif name == "created":
                columns.append("created, make_timestamp(created * 1000) as moment")
            elif name.endswith("_ms"):
                columns.append(f"case when {name[:-3]} = 1 then {name} end as {name}")
            else:
                columns.append(name)
        self.db.register("source", source)
        self.db.execute(
            f"create table targets as select {', '.join(columns)} from source "
            "order by step, platform, created")
        self.db.unregister("source")

    def threads(self, threads):
        self.db.execute(f"set threads = {threads}")

    def ask(self, sql):
        return self.db.execute(sql).fetchall()

    def questions(self):
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        bits = ", ".join(f"count({mark}_ms)" for mark in COUNTED)
        day = "created // 86400000 * 86400"
        hour = "created // 3600000 * 3600"
        return common(sums, day, hour) | {
            "a": [
                f"select {day}, step, platform, count(*), {sums} from targets group by all",
                f"select {day}, step, platform, count(*), {bits} from targets group by all",
                "select epoch(moment::date)::bigint, step, platform, count(*), "
                f"{sums} from targets group by moment::date, step, platform",
            ],
            "d": [
                "select platform, quantile_disc(delivered_ms, [0.5, 0.95]) from targets "
                "where delivered = 1 group by platform",
                "select platform, quantile_disc(delivered_ms, 0.5), "
                "quantile_disc(delivered_ms, 0.95) from targets "
                "where delivered_ms is not null group by platform",
            ],
        }


class ClickHouse:
    """MergeTree ordered by step, platform and time; low-cardinality names; one part."""

    scale = 1

    def __init__(self):
        import chdb._chdb
        folder = WORK / "clickhouse"
        shutil.rmtree(folder, ignore_errors=True)
        self.db = chdb._chdb.connect(str(folder))
        self.settings = ""
        lists = {"platform": PLATFORMS, "app_version": names("app"), "os_version": names("os")}
        columns, picks = [], []
        for name, _, kind in FIELDS:
            if name in lists:
                quoted = ", ".join(f"'{value}'" for value in lists[name])
                if name == "platform":
                    values = ", ".join(f"'{value}' = {n}" for n, value in enumerate(lists[name]))
                    columns.append(f"{name} Enum8({values})")
                else:
                    columns.append(f"{name} LowCardinality(String)")
                picks.append(f"[{quoted}][{name} + 1]")
            elif name == "created":
                columns += ["created DateTime64(3, 'UTC')", "created_ms Int64"]
                picks += ["fromUnixTimestamp64Milli(created, 'UTC')", "created"]
            else:
                columns.append(f"{name} {kind}")
                picks.append(name)
        shape = ", ".join(f"{name} {kind}" for name, _, kind in FIELDS)
        self.run("create database bench")
        self.run(f"create table bench.targets ({', '.join(columns)}) engine = MergeTree "
                 "order by (step, platform, created)")
        self.run(f"insert into bench.targets select {', '.join(picks)} from "
                 f"file('{WORK}/rows.bin', 'RowBinary', '{shape}')")
        self.run("optimize table bench.targets final")

    def run(self, sql):
        result = self.db.query(sql, "TSV")
        if result.has_error():
            raise RuntimeError(result.error_message())
        return bytes(result.bytes() or b"").decode()

    def threads(self, threads):
        self.settings = f" settings max_threads = {threads}"

    def ask(self, sql):
        text = self.run(sql.replace("targets", "bench.targets") + self.settings)
        return [line.split("\t") for line in text.splitlines()]

    def questions(self):
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        day, hour = "intDiv(created_ms, 86400000) * 86400", "intDiv(created_ms, 3600000) * 3600"
        own = common(sums, day, hour)
        own["a"] = own["a"] + [
            "select toUnixTimestamp(toStartOfDay(created)) as day, step, platform, count(), "
            f"{sums} from targets group by day, step, platform"]
        own["b"] = own["b"] + [
            "select toUnixTimestamp(toStartOfHour(created)) as hour, count(), sum(sent), "
            "sum(delivered), sum(opened) from targets where step = 17 and platform = 'android' "
            "group by hour"]
        # A share of exactly one half falls between two values when their number is even; the
        # engine takes the upper, so the share is lowered by less than one value.
        pick = "select platform, quantilesExact(0.49999999, 0.94999999)(delivered_ms)"
        own["d"] = [
            f"{pick} from targets where delivered = 1 group by platform",
            "select platform, quantilesExactLow(0.5, 0.95)(delivered_ms) from targets "
            "where delivered = 1 group by platform",
        ]
        return own


def common(sums, day, hour):
    """The questions in SQL that all engines know."""
    return {
        "a": [f"select {day} as day, step, platform, count(*), {sums} from targets "
              "group by day, step, platform"],
        "b": [f"select {hour} as hour, count(*), sum(sent), sum(delivered), sum(opened) "
              "from targets where step = 17 and platform = 'android' group by hour"],
        "c": ["select app_version, count(*), sum(sent), sum(delivered) from targets "
              "where journey = 3 group by app_version",
              "select app_version, count(*), sum(sent), sum(delivered) from targets "
              "where step between 15 and 19 group by app_version"],
        "e": ["select reason, count(*) as n from targets where platform = 'android' "
              f"and delivered = 0 and {'created_ms' if 'created_ms' in day else 'created'} "
              f">= {WEEK} group by reason order by n desc, reason limit 20"],
    }


class Sqlite:
    """Clustered by step, platform and time. A tenth of the rows."""

    scale = SAMPLE

    def __init__(self):
        import sqlite3
        self.db = sqlite3.connect(":memory:")
        columns = ", ".join(name for name, _, _ in FIELDS)
        self.db.execute(f"create table targets ({columns}, primary key "
                        "(step, platform, created, delivery, target)) without rowid")
        marks = ",".join("?" * len(FIELDS))
        self.db.executemany(f"insert into targets values ({marks})", texts())
        self.db.commit()

    def threads(self, threads):
        pass

    def ask(self, sql):
        return self.db.execute(sql).fetchall()

    def questions(self):
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        own = common(sums, "created / 86400000 * 86400", "created / 3600000 * 3600")
        own["d"] = [
            "with ranked as (select platform, delivered_ms as ms, row_number() over "
            "(partition by platform order by delivered_ms) as place, count(*) over "
            "(partition by platform) as n from targets where delivered = 1) select platform, "
            "min(case when place >= 0.5 * n then ms end), "
            "min(case when place >= 0.95 * n then ms end) from ranked group by platform"]
        return own


class Postgres:
    """Clustered by step, platform and time, with that index. A tenth of the rows."""

    scale = SAMPLE

    def __init__(self):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            raise RuntimeError("no PostgreSQL under /usr/lib/postgresql: apt install postgresql")
        self.bin = programs[-1]
        self.folder = pathlib.Path("/tmp/landfall-bench-postgres")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        self.server([self.bin / "initdb", "-D", data, "-A", "trust", "-U", "bench"])
        options = (f"-c listen_addresses= -c unix_socket_directories={self.folder} "
                   "-c shared_buffers=2GB -c work_mem=256MB -c fsync=off -c jit=on "
                   "-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0")
        self.server([self.bin / "pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "-o",
                     options, "start"])
        self.workers = 0
        kinds = {"<i8": "bigint", "<u4": "bigint", "<u2": "smallint", "u1": "smallint"}
        texts_of = ("platform", "app_version", "os_version")
        columns = ", ".join(f"{name} {'text' if name in texts_of else kinds[kind]}"
                            for name, kind, _ in FIELDS)
        self.psql(f"create unlogged table raw ({columns})")
        feed = subprocess.Popen(self.command("copy raw from stdin"), stdin=subprocess.PIPE,
                                text=True, stdout=subprocess.DEVNULL)
        for row in texts():
            feed.stdin.write("\t".join(map(str, row)) + "\n")
        feed.stdin.close()
        if feed.wait() != 0:
            raise RuntimeError("PostgreSQL refused the rows")
        self.psql("create table targets as select * from raw order by step, platform, created")
        self.psql("drop table raw")
        self.psql("create index on targets (step, platform, created)")
        self.psql("vacuum analyze targets")

    def server(self, command):
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL,
                       cwd="/tmp")

    def command(self, sql):
        return [str(self.bin / "psql"), "-h", str(self.folder), "-U", "bench", "-d", "postgres",
                "-v", "ON_ERROR_STOP=1", "-qAt", "-F", "\t", "-c", sql]

    def psql(self, sql):
        done = subprocess.run(self.command(sql), check=True, capture_output=True, text=True)
        return done.stdout

    def threads(self, threads):
        self.workers = threads - 1

    def ask(self, sql):
        text = self.psql(f"set max_parallel_workers_per_gather = {self.workers}; {sql}")
        return [line.split("\t") for line in text.splitlines()]

    def questions(self):
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        own = common(sums, "created / 86400000 * 86400", "created / 3600000 * 3600")
        own["d"] = [
            "select platform, percentile_disc(array[0.5, 0.95]) within group "
            "(order by delivered_ms) from targets where delivered = 1 group by platform"]
        return own

    def close(self):
        self.server([self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


def texts():
    """Rows of the sample with names instead of numbers."""
    lists = {"platform": PLATFORMS, "app_version": names("app"), "os_version": names("os")}
    places = [(place, lists[name]) for place, (name, _, _) in enumerate(FIELDS) if name in lists]
    for row in array(WORK / "sample"):
        row = list(row.item())
        for place, values in places:
            row[place] = values[row[place]]
        yield row


PEERS = {"duckdb": DuckDb, "clickhouse": ClickHouse, "sqlite": Sqlite, "postgres": Postgres}


def lines(rows):
    """An answer as the board writes it."""
    flat = []
    for row in rows:
        words = []
        for word in row:
            if isinstance(word, (list, tuple)):
                words += [str(part) for part in word]
            else:
                words.append(str(word).strip("[]{}"))
        flat.append(",".join(words))
    return sorted(flat)


def measure(name):
    start = time.perf_counter()
    peer = PEERS[name]()
    say(f"{name}: rows are in after {time.perf_counter() - start:.0f} s")
    folder = WORK if peer.scale == 1 else WORK / "sample"
    out = []
    try:
        for letter, ways in peer.questions().items():
            expected = (folder / f"answer-{letter}.txt").read_text().splitlines()
            for threads in (1, 2):
                peer.threads(threads)
                best, correct = None, False
                for sql in ways:
                    answer = lines(peer.ask(sql))
                    same = answer == expected
                    correct = correct or same
                    if not same and letter != "d":
                        raise RuntimeError(f"{name} {letter}: {answer[:2]} not {expected[:2]}")
                    times = []
                    for _ in range(RUNS if peer.scale == 1 else 3):
                        begun = time.perf_counter()
                        peer.ask(sql)
                        times.append((time.perf_counter() - begun) * 1e3)
                    best = min(times) if best is None else min(best, *times)
                if not correct:
                    raise RuntimeError(f"{name} {letter}: {answer} not {expected}")
                out.append(f"{letter},{threads},{best * peer.scale:.3f}")
                say(f"{name} {out[-1]}")
    finally:
        if hasattr(peer, "close"):
            peer.close()
    (WORK / f"{name}.csv").write_text("\n".join(out) + "\n")


def results(name):
    path = WORK / f"{name}.csv"
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        key, threads, value = line.split(",")
        found[key, int(threads)] = float(value)
    return found


def machine():
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line)
    memory = int(open("/proc/meminfo").readline().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} cores, {cpu}, {memory:.0f} GiB"


def report():
    board, peers = results("board"), {name: results(name) for name in PEERS}
    asked = {"a": "day x step x platform, eight marks", "b": "one step and platform by hour",
             "c": "delivered rate by app version of one journey",
             "d": "p50 and p95 time to deliver by platform", "e": "top 20 reasons under a filter"}
    head = "| question | threads | board | " + " | ".join(PEERS) + " | best of DuckDB, ClickHouse |"
    table = [head, "|---" * (head.count("|") - 1) + "|"]
    for letter in LETTERS:
        for threads in (1, 2):
            ours = board[letter, threads]
            cells = []
            for found in peers.values():
                theirs = found.get((letter, threads))
                cells.append(f"{theirs:.1f} ms ({theirs / ours:.1f}x)" if theirs else "not run")
            rivals = [peers[name].get((letter, threads)) for name in ("duckdb", "clickhouse")]
            rivals = [rival for rival in rivals if rival]
            best = f"**{min(rivals) / ours:.1f}x**" if rivals else "not run"
            table.append(f"| {letter}: {asked[letter]} | {threads} | {ours:.2f} ms | "
                         + " | ".join(cells) + f" | {best} |")
    rows = int(board["rows", 1])
    text = f"""# Results

{datetime.date.today().isoformat()}, {machine()}. {rows:,} rows. Made by `python3 bench/peers.py`.

Milliseconds of the fastest run (board: of 15; peers: of 7, or 3 for PostgreSQL and SQLite, of the
fastest way of asking); in brackets how many times the board's. The fastest run is the one that the
machine's other work disturbed least; the load while measuring was {os.getloadavg()[1]:.1f}.
SQLite and PostgreSQL hold a tenth of the rows, their times are multiplied by ten. Every engine gave
the board's answers.

{chr(10).join(table)}

| the board | |
|---|---|
| bytes a row, columns and index | {board['bytes_a_row', 1]:.2f} |
| bytes a row, growth of resident memory | {board['resident_bytes_a_row', 1]:.2f} |
| rows applied a second, one thread | {rows / board['apply_ms', 1] * 1e3:,.0f} |
| snapshot saved, loaded | {board['snapshot_save_ms', 1]:.0f} ms, {board['snapshot_load_ms', 1]:.0f} ms |
"""
    (HERE / "RESULTS.md").write_text(text)
    say(text)


def install():
    """The interpreter of the peers' own folder, made when it is missing."""
    python = WORK / "venv" / "bin" / "python"
    if not python.exists():
        say("installing DuckDB and ClickHouse into bench/work (once, about 250 MB)")
        subprocess.run([sys.executable, "-m", "venv", str(WORK / "venv")], check=True)
        for packages in PACKAGES:
            subprocess.run([str(python), "-m", "pip", "-q", "install", *packages], check=True)
    return python


def board(rows, work):
    command = ["cargo", "run", "--release", "--quiet", "--manifest-path", str(HERE / "Cargo.toml"),
               "--bin", "board", "--", "--rows", str(rows), "--work", str(work),
               "--export"]
    target = os.environ.get("CARGO_TARGET_DIR", str(HERE.parent / "target"))
    subprocess.run(command, check=True,
                   env=os.environ | {"CARGO_TARGET_DIR": target})


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--only", choices=[*PEERS, "board", "report"])
    words.add_argument("--rows", type=int, default=20_000_000)
    words = words.parse_args()
    WORK.mkdir(exist_ok=True)
    if words.only in PEERS:
        return measure(words.only)
    python = install()
    if words.only != "report":
        board(words.rows, WORK)
    if words.only is None:
        board(words.rows // SAMPLE, WORK / "sample")
        for name in PEERS:
            subprocess.run([str(python), __file__, "--only", name], check=True)
    report()


if __name__ == "__main__":
    main()
