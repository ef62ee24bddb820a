-- What is to be forgotten is found by its time.
CREATE INDEX entry_at ON entry (at);
