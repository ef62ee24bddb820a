DROP TABLE channel_reading;
DROP TABLE message;
DROP TABLE channel;
