
-- Days are counted from 1970-01-01, in the installation's zone; to_day is the last that counts.
CREATE TABLE membership (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id),
    role TEXT NOT NULL CHECK (role IN (
        'resident', 'building_head', 'grid_leader', 'community_staff', 'street_staff', 'county_staff', 'city_staff',
        'department_officer', 'organisation_member', 'social_worker', 'merchant_operator', 'expert'
    )),
    body_kind TEXT NOT NULL CHECK (body_kind IN ('unit', 'organisation', 'department')),
    body_id BLOB NOT NULL,
    from_day BIGINT NOT NULL,
    to_day BIGINT CHECK (to_day >= from_day),
    deputy BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'active', 'refused', 'ended')),
    granted_by TEXT,
    ended_by TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX membership_once ON membership (person_id, role, body_id) WHERE state IN ('requested', 'active');
CREATE INDEX membership_body_id ON membership (body_id);
CREATE TRIGGER membership_kept_from_delete BEFORE DELETE ON membership BEGIN
    SELECT RAISE(ABORT, 'membership is only closed, never removed');
END;

CREATE TABLE audit_entry (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    person_id BLOB,
    role TEXT,
    body_kind TEXT,
    body_id BLOB,
    unit_id BLOB
);
CREATE INDEX audit_entry_unit_id ON audit_entry (unit_id, at);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_person_id ON audit_entry (person_id);
CREATE TRIGGER audit_entry_kept_from_update BEFORE UPDATE ON audit_entry BEGIN
    SELECT RAISE(ABORT, 'audit_entry is append-only');
END;
CREATE TRIGGER audit_entry_kept_from_delete BEFORE DELETE ON audit_entry BEGIN
    SELECT RAISE(ABORT, 'audit_entry is append-only');
END;

-- What somebody wrote stands beside the entry, since it may have to be blanked.
CREATE TABLE audit_reason (
    audit_id BLOB NOT NULL PRIMARY KEY REFERENCES audit_entry (id),
    reason TEXT NOT NULL
);
