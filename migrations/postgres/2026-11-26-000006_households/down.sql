DROP TABLE household_member;
DROP TABLE household;
DROP INDEX membership_one_home;
DROP INDEX membership_person_id;
DROP INDEX unit_merged_into;
ALTER TABLE unit DROP COLUMN closed_at;
ALTER TABLE unit DROP COLUMN merged_into;
