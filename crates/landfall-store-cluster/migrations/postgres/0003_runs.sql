-- Runs of journeys, what audience rules remember about people, and what the steps of runs did. Bodies
-- are bytes that the engines of journeys and audiences read and nobody else.

ALTER TABLE meta
    ADD COLUMN next_run   bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_trace bigint NOT NULL DEFAULT 0;

CREATE TABLE run (
    key        bigint  NOT NULL PRIMARY KEY,
    person     bigint  NOT NULL,
    journey    bigint  NOT NULL,
    version    bigint  NOT NULL,
    state      text    NOT NULL,
    started_at bigint  NOT NULL,
    -- Null: it is running.
    ended_at   bigint,
    -- When it must be looked at next; null: never.
    due        bigint,
    -- Loaded with its person.
    open       boolean NOT NULL,
    body       bytea   NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX run_person ON run (person, open, key);
CREATE INDEX run_journey ON run (journey, key);
CREATE INDEX run_due ON run (due, key) WHERE due IS NOT NULL;

-- How many runs stand where, counted along with each change.
CREATE TABLE run_count (
    journey bigint NOT NULL,
    version bigint NOT NULL,
    state   text   NOT NULL,
    count   bigint NOT NULL,
    PRIMARY KEY (journey, version, state)
) WITH (fillfactor = 50);

CREATE TABLE profile (
    person bigint NOT NULL PRIMARY KEY,
    -- When time alone changes an answer; null: never.
    due    bigint,
    body   bytea  NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX profile_due ON profile (due, person) WHERE due IS NOT NULL;

CREATE TABLE trace (
    -- In order of commit.
    number bigint NOT NULL PRIMARY KEY,
    run    bigint NOT NULL,
    -- Place within the run.
    seq    bigint NOT NULL,
    at     bigint NOT NULL,
    body   bytea  NOT NULL
);
CREATE INDEX trace_run ON trace (run, seq, number);
