ALTER TABLE place_door ADD COLUMN name TEXT;
ALTER TABLE place_door DROP CONSTRAINT place_door_kind_check;
ALTER TABLE place_door ADD CONSTRAINT place_door_kind_check CHECK (kind IN ('main', 'entrance', 'gate', 'street'));

ALTER TABLE unit ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

CREATE TABLE unit_door (
    unit_id BYTEA NOT NULL REFERENCES unit (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate', 'street')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    name TEXT,
    PRIMARY KEY (unit_id, number)
);
