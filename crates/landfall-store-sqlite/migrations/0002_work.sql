-- What is on its way to a provider. Rows come and go by the thousand: whoever looks for open work, or
-- for parked work that is forgotten, must not walk over the rest.

CREATE TABLE work (
    key INTEGER PRIMARY KEY,            -- the delivery's key and a slot
    state INTEGER NOT NULL,             -- 0: waiting, 1: claimed, 2: parked
    due_ms INTEGER NOT NULL,            -- of parked work: when it is forgotten
    body TEXT NOT NULL
) STRICT;
CREATE INDEX work_open ON work (key) WHERE state < 2;
CREATE INDEX work_parked ON work (due_ms) WHERE state = 2;
