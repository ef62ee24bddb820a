DROP TABLE unit_history;
ALTER TABLE membership DROP COLUMN title;
DROP TABLE organisation;
DROP TABLE estate_building;
DROP TABLE estate;
DROP TABLE duty;
DROP TABLE department;
