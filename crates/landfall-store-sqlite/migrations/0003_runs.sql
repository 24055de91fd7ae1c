-- Runs of journeys, what audience rules remember about people, and what the steps of runs did. Bodies
-- are bytes that the engines of journeys and audiences read and nobody else.
--
-- A run is written at each of its steps: whatever a step leaves alone must not cost anything. So there
-- are few indexes, and how many runs stand where is counted along instead of being indexed.

ALTER TABLE meta ADD COLUMN next_run INTEGER NOT NULL DEFAULT 0;

CREATE TABLE run (
    key INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    journey INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,                   -- null: it is running
    due_ms INTEGER,                     -- when it must be looked at next; null: never
    open INTEGER NOT NULL,              -- 1: loaded with its person
    body BLOB NOT NULL
) STRICT;
CREATE INDEX run_of_person ON run (person, open);
CREATE INDEX run_in_journey ON run (journey);
CREATE INDEX run_due ON run (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE run_count (
    journey INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (journey, version, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER run_counted AFTER INSERT ON run
BEGIN
    INSERT INTO run_count (journey, version, state, count)
    VALUES (NEW.journey, NEW.version, NEW.state, 1)
    ON CONFLICT (journey, version, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER run_counted_anew AFTER UPDATE OF journey, version, state ON run
WHEN OLD.state <> NEW.state OR OLD.version <> NEW.version OR OLD.journey <> NEW.journey
BEGIN
    UPDATE run_count SET count = count - 1
    WHERE journey = OLD.journey AND version = OLD.version AND state = OLD.state;
    INSERT INTO run_count (journey, version, state, count)
    VALUES (NEW.journey, NEW.version, NEW.state, 1)
    ON CONFLICT (journey, version, state) DO UPDATE SET count = count + 1;
END;

CREATE TABLE profile (
    person INTEGER PRIMARY KEY,
    due_ms INTEGER,                     -- when time alone changes an answer; null: never
    body BLOB NOT NULL
) STRICT;
CREATE INDEX profile_due ON profile (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE trace (
    number INTEGER PRIMARY KEY,         -- in order of commit
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,               -- place within the run
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX trace_of_run ON trace (run);
