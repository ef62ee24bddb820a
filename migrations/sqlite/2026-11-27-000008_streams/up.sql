-- A numbered sequence that clients follow: how far it has come, and what is kept no more.
CREATE TABLE stream (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    owner BLOB NOT NULL,
    number BIGINT NOT NULL,
    entry_id BLOB NOT NULL,
    floor BIGINT NOT NULL,
    -- By the database's clock.
    changed_at BIGINT NOT NULL,
    UNIQUE (kind, owner),
    CHECK (floor >= 0 AND floor <= number)
);
CREATE INDEX stream_changed_at ON stream (changed_at);

CREATE TABLE entry (
    stream_id BLOB NOT NULL REFERENCES stream (id),
    number BIGINT NOT NULL,
    id BLOB NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (stream_id, number)
);

-- How far somebody has read theirs, and between which minutes of the day it is quiet (never
-- where both are one).
CREATE TABLE inbox (
    person_id BLOB NOT NULL PRIMARY KEY REFERENCES person (id),
    read_to BIGINT NOT NULL,
    quiet_from BIGINT NOT NULL,
    quiet_to BIGINT NOT NULL
);
