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
