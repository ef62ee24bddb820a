-- Work that is done after the answer was sent. A row goes when it is done.
CREATE TABLE job (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease BLOB,
    leased_until BIGINT,
    dead_at BIGINT,
    failure TEXT,
    created_at BIGINT NOT NULL,
    CHECK ((lease IS NULL) = (leased_until IS NULL)),
    CHECK (dead_at IS NULL OR lease IS NULL)
);
CREATE UNIQUE INDEX job_key ON job (kind, key) WHERE key IS NOT NULL;
-- Claims read this from its beginning; what is due tomorrow is never looked at.
CREATE INDEX job_due ON job (kind, due_at) WHERE dead_at IS NULL;
CREATE INDEX job_dead ON job (kind) WHERE dead_at IS NOT NULL;
