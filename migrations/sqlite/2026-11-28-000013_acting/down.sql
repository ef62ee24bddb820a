DROP TABLE desk_session;
DROP TABLE deputed_act;
DROP TABLE delegation;
DROP INDEX person_card_hash;
ALTER TABLE person DROP COLUMN card_hash;
ALTER TABLE person DROP COLUMN card;
ALTER TABLE person DROP COLUMN birth_year;
