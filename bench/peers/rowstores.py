"""SQLite and PostgreSQL, clustered by step, platform and time."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from data import FIELDS, common, quoted


class Sqlite:
    """In memory, one tree in that order, and an index of delays. It knows no second thread."""

    threads = (2,)

    def __init__(self, data, work):
        import sqlite3
        self.version = sqlite3.sqlite_version
        self.db = sqlite3.connect(":memory:")
        columns = ", ".join(name for name, _ in FIELDS)
        self.db.execute(f"create table targets ({columns}, primary key "
                        "(step, platform, created, delivery, target)) without rowid")
        places = ", ".join("?" * len(FIELDS))
        for chunk in data.chunks():
            lists = []
            for name, _ in FIELDS:
                values = chunk[name].tolist()
                names = data.names.get(name)
                lists.append([names[value] for value in values] if names else values)
            self.db.executemany(f"insert into targets values ({places})", zip(*lists))
        self.db.commit()
        self.db.execute("create index delays on targets (platform, delivered_ms, delivered) "
                        "where delivered = 1")
        self.db.execute("analyze")

    def use(self, threads):
        pass

    def ask(self, way):
        self.result = way() if callable(way) else self.db.execute(way).fetchall()

    def answer(self):
        return self.result

    def questions(self):
        own = common("created / 86400000 * 86400", "created / 3600000 * 3600")
        own["d"] = [self.ranks]
        return own

    def ranks(self):
        """The smallest delay that a share of all do not exceed, along the index of delays."""
        counted = self.db.execute("select platform, count(*) from targets where delivered = 1 "
                                  "group by platform").fetchall()
        pick = ("select delivered_ms from targets where platform = ? and delivered = 1 "
                "order by delivered_ms limit 1 offset ? - 1")
        at = lambda platform, rank: self.db.execute(pick, (platform, rank)).fetchone()[0]
        return [(platform, at(platform, (n + 1) // 2), at(platform, (n * 19 + 19) // 20))
                for platform, n in counted]


class Postgres:
    """A private server; unlogged, enums for names, an index in the table's order and one of
    delays."""

    threads = (2,)

    def __init__(self, data, work):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            raise RuntimeError("PostgreSQL's server is missing: install it (Debian: apt-get "
                               "install postgresql)")
        self.bin = programs[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="landfall-bench-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        cluster = self.folder / "cluster"
        self.server("initdb", "-D", cluster, "-A", "trust", "-U", "bench", "--no-sync")
        options = (f"-c listen_addresses= -c unix_socket_directories={self.folder} "
                   "-c shared_buffers=4GB -c work_mem=512MB -c maintenance_work_mem=1GB "
                   "-c fsync=off -c min_parallel_table_scan_size=0 -c parallel_setup_cost=0")
        self.server("pg_ctl", "-D", cluster, "-w", "-l", self.folder / "log", "-o", options,
                    "start")
        try:
            self.fill(data)
        except BaseException:
            self.close()
            raise

    def fill(self, data):
        self.workers = 0
        self.version = self.psql("show server_version").split()[0]
        kinds = {"<i8": "bigint", "<u4": "integer", "<u2": "smallint", "u1": "smallint"}
        raw = ", ".join(f"{name} {kinds[kind]}" for name, kind in FIELDS)
        self.psql(f"create unlogged table raw ({raw})")
        feed = subprocess.Popen(self.command("-c", "copy raw from stdin (format binary)"),
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        feed.stdin.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for chunk in data.chunks():
            feed.stdin.write(binary(chunk))
        feed.stdin.write(b"\xff\xff")
        feed.stdin.close()
        if feed.wait() != 0:
            raise RuntimeError("PostgreSQL refused the rows")
        picks = []
        for name, _ in FIELDS:
            if name in data.names:
                values = quoted(data.names[name])
                self.psql(f"create type {name}_name as enum ({values})")
                picks.append(f"(array[{values}])[{name} + 1]::{name}_name as {name}")
            else:
                picks.append(name)
        # Raw rows come in the order wanted; one reader keeps it.
        self.psql("set max_parallel_workers_per_gather = 0; create unlogged table targets as "
                  f"select {', '.join(picks)} from raw")
        self.psql("drop table raw")
        self.psql("create index on targets (step, platform, created) "
                  "include (sent, delivered, opened)")
        self.psql("create index on targets (platform, delivered_ms) where delivered = 1")
        self.psql("vacuum analyze targets")

    def server(self, name, *arguments):
        command = [str(word) for word in (self.bin / name, *arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def command(self, *words):
        return [str(self.bin / "psql"), "-h", str(self.folder), "-U", "bench", "-d", "postgres",
                "-v", "ON_ERROR_STOP=1", "-qAt", "-F", "\t", *words]

    def psql(self, sql):
        done = subprocess.run(self.command("-c", sql), check=True, capture_output=True, text=True)
        return done.stdout

    def use(self, threads):
        self.workers = threads - 1

    def ask(self, sql):
        """Gives its own time: starting psql is no part of the question."""
        script = (f"set max_parallel_workers_per_gather = {self.workers};\n"
                  f"\\timing on\n{sql};\n")
        done = subprocess.run(self.command(), input=script, check=True, capture_output=True,
                              text=True)
        self.result, _, time = done.stdout.rpartition("Time: ")
        return float(time.split()[0])

    def answer(self):
        return [line.split("\t") for line in self.result.splitlines()]

    def questions(self):
        own = common("created / 86400000 * 86400", "created / 3600000 * 3600")
        own["d"] = [
            "select platform, percentile_disc(array[0.5, 0.95]) within group "
            "(order by delivered_ms) from targets where delivered = 1 group by platform"]
        return own

    def close(self):
        self.server("pg_ctl", "-D", self.folder / "cluster", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def binary(chunk):
    """Rows as PostgreSQL's binary copy takes them."""
    import numpy
    sizes = {"<i8": 8, "<u4": 4, "<u2": 2, "u1": 2}
    shape = [("fields", ">i2")]
    for name, kind in FIELDS:
        shape += [(f"{name} size", ">i4"), (name, f">i{sizes[kind]}")]
    rows = numpy.empty(len(chunk), dtype=shape)
    rows["fields"] = len(FIELDS)
    for name, kind in FIELDS:
        rows[f"{name} size"] = sizes[kind]
        rows[name] = chunk[name]
    return rows.tobytes()
