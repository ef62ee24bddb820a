DROP TABLE inbox;
DROP TABLE entry;
DROP TABLE stream;
