DROP TABLE key_mark;
DROP TABLE tally;
DROP TABLE sign_in_code;
DROP TABLE refresh_token;
DROP TABLE session;
DROP TABLE person_key;
DROP TABLE person;
