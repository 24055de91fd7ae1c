-- An index of traces by run is written all over at each step, the more so the longer the history is: a year of
-- daily steps makes every step dearer. So each line names the line of its run before it, and the last line of
-- each run is kept.

ALTER TABLE trace ADD COLUMN before INTEGER;    -- null: the first of its run

UPDATE trace SET before =
    (SELECT max(older.number) FROM trace AS older
     WHERE older.run = trace.run AND older.number < trace.number);

CREATE TABLE trace_last (
    run INTEGER PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

INSERT INTO trace_last (run, number) SELECT run, max(number) FROM trace GROUP BY run;

DROP INDEX trace_of_run;
