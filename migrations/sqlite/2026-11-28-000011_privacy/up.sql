-- What somebody agreed to, in which wording, and when they took it back. A row is only closed.
CREATE TABLE consent (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    matter TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX consent_once ON consent (person_id, matter) WHERE withdrawn_at IS NULL;
CREATE INDEX consent_person_id ON consent (person_id);
CREATE TRIGGER consent_kept_from_delete BEFORE DELETE ON consent BEGIN
    SELECT RAISE(ABORT, 'consent is only closed, never removed');
END;

-- That somebody asked for their account to be erased, and when it was.
CREATE TABLE erasure (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    done_at BIGINT,
    CHECK (withdrawn_at IS NULL OR done_at IS NULL)
);
CREATE UNIQUE INDEX erasure_once ON erasure (person_id) WHERE withdrawn_at IS NULL;
CREATE TRIGGER erasure_kept_from_delete BEFORE DELETE ON erasure BEGIN
    SELECT RAISE(ABORT, 'erasure is only closed, never removed');
END;


-- Somebody asks to see the whole phone numbers of many; a second person answers.
CREATE TABLE reveal (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    asked_by BLOB NOT NULL REFERENCES person (id),
    reason TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    decided_by BLOB REFERENCES person (id),
    decided_at BIGINT,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'fetched')),
    CHECK (decided_by <> asked_by)
);
CREATE INDEX reveal_unit_id ON reveal (unit_id, asked_at);
CREATE TABLE reveal_member (
    reveal_id BLOB NOT NULL REFERENCES reveal (id),
    number BIGINT NOT NULL,
    membership_id BLOB NOT NULL REFERENCES membership (id),
    PRIMARY KEY (reveal_id, number)
);
CREATE TRIGGER reveal_kept_from_delete BEFORE DELETE ON reveal BEGIN
    SELECT RAISE(ABORT, 'reveal is only closed, never removed');
END;
CREATE TRIGGER reveal_member_kept_from_delete BEFORE DELETE ON reveal_member BEGIN
    SELECT RAISE(ABORT, 'reveal_member is only closed, never removed');
END;
