DROP TABLE unit_door;
ALTER TABLE unit DROP COLUMN version;
UPDATE place_door SET kind = 'entrance' WHERE kind = 'street';
ALTER TABLE place_door DROP CONSTRAINT place_door_kind_check;
ALTER TABLE place_door ADD CONSTRAINT place_door_kind_check CHECK (kind IN ('main', 'entrance', 'gate'));
ALTER TABLE place_door DROP COLUMN name;
