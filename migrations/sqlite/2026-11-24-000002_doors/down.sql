DROP TABLE unit_door;
ALTER TABLE unit DROP COLUMN version;
CREATE TABLE place_door_without_name (
    place_id BLOB NOT NULL REFERENCES place (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'entrance', 'gate')),
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (place_id, number)
);
INSERT INTO place_door_without_name (place_id, number, kind, lat, lon)
    SELECT place_id, number, CASE kind WHEN 'street' THEN 'entrance' ELSE kind END, lat, lon FROM place_door;
DROP TABLE place_door;
ALTER TABLE place_door_without_name RENAME TO place_door;
