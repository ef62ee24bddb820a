DROP INDEX booking_resource_id;
CREATE INDEX booking_resource_id ON booking (resource_id, start_at);
