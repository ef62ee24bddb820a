-- What names a person is sealed with the person's own key; the hashes are keyed.
CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY,
    name BLOB,
    phone BLOB,
    phone_hash BLOB UNIQUE,
    wechat BLOB,
    wechat_hash BLOB UNIQUE,
    language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    erased_at BIGINT
);

-- Deleting a row here makes what is sealed in person unreadable for ever.
CREATE TABLE person_key (
    person_id BLOB NOT NULL PRIMARY KEY REFERENCES person (id),
    master TEXT NOT NULL,
    bytes BLOB NOT NULL
);
CREATE INDEX person_key_master ON person_key (master);

-- One sign-in, with all the tokens that came of it.
CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    method TEXT NOT NULL CHECK (method IN ('code', 'wechat', 'operator')),
    device BLOB,
    refresh_number BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT CHECK (ended_by IN ('logout', 'another', 'reuse', 'crowded', 'operator', 'erasure'))
);
CREATE INDEX session_person_id ON session (person_id);
CREATE INDEX session_ended_at ON session (ended_at);

-- The newest refresh tokens of a session and the one before them.
CREATE TABLE refresh_token (
    hash BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES session (id),
    number BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_token_session_id ON refresh_token (session_id);

-- The newest code of a phone number.
CREATE TABLE sign_in_code (
    phone_hash BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);

-- How often something was done today, by whom: phones, devices and addresses as keyed hashes.
CREATE TABLE tally (
    what TEXT NOT NULL,
    subject BLOB NOT NULL,
    day TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (what, subject, day)
);
CREATE INDEX tally_day ON tally (day);

-- By what a start sees that it has the keys under which the rows were written.
CREATE TABLE key_mark (
    name TEXT NOT NULL PRIMARY KEY,
    mark BLOB NOT NULL
);
