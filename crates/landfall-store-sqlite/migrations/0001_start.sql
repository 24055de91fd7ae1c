-- Times are milliseconds since 1970 UTC. Bodies are JSON. Keys and numbers are handed out by the
-- program, never by SQLite: a number that was given once is not given again.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    salt INTEGER NOT NULL,
    next_person INTEGER NOT NULL,
    next_device INTEGER NOT NULL,
    next_delivery INTEGER NOT NULL,
    next_message INTEGER NOT NULL,
    last_activity INTEGER NOT NULL,
    last_fact INTEGER NOT NULL
) STRICT;

CREATE TABLE identifier (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    person INTEGER,                     -- null: suppressed, nobody may hold it
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    key INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE activity (
    number INTEGER PRIMARY KEY,
    person INTEGER,
    occurred_ms INTEGER NOT NULL,       -- by the sender's clock
    received_ms INTEGER NOT NULL,       -- by ours
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,                          -- of tracked activities
    body TEXT NOT NULL
) STRICT;
CREATE INDEX activity_of_person ON activity (person) WHERE person IS NOT NULL;
CREATE INDEX activity_of_nobody ON activity (received_ms) WHERE person IS NULL;

CREATE TABLE token (
    key INTEGER PRIMARY KEY,
    token TEXT NOT NULL,
    platform TEXT NOT NULL,
    app TEXT NOT NULL,
    owner INTEGER,
    since_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX token_text ON token (token);

CREATE TABLE token_move (
    number INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    from_person INTEGER,
    to_person INTEGER,
    cause TEXT NOT NULL,
    occurred_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX token_move_of_device ON token_move (device);
CREATE INDEX token_move_from ON token_move (from_person) WHERE from_person IS NOT NULL;
CREATE INDEX token_move_to ON token_move (to_person) WHERE to_person IS NOT NULL;

CREATE TABLE delivery (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    person INTEGER,                     -- follows merges; the body may be older
    body TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_of_person ON delivery (person) WHERE person IS NOT NULL;

CREATE TABLE fact (
    number INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX fact_of_delivery ON fact (delivery);

CREATE TABLE message (
    key INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE name (
    of TEXT PRIMARY KEY,                -- what it is given to, as JSON
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
    hash BLOB PRIMARY KEY,
    day INTEGER                         -- days since 1970; null until a sweep tells the time
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_of_delivery ON quarantine (delivery_id);

CREATE TABLE membership (
    segment INTEGER NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (segment, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE document_number (
    kind TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected (
    number INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE rejected_count (
    surface TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (surface, reason)
) STRICT, WITHOUT ROWID;
