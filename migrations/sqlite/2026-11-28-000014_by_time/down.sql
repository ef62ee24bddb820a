DROP INDEX entry_at;
