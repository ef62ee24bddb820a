-- What people handed in, or was made for them; the bytes lie elsewhere, by the id. A file that
-- is arriving has a row before its bytes are there.
CREATE TABLE file (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL CHECK (kind IN ('image', 'voice', 'bundle')),
    media TEXT NOT NULL,
    name BLOB,
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
    file_id BLOB NOT NULL REFERENCES file (id),
    kind TEXT NOT NULL,
    owner BLOB NOT NULL,
    PRIMARY KEY (file_id, kind, owner)
);

-- A copy of all that is held of somebody: made in the background, fetched once.
CREATE TABLE export (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    asked_at BIGINT NOT NULL,
    ready_at BIGINT,
    file_id BLOB,
    fetched_at BIGINT
);
CREATE INDEX export_person_id ON export (person_id, asked_at);
