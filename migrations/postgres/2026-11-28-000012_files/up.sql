-- What people handed in, or was made for them; the bytes lie elsewhere, by the id. A file that
-- is arriving has a row before its bytes are there.
CREATE TABLE file (
    id BYTEA NOT NULL PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL CHECK (kind IN ('image', 'voice', 'bundle')),
    media TEXT NOT NULL,
    name BYTEA,
    bytes BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    created_at BIGINT NOT NULL,
    arriving BOOLEAN NOT NULL
);
CREATE INDEX file_person_id ON file (person_id, created_at);
CREATE INDEX file_created_at ON file (created_at);

-- What a file is kept for: something of a room, of a kind, by its id.
CREATE TABLE file_reference (
    file_id BYTEA NOT NULL REFERENCES file (id),
    kind TEXT NOT NULL,
    owner BYTEA NOT NULL,
    PRIMARY KEY (file_id, kind, owner)
);

-- A copy of all that is held of somebody: made in the background, fetched once.
CREATE TABLE export (
    id BYTEA NOT NULL PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES person (id),
    asked_at BIGINT NOT NULL,
    ready_at BIGINT,
    file_id BYTEA,
    fetched_at BIGINT
);
CREATE INDEX export_person_id ON export (person_id, asked_at);
