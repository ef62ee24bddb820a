DROP TABLE audit_reason;
DROP TABLE audit_entry;
DROP TABLE membership;
DROP FUNCTION refuse_removal();
