CREATE TABLE department (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    name TEXT NOT NULL,
    name_en TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE UNIQUE INDEX department_once ON department (unit_id, name) WHERE closed_at IS NULL;

-- What is published stands as it is; a change is a withdrawal and a new duty.
CREATE TABLE duty (
    id BLOB NOT NULL PRIMARY KEY,
    department_id BLOB NOT NULL REFERENCES department (id),
    item TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    deadline BIGINT NOT NULL CHECK (deadline > 0),
    deadline_in TEXT NOT NULL CHECK (deadline_in IN ('working_days', 'calendar_days')),
    contact TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX duty_department_id ON duty (department_id);
CREATE TRIGGER department_kept_from_delete BEFORE DELETE ON department BEGIN
    SELECT RAISE(ABORT, 'department is only closed, never removed');
END;
CREATE TRIGGER duty_kept_from_delete BEFORE DELETE ON duty BEGIN
    SELECT RAISE(ABORT, 'duty is only closed, never removed');
END;

CREATE TABLE estate (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX estate_once ON estate (unit_id, name) WHERE closed_at IS NULL;

CREATE TABLE estate_building (
    building_id BLOB NOT NULL PRIMARY KEY REFERENCES unit (id),
    estate_id BLOB NOT NULL REFERENCES estate (id)
);
CREATE INDEX estate_building_estate_id ON estate_building (estate_id);

CREATE TABLE organisation (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    estate_id BLOB REFERENCES estate (id),
    kind TEXT NOT NULL CHECK (kind IN ('party_branch', 'council', 'association')),
    name TEXT NOT NULL,
    name_en TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    CHECK (estate_id IS NULL OR kind = 'council')
);
CREATE UNIQUE INDEX organisation_one_branch ON organisation (unit_id) WHERE kind = 'party_branch' AND closed_at IS NULL;
CREATE UNIQUE INDEX organisation_once ON organisation (unit_id, name) WHERE closed_at IS NULL;
CREATE INDEX organisation_estate_id ON organisation (estate_id);

-- Of somebody who holds a named office of an organisation: 书记, 理事长.
ALTER TABLE membership ADD COLUMN title TEXT;
CREATE TRIGGER estate_kept_from_delete BEFORE DELETE ON estate BEGIN
    SELECT RAISE(ABORT, 'estate is only closed, never removed');
END;
CREATE TRIGGER organisation_kept_from_delete BEFORE DELETE ON organisation BEGIN
    SELECT RAISE(ABORT, 'organisation is only closed, never removed');
END;

-- What a unit was until it changed; what it is stands in its own row.
CREATE TABLE unit_history (
    id BLOB NOT NULL PRIMARY KEY,
    unit_id BLOB NOT NULL REFERENCES unit (id),
    until BIGINT NOT NULL,
    actor TEXT NOT NULL,
    version BIGINT NOT NULL,
    parent_id BLOB,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT
);
CREATE INDEX unit_history_unit_id ON unit_history (unit_id, until);
CREATE TRIGGER unit_history_kept_from_update BEFORE UPDATE ON unit_history BEGIN
    SELECT RAISE(ABORT, 'unit_history is append-only');
END;
CREATE TRIGGER unit_history_kept_from_delete BEFORE DELETE ON unit_history BEGIN
    SELECT RAISE(ABORT, 'unit_history is append-only');
END;
