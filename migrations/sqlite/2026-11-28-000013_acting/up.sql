-- Of persons who were served at a desk; sealed with their key, the card found by a keyed hash.
ALTER TABLE person ADD COLUMN birth_year BLOB;
ALTER TABLE person ADD COLUMN card BLOB;
ALTER TABLE person ADD COLUMN card_hash BLOB;
CREATE UNIQUE INDEX person_card_hash ON person (card_hash) WHERE card_hash IS NOT NULL;

-- One person may act for another, in some matters, until a day; the other is known once they agreed.
CREATE TABLE delegation (
    id BLOB NOT NULL PRIMARY KEY,
    principal_id BLOB REFERENCES person (id),
    agent_id BLOB NOT NULL REFERENCES person (id),
    scopes TEXT NOT NULL,
    until_day BIGINT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('code', 'desk', 'guardian')),
    asked_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    ended_at BIGINT,
    proposed_by BLOB REFERENCES person (id),
    countersigned_by BLOB REFERENCES person (id),
    unit_id BLOB REFERENCES unit (id),
    CHECK (principal_id <> agent_id),
    CHECK (proposed_by <> countersigned_by),
    CHECK (confirmed_at IS NULL OR principal_id IS NOT NULL)
);
CREATE INDEX delegation_principal_id ON delegation (principal_id);
CREATE INDEX delegation_agent_id ON delegation (agent_id);
CREATE TRIGGER delegation_kept_from_delete BEFORE DELETE ON delegation BEGIN
    SELECT RAISE(ABORT, 'delegation is only closed, never removed');
END;

-- What one person did for another, and until when that one can undo it.
CREATE TABLE deputed_act (
    id BLOB NOT NULL PRIMARY KEY,
    principal_id BLOB NOT NULL REFERENCES person (id),
    agent_id BLOB NOT NULL REFERENCES person (id),
    by_kind TEXT NOT NULL CHECK (by_kind IN ('delegation', 'desk')),
    by_id BLOB NOT NULL,
    what TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    at BIGINT NOT NULL,
    undo_until BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX deputed_act_principal_id ON deputed_act (principal_id, at);
CREATE TRIGGER deputed_act_kept_from_delete BEFORE DELETE ON deputed_act BEGIN
    SELECT RAISE(ABORT, 'deputed_act is only closed, never removed');
END;

-- One of the staff serves somebody at the desk of a unit.
CREATE TABLE desk_session (
    id BLOB NOT NULL PRIMARY KEY,
    staff_id BLOB NOT NULL REFERENCES person (id),
    unit_id BLOB NOT NULL REFERENCES unit (id),
    person_id BLOB NOT NULL REFERENCES person (id),
    begun_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK (staff_id <> person_id)
);
CREATE INDEX desk_session_staff_id ON desk_session (staff_id, expires_at);
CREATE INDEX desk_session_person_id ON desk_session (person_id);
CREATE TRIGGER desk_session_kept_from_delete BEFORE DELETE ON desk_session BEGIN
    SELECT RAISE(ABORT, 'desk_session is only closed, never removed');
END;
