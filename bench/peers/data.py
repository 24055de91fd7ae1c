"""The rows that the board's program wrote, and the questions in SQL that all engines know."""

import pathlib

PLATFORMS = ["ios", "android", "web"]
MARKS = [
    "sent", "delivered", "opened", "clicked", "converted", "bounced", "failed", "undeliverable",
    "expired",
]
COUNTED = ["sent", "delivered", "opened", "clicked", "converted", "bounced", "failed"]
START = 1_790_812_800_000
WEEK = START + 21 * 86_400_000
# Fields of a record in rows.bin: name and numpy type.
FIELDS = (
    [("created", "<i8")]
    + [(name, "<u4") for name in ("delivery", "person", "device")]
    + [("reason", "<u2")]
    + [(name, "u1") for name in (
        "step", "journey", "platform", "app_version", "os_version", "token_age", "target")]
    + [(mark, "u1") for mark in MARKS]
    + [(f"{mark}_ms", "<u4") for mark in MARKS]
)
CHUNK = 500_000


class Data:
    """A folder with rows.bin and the names that its numbers stand for."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        read = lambda kind: (self.folder / f"{kind}_versions.txt").read_text().split()
        self.names = {
            "platform": PLATFORMS, "app_version": read("app"), "os_version": read("os")}

    def rows(self):
        import numpy
        return numpy.memmap(self.folder / "rows.bin", dtype=numpy.dtype(FIELDS), mode="r")

    def chunks(self):
        """Rows by step, platform and time, for engines that are fed row by row."""
        import numpy
        rows = self.rows()
        key = rows["step"].astype("u2") * len(PLATFORMS) + rows["platform"]
        order = numpy.argsort(key, kind="stable")
        for start in range(0, len(order), CHUNK):
            yield rows[order[start:start + CHUNK]]

    def answer(self, letter):
        return (self.folder / f"answer-{letter}.txt").read_text().splitlines()


def quoted(values):
    return ", ".join(f"'{value}'" for value in values)


def common(day, hour, created="created"):
    """Ways of asking that every engine understands, by letter."""
    sums = ", ".join(f"sum({mark})" for mark in COUNTED)
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
              f"and delivered = 0 and {created} >= {WEEK} "
              "group by reason order by n desc, reason limit 20"],
    }


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
