"""DuckDB and ClickHouse, in memory or warm, sorted so that questions skip what they can."""

import shutil

from data import COUNTED, FIELDS, common, quoted


class DuckDb:
    """In memory, enums for names, absent delays null, sorted by step, platform and time."""

    threads = (1, 2)

    def __init__(self, data, work):
        import duckdb
        import numpy
        self.version = duckdb.__version__
        rows = data.rows()
        source = {name: numpy.ascontiguousarray(rows[name]) for name, _ in FIELDS}
        self.db = duckdb.connect()
        columns = []
        for name, _ in FIELDS:
            if name in data.names:
                values = quoted(data.names[name])
                self.db.execute(f"create type {name}_name as enum ({values})")
                columns.append(f"([{values}])[{name} + 1]::{name}_name as {name}")
            elif name == "created":
                columns.append("created, make_timestamp(created * 1000) as moment")
            elif name.endswith("_ms"):
                columns.append(f"case when {name[:-3]} = 1 then {name} end as {name}")
            else:
                columns.append(name)
        self.db.register("source", source)
        self.db.execute(f"create table targets as select {', '.join(columns)} from source "
                        "order by step, platform, created")
        self.db.unregister("source")

    def use(self, threads):
        self.db.execute(f"set threads = {threads}")

    def ask(self, sql):
        """Keeps the answer inside the engine, which costs it less than handing it to Python."""
        self.db.execute(f"create or replace temp table answer as {sql}")

    def answer(self):
        return self.db.execute("select * from answer").fetchall()

    def questions(self):
        own = common("created // 86400000 * 86400", "created // 3600000 * 3600")
        bits = ", ".join(f"count({mark}_ms)" for mark in COUNTED)
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        own["a"] += [
            f"select created // 86400000 * 86400 as day, step, platform, count(*), {bits} from targets "
            "group by all",
            "select epoch(moment::date)::bigint, step, platform, count(*), "
            f"{sums} from targets group by moment::date, step, platform",
        ]
        own["d"] = [
            "select platform, quantile_disc(delivered_ms, [0.5, 0.95]) from targets "
            "where delivered = 1 group by platform",
            "select platform, quantile_disc(delivered_ms, 0.5), "
            "quantile_disc(delivered_ms, 0.95) from targets "
            "where delivered_ms is not null group by platform",
        ]
        return own


class ClickHouse:
    """MergeTree ordered by step, platform and time; low-cardinality names; one part; no nulls."""

    threads = (1, 2)

    def __init__(self, data, work):
        import chdb._chdb
        from importlib.metadata import version
        self.version = version("chdb-core")
        folder = work / "clickhouse"
        shutil.rmtree(folder, ignore_errors=True)
        self.db = chdb._chdb.connect(str(folder))
        self.settings = ""
        kinds = {"<i8": "Int64", "<u4": "UInt32", "<u2": "UInt16", "u1": "UInt8"}
        columns, picks = [], []
        for name, kind in FIELDS:
            if name in data.names:
                numbered = enumerate(data.names[name])
                enum = ", ".join(f"'{value}' = {number}" for number, value in numbered)
                named = f"Enum8({enum})" if name == "platform" else "LowCardinality(String)"
                columns.append(f"{name} {named}")
                picks.append(f"[{quoted(data.names[name])}][{name} + 1]")
            elif name == "created":
                columns += ["created DateTime64(3, 'UTC')", "created_ms Int64"]
                picks += ["fromUnixTimestamp64Milli(created, 'UTC')", "created"]
            else:
                columns.append(f"{name} {kinds[kind]}")
                picks.append(name)
        shape = ", ".join(f"{name} {kinds[kind]}" for name, kind in FIELDS)
        self.run("create database bench")
        self.run(f"create table bench.targets ({', '.join(columns)}) engine = MergeTree "
                 "order by (step, platform, created)")
        self.run(f"insert into bench.targets select {', '.join(picks)} from "
                 f"file('{data.folder}/rows.bin', 'RowBinary', '{shape}')")
        self.run("optimize table bench.targets final")

    def run(self, sql):
        result = self.db.query(sql, "TSV")
        if result.has_error():
            raise RuntimeError(result.error_message())
        return result

    def use(self, threads):
        self.settings = f" settings max_threads = {threads}"

    def ask(self, sql):
        self.result = self.run(sql.replace("from targets", "from bench.targets") + self.settings)

    def answer(self):
        text = bytes(self.result.bytes() or b"").decode()
        return [line.split("\t") for line in text.splitlines()]

    def questions(self):
        own = common("intDiv(created_ms, 86400000) * 86400", "intDiv(created_ms, 3600000) * 3600",
                     "created_ms")
        sums = ", ".join(f"sum({mark})" for mark in COUNTED)
        own["a"] += [
            "select toUnixTimestamp(toStartOfDay(created)) as day, step, platform, count(), "
            f"{sums} from targets group by day, step, platform"]
        own["b"] += [
            "select toUnixTimestamp(toStartOfHour(created)) as hour, count(), sum(sent), "
            "sum(delivered), sum(opened) from targets where step = 17 and platform = 'android' "
            "group by hour"]
        # A share of exactly one half falls between two values when their number is even; the
        # engine takes the upper, so the share is lowered by less than one value.
        own["d"] = [
            "select platform, quantilesExact(0.49999999, 0.94999999)(delivered_ms) from targets "
            "where delivered = 1 group by platform",
        ]
        return own
