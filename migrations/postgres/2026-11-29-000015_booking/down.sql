DROP TABLE booking_reason;
DROP TABLE booking_step;
DROP TABLE booking;
DROP TABLE resource_day;
DROP TABLE resource_closure;
DROP TABLE resource;
DROP TABLE booking_rules_version;
DROP TABLE booking_rules;
