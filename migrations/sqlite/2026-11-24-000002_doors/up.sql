-- SQLite cannot change a check: the doors move to a table that has the new one.
CREATE TABLE place_door_with_name (
    place_id BLOB NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate', 'street')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    name TEXT,
    PRIMARY KEY (place_id, number)
);
INSERT INTO place_door_with_name (place_id, number, kind, lat, lon)
    SELECT place_id, number, kind, lat, lon FROM place_door;
DROP TABLE place_door;
ALTER TABLE place_door_with_name RENAME TO place_door;

ALTER TABLE unit ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

CREATE TABLE unit_door (
    unit_id BLOB NOT NULL REFERENCES unit (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate', 'street')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    name TEXT,
    PRIMARY KEY (unit_id, number)
);
