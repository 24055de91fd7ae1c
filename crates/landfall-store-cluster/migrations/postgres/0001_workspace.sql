-- One workspace. The schema is on the search path; nothing here names it.
--
-- Text that came from outside (names, tokens, addresses, documents) is bytea holding UTF-8: it may
-- contain NUL, which text cannot, and it must be compared byte by byte whatever the database's
-- collation is. Such text is indexed by its SHA-256, because an index entry has a maximum size and
-- outside text has none. Bodies are JSON as this program wrote it: text, not jsonb, because a replay
-- must give the same bytes. Times are milliseconds since 1970 UTC.

CREATE TABLE meta (
    one             boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    salt            integer NOT NULL CHECK (salt BETWEEN 0 AND 65535),
    epoch           bigint  NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    next_person     bigint  NOT NULL DEFAULT 0,
    next_device     bigint  NOT NULL DEFAULT 0,
    next_delivery   bigint  NOT NULL DEFAULT 0,
    next_message    bigint  NOT NULL DEFAULT 0,
    last_activity   bigint  NOT NULL DEFAULT 0,
    last_fact       bigint  NOT NULL DEFAULT 0,
    last_token_move bigint  NOT NULL DEFAULT 0,
    last_waiting    bigint  NOT NULL DEFAULT 0
);

-- Numbers that are handed out outside of commits.
CREATE TABLE counter (
    name text   NOT NULL PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE person (
    key  bigint NOT NULL PRIMARY KEY,
    body text   NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE identifier (
    kind   text  NOT NULL,
    value  bytea NOT NULL,
    -- Null: suppressed, nobody may hold it.
    person bigint
);
CREATE UNIQUE INDEX identifier_value ON identifier (kind, (sha256(value)));

CREATE TABLE token (
    key      bigint NOT NULL PRIMARY KEY,
    app      bytea  NOT NULL,
    platform text   NOT NULL,
    token    bytea  NOT NULL,
    owner    bigint,
    since    bigint NOT NULL
);
CREATE INDEX token_value ON token ((sha256(token)));

CREATE TABLE token_move (
    number      bigint NOT NULL PRIMARY KEY,
    device      bigint NOT NULL,
    from_person bigint,
    to_person   bigint,
    cause       text   NOT NULL,
    occurred_at bigint NOT NULL,
    received_at bigint NOT NULL
);
CREATE INDEX token_move_device ON token_move (device, number);
CREATE INDEX token_move_from ON token_move (from_person, number) WHERE from_person IS NOT NULL;
CREATE INDEX token_move_to ON token_move (to_person, number) WHERE to_person IS NOT NULL;

CREATE TABLE activity (
    number      bigint NOT NULL PRIMARY KEY,
    person      bigint,
    source      text   NOT NULL,
    kind        text   NOT NULL,
    -- Of tracked activities.
    name        bytea,
    occurred_at bigint NOT NULL,
    received_at bigint NOT NULL,
    body        text   NOT NULL
);
CREATE INDEX activity_person ON activity (person, number) WHERE person IS NOT NULL;
CREATE INDEX activity_of_nobody ON activity (received_at) WHERE person IS NULL;
CREATE INDEX activity_name ON activity ((sha256(name)), number) WHERE name IS NOT NULL;

CREATE TABLE delivery (
    key    bigint NOT NULL PRIMARY KEY,
    id     bytea  NOT NULL,
    -- Follows merges; the body may still say whom it was first meant for.
    person bigint,
    body   text   NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX delivery_id ON delivery ((sha256(id)));
CREATE INDEX delivery_person ON delivery (person, key) WHERE person IS NOT NULL;

CREATE TABLE fact (
    number   bigint NOT NULL PRIMARY KEY,
    delivery bigint NOT NULL,
    body     text   NOT NULL
);
CREATE INDEX fact_delivery ON fact (delivery, number);

CREATE TABLE waiting (
    number      bigint NOT NULL PRIMARY KEY,
    delivery_id bytea  NOT NULL,
    body        text   NOT NULL
);
CREATE INDEX waiting_delivery ON waiting ((sha256(delivery_id)), number);

CREATE TABLE message (
    key  bigint NOT NULL PRIMARY KEY,
    body text   NOT NULL
);

CREATE TABLE message_name (
    -- The reference as JSON.
    of   text  NOT NULL PRIMARY KEY,
    name bytea NOT NULL
);

CREATE TABLE seen (
    hash  bytea  NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 16),
    -- When it was taken; null until a sweep tells the time, when the commit did not say.
    taken bigint
);
CREATE INDEX seen_taken ON seen (taken);

CREATE TABLE member (
    segment bigint NOT NULL,
    person  bigint NOT NULL,
    PRIMARY KEY (segment, person)
);

CREATE TABLE document (
    kind text   NOT NULL,
    id   bigint NOT NULL,
    body bytea  NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE rejected (
    number bigint NOT NULL PRIMARY KEY,
    body   text   NOT NULL
);

CREATE TABLE rejected_count (
    surface bytea  NOT NULL,
    reason  bytea  NOT NULL,
    count   bigint NOT NULL
);
CREATE UNIQUE INDEX rejected_count_key ON rejected_count ((sha256(surface)), (sha256(reason)));
