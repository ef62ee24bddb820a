-- A unit that was merged into another stays as what it was; what hangs on it is the other's.
ALTER TABLE unit ADD COLUMN merged_into BYTEA REFERENCES unit (id);
ALTER TABLE unit ADD COLUMN closed_at BIGINT;
CREATE INDEX unit_merged_into ON unit (merged_into) WHERE merged_into IS NOT NULL;

-- Somebody lives in one place: of several the one that was given last.
UPDATE membership SET state = 'ended'
WHERE role = 'resident' AND state = 'active' AND EXISTS (
    SELECT 1 FROM membership AS later
    WHERE later.person_id = membership.person_id AND later.role = 'resident' AND later.state = 'active'
        AND (later.updated_at > membership.updated_at
            OR (later.updated_at = membership.updated_at AND later.id > membership.id))
);
-- No partial index serves a statement to which states are bound.
CREATE INDEX membership_person_id ON membership (person_id);
CREATE UNIQUE INDEX membership_one_home ON membership (person_id) WHERE role = 'resident' AND state = 'active';

-- Answers that the version before kept may show people; from now on they are kept by id.
DELETE FROM idempotency;

CREATE TABLE household (
    id BYTEA NOT NULL PRIMARY KEY,
    unit_id BYTEA NOT NULL REFERENCES unit (id),
    invitation BYTEA,
    invitation_until BIGINT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    CHECK ((invitation IS NULL) = (invitation_until IS NULL))
);
CREATE UNIQUE INDEX household_invitation ON household (invitation) WHERE invitation IS NOT NULL;
CREATE INDEX household_unit_id ON household (unit_id);
CREATE TRIGGER household_kept_from_delete BEFORE DELETE ON household
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER household_kept_from_truncate BEFORE TRUNCATE ON household
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- A row for each stretch of being a member, or the head; the last of somebody is the open one.
CREATE TABLE household_member (
    id BYTEA NOT NULL PRIMARY KEY,
    household_id BYTEA NOT NULL REFERENCES household (id),
    person_id BYTEA NOT NULL REFERENCES person (id),
    is_head BOOLEAN NOT NULL,
    joined_at BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);
CREATE UNIQUE INDEX household_member_once ON household_member (person_id) WHERE until IS NULL;
CREATE UNIQUE INDEX household_member_one_head ON household_member (household_id) WHERE is_head AND until IS NULL;
CREATE INDEX household_member_household_id ON household_member (household_id);
CREATE TRIGGER household_member_kept_from_delete BEFORE DELETE ON household_member
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER household_member_kept_from_truncate BEFORE TRUNCATE ON household_member
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
