-- What is on its way to a provider. Rows come and go by the thousand: whoever looks for open work, or
-- for parked work that is forgotten, must not walk over the rest.

CREATE TABLE work (
    -- The delivery's key and a slot.
    key   bigint   NOT NULL PRIMARY KEY,
    -- 0: waiting, 1: claimed, 2: parked.
    state smallint NOT NULL,
    -- Of parked work: when it is forgotten.
    due   bigint   NOT NULL,
    body  text     NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX work_open ON work (key) WHERE state < 2;
CREATE INDEX work_parked ON work (due) WHERE state = 2;
