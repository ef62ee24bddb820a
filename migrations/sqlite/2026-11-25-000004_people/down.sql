DROP TABLE audit_reason;
DROP TABLE audit_entry;
DROP TABLE membership;
