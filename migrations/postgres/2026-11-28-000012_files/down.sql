DROP TABLE export;
DROP TABLE file_reference;
DROP TABLE file;
