CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only closed, never removed', TG_TABLE_NAME;
END $$;

-- Days are counted from 1970-01-01, in the installation's zone; to_day is the last that counts.
CREATE TABLE membership (
    id BYTEA NOT NULL PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES person (id),
    role TEXT NOT NULL CHECK (role IN (
        'resident', 'building_head', 'grid_leader', 'community_staff', 'street_staff', 'county_staff', 'city_staff',
        'department_officer', 'organisation_member', 'social_worker', 'merchant_operator', 'expert'
    )),
    body_kind TEXT NOT NULL CHECK (body_kind IN ('unit', 'organisation', 'department')),
    body_id BYTEA NOT NULL,
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
CREATE TRIGGER membership_kept_from_delete BEFORE DELETE ON membership
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER membership_kept_from_truncate BEFORE TRUNCATE ON membership
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TABLE audit_entry (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    person_id BYTEA,
    role TEXT,
    body_kind TEXT,
    body_id BYTEA,
    unit_id BYTEA
);
CREATE INDEX audit_entry_unit_id ON audit_entry (unit_id, at);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_person_id ON audit_entry (person_id);
CREATE TRIGGER audit_entry_kept_from_update BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_append_only();
CREATE TRIGGER audit_entry_kept_from_delete BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_append_only();
CREATE TRIGGER audit_entry_kept_from_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only();

-- What somebody wrote stands beside the entry, since it may have to be blanked.
CREATE TABLE audit_reason (
    audit_id BYTEA NOT NULL PRIMARY KEY REFERENCES audit_entry (id),
    reason TEXT NOT NULL
);
